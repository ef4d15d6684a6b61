"""Refusals in Entra ID's shape.

Source: "Microsoft identity platform authentication error codes" (learn.microsoft.com, reference-error-codes) and the
error bodies of the v2.0 token endpoint.
"""

from dyntui.sandbox.request import Request, Response, json_response
from dyntui.sandbox.state import State


class EntraError(Exception):
    """A refusal: OAuth error word, AADSTS number, sentence, HTTP status."""

    def __init__(self, error: str, code: int, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.error, self.code, self.text, self.status = error, code, text, status


def invalid_client(code: int, text: str) -> EntraError:
    """The application could not prove itself: HTTP 401."""
    return EntraError("invalid_client", code, text, 401)


def error_response(state: State, request: Request, refusal: EntraError) -> Response:
    """The JSON body with description, numbers, trace and correlation ids and time."""
    now = state.clock.now()
    trace = state.ids.guid()
    correlation = request.headers.get("client-request-id") or state.ids.guid()
    description = (
        f"AADSTS{refusal.code}: {refusal.text} Trace ID: {trace} Correlation ID: {correlation} "
        f"Timestamp: {now:%Y-%m-%d %H:%M:%S}Z"
    )
    body = {
        "error": refusal.error,
        "error_description": description,
        "error_codes": [refusal.code],
        "timestamp": f"{now:%Y-%m-%d %H:%M:%S}Z",
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{state.urls.entra}/error?code={refusal.code}",
    }
    return json_response(body, refusal.status)
