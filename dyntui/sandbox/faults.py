"""Failures on order: what a network, a gateway or an overloaded service does to a call."""

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from dyntui.sandbox.request import Request, Response, text_response

Kind = Literal["status", "status_after", "drop_before", "drop_after", "truncate", "delay", "html", "page_drift"]
_KINDS: tuple[str, ...] = get_args(Kind)
_SYSTEMS = {"dataverse", "dotdigital", "entra", "*"}
_AFTER = {"status_after", "drop_after", "truncate"}
_NAMES = {
    *("system", "method", "route", "kind", "status", "body"),
    *("retry_after", "seconds", "times", "after", "probability"),
}


@dataclass(slots=True)
class Fault:
    """One order.

    `route` is a regular expression searched in the call's path; for the kinds that strike after the handler
    (status_after, drop_after, truncate) also in its route template. The first `after` matching calls pass; the next
    ones are struck, each with `probability`, until it happened `times` times (None: for ever). `body`: the JSON text
    answered with `status`, "" for that of a gateway. `seconds` (of `delay`) are real ones.
    """

    system: str
    kind: str
    method: str = "*"
    route: str = ""
    status: int = 503
    body: str = ""
    retry_after: int | None = None
    seconds: float = 0.0
    times: int | None = None
    after: int = 0
    probability: float = 1.0
    seen: int = 0
    struck: int = 0
    pattern: re.Pattern[str] = field(default_factory=lambda: re.compile(""))

    def matches(self, system: str, method: str, texts: Iterable[str]) -> bool:
        """Whether the call is of the ordered kind; counts nothing."""
        return (
            self.system in {"*", system}
            and self.method.upper() in {"*", method}
            and any(self.pattern.search(text) for text in texts)
        )


def parse_fault(value: Any) -> Fault:
    """A fault from its JSON object. Raises ValueError which names what is wrong."""
    if not isinstance(value, dict) or not value.keys() <= _NAMES:
        raise ValueError(f"a fault is an object with some of {', '.join(sorted(_NAMES))}")
    if value.get("system") not in _SYSTEMS:
        raise ValueError(f"system must be one of {', '.join(sorted(_SYSTEMS))}")
    if value.get("kind") not in _KINDS:
        raise ValueError(f"kind must be one of {', '.join(_KINDS)}")
    fault = Fault(**value)
    try:
        fault.pattern = re.compile(fault.route)
    except re.error as error:
        raise ValueError(f"route is no regular expression: {error}") from error
    return fault


class Faults:
    """The ordered failures, in order; the first that strikes wins. Chance comes from a seeded generator."""

    def __init__(self, seed: int) -> None:
        self._faults: list[Fault] = []
        self._random = random.Random(seed)

    def order(self, faults: Iterable[Fault]) -> None:
        """Adds to what is ordered already."""
        self._faults.extend(faults)

    def clear(self) -> None:
        """Ends all failures."""
        self._faults.clear()

    def rows(self) -> list[dict[str, Any]]:
        """Each order with how many calls it saw and struck."""
        names = sorted(_NAMES | {"seen", "struck"})
        return [{name: getattr(fault, name) for name in names} for fault in self._faults]

    def before(self, system: str, request: Request) -> Fault | None:
        """The failure that strikes this call before its handler runs."""
        return self._next(system, request.method, [request.path], after=False)

    def after(self, system: str, request: Request, response: Response) -> Fault | None:
        """The failure that strikes this call's answer, when everything is done already."""
        return self._next(system, request.method, [request.path, response.route], after=True)

    def _next(self, system: str, method: str, texts: list[str], *, after: bool) -> Fault | None:
        for fault in self._faults:
            if fault.kind == "page_drift" or (fault.kind in _AFTER) is not after:
                continue
            if not fault.matches(system, method, texts) or (fault.times is not None and fault.struck >= fault.times):
                continue
            fault.seen += 1
            if fault.seen > fault.after and self._random.random() < fault.probability:
                fault.struck += 1
                return fault
        return None


def fault_response(fault: Fault) -> Response:
    """The answer of a gateway in front of the service, or the ordered one: JSON for `status` and `status_after`, a web
    page for `html`."""
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.kind == "html":
        page = (
            "<html><head><title>Service Unavailable</title></head><body><h1>Service Unavailable</h1>"
            f"<p>HTTP Error {fault.status}. The service is unavailable.</p></body></html>"
        )
        return text_response(page, fault.status, "text/html; charset=us-ascii", headers)
    text = fault.body or f'{{"error":{{"code":"{fault.status}","message":"The service is unavailable."}}}}'
    return text_response(text, fault.status, "application/json; charset=utf-8", headers)
