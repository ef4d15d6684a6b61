"""One request on its way through the Web API: what was asked, by whom, and how replies to it are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec

from dyntui.sandbox.dataverse import storage
from dyntui.sandbox.dataverse.access import Caller
from dyntui.sandbox.dataverse.errors import bad_request
from dyntui.sandbox.dataverse.preferences import Preferences
from dyntui.sandbox.dataverse.reader import MostValues, Reader
from dyntui.sandbox.dataverse.schema import Schema
from dyntui.sandbox.dataverse.storage import schema_of
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.request import Request, Response
from dyntui.sandbox.state import State

API_PATH = "/api/data/v9.2"
CONTENT_TYPE = "application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; charset=utf-8"
_PATH_SAFE = "/()',=@$!*:;~-._"


@dataclass(slots=True)
class Call:
    """`options` are the query options by name as written, `aliases` the parameter aliases (@p1) among them.

    `route` is the template the request matched and `writes` whether it could change business data: both are filled in
    by the dispatcher for the call counters. `references` are the addresses of Content-IDs inside a change set.
    """

    state: State
    request: Request
    caller: Caller
    prefer: Preferences
    options: dict[str, str]
    aliases: dict[str, str]
    route: str = ""
    writes: bool = False
    references: dict[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """Address of the service root, without trailing slash."""
        return self.state.urls.dataverse + API_PATH

    @property
    def schema(self) -> Schema:
        return schema_of(self.state)

    @property
    def now(self) -> str:
        return storage.now(self.state)

    @property
    def reader(self) -> Reader:
        """Who filters, for relative conditions."""
        return Reader(
            self.caller.user_id,
            self.caller.business_unit_id,
            self.state.clock.now(),
            self.state.config.dataverse.not_equal_includes_null,
            self._most_values,
            self.state.config.dataverse.text_tells_case_apart,
        )

    @property
    def _most_values(self) -> MostValues | None:
        settings = self.state.config.dataverse
        return MostValues(settings.in_limit, settings.in_limit_status) if settings.in_limit else None

    def reply(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """A reply with a JSON body."""
        return Response(status, {"Content-Type": CONTENT_TYPE, **(headers or {})}, msgspec.json.encode(value))

    def address(self, table: Table, row_id: str) -> str:
        """The absolute address of a row."""
        return f"{self.base}/{table.entity_set}({row_id})"

    def here(self) -> str:
        """The absolute address of this request without its query, as links to further pages are written."""
        return (self.state.config.dataverse.link_host or self.state.urls.dataverse) + quote(
            self.request.path, safe=_PATH_SAFE
        )

    def body(self) -> dict[str, Any]:
        """The JSON object in the body. Raises DataverseError when there is none."""
        try:
            value = msgspec.json.decode(self.request.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise bad_request(f"Invalid JSON. {error}") from error
        if not isinstance(value, dict):
            raise bad_request("An entity is expected: the body must be a JSON object.")
        return value


def query_options(request: Request) -> tuple[dict[str, str], dict[str, str]]:
    """(options, parameter aliases) of a request. Raises DataverseError for an option given twice."""
    options: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for name, value in request.query:
        into = aliases if name.startswith("@") else options
        if name in into and name.startswith(("$", "@")):
            raise bad_request(
                f"Query option '{name}' was specified more than once, but it must be specified at most once."
            )
        into[name] = value
    return options, aliases
