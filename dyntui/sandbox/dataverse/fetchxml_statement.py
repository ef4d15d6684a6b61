"""The parts of the SELECT that a FetchXML query becomes."""

from collections.abc import Iterable
from dataclasses import dataclass

from dyntui.sandbox.dataverse.clause import Clause, Value
from dyntui.sandbox.dataverse.fetchxml_parse import Fetch, Order
from dyntui.sandbox.dataverse.fetchxml_scope import Scope, Source
from dyntui.sandbox.dataverse.paging import SortKey
from dyntui.sandbox.dataverse.tables import Column


@dataclass(frozen=True, slots=True)
class Output:
    """One property of a result: its name in JSON, the column whose values it shows, where they stand in a row.

    `type_place` is where the target table of a lookup with several targets stands. `aggregate` values are numbers
    whatever the column's type is; `column` is None for counts and parts of dates.
    """

    name: str
    column: Column | None
    place: int
    type_place: int | None = None
    linked: bool = False
    aggregate: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """The parts of the SELECT.

    `keyed` says that rows are rows of the table itself: the first two places are its key and version. `gives_cookie`
    that pages have a cookie, `seekable` that it holds the sort values of a page's last row, found at `key_places`.
    `order_params` are the values in the order terms.
    """

    source: Source
    select: tuple[str, ...]
    tables: Clause
    where: Clause
    group_by: tuple[str, ...]
    keys: tuple[SortKey, ...]
    key_names: tuple[str, ...]
    key_places: tuple[int, ...]
    order_params: tuple[Value, ...]
    outputs: tuple[Output, ...]
    distinct: bool
    keyed: bool
    gives_cookie: bool
    seekable: bool

    def rows(self) -> Clause:
        """FROM and WHERE."""
        return Clause(f"FROM {self.tables.text} WHERE {self.where.text}", self.tables.params + self.where.params)


def all_orders(scope: Scope, fetch: Fetch) -> Iterable[tuple[Source, Order]]:
    """The orders of a query with the table that each is about: its own first, then those of its links."""
    for order in fetch.orders:
        yield (scope.sources[0] if order.of is None else scope.named(order.of)), order
    for source in scope.shown():
        for order in () if source.link is None else source.link.orders:
            yield source, order
