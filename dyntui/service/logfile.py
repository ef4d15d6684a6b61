"""The service's log: one file that rotates, for its owner alone, in UTC, without secrets."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import sys
import time
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from dyntui.model.plain import plain
from dyntui.service.redaction import redact

MAX_BYTES = 5 * 1024 * 1024
KEPT = 5

# They tell of every request by its address, in which people and the hook's secret stand; `dyntui.remote.wire_log` tells
# of it by its route.
_TELL_OF_REQUESTS = ("httpx", "httpcore")


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


class JournalFormatter(RedactingFormatter):
    """For systemd's journal, which knows the time itself and takes the level from before the line (sd-daemon(3))."""

    _LEVELS = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))

    def format(self, record: logging.LogRecord) -> str:
        level = next((number for least, number in self._LEVELS if record.levelno >= least), 7)
        return "\n".join(f"<{level}>{line}" for line in super().format(record).split("\n"))


def to_the_journal(descriptor: int, environment: Mapping[str, str]) -> bool:
    """Whether what is written there goes to systemd's journal, which says of its stream which device and inode it
    has."""
    told = environment.get("JOURNAL_STREAM", "")
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return told == f"{found.st_dev}:{found.st_ino}"


class _SaysNothingOfALine(logging.Handler):
    """What logging says of a line that could not be written is the line as it was meant, unmasked, with the values in
    it: on standard error, which is the journal, or a log itself."""

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exception()
        with contextlib.suppress(OSError):
            sys.stderr.write(f"A line of the log could not be written: {type(error).__name__}.\n")


class PrivateFile(_SaysNothingOfALine, logging.handlers.RotatingFileHandler):
    """A rotating file that is created for its owner alone."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")


class Stream(_SaysNothingOfALine, logging.StreamHandler[TextIO]):
    """Standard error."""


def log_to(file: Path, level: str, *, terminal: bool = False) -> None:
    """Sends all logging of this process to `file`, and to standard error too where a person looks on (`terminal`), or
    where systemd's journal takes it."""
    form = RedactingFormatter("%(asctime)sZ %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    handlers: list[logging.Handler] = [PrivateFile(file, maxBytes=MAX_BYTES, backupCount=KEPT)]
    if terminal:
        handlers.append(Stream())
    for handler in handlers:
        handler.setFormatter(form)
    if not terminal and to_the_journal(2, os.environ):
        journal = Stream()
        journal.setFormatter(JournalFormatter("%(name)s: %(message)s"))
        handlers.append(journal)
    # Libraries at INFO tell of every request; at that level only dyntui speaks.
    logging.basicConfig(level=logging.WARNING if level != "debug" else logging.DEBUG, handlers=handlers, force=True)
    logging.getLogger("dyntui").setLevel(level.upper())
    for name in _TELL_OF_REQUESTS:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
