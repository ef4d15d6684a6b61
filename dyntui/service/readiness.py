"""Telling systemd that the service is ready, and that it ends (sd_notify(3))."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

READY, STOPPING = "READY=1", "STOPPING=1"

log = logging.getLogger(__name__)


def tell(state: str, environ: Mapping[str, str] = os.environ) -> None:
    """Tells it where it wants to be told (`$NOTIFY_SOCKET`)."""
    path = environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return
    # An abstract socket is written with @ in place of its zero byte.
    address = "\0" + path[1:] if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
            to.connect(address)
            to.send(state.encode())
    except OSError as error:
        log.warning("systemd cannot be told %s: %s", state, error)
