"""Whatever a command's streams are connected to, it does its work, and its exit code is that of the work."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dyntui.cli.asking import ask, choose
from dyntui.cli.output import print_facts, say

_PRINT = (
    "from dyntui.cli.streams import open_streams; open_streams();"
    "from dyntui.cli.output import print_table, say, print_json;"
    "print_table(['name'], [['Zoë Łukasz 東京']] * {rows}); say('fertig: Łukasz'); print_json(['Łukasz'])"
)


def _run(command: list[str], tmp_path: Path, shell: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    line = ["bash", "-c", f'"$@" {shell}', "bash", *command] if shell else command
    env = {**os.environ, "DYNTUI_HOME": str(tmp_path), **environment}
    return subprocess.run(line, env=env, capture_output=True, timeout=180, check=False)


def _dyntui(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "dyntui.cli.main", *arguments]


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-8"])
def test_letters_that_the_encoding_lacks_are_replaced(tmp_path: Path, encoding: str):
    done = _run([sys.executable, "-c", _PRINT.format(rows=1)], tmp_path, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert b"Zo" in done.stdout and b"ukasz" in done.stdout and b"fertig" in done.stderr


@pytest.mark.parametrize(
    "shell",
    [
        *(">&-", "| head -1; exit ${PIPESTATUS[0]}", "<&-"),
        *(pytest.param(each, marks=pytest.mark.thorough) for each in ("2>&-", ">&- 2>&-", "| true")),
    ],
)
def test_streams_that_are_closed_are_quiet(tmp_path: Path, shell: str):
    done = _run([sys.executable, "-c", _PRINT.format(rows=20_000)], tmp_path, shell)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr and b"Exception" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
@pytest.mark.parametrize(
    ("shell", "code", "said"),
    [
        (">/dev/full", 1, b"FILE_UNUSABLE: standard output cannot be used: No space left on device."),
        ("2>/dev/full", 0, b""),
    ],
)
def test_a_disk_that_is_full_is_named_and_nothing_that_was_not_foreseen(
    tmp_path: Path, shell: str, code: int, said: bytes
):
    for arguments in (("paths",), ("--help",), ("completions", "bash")):
        done = _run(_dyntui(*arguments), tmp_path, shell)
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr
        assert b"Traceback" not in done.stderr and b"Exception" not in done.stderr
    assert _run(_dyntui("status"), tmp_path, "2>/dev/full").returncode == 6


@pytest.mark.parametrize("arguments", [("setup",), ("setup", "--from", "-"), ("setup", "--from", "-", "--plan")])
def test_where_standard_input_is_closed_nobody_is_asked(tmp_path: Path, arguments: tuple[str, ...]):
    done = _run(_dyntui(*arguments), tmp_path, "<&-")
    assert done.returncode == 2
    assert b"SETUP_INPUT_" in done.stderr


def test_the_exit_code_of_a_refusal_stays_when_nobody_reads_it(tmp_path: Path):
    assert _run(_dyntui("audit", "--nonsense"), tmp_path, "2>&-").returncode == 2
    assert _run(_dyntui("status"), tmp_path, "2>&1 | true; exit ${PIPESTATUS[0]}").returncode == 6


@pytest.mark.parametrize("arguments", [("lists", "show", b"H\xf6st"), ("lists", "list", "--search", b"\xff")])
def test_an_argument_that_is_not_text_is_a_usage_error(tmp_path: Path, arguments: tuple[str | bytes, ...]):
    command = [os.fsencode(each) for each in _dyntui()] + [os.fsencode(each) for each in arguments]
    env = {**os.environ, "DYNTUI_HOME": str(tmp_path)}
    done = subprocess.run(command, env=env, capture_output=True, timeout=180, check=False)
    assert done.returncode == 2
    assert b"ARGUMENT_UNREADABLE" in done.stderr and b"Traceback" not in done.stderr


def test_a_stream_that_a_program_has_put_in_place_stays(capsys: pytest.CaptureFixture[str]):
    from dyntui.cli.streams import open_streams

    before = sys.stdout
    open_streams()
    assert sys.stdout is before


@pytest.mark.parametrize("width", [30, 60, 80])
def test_on_a_terminal_no_id_code_address_or_command_is_broken_in_two(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    whole = ("A308C9FB4", "0f6b9a52-3c1d-4e8e-9d5c-1b2a3c4d5e6f", "`dyntui audit list`", "https://login.example/device")
    say(f"Type {whole[0]} at {whole[3]} now. The run {whole[1]} goes on meanwhile; {whole[2]} shows it and all others.")
    lines = capsys.readouterr().err.splitlines()
    assert all(any(each in line for line in lines) for each in whole)
    assert all(len(line) < width or " " not in line.strip() for line in lines)


def test_elsewhere_a_message_is_one_line(capsys: pytest.CaptureFixture[str]):
    say("word " * 60)
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_what_is_asked_in_lines_is_broken_between_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n1\n"))
    monkeypatch.setenv("COLUMNS", "60")
    ask("A part of the name of the marketing list, or Enter for the first ones")
    named = "Active contacts in Nordic countries, contact, 1,340 members, none"
    assert choose("Which marketing list?", [(named, 1)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) < 60 for line in lines) and any(line.endswith("for the") for line in lines)
    assert "  members, none" in lines
    run = "75db35c5-9a3f-4f35-8dda-31425e239363"
    print_facts([("Run", f"Newsletter of the season ({run})"), ("dotdigital calls", "1")])
    assert f"{'':18}({run})" in capsys.readouterr().out.splitlines()
