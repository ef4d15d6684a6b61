"""The Web API's front door: who calls, what is asked, and the form that every reply has.

Sources: compose-http-requests-handle-errors, authenticate-oauth.
"""

import logging
import re
from dataclasses import dataclass, field

import msgspec

from dyntui.sandbox.dataverse import (
    batch,
    callers,
    definition_routes,
    functions,
    lists,
    preferences,
    row_routes,
    service_document,
    storage,
)
from dyntui.sandbox.dataverse.access import Caller
from dyntui.sandbox.dataverse.addresses import segments
from dyntui.sandbox.dataverse.call import API_PATH, CONTENT_TYPE, Call, query_options
from dyntui.sandbox.dataverse.errors import DataverseError, bad_request, not_allowed, unknown_segment
from dyntui.sandbox.dataverse.preferences import Preferences
from dyntui.sandbox.dataverse.storage import schema_of
from dyntui.sandbox.entra import tokens
from dyntui.sandbox.request import Request, Response
from dyntui.sandbox.state import State

_log = logging.getLogger(__name__)

MAX_ADDRESS = 32_768
_ROOT = re.compile(r"/api/data/v9\.\d(?:/|$)")
_ERROR_DETAILS = {
    "Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus": "0",
    "Microsoft.PowerApps.CDS.ErrorDetails.SubErrorCode": "0",
    "Microsoft.PowerApps.CDS.HelpLink": "http://go.microsoft.com/fwlink/?LinkID=398563",
    "Microsoft.PowerApps.CDS.TraceText": "",
}


def handle(state: State, request: Request) -> Response:
    """The reply to a request of the Dataverse listener. Never raises for anything that a client can send."""
    response = _handle(state, request)
    request_id = state.ids.guid()
    response.headers.setdefault("OData-Version", "4.0")
    response.headers.setdefault("x-ms-service-request-id", request_id)
    response.headers.setdefault("REQ_ID", request_id)
    response.headers.setdefault("x-ms-dop-hint", str(state.config.dataverse.dop_hint))
    response.headers.setdefault("x-ms-ratelimit-burst-remaining-xrm-requests", "5999")
    response.headers.setdefault("x-ms-ratelimit-time-remaining-xrm-requests", "1,200.00")
    return response


def _handle(state: State, request: Request) -> Response:
    token = tokens.read(state, request.headers.get("authorization", ""))
    if token is None or token.audience.rstrip("/") != state.urls.dataverse:
        return _unauthorised(state)
    if len(request.url) > MAX_ADDRESS:
        return Response(414, {"Content-Type": "text/plain"}, b"Request URL Too Long")
    try:
        caller = callers.resolve(state, token, request.headers)
    except DataverseError as error:
        return error_reply(error, Preferences())
    return answer(state, request, caller, {}, _Parts(state, token, caller))


@dataclass(slots=True)
class _Parts:
    """Carries out the requests inside a batch, each for whom it acts for; `caller`: for whom the batch itself does."""

    state: State
    token: callers.Identity
    caller: Caller
    _known: dict[tuple[str, ...], Caller] = field(default_factory=dict)

    def answer(self, part: Request, references: dict[str, str]) -> Response:
        try:
            return answer(self.state, part, self._caller_of(part), references)
        except DataverseError as error:
            return error_reply(error, Preferences())

    def _caller_of(self, part: Request) -> Caller:
        if self.state.config.dataverse.batch_parts_act_for == "batch":
            return self.caller
        named = tuple(part.headers.get(each, "") for each in ("callerobjectid", "mscrmcallerid", "consistency"))
        if named not in self._known:
            self._known[named] = callers.resolve(self.state, self.token, part.headers)
        return self._known[named]


def answer(
    state: State, request: Request, caller: Caller, references: dict[str, str], parts: _Parts | None = None
) -> Response:
    """Carries out a request for a caller; errors become replies. Also used for the requests inside a batch, and with
    `parts` for one that may be a batch."""
    prefer = Preferences()
    version = schema_of(state).version
    call: Call | None = None
    try:
        prefer = preferences.read(request.headers)
        call = Call(state, request, caller, prefer, *query_options(request), references=references)
        response = _dispatch(call, parts)
    except DataverseError as error:
        if schema_of(state).version != version:
            storage.reload_schema(state)
        response = error_reply(error, prefer)
    except Exception:  # noqa: BLE001 - told to the log and to the client
        # The boundary of a simulated service: whatever breaks inside is its internal error, and the next request is
        # served as if this one had not been.
        _log.exception("%s %s", request.method, request.url)
        storage.reload_schema(state)
        response = error_reply(DataverseError("0x80040216", "An unexpected error occurred.", 500), prefer)
    if call is not None:
        response.route, response.writes = call.route or request.path, call.writes
    return response


def _dispatch(call: Call, parts: _Parts | None) -> Response:
    request = call.request
    root = _ROOT.match(request.path)
    if root is None:
        raise DataverseError(
            "0x80060888", f"No HTTP resource was found that matches the request URI '{request.url}'.", 404
        )
    lists.settle_counts(call)
    steps = segments(request.path[root.end() :])
    if not steps:
        return service_document.sets(call)
    first = steps[0]
    if first.name == "$batch" and len(steps) == 1:
        call.route = "$batch"
        if request.method != "POST":
            raise not_allowed("A batch must be sent with POST.")
        if parts is None:
            raise bad_request("Batches cannot be nested.")
        return batch.run(call, parts.answer)
    if first.name == "$metadata":
        call.route = "$metadata"
        return service_document.metadata(call)
    if len(steps) == 1 and functions.is_known(call, first.name):
        return functions.run(call, first.name, first.key)
    if first.name in definition_routes.ROOTS:
        return definition_routes.handle(call, steps)
    if call.schema.by_set(first.name) is None:
        raise unknown_segment(first.name)
    return row_routes.handle(call, steps)


def error_reply(error: DataverseError, prefer: Preferences) -> Response:
    """An error in the platform's form, with its details when annotations are asked for."""
    body: dict[str, str] = {"code": error.code, "message": error.message}
    for name, value in {**_ERROR_DETAILS, "Microsoft.PowerApps.CDS.InnerError.Message": error.message}.items():
        if prefer.wants(name):
            body[f"@{name}"] = value
    return Response(error.status, {"Content-Type": CONTENT_TYPE, **error.headers}, msgspec.json.encode({"error": body}))


def _unauthorised(state: State) -> Response:
    challenge = (
        f"Bearer authorization_uri={state.urls.entra}/common/oauth2/authorize, resource_id={state.urls.dataverse}/"
    )
    response = Response(401, {"WWW-Authenticate": challenge})
    response.route = f"{API_PATH} (unauthorised)"
    return response
