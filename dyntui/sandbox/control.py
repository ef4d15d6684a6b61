"""The control address: truth about the simulated world and levers to move it. Only tests and the demo use it.

| call | does |
|---|---|
| GET /clock, /calls, /mailed, /digest, /faults, /state | tells time, counters, mails, hashes, orders, counts |
| POST /clock {"advance_seconds": n} | lets time pass |
| POST /calls/reset | counters start at nothing |
| POST /faults [...], DELETE /faults | orders failures (see `faults.Fault`), ends them |
| POST /device {"user_code", "as", "deny"} | answers a device code for a person |
| POST /certificate {"pem"} | uploads a certificate to the app registration |
| POST /platform-token {"seconds", "subject"} | a token of the workload's platform, as a file of it would hold |
| POST /sessions/revoke | ends all sign-ins |
| POST /settings {"dataverse": {...}, "dotdigital": {...}, "entra": {...}} | sets switches of a system |
| POST /limits {"scheme", "dataverse": {...}, "dotdigital": {...}} | switches rate limits and scales their numbers |

Further calls may be added by whoever assembles the sandbox.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, get_args

from dyntui.sandbox.digest import digest
from dyntui.sandbox.entra import assertion, directory, federation, grants
from dyntui.sandbox.faults import parse_fault
from dyntui.sandbox.gateway import Gateway
from dyntui.sandbox.limits_dotdigital import Scheme
from dyntui.sandbox.request import Request, Response, json_response
from dyntui.sandbox.state import State


@dataclass(frozen=True, slots=True)
class Truth:
    """What the simulated systems tell of themselves, behind their backs.

    `settle` lets everything happen which is due by now; `mailed` lists every mail; `counts` the rows of interest;
    `digest_rows` yields a system's business data; `levers` are further calls by path.
    """

    settle: Callable[[State], None]
    mailed: Callable[[State], list[dict[str, Any]]]
    counts: Callable[[State], dict[str, int]]
    digest_rows: Mapping[str, Callable[[State], Iterator[tuple[Any, ...]]]]
    levers: Mapping[str, Callable[[State, Any], Any]]


class BadControlCallError(ValueError):
    """The caller asked for something that makes no sense; the text says what."""


def handle(gateway: Gateway, truth: Truth, request: Request) -> Response:
    """Answers a control call: 400 with `error` for a senseless one, 404 for an unknown path."""
    call = f"{request.method} {request.path.rstrip('/') or '/'}"
    try:
        if call in _READS:
            truth.settle(gateway.state)
            return json_response(_READS[call](gateway, truth))
        if call in _LEVERS:
            return json_response(_LEVERS[call](gateway, _body(request)))
        if request.method == "POST" and request.path.rstrip("/") in truth.levers:
            truth.settle(gateway.state)
            return json_response(truth.levers[request.path.rstrip("/")](gateway.state, _body(request)))
    except ValueError as error:
        return json_response({"error": str(error)}, 400)
    known = sorted([*_READS, *_LEVERS, *(f"POST {path}" for path in truth.levers)])
    return json_response({"error": "no such call", "calls": known}, 404)


def _body(request: Request) -> Any:
    return request.json() if request.body else {}


def _member(body: Any, name: str) -> Any:
    if not isinstance(body, dict) or name not in body:
        raise BadControlCallError(f"the body must be an object with {name!r}")
    return body[name]


# -- truth ----------------------------------------------------------------------------------------------------------


def _clock(gateway: Gateway, _truth: Truth) -> Any:
    clock = gateway.state.clock
    return {"now": clock.now().isoformat(), "offset_seconds": clock.offset.total_seconds()}


def _calls(gateway: Gateway, _truth: Truth) -> Any:
    return gateway.calls.rows()


def _faults(gateway: Gateway, _truth: Truth) -> Any:
    return gateway.faults.rows()


def _mailed(gateway: Gateway, truth: Truth) -> Any:
    return truth.mailed(gateway.state)


def _digest(gateway: Gateway, truth: Truth) -> Any:
    return {system: digest(rows(gateway.state)) for system, rows in truth.digest_rows.items()}


def _state(gateway: Gateway, truth: Truth) -> Any:
    return truth.counts(gateway.state)


_READS: Mapping[str, Callable[[Gateway, Truth], Any]] = {
    "GET /calls": _calls,
    "GET /clock": _clock,
    "GET /digest": _digest,
    "GET /faults": _faults,
    "GET /mailed": _mailed,
    "GET /state": _state,
}


# -- levers ---------------------------------------------------------------------------------------------------------


def _advance(gateway: Gateway, body: Any) -> Any:
    seconds = _member(body, "advance_seconds")
    if not isinstance(seconds, int | float):
        raise BadControlCallError("advance_seconds must be a number")
    gateway.state.advance(timedelta(seconds=seconds))
    return {"now": gateway.state.clock.now().isoformat()}


def _reset_calls(gateway: Gateway, _body: Any) -> Any:
    gateway.calls.reset()
    return {}


def _order_faults(gateway: Gateway, body: Any) -> Any:
    faults = [parse_fault(value) for value in (body if isinstance(body, list) else [body])]
    gateway.order_faults(faults)
    return {"ordered": len(faults)}


def _clear_faults(gateway: Gateway, _body: Any) -> Any:
    gateway.clear_faults()
    return {}


def _answer_device(gateway: Gateway, body: Any) -> Any:
    code = str(_member(body, "user_code"))
    person = None
    if not body.get("deny"):
        wanted = str(_member(body, "as"))
        person = directory.find_person(wanted)
        if person is None:
            parts = ", ".join(each.part for each in directory.PEOPLE)
            raise BadControlCallError(f"nobody is called {wanted!r}; there are {parts}")
    if not grants.answer_device_code(gateway.state, code, person):
        raise BadControlCallError(f"no device code {code!r} is waiting")
    return {"upn": person.upn if person else None}


def _certificate(gateway: Gateway, body: Any) -> Any:
    return {"thumbprint": assertion.register_certificate(gateway.state, str(_member(body, "pem")))}


def _platform_token(gateway: Gateway, body: Any) -> Any:
    seconds, subject = body.get("seconds", 3600), body.get("subject", federation.SUBJECT)
    return {"token": federation.platform_token(gateway.state, int(seconds), str(subject))}


def _revoke(gateway: Gateway, _body: Any) -> Any:
    return {"revoked": grants.revoke_refresh_tokens(gateway.state)}


def _settings(gateway: Gateway, body: Any) -> Any:
    if not isinstance(body, dict):
        raise BadControlCallError("the body must be an object of systems")
    config = gateway.state.config
    sections = {"dataverse": config.dataverse, "dotdigital": config.dotdigital, "entra": config.entra}
    for system, values in body.items():
        if system not in sections:
            raise BadControlCallError(f"no such system: {system}")
        _set_fields(sections[system], values)
    return {}


def _set_fields(target: Any, values: Any) -> None:
    """Sets known fields to values of the kind they have; all are checked before one is set."""
    if not isinstance(values, dict):
        raise BadControlCallError("settings are an object")
    names = {each.name for each in fields(target)}
    for name, value in values.items():
        if name not in names:
            raise BadControlCallError(f"no such setting: {name}")
        current = getattr(target, name)
        number = isinstance(current, float) and isinstance(value, int)
        if not isinstance(value, type(current)) and not number:
            raise BadControlCallError(f"{name} must be like {json.dumps(current, default=str)}")
    for name, value in values.items():
        setattr(target, name, value)


def _limits(gateway: Gateway, body: Any) -> Any:
    scheme: Scheme = body.get("scheme", gateway.dotdigital_limits.scheme) if isinstance(body, dict) else "off"
    if not isinstance(body, dict) or scheme not in get_args(Scheme):
        raise BadControlCallError(f"scheme must be one of {', '.join(get_args(Scheme))}")
    _set_fields(gateway.dataverse_limits.limits, body.get("dataverse", {}))
    _set_fields(gateway.dotdigital_limits.limits, body.get("dotdigital", {}))
    gateway.dotdigital_limits.scheme = scheme
    gateway.dataverse_limits.enforced = scheme != "off"
    return {"scheme": scheme}


_LEVERS: Mapping[str, Callable[[Gateway, Any], Any]] = {
    "DELETE /faults": _clear_faults,
    "POST /calls/reset": _reset_calls,
    "POST /certificate": _certificate,
    "POST /clock": _advance,
    "POST /device": _answer_device,
    "POST /faults": _order_faults,
    "POST /limits": _limits,
    "POST /platform-token": _platform_token,
    "POST /sessions/revoke": _revoke,
    "POST /settings": _settings,
}
