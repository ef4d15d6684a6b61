"""The sets of data mappings that an email account has had, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dyntui.model.mapping import DataMapping

Key = tuple[str, str, str, str]


class MappingVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A set of mappings, who made it, when (ISO 8601 UTC) and why. Version 0 is what is provisioned."""

    version: int
    made_by: str
    made_on: str
    why: str
    mappings: tuple[DataMapping, ...]


class MappingChange(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping that only one of two versions has (the other is None), or that differs between them."""

    before: DataMapping | None
    after: DataMapping | None

    @property
    def words(self) -> str:
        """The change in one line."""
        if self.after is None:
            return f"- {_line(self.before)}"
        if self.before is None:
            return f"+ {_line(self.after)}"
        return f"~ {self.after.words}: " + ", ".join(
            f"{name} {_shown(before)} -> {_shown(getattr(self.after, name))}"
            for name, before in msgspec.structs.asdict(self.before).items()
            if before != getattr(self.after, name)
        )


def differences(before: Sequence[DataMapping], after: Sequence[DataMapping]) -> list[MappingChange]:
    """What leads from one set to the other, in the order of labels and entities. Rows are told apart by label, entity,
    column and direction."""
    had, has = {_key(each): each for each in before}, {_key(each): each for each in after}
    return [
        MappingChange(before=had.get(key), after=has.get(key))
        for key in sorted(had.keys() | has.keys())
        if had.get(key) != has.get(key)
    ]


def _key(mapping: DataMapping) -> Key:
    return mapping.label, mapping.entity.value, mapping.column, mapping.direction.value


def _line(mapping: DataMapping | None) -> str:
    if mapping is None:
        return ""
    off = "" if mapping.enabled else ", disabled"
    return f"{mapping.words} (conflicts: {mapping.conflict.value}, choices by {mapping.choice.value}{off})"


def _shown(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
