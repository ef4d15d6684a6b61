"""The log is a file of lines for people: what remote systems say cannot break out of it."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from dyntui.service.logfile import JournalFormatter, RedactingFormatter, to_the_journal

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


def test_the_journal_gets_the_level_of_every_line_and_the_time_from_nobody() -> None:
    form = JournalFormatter("%(name)s: %(message)s")
    assert form.format(record("x")) == "<4>dyntui: failed: x"
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        lines = form.format(record("x", sys.exc_info())).split("\n")
    assert len(lines) > 3 and all(line.startswith("<4>") for line in lines)


def test_the_journal_is_known_by_the_stream_that_it_names(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream, (tmp_path / "other").open("w") as other:
        found = os.fstat(stream.fileno())
        told = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert to_the_journal(stream.fileno(), told)
        assert not to_the_journal(other.fileno(), told)
        assert not to_the_journal(stream.fileno(), {})
        closed = other.fileno()
    assert not to_the_journal(closed, told)
