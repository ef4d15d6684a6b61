"""What is wanted of rows beside plain columns: names of lookups, and columns of the rows that a lookup leads to.

OData takes the latter by `$expand`, FetchXML by a `link-entity` (reference/dataverse_api.md sections 4.1 and 4.5);
names come as annotations in both.
"""

from __future__ import annotations

from typing import Final

import msgspec

FORMATTED: Final = "OData.Community.Display.V1.FormattedValue"


class Over(msgspec.Struct, frozen=True):
    """Columns over a lookup. `lookup`: its logical name; `table` and `key`: where it leads; `property`: the navigation
    property of `$expand`; `columns`: logical names there, each with the alias under which FetchXML answers it."""

    lookup: str
    table: str
    key: str
    property: str
    columns: tuple[tuple[str, str], ...]


class Wanted(msgspec.Struct, frozen=True):
    """`select`: properties of OData; `attributes`: the same columns by their logical names, for FetchXML; `named`:
    names of lookups are wanted as well."""

    select: tuple[str, ...]
    attributes: tuple[str, ...]
    over: tuple[Over, ...] = ()
    named: bool = False

    @property
    def plain(self) -> bool:
        """Whether change tracking can answer it, which takes neither."""
        return not self.over and not self.named

    @property
    def expand(self) -> str | None:
        """The `$expand`."""
        parts = (f"{each.property}($select={','.join(name for name, _ in each.columns)})" for each in self.over)
        return ",".join(parts) or None

    @property
    def annotations(self) -> str | None:
        """The annotations to be asked for."""
        return FORMATTED if self.named else None
