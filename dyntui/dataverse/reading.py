"""What Dynamics answered, read once more where it has not the shape that its types promise.

Any column but the key may be empty, of another type than described, or hold what no reader expects. A value that cannot
be read costs its column, and whoever reads the row is told which these are: a row type with a field named `ODD_COLUMNS`
gets their names there, and has to decide what the row is worth without them. A row of a page that lacks its key costs
itself (`dyntui.dataverse.keys`). A single row without it, and an answer that is no JSON at all, are errors.

    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())
"""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeVar, cast, get_args, get_origin

import msgspec

from dyntui.dataverse.keys import met
from dyntui.model import exact_json

T = TypeVar("T")
ODD_COLUMNS: Final = "@dyntui.odd"
# A column of whole numbers holds 32 bits (attribute metadata, IntegerAttributeMetadata).
Whole = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]


def loosely(body: bytes, into: type[T]) -> T:
    """The JSON of an answer as a value, column by column; a page says in its `odd` how many rows could not be read.
    Raises ValueError, RecursionError."""
    value = exact_json.decode_loosely(body)
    row_types = get_args(into)
    if not (row_types and isinstance(value, dict) and isinstance(value.get("value"), list)):
        return cast(T, _row(value, into))
    generic: Any = get_origin(into)
    page = msgspec.convert({**_filled(value), "value": []}, type=generic[Any])
    counts = "odd" in generic.__struct_fields__
    rows, odd = [], 0
    for each in value["value"]:
        try:
            rows.append(_row(each, row_types[0]))
        except msgspec.ValidationError:
            if not counts:
                raise
            odd += 1
            met("Dynamics", each)
    return cast(T, msgspec.structs.replace(page, rows=rows, **({"odd": odd} if counts else {})))


def _filled(value: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in value.items() if each is not None}


def _row(value: Any, into: Any) -> Any:
    """A row without its empty columns and without those that cannot be read."""
    if not (isinstance(value, dict) and isinstance(into, type) and issubclass(into, msgspec.Struct)):
        return msgspec.convert(value, type=into)
    kept = _filled(value)
    try:
        return msgspec.convert(kept, type=into)
    except msgspec.ValidationError:
        pass  # some column is odd: which?
    odd = []
    for field in msgspec.structs.fields(into):
        if field.encode_name in kept and not _fits(kept[field.encode_name], field.type):
            del kept[field.encode_name]
            odd.append(field.encode_name)
    return msgspec.convert({**kept, ODD_COLUMNS: odd}, type=into)


def _fits(value: Any, type_: Any) -> bool:
    try:
        msgspec.convert(value, type=type_)
    except msgspec.ValidationError:
        return False
    return True
