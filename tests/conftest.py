from __future__ import annotations

import signal


def pytest_configure() -> None:
    # A suite that a script starts in the background is told to ignore Ctrl+C, and its children inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
