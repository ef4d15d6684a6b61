"""Every request to a remote system in the log, at level debug: by its route, which names no person and no row."""

from __future__ import annotations

import logging

from dyntui.remote.calls import Call

_log = logging.getLogger(__name__)


def answered(call: Call, status: int, seconds: float) -> None:
    """An answer began to arrive `seconds` after the request was sent."""
    _log.debug("%s: HTTP %d after %.3f s (request %d of the call)", call.route, status, seconds, call.requests)


def unanswered(call: Call, failure: str, seconds: float) -> None:
    """No answer came, or none that can be used."""
    _log.debug("%s: %s after %.3f s (request %d of the call)", call.route, failure, seconds, call.requests)
