"""Data fields of the account: what dyntui calls data labels.

    data_fields(dd) -> [DataField]     create_data_field(dd, name, type, ...)     delete_data_field(dd, name) -> Deleted

There is no update of a field (reference/dotdigital_api.md section 6): changing a type is delete and create.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.reading import OddRow, Whole, read

STRING, NUMERIC, DATE, BOOLEAN = "String", "Numeric", "Date", "Boolean"
PRIVATE, PUBLIC = "Private", "Public"


class DataField(msgspec.Struct, frozen=True, rename="camel"):
    """A field; `name` is in upper case as dotdigital keeps it; `type` and `visibility` as received."""

    name: str
    type: str = ""
    visibility: str = PRIVATE
    default_value: Any = None


class Dependency(msgspec.Struct, frozen=True, rename="camel"):
    """What still uses a field: `Campaign`, `Survey`, `AddressBook`..., with its id where told."""

    type: str = ""
    object_id: Whole | None = None


class Deleted(msgspec.Struct, frozen=True):
    """Whether a field was deleted, and what kept it."""

    done: bool
    dependencies: list[Dependency] = []


class _Answer(msgspec.Struct, frozen=True):
    result: bool = False
    dependencies: list[Dependency | str] | None = None


async def data_fields(dd: Dotdigital) -> list[DataField]:
    """All fields of the account, in one call."""
    return await dd.get("/v2/data-fields", list[DataField])


async def listed(dd: Dotdigital) -> tuple[list[DataField], list[OddRow]]:
    """The same, row by row: those that can be read, and those that cannot."""
    return await dd.rows("/v2/data-fields", DataField)


async def create_data_field(
    dd: Dotdigital, name: str, type: str, *, visibility: str = PRIVATE, default_value: object = None
) -> None:
    """Create a field. After a lost answer it is asked again, and "exists already" then counts as created.

    Raises DOTDIGITAL_FIELD_EXISTS, DOTDIGITAL_FIELD_LIMIT.
    """
    body: dict[str, object] = {"name": name, "type": type, "visibility": visibility}
    if default_value is not None:
        body["defaultValue"] = default_value
    try:
        await dd.request("POST", "/v2/data-fields", body=body, repeatable=True)
    except DotdigitalError as error:
        if not (error.repeated and error.code == "DOTDIGITAL_FIELD_EXISTS"):
            raise


async def delete_data_field(dd: Dotdigital, name: str) -> Deleted:
    """Delete a field with the values that contacts have in it; refused while something depends on it."""
    try:
        reply = await dd.request(
            "DELETE",
            f"/v2/data-fields/{quote(name, safe='')}",
            route="DELETE /v2/data-fields/{name}",
            accept=frozenset({409}),
        )
    except DotdigitalError as error:
        if error.repeated and error.status == 404:
            return Deleted(done=True)
        raise
    if not reply.body.strip():
        return Deleted(done=reply.status < 300)
    answer = read(reply, _Answer)
    kept_by = [Dependency(each) if isinstance(each, str) else each for each in answer.dependencies or ()]
    return Deleted(done=answer.result, dependencies=kept_by)
