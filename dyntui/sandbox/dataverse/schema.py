"""Everything that exists in the simulated organisation, and look-ups in it.

One `Schema` per state, held in memory and mirrored in the database by `storage`. Whoever changes it calls
`Schema.changed()` afterwards, or goes through `storage`, which does. All look-ups are case-sensitive, as names in
Web API addresses are (learn.microsoft.com webapi/query/overview).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from dyntui.sandbox.dataverse.tables import Collection, Column, ManyToMany, OneToMany, Table


@dataclass(slots=True)
class Schema:
    """Everything that exists. `version` grows with each change: the platform's global metadata version."""

    tables: dict[str, Table] = field(default_factory=dict)
    one_to_many: dict[str, OneToMany] = field(default_factory=dict)
    many_to_many: dict[str, ManyToMany] = field(default_factory=dict)
    version: int = 0
    _by_set: dict[str, Table] = field(default_factory=dict, repr=False, compare=False)
    _lookups: dict[str, dict[str, tuple[Column, tuple[str, ...]]]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _collections: dict[str, dict[str, Collection]] = field(default_factory=dict, repr=False, compare=False)
    _properties: dict[str, dict[str, Column]] = field(default_factory=dict, repr=False, compare=False)

    def changed(self) -> None:
        """Forgets everything derived. To be called after every change."""
        self.version += 1
        self._by_set.clear()
        self._lookups.clear()
        self._collections.clear()
        self._properties.clear()

    def table(self, logical_name: str) -> Table | None:
        return self.tables.get(logical_name)

    def by_set(self, entity_set: str) -> Table | None:
        """The table of an entity set, by the exact name of the set."""
        if not self._by_set:
            self._by_set = {table.entity_set: table for table in self.tables.values() if table.entity_set}
        return self._by_set.get(entity_set)

    def lookups(self, table: Table) -> dict[str, tuple[Column, tuple[str, ...]]]:
        """Single-valued navigation properties of a table: name -> (lookup column, its targets by that name).

        Only `ownerid` has several targets under one name: its type is `principal`.
        """
        found = self._lookups.get(table.logical_name)
        if found is None:
            found = {}
            for column in table.columns.values():
                if column.is_lookup:
                    for target, name in column.navigation.items():
                        found[name] = (column, (*found.get(name, (column, ()))[1], target))
            self._lookups[table.logical_name] = found
        return found

    def collections(self, table: Table) -> dict[str, Collection]:
        """Collection-valued navigation properties of a table, by name."""
        found = self._collections.get(table.logical_name)
        if found is None:
            found = {each.name: each for each in self._find_collections(table.logical_name)}
            self._collections[table.logical_name] = found
        return found

    def _find_collections(self, logical_name: str) -> Iterator[Collection]:
        for one in self.one_to_many.values():
            if one.referenced == logical_name and one.navigation:
                yield Collection(one.navigation, one.referencing, one.referencing_attribute, one.schema_name)
        for many in self.many_to_many.values():
            if many.entity1 == logical_name:
                yield Collection(
                    many.navigation1, many.entity2, many.attribute2, many.schema_name, many.intersect, many.attribute1
                )
            if many.entity2 == logical_name:
                yield Collection(
                    many.navigation2, many.entity1, many.attribute1, many.schema_name, many.intersect, many.attribute2
                )

    def properties(self, table: Table) -> dict[str, Column]:
        """Readable properties of a table by their name in JSON, `_x_value` for lookups."""
        found = self._properties.get(table.logical_name)
        if found is None:
            found = {column.property_name: column for column in table.stored_columns() if column.valid_for_read}
            self._properties[table.logical_name] = found
        return found

    def find_property(self, table: Table, name: str, now: str) -> Column | None:
        """A readable property by its name in JSON, if it is visible at `now` (ISO 8601 with Z)."""
        column = self.properties(table).get(name)
        return None if column is None or column.visible_at > now else column

    def references_to(self, table: Table) -> Iterator[OneToMany]:
        """1:N relationships in which `table` is the one side."""
        return (one for one in self.one_to_many.values() if one.referenced == table.logical_name)

    def intersects_of(self, table: Table) -> Iterator[tuple[str, str]]:
        """(intersect table, its column holding ids of `table`) of every N:N relationship of `table`."""
        for many in self.many_to_many.values():
            if many.entity1 == table.logical_name:
                yield many.intersect, many.attribute1
            if many.entity2 == table.logical_name:
                yield many.intersect, many.attribute2
