"""The wire: JSON-RPC 2.0, one message a line, over the profile's socket.

A service greets each client with its version before anything else. Requests name a contract method; answers carry the
method's typed answer or an error whose `data` holds the parts of a `DyntuiError`. A request without id is a
notification: `rpc.cancel` from the client, `service.greeting` and the contract's events from the service.
"""

from __future__ import annotations

import msgspec

from dyntui.model.errors import DyntuiError, Exit

GREETING = "service.greeting"
CANCEL = "rpc.cancel"

# JSON-RPC 2.0, section 5.1; -32000 is the first of the range left to applications.
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
APPLICATION_ERROR = -32000

# The largest request is a setup with a certificate, or the lists of a campaign: far below. Answers are pages of people.
REQUEST_LIMIT = 4 * 1024 * 1024
ANSWER_LIMIT = 256 * 1024 * 1024


# What a line can be besides JSON of the right type: bytes that are no UTF-8, brackets nested beyond all reason.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def unreadable(error: Exception) -> str:
    """What is wrong with a line that could not be read, in words."""
    if isinstance(error, UnicodeDecodeError):
        return "Text in it is not valid UTF-8"
    if isinstance(error, RecursionError):
        return "It is nested too deeply"
    return str(error)


class Greeting(msgspec.Struct, frozen=True):
    """First words of a service. Client and service are one package: other versions do not talk to each other."""

    version: str
    process: int


class ErrorData(msgspec.Struct, frozen=True):
    """The parts of a `DyntuiError` that may leave the service: its `detail` stays in the log."""

    code: str
    message: str
    not_done: str
    remedy: str
    exit: int


class ErrorObject(msgspec.Struct, frozen=True):
    """JSON-RPC's error object."""

    code: int
    message: str
    data: ErrorData


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """A call, or without `id` a notification."""

    jsonrpc: str
    method: str
    id: int | str | msgspec.UnsetType | None = msgspec.UNSET
    params: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a service says: an answer (`id` with `result` or `error`) or a notification (`method` with `params`)."""

    jsonrpc: str
    id: int | str | msgspec.UnsetType | None = msgspec.UNSET
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: ErrorObject | msgspec.UnsetType = msgspec.UNSET
    method: str | msgspec.UnsetType = msgspec.UNSET
    params: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Cancel(msgspec.Struct, frozen=True):
    """The client no longer wants the answer to this request."""

    id: int


_encoder = msgspec.json.Encoder()
_requests = msgspec.json.Decoder(Request)
_answers = msgspec.json.Decoder(Answer)


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(_encoder.encode(value))


def _line(message: msgspec.Struct) -> bytes:
    return _encoder.encode(message) + b"\n"


def request_line(id: int, method: str, params: msgspec.Struct) -> bytes:
    """A call."""
    return _line(Request("2.0", method, id, _raw(params)))


def notification_line(method: str, params: msgspec.Struct) -> bytes:
    """An event, or a word between client and service that wants no answer."""
    return _line(Request("2.0", method, params=_raw(params)))


def answer_line(id: int | str | None, result: object) -> bytes:
    """The answer to a call."""
    return _line(Answer("2.0", id, result=_raw(result)))


def error_line(id: int | str | None, error: DyntuiError, code: int = APPLICATION_ERROR) -> bytes:
    """The refusal or failure of a call."""
    data = ErrorData(error.code, error.message, error.not_done, error.remedy, int(error.exit))
    return _line(Answer("2.0", id, error=ErrorObject(code, error.message, data)))


def read_request(line: bytes) -> Request:
    """Raises msgspec.ValidationError (not a request), or one of `UNREADABLE` (not JSON)."""
    return _requests.decode(line)


def read_answer(line: bytes) -> Answer:
    """Raises msgspec.DecodeError or msgspec.ValidationError."""
    return _answers.decode(line)


def as_error(data: ErrorData) -> DyntuiError:
    """The error as it was raised in the service."""
    try:
        exit = Exit(data.exit)
    except ValueError:
        exit = Exit.FAILED
    return DyntuiError(data.code, data.message, not_done=data.not_done, remedy=data.remedy, exit=exit)
