"""A use case that answers something else than its call says does not pass the type check."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

_RIGHT = """
from dyntui.service.answering import answers
from dyntui.service.contract.lists import LIST_GET, ListDetail, ListRef
from dyntui.service.contract.session import Nothing
from dyntui.service.permission import CallContext


class Lists:
    @answers(LIST_GET)
    async def get(self, context: CallContext, request: ListRef) -> ListDetail:
        raise NotImplementedError
"""


_WRONG = [("-> ListDetail", "-> Nothing"), ("request: ListRef", "request: Nothing"), ("async def", "def")]


def test_a_handler_that_does_not_fit_its_call_fails_the_type_check(tmp_path: Path) -> None:
    assert _errors(tmp_path, _RIGHT) == []
    for right, wrong in _WRONG:
        (error,) = _errors(tmp_path, _RIGHT.replace(right, wrong))
        assert "CallContext, ListRef], Coroutine[Any, Any, ListDetail]" in error, wrong


def _errors(folder: Path, text: str) -> list[str]:
    module = folder / "handlers.py"
    module.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            ROOT / "pyproject.toml",
            "--cache-dir",
            ROOT / ".venv/mypy-tests",
            module,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in done.stdout.split("\n") if ": error:" in line]
