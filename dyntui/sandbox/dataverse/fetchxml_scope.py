"""The tables of one FetchXML query as SQL knows them, and how their columns are named in it."""

# ruff: noqa: S608 - names in the SQL are quoted ones of the schema, values are parameters

from collections.abc import Iterator
from dataclasses import dataclass, field

from dyntui.sandbox.dataverse import secured
from dyntui.sandbox.dataverse.access import Caller
from dyntui.sandbox.dataverse.errors import DataverseError
from dyntui.sandbox.dataverse.fetchxml_parse import Link
from dyntui.sandbox.dataverse.schema import Schema
from dyntui.sandbox.dataverse.storage import now, quoted, schema_of
from dyntui.sandbox.dataverse.tables import Column, Table
from dyntui.sandbox.state import State


@dataclass(frozen=True, slots=True)
class Source:
    """One table of the query: `sql` is its alias in SQL, `alias` the one in FetchXML, None for the table itself."""

    table: Table
    sql: str
    alias: str | None
    link: Link | None = None
    hidden: frozenset[str] = frozenset()

    def column(self, name: str) -> str:
        """A stored column as an SQL expression; null where column security hides it."""
        return "NULL" if name in self.hidden else f"{self.sql}.{quoted(name)}"


@dataclass(slots=True)
class Scope:
    """All tables of a query, for whom it runs and when."""

    state: State
    caller: Caller
    now: str
    sources: list[Source] = field(default_factory=list)
    joined: set[str] = field(default_factory=set)
    """SQL aliases of the link-entities that are joined; the others only decide whether a row exists."""

    @classmethod
    def of(cls, state: State, caller: Caller) -> "Scope":
        return cls(state, caller, now(state))

    @property
    def schema(self) -> Schema:
        return schema_of(self.state)

    def add(self, table_name: str, link: Link | None = None) -> Source:
        """Adds a table. Raises DataverseError 0x80041102 when there is none of this name."""
        table = find_table(self.state, table_name)
        alias = None
        if link is not None:
            same = sum(1 for source in self.sources if source.link is not None and source.table is table)
            alias = link.alias or f"{table.logical_name}{same + 1}"
            if any(source.alias == alias for source in self.sources):
                raise DataverseError(
                    "0x80041130", f"FetchXML should have unique aliases. The alias {alias} is not unique."
                )
        hidden = secured.hidden(self.state, self.caller, table)
        source = Source(table, f"t{len(self.sources)}", alias, link, hidden)
        self.sources.append(source)
        return source

    def shown(self) -> list[Source]:
        """The table itself and what is joined to it."""
        return [source for source in self.sources if source.link is None or source.sql in self.joined]

    def named(self, alias: str) -> Source:
        """The link-entity that a condition or an order calls by its alias, or by its table's name."""
        for source in self.sources:
            if source.alias == alias:
                return source
        for source in self.sources:
            if source.alias is not None and source.table.logical_name == alias:
                return source
        raise DataverseError("0x8004110a", f"The link entity with name or alias {alias} is not found.")

    def column(self, source: Source, name: str, code: str = "0x80041103") -> Column:
        """A readable column that exists already. Raises DataverseError with `code`."""
        column = source.table.columns.get(name)
        if column is None or not column.is_stored or not column.valid_for_read or column.visible_at > self.now:
            raise DataverseError(
                code,
                f"'{source.table.schema_name}' entity doesn't contain attribute with Name = '{name}' "
                "and NameMapping = 'Logical'.",
            )
        return column

    def readable(self, source: Source) -> Iterator[Column]:
        """The columns that all-attributes stands for."""
        for column in source.table.stored_columns():
            if column.valid_for_read and column.visible_at <= self.now:
                yield column

    def name_of_lookup(self, source: Source, column: Column) -> str:
        """The primary name of what a lookup points to, as an SQL expression."""
        choices = []
        for target_name in column.targets:
            target = self.schema.table(target_name)
            if target is None or target.primary_name is None:
                continue
            name, key = quoted(target.primary_name), quoted(target.primary_id)
            found = f"(SELECT {name} FROM {quoted(target.sql_name)} WHERE {key} = {source.column(column.logical_name)})"
            choices.append((target_name, found))
        if column.type_column is None:
            return choices[0][1] if choices else "NULL"
        kinds = " ".join(f"WHEN '{name}' THEN {found}" for name, found in choices)
        return f"(CASE {source.column(column.type_column)} {kinds} END)" if kinds else "NULL"

    def label_of_choice(self, source: Source, column: Column) -> tuple[str, tuple[str, ...]]:
        """The label of a choice as an SQL expression with its parameters."""
        kinds = " ".join(f"WHEN {option.value} THEN ?" for option in column.options)
        if not kinds:
            return "NULL", ()
        return f"(CASE {source.column(column.logical_name)} {kinds} END)", tuple(each.label for each in column.options)


def find_table(state: State, name: str) -> Table:
    """The table of a logical name. Raises DataverseError 0x80041102."""
    table = schema_of(state).table(name)
    if (
        table is None
        or table.visible_at > now(state)
        or (table.app == "sales" and not state.config.dataverse.sales_app)
    ):
        raise DataverseError(
            "0x80041102",
            f"The entity with a name = '{name}' with namemapping = 'Logical' was not found in the MetadataCache.",
        )
    return table
