"""One call as a handler sees it: path parameters, options and body already read the way the service reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from dyntui.sandbox.dotdigital import codec, dates
from dyntui.sandbox.dotdigital.errors import V2Error, V3Error, parameter_invalid
from dyntui.sandbox.dotdigital.numbers import INT32, whole_number
from dyntui.sandbox.dotdigital.settings import DotdigitalSettings
from dyntui.sandbox.request import Request
from dyntui.sandbox.state import State

_DEEPEST = 64
"""Nesting at which .NET's JSON readers give up ([inferred]: their default)."""
OVERLAP = 100
"""Rows by which a production connector overlaps its pages (10); drift stays well below."""


@dataclass(frozen=True, slots=True)
class Page:
    """An offset page: at most `select` rows after `skip` rows. `skip` already contains the drift, if any."""

    select: int
    skip: int


@dataclass(frozen=True, slots=True)
class Call:
    """State, request and path parameters of one call; `now` is the world time of its arrival in milliseconds."""

    state: State
    request: Request
    args: Mapping[str, str]
    now: int

    @property
    def settings(self) -> DotdigitalSettings:
        return self.state.config.dotdigital

    # -- path ----------------------------------------------------------------------------------------------------------

    def number(self, name: str, code: str) -> int:
        """A numeric path parameter; text or a number beyond int32 is an unknown entity: 404 with `code`."""
        text = self.args[name]
        number = whole_number(text, INT32)
        if number is None:
            raise V2Error(code, 404)
        return number

    def date(self, name: str) -> int:
        """A date path parameter in milliseconds. Raises 400 ERROR_PARAMETER_INVALID."""
        try:
            return dates.parse(self.args[name])
        except (ValueError, OverflowError):
            raise parameter_invalid(f"{name} is not a valid date.") from None

    # -- options -------------------------------------------------------------------------------------------------------

    def option(self, name: str) -> str | None:
        """The last value of an option, its name in any letter case."""
        values = self.options(name)
        return values[-1] if values else None

    def options(self, name: str) -> list[str]:
        """All values of an option that may be repeated."""
        return [value for key, value in self.request.query if key.lower() == name.lower()]

    def flag(self, name: str) -> bool:
        """A boolean option, False when absent."""
        return (self.option(name) or "").lower() == "true"

    def integer(self, name: str, default: int) -> int:
        """An integer option. Raises 400 ERROR_PARAMETER_INVALID."""
        text = self.option(name)
        if text is None or text == "":
            return default
        number = whole_number(text.removeprefix("-"), INT32)
        if number is None:
            raise parameter_invalid(f"{name} is not a valid number.")
        return -number if text.startswith("-") else number

    def page(self, default: int = 1000, maximum: int = 1000) -> Page:
        """`select` and `skip` (10). Raises 400 ERROR_PARAMETER_INVALID out of range."""
        select, skip = self.integer("select", default), self.integer("skip", 0)
        if not 1 <= select <= maximum or not skip >= 0:
            raise parameter_invalid(f"select must be between 1 and {maximum} and skip must not be negative.")
        if self.settings.page_drift and skip:
            skip = max(0, skip + self._drift(skip, select))
        return Page(select, skip)

    def _drift(self, skip: int, select: int) -> int:
        """Alternates between rows that appear twice and rows that are passed over, growing and shrinking."""
        step = -(-skip // select)
        size = 1 + step % min(self.settings.page_drift_rows, OVERLAP // 2)
        return size if step % 2 else -size

    def since(self, column: str) -> str:
        """The comparison of a "since" feed."""
        return f"{column} {'>=' if self.settings.since_inclusive else '>'} ?"

    # -- body ----------------------------------------------------------------------------------------------------------

    def raw(self) -> Any:
        """The decoded body of a v2 call. Raises 400 for other content types than JSON and for what is no JSON."""
        kind = self.request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
        if kind not in ("application/json", "text/json", ""):
            raise V2Error("ERROR_CONTENT_TYPE_IS_NOT_SUPPORTED")
        if not self.request.body.strip():
            raise V2Error("ERROR_MALFORMED_REQUEST")
        try:
            return codec.received(self.request.body)
        except msgspec.DecodeError:
            raise V2Error("ERROR_BODY_DOES_NOT_MATCH_CONTENT_TYPE") from None

    def bound(self) -> dict[str, Any]:
        """The body of a v2 call as an object whose keys, at every depth, are folded to lower case (1.4)."""
        value = fold(self.raw())
        if not isinstance(value, dict):
            raise V2Error("ERROR_MALFORMED_REQUEST")
        return value

    def bound_list(self) -> list[Any]:
        """The body of a v2 call as an array, keys of its objects folded."""
        value = fold(self.raw())
        if not isinstance(value, list):
            raise V2Error("ERROR_MALFORMED_REQUEST")
        return value


def fold(value: Any, depth: int = 0) -> Any:
    """Keys of all objects in lower case: v2 binds property names whatever their letter case.

    Raises 400 ERROR_MALFORMED_REQUEST for what is nested deeper than any body that means something.
    """
    if depth > _DEEPEST:
        raise V2Error("ERROR_MALFORMED_REQUEST")
    if isinstance(value, dict):
        return {key.lower(): fold(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [fold(item, depth + 1) for item in value]
    return value


def v3_date(text: str, code: str = "contacts:invalidFilter") -> int:
    """The date of a v3 filter `gte::2024-01-31T00:00:00Z` in milliseconds; a fraction may follow the seconds (3.7)."""
    prefix, _, moment = text.partition("::")
    if prefix != "gte" or not moment.endswith("Z") or "T" not in moment:
        raise V3Error(code, "The filter must have the form gte::yyyy-MM-ddTHH:mm:ssZ")
    try:
        return dates.parse(moment)
    except (ValueError, OverflowError):
        raise V3Error(code, "The filter holds no valid date") from None


def integer_of(value: Any) -> int | None:
    """A number of a body that can be an id; None for anything else, booleans and numbers beyond int32 included."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= INT32 else None


def integers_of(value: Any) -> list[int] | None:
    """An array of ids, empty for null; None for anything else."""
    items = [] if value is None else value
    if not isinstance(items, list):
        return None
    numbers = [number for number in map(integer_of, items) if number is not None]
    return numbers if len(numbers) == len(items) else None


def objects_of(value: Any) -> list[dict[str, Any]]:
    """An array of objects, empty for null. Raises 400 ERROR_MALFORMED_REQUEST for anything else."""
    items = [] if value is None else value
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise V2Error("ERROR_MALFORMED_REQUEST")
    return items
