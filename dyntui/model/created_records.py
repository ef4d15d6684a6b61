"""Records that are made of strangers: what a new contact or lead says where dotdigital knows nothing of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from dyntui.model.lengths import cut
from dyntui.model.people import Entity

# No longer than the shorter of the columns of both tables (attribute metadata of contact and lead).
_LONGEST: Final = {"firstname": 50, "lastname": 50, "subject": 50, "emailaddress1": 100}
# Labels that everybody has, and the columns that they name.
_NAMES: Final = {"FIRSTNAME": "firstname", "LASTNAME": "lastname"}
LABELS: Final = tuple(_NAMES)
PLACEHOLDERS: Final = ("list", "address", "local")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


class CreatedDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """`topic`: of a lead; `last_name`: of whom dotdigital knows none. `{list}` and `{address}` stand for the list's
    name and the address, `{local}` for what stands before its `@`. The records belong to the `owner` (a principal
    name); where none is named, or that user is not there or disabled, to the list's owner."""

    topic: str = "Subscribed to {list}"
    last_name: str = "{local}"
    owner: str = ""


def created(
    entity: Entity, address: str, values: Mapping[str, object], list_name: str, defaults: CreatedDefaults
) -> dict[str, object]:
    """The columns of a new record. `values`: the contact's data fields, by label."""
    words = dict(zip(PLACEHOLDERS, (list_name, address, address.partition("@")[0]), strict=True))
    row: dict[str, object] = {"emailaddress1": address}
    for label, column in _NAMES.items():
        text = str(values.get(label) or "").strip()
        if text:
            row[column] = _cut(text, column)
    if "lastname" not in row:
        row["lastname"] = _cut(_filled(defaults.last_name, words).strip() or words["local"], "lastname")
    if entity is Entity.LEAD:
        row["subject"] = _cut(_filled(defaults.topic, words), "subject")
    return row


def name_of(row: Mapping[str, object]) -> str:
    """What a new record is called."""
    return " ".join(str(row[name]) for name in ("firstname", "lastname") if row.get(name))


def _cut(text: str, column: str) -> str:
    """As much as the column takes, as Dynamics counts."""
    return cut(text, _LONGEST[column])


def unknown_placeholders(pattern: str) -> tuple[str, ...]:
    """What stands in braces in a topic or last name and is no placeholder: it would be written as it is."""
    return tuple(found[0] for found in _PLACEHOLDER.finditer(pattern) if found[1] not in PLACEHOLDERS)


def placeholder_fault(pattern: str) -> str:
    """What is wrong with the placeholders of a topic or last name; `""`: nothing."""
    unknown = unknown_placeholders(pattern)
    if not unknown:
        return ""
    there = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
    return f"{', '.join(unknown)} in {pattern!r} would be written as it is; there are {there}"


def _filled(pattern: str, words: Mapping[str, str]) -> str:
    """All at once: a list may be called like a placeholder."""
    return _PLACEHOLDER.sub(lambda found: words.get(found[1], found[0]), pattern)
