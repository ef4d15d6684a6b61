"""What a subject request answers: everything that is known of a person, on both sides and here."""

from __future__ import annotations

from typing import Any

import msgspec

from dyntui.model.known_people import KnownPerson, TimelineEvent

DYNAMICS, DOTDIGITAL, HERE = "Dynamics", "dotdigital", "dyntui"


class SubjectPart(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one table, or what one email account holds: `system` is Dynamics, dotdigital or dyntui, `what` the table
    or the account. Values as they were received or are stored; empty ones are left out."""

    system: str
    what: str
    rows: tuple[dict[str, Any], ...]


class SubjectExport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known of the `person` that was asked about (an address, or a record's id), with who asked and when
    (ISO 8601 UTC). `records`: ids in Dynamics, `addresses`: all of them that are theirs; `shared_with`: further records
    with one of these addresses, of which nothing is told here. `not_read`: what could not be read and is missing, in
    words; nothing else is."""

    person: str
    asked_by: str
    asked_on: str
    records: tuple[str, ...]
    addresses: tuple[str, ...]
    shared_with: tuple[KnownPerson, ...]
    parts: tuple[SubjectPart, ...]
    timeline: tuple[TimelineEvent, ...]
    not_read: tuple[str, ...]
