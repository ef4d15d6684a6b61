"""Many rows at once, past the Web API: how a world is filled before anybody looks at it."""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from dyntui.sandbox.dataverse import storage
from dyntui.sandbox.dataverse.clause import Value
from dyntui.sandbox.dataverse.storage import quoted, schema_of
from dyntui.sandbox.state import State

_CHUNK = 10_000


def insert_rows(state: State, table_name: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> int:
    """Inserts rows of stored values (see `storage`) in the order of `columns`, which include the key; answers how many.

    Every row gets its version; columns that are not named get their default value or null. Nothing is checked or
    computed: names, owners and states must be complete.
    """
    table = schema_of(state).tables[table_name]
    defaults = {
        column.logical_name: int(column.default_value)
        for column in table.stored_columns()
        if column.default_value is not None and column.logical_name not in columns
    }
    names = ", ".join(quoted(name) for name in ("versionnumber", *columns, *defaults))
    marks = ", ".join(["?"] * (1 + len(columns)) + [str(value) for value in defaults.values()])
    statement = f"INSERT INTO {quoted(table.sql_name)} ({names}) VALUES ({marks})"
    total = 0
    source = iter(rows)
    with state.transaction():
        while chunk := list(islice(source, _CHUNK)):
            version = storage.next_version(state, len(chunk))
            state.db.executemany(statement, _versioned(chunk, version))
            total += len(chunk)
    return total


def _versioned(rows: Sequence[Sequence[Value]], first: int) -> Iterator[tuple[Value, ...]]:
    for place, row in enumerate(rows):
        yield (first + place, *row)
