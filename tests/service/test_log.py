"""The log is a file of lines for people: what remote systems say cannot break out of it."""

from __future__ import annotations

import logging
import sys

from dyntui.service.logfile import RedactingFormatter

HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\n2026-01-01T00:00:00Z ERROR dyntui: forged \u202eline"


def written(record: logging.LogRecord) -> str:
    return RedactingFormatter("%(levelname)s %(message)s").format(record)


def record(text: str, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord("dyntui", logging.WARNING, __file__, 1, "failed: %s", (text,), exc_info)  # type: ignore[arg-type]


def test_remote_text_can_neither_control_the_terminal_nor_forge_a_line() -> None:
    line = written(record(HOSTILE))
    assert "\n" not in line and line.isprintable()
    assert "forged" in line


def test_a_traceback_keeps_its_lines_and_nothing_else_of_the_text_in_it() -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        text = written(record("x", sys.exc_info()))
    assert len(text.splitlines()) > 3
    assert all(line.isprintable() for line in text.split("\n"))
