"""Without a subject and a sync type - its files and its lines in the lists - everything else is as it was."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.copies import ROOT, environment, put_together

# What is deleted of each. What the store keeps of suppressions stays: the gates of lists and sends are made of it.
SUBJECT = "suppressions"
FILES_OF_THE_SUBJECT = (
    "dyntui/service/contract/suppressions.py",
    "dyntui/service/suppressions.py",
    "dyntui/cli/suppressions.py",
    "dyntui/screens/suppressions.py",
    "dyntui/screens/lifting.py",
    "dyntui/screens/odd_rows.py",
    "dyntui/screens/opt_out_sources.py",
)
ITS_SCREENS = {"odd rows", "opt-out sources"}
SYNC_TYPE = "campaigns"
FILES_OF_THE_SYNC_TYPE = ("dyntui/sync/kinds/campaigns.py",)

# They ask the lists of subjects and of kinds of runs, or use what is left of them.
TESTS = (
    "tests/service/test_subjects.py",
    "tests/model/test_outcomes.py",
    "tests/model/test_rules.py",
    "tests/cli/test_list_commands.py",
    "tests/test_import_circles.py",
)

IMPORT_ALL = """
import importlib, pkgutil, sys
import dyntui
for room in ("model", "store", "dataverse", "dotdigital", "remote", "sync", "service", "cli", "screens"):
    package = importlib.import_module(f"dyntui.{room}")
    for found in pkgutil.walk_packages(package.__path__, f"dyntui.{room}."):
        if not found.name.endswith("__main__") and ".migrations." not in found.name:
            importlib.import_module(found.name)
from dyntui.model.sync_types import RUN_KINDS
from dyntui.service.contract.subjects import ACTIONS, CALLS, SECTIONS
assert dyntui.__path__ == [sys.argv[1]], dyntui.__path__
assert "campaigns" not in RUN_KINDS and "lists" in RUN_KINDS
named = [*CALLS, *(each.name for each in SECTIONS), *(each.id for each in ACTIONS)]
assert "campaigns.page" in named
assert not [each for each in named if each.startswith(("suppressions", "sources", "go.suppressions"))]
"""


@pytest.fixture(scope="module")
def less(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree without them, put together as it is installed."""
    copy = put_together(tmp_path_factory.mktemp("less"), "__pycache__")
    for name in (*FILES_OF_THE_SUBJECT, *FILES_OF_THE_SYNC_TYPE):
        (copy / name).unlink()
    assert _without(copy / "dyntui/model/subjects.py", "Subject", {SUBJECT}) == 1
    assert _without(copy / "dyntui/model/sync_types.py", "RunKind", {SYNC_TYPE}) == 1
    assert _without(copy / "dyntui/screens/places.py", "Place", ITS_SCREENS) == len(ITS_SCREENS)
    return copy


def _without(path: Path, kind: str, names: set[str]) -> int:
    """Takes the declarations of these names out of a module, and what they are assigned to out of its tuples; how many
    declarations it were."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    gone = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _declares(node, kind, names)]
    assigned = [node for node in tree.body if isinstance(node, ast.Assign) and node.value in gone]
    known_as = {target.id for node in assigned for target in node.targets if isinstance(target, ast.Name)}
    listed = [
        each
        for node in ast.walk(tree)
        if isinstance(node, ast.Tuple)
        for each in node.elts
        if isinstance(each, ast.Name) and each.id in known_as
    ]
    lines = text.split("\n")
    for node in (*gone, *listed):
        lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or 0) - node.lineno + 1)
    path.write_text("\n".join(lines), encoding="utf-8")
    return len(gone)


def _declares(call: ast.Call, kind: str, names: set[str]) -> bool:
    named = [*call.args[:1], *(each.value for each in call.keywords if each.arg == "id")]
    of_kind = isinstance(call.func, ast.Name) and call.func.id == kind
    return of_kind and any(isinstance(each, ast.Constant) and each.value in names for each in named)


def _run(less: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=less,
        env={
            **environment(less),
            # What hypothesis has worked out once about the characters that there are.
            "HYPOTHESIS_STORAGE_DIRECTORY": str(ROOT / ".hypothesis"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_everything_else_still_imports(less: Path) -> None:
    done = _run(less, "-c", IMPORT_ALL, str(less / "dyntui"))
    assert done.returncode == 0, done.stderr


def test_the_tests_of_what_is_left_pass(less: Path) -> None:
    done = _run(less, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *TESTS)
    assert done.returncode == 0, done.stdout[-4000:]
