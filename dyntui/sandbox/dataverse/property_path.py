"""Properties as queries name them, `emailaddress1` or `primarycontactid/fullname`, and conditions on them in SQL."""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from dyntui.sandbox.dataverse.clause import Clause
from dyntui.sandbox.dataverse.errors import bad_request, unknown_property
from dyntui.sandbox.dataverse.schema import Schema
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Collection, Column, Table


@dataclass(slots=True)
class Scope:
    """Where names of a query are looked up: the table in SQL under `alias`, at world time `now`.

    `visit` is told every table that the query reaches, so that its Read privilege can be checked; `reads_null`
    tells whether a condition on a table's column compares null, or refuses it.
    """

    schema: Schema
    table: Table
    alias: str
    now: str
    visit: Callable[[Table], None] = lambda _table: None
    reads_null: Callable[[Table, str], bool] = lambda _table, _name: False
    aliases: "count[int]" = field(default_factory=lambda: count(1))

    def inner(self, table: Table) -> "Scope":
        """A scope for another table of the same query, under a new alias."""
        self.visit(table)
        return Scope(self.schema, table, f"a{next(self.aliases)}", self.now, self.visit, self.reads_null, self.aliases)

    @property
    def source(self) -> str:
        """The table for FROM, with its alias."""
        return f"{quoted(self.table.sql_name)} AS {quoted(self.alias)}"

    def sql(self, column: str) -> str:
        """A column in SQL."""
        return f"{quoted(self.alias)}.{quoted(column)}"


@dataclass(frozen=True, slots=True)
class Hop:
    """One step over a lookup: rows of `to` whose id is in `foreign_key` of the scope before."""

    foreign_key: str
    to: Scope


@dataclass(frozen=True, slots=True)
class Property:
    """A column, reached over zero or more lookups."""

    column: Column
    scope: Scope
    hops: tuple[Hop, ...] = ()

    @property
    def sql(self) -> str:
        name = self.column.logical_name
        return "NULL" if self.scope.reads_null(self.scope.table, name) else self.scope.sql(name)

    def where(self, condition: Clause) -> Clause:
        """`condition`, which is about `sql`, seen from the first scope: false where a lookup on the way is empty."""
        for hop in reversed(self.hops):
            to = hop.to
            condition = Clause(
                f"{hop.foreign_key} IN (SELECT {to.sql(to.table.primary_id)} FROM {to.source} WHERE {condition.text})",
                condition.params,
            )
        return condition

    def value(self) -> str:
        """The value as an SQL expression in the first scope."""
        text = self.sql
        for hop in reversed(self.hops):
            to = hop.to
            text = f"(SELECT {text} FROM {to.source} WHERE {to.sql(to.table.primary_id)} = {hop.foreign_key})"
        return text


def resolve(scope: Scope, names: Sequence[str]) -> Property:
    """The property at the end of a path of names. Raises DataverseError for a name that does not exist."""
    *path, last = names
    hops = []
    for name in path:
        scope, hop = _step(scope, name)
        hops.append(hop)
    column = scope.schema.find_property(scope.table, last, scope.now)
    if column is None:
        raise unknown_property(last, scope.table.logical_name)
    return Property(column, scope, tuple(hops))


def _step(scope: Scope, name: str) -> tuple[Scope, Hop]:
    found = scope.schema.lookups(scope.table).get(name)
    if found is None:
        raise unknown_property(name, scope.table.logical_name)
    column, targets = found
    target = scope.schema.table(targets[0])
    if target is None or len(targets) > 1:
        raise bad_request(f"The property '{name}' of type principal has no columns to look into.")
    inner = scope.inner(target)
    return inner, Hop(scope.sql(column.logical_name), inner)


def collection(scope: Scope, names: Sequence[str]) -> tuple[Scope, tuple[Hop, ...], Collection]:
    """The collection at the end of a path: the scope that has it, the lookups to get there, and itself."""
    *path, last = names
    hops = []
    for name in path:
        scope, hop = _step(scope, name)
        hops.append(hop)
    found = scope.schema.collections(scope.table).get(last)
    if found is None:
        raise unknown_property(last, scope.table.logical_name)
    return scope, tuple(hops), found
