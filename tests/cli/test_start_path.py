"""What a command imports, and what it does without a service or a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("textual", "httpx", "sqlalchemy", "dbos", "msal", "keyring", "aiohttp", "alembic")


def in_fresh_process(code: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "DYNTUI_HOME": str(home)},
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["lists", "--help"], ["campaigns", "send", "--help"], ["sync", "--help"], ["paths"]],
)
def test_a_plain_command_imports_no_console_no_http_client_and_no_database(arguments: list[str], tmp_path: Path):
    code = f"""
import sys
from dyntui.cli.main import run
code = run({arguments!r})
assert code == 0, code
loaded = [name for name in {HEAVY!r} if name in sys.modules]
assert not loaded, loaded
"""
    done = in_fresh_process(code, tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_help_does_not_import_the_commands_it_lists(tmp_path: Path):
    code = """
import sys
from dyntui.cli.main import run
run(["--help"])
loaded = sorted(name for name in sys.modules if name.startswith(("dyntui.cli.", "dyntui.service.", "asyncio")))
assert loaded == ["dyntui.cli.lazy", "dyntui.cli.main", "dyntui.cli.output", "dyntui.cli.streams"], loaded
"""
    done = in_fresh_process(code, tmp_path)

    assert done.returncode == 0, done.stderr


def test_talking_to_the_service_imports_no_console_no_http_client_and_no_database(tmp_path: Path):
    code = f"""
import sys
from dyntui.cli.main import run
assert run(["status"]) == 6
loaded = [name for name in {HEAVY!r} if name in sys.modules]
assert not loaded, loaded
"""
    done = in_fresh_process(code, tmp_path)

    assert done.returncode == 0, done.stderr
    assert "SERVICE_NOT_RUNNING" in done.stderr


def test_without_a_terminal_the_console_is_refused_and_commands_are_named(tmp_path: Path):
    done = in_fresh_process("import sys; from dyntui.cli.main import run; sys.exit(run([]))", tmp_path)

    assert done.returncode == 2
    assert "NO_TERMINAL" in done.stderr
    assert "dyntui lists list" in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "default").exists()


def test_what_the_engine_would_load_beside_the_stores_questions_is_loaded_before(tmp_path: Path):
    """DBOS loads SQLAlchemy's mapping in its own thread, and half loaded it fails whoever asks the store meanwhile."""
    done = in_fresh_process(
        "import sys, dyntui.service.assembly; assert 'sqlalchemy.orm' in sys.modules and 'dbos' not in sys.modules",
        tmp_path,
    )

    assert done.returncode == 0, done.stderr
