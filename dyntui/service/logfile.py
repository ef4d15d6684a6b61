"""The service's log: one file that rotates, for its owner alone, in UTC, without secrets."""

from __future__ import annotations

import logging
import logging.handlers
import os
import time
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from dyntui.model.plain import plain
from dyntui.service.redaction import redact

MAX_BYTES = 5 * 1024 * 1024
KEPT = 5


class RedactingFormatter(logging.Formatter):
    """Formats a record, its traceback included, and masks secrets in the result.

    What a remote system said may be in it: it is made harmless for the terminal that shows it, and cannot pass for a
    line of its own.
    """

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = plain(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:
        return "\n".join(plain(line) for line in super().formatException(ei).split("\n"))


class PrivateFile(logging.handlers.RotatingFileHandler):
    """A rotating file that is created for its owner alone."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")


def log_to(file: Path, level: str, *, terminal: bool = False) -> None:
    """Sends all logging of this process to `file`, and to standard error too where a person looks on (`terminal`)."""
    form = RedactingFormatter("%(asctime)sZ %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    handlers: list[logging.Handler] = [PrivateFile(file, maxBytes=MAX_BYTES, backupCount=KEPT)]
    if terminal:
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.setFormatter(form)
    # Libraries at INFO tell of every request; at that level only dyntui speaks.
    logging.basicConfig(level=logging.WARNING if level != "debug" else logging.DEBUG, handlers=handlers, force=True)
    logging.getLogger("dyntui").setLevel(level.upper())
    logging.captureWarnings(True)
