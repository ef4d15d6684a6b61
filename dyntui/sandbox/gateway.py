"""The way of a call through the sandbox: limits, ordered faults, the system's handler, counters, recording.

Knows nothing of sockets: `server` carries bytes in and out and does what the network part of a fault asks.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dyntui.sandbox.calls import CallCounter
from dyntui.sandbox.entra import tokens
from dyntui.sandbox.faults import Fault, Faults, fault_response
from dyntui.sandbox.limits_dataverse import DataverseLimiter, DataverseLimits
from dyntui.sandbox.limits_dotdigital import DotdigitalLimiter, DotdigitalLimits, Scheme
from dyntui.sandbox.recording import Recorder
from dyntui.sandbox.request import Request, Response, text_response
from dyntui.sandbox.state import State

_log = logging.getLogger(__name__)

Handler = Callable[[State, Request], Response]
"""A system's entry point."""

_REGIONS = {"r1", "r2", "r3"}


@dataclass(slots=True)
class Gateway:
    """All that stands between the listeners and one world.

    `handlers` by system: dataverse, dotdigital, entra. `timer` measures execution time, in seconds.
    """

    state: State
    handlers: Mapping[str, Handler]
    faults: Faults
    dataverse_limits: DataverseLimiter
    dotdigital_limits: DotdigitalLimiter
    calls: CallCounter = field(default_factory=CallCounter)
    recorder: Recorder | None = None
    latency_seconds: float = 0.0
    timer: Callable[[], float] = time.perf_counter

    def order_faults(self, faults: Sequence[Fault]) -> None:
        """Orders failures. Page drift is dotdigital's own doing, so its switch is set."""
        self.faults.order(faults)
        if any(fault.kind == "page_drift" for fault in faults):
            self.state.config.dotdigital.page_drift = True

    def clear_faults(self) -> None:
        """Ends all failures."""
        self.faults.clear()
        self.state.config.dotdigital.page_drift = False


def new_gateway(
    state: State,
    handlers: Mapping[str, Handler],
    limits: Scheme = "off",
    recorder: Recorder | None = None,
    latency_seconds: float = 0.0,
) -> Gateway:
    """A gateway without ordered faults. Limits other than `off` throttle Dataverse too."""
    return Gateway(
        state=state,
        handlers=handlers,
        faults=Faults(state.ids.seed),
        dataverse_limits=DataverseLimiter(DataverseLimits(), enforced=limits != "off"),
        dotdigital_limits=DotdigitalLimiter(limits, DotdigitalLimits()),
        recorder=recorder,
        latency_seconds=latency_seconds,
    )


@dataclass(slots=True)
class Exchange:
    """One call under way: made by `begin`, ended by exactly one of `refuse`, `answer` and `abandon`."""

    gateway: Gateway
    request: Request
    system: str
    fault: Fault | None = None
    refusal: Response | None = None
    _user_id: str = ""
    _headers: dict[str, str] = field(default_factory=dict)

    def answer(self) -> tuple[Response, Fault | None]:
        """Lets the system handle the call; answers its response and the fault that strikes it on the way back."""
        gateway, request = self.gateway, self.request
        began = gateway.timer()
        try:
            response = gateway.handlers[self.system](gateway.state, request)
        except Exception:  # noqa: BLE001 - told to the log and to the client
            # The boundary of a simulated service: whatever breaks inside is its internal error, told on stderr.
            _log.exception("%s %s", request.method, request.url)
            response = text_response("Internal error of the sandbox; its log has the details.", 500)
            response.route = request.path
        finally:
            if self.system == "dataverse":
                seconds = gateway.timer() - began
                self._headers = gateway.dataverse_limits.finish(self._user_id, gateway.state.clock.now(), seconds)
        response.headers.update(self._headers)
        self._count(response)
        fault = gateway.faults.after(self.system, request, response)
        if fault is not None and fault.kind == "status_after":
            response, fault = fault_response(fault), None
        dropped = fault is not None and fault.kind == "drop_after"
        self._record(None if dropped else response)
        return response, fault

    def refuse(self) -> Response:
        """The answer of a limit or an ordered fault in place of the system's."""
        if self.refusal is not None:
            response = self.refusal
            response.headers.update(self._headers)
            response.route = "(refused by a limit)"
        else:
            assert self.fault is not None
            self._release()
            response = fault_response(self.fault)
            response.route = "(fault)"
        self._count(response)
        self._record(response)
        return response

    def abandon(self) -> None:
        """The connection is dropped before the system saw the call."""
        self._release()
        self._count(Response(0, route="(fault)"))
        self._record(None)

    def _release(self) -> None:
        if self.system == "dataverse":
            gateway = self.gateway
            gateway.dataverse_limits.finish(self._user_id, gateway.state.clock.now(), 0.0)

    def _count(self, response: Response) -> None:
        if self.system != "entra":
            self.gateway.calls.count(self.system, self.request.method, response.route, response.writes)

    def _record(self, response: Response | None) -> None:
        gateway = self.gateway
        if gateway.recorder:
            gateway.recorder.record(gateway.state.clock.now(), self.system, self.request, response)


def begin(gateway: Gateway, request: Request) -> Exchange:
    """Judges a call that has arrived: limits first, as they stand in front of the services, then ordered faults."""
    system = "dotdigital" if request.host in _REGIONS else request.host
    exchange = Exchange(gateway, request, system)
    now = gateway.state.clock.now()
    if system == "dataverse":
        token = tokens.read(gateway.state, request.headers.get("Authorization", ""))
        exchange._user_id = token.oid if token else ""
        exchange.refusal = gateway.dataverse_limits.arrive(exchange._user_id, now)
    elif system == "dotdigital":
        exchange.refusal, exchange._headers = gateway.dotdigital_limits.arrive(request, now)
        settings = gateway.state.config.dotdigital
        settings.calls_in_last_hour, settings.calls_remaining = gateway.dotdigital_limits.usage(now)
    if exchange.refusal is None:
        exchange.fault = gateway.faults.before(system, request)
    return exchange
