"""Drawing on a terminal that has gone away."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from dyntui.screens.hang_up import LastingTerminal, terminal_may_go
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread


def test_drawing_goes_on_into_nothing_and_the_drawing_thread_ends():
    master, slave = os.openpty()
    with os.fdopen(slave, "w") as stream:
        thread = WriterThread(LastingTerminal(stream))
        thread.start()
        os.close(master)
        for _ in range(3 * MAX_QUEUED_WRITES):
            thread.write("a frame\n")
        thread.stop()

    assert not thread.is_alive()


def test_what_reaches_a_terminal_that_is_there_is_unchanged():
    master, slave = os.openpty()
    with os.fdopen(slave, "w") as stream:
        lasting = LastingTerminal(stream)
        assert lasting.isatty()
        assert lasting.write("a frame") == 7
        lasting.flush()
        assert os.read(master, 100) == b"a frame"
    os.close(master)


def test_another_failure_than_a_lost_terminal_is_not_hidden():
    full = Path("/dev/full")
    stream = full.open("w")
    lasting = LastingTerminal(stream)
    lasting.write("a frame")
    with pytest.raises(OSError, match="No space left"):
        lasting.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    stream.close()


def test_standard_error_is_the_interpreters_own_again_afterwards():
    before = sys.__stderr__
    with terminal_may_go():
        assert isinstance(sys.__stderr__, LastingTerminal)

    assert sys.__stderr__ is before
