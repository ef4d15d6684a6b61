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
    (tmp_path / "right.py").write_text(_RIGHT, encoding="utf-8")
    for number, (right, wrong) in enumerate(_WRONG):
        assert right in _RIGHT
        (tmp_path / f"wrong{number}.py").write_text(_RIGHT.replace(right, wrong), encoding="utf-8")
    errors = _errors(tmp_path)
    assert not [line for line in errors if "right.py:" in line]
    for number, (_, wrong) in enumerate(_WRONG):
        (error,) = [line for line in errors if f"wrong{number}.py:" in line]
        assert "CallContext, ListRef], Coroutine[Any, Any, ListDetail]" in error, wrong
    assert len(errors) == len(_WRONG)


def _errors(folder: Path) -> list[str]:
    """What the checker says of all modules of the folder."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            ROOT / "pyproject.toml",
            "--cache-dir",
            ROOT / ".venv/mypy-tests",
            *sorted(folder.glob("*.py")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in done.stdout.split("\n") if ": error:" in line]
