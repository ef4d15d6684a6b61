"""`make check`: names the tests near what has changed, for pytest's command line.

Near are tests that changed themselves, and those that import a module that changed, but for the ones that start
processes, play histories or run whole synchronisations: `make test` is for these. Changed is what differs from `main`,
committed or not.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Rooms whose tests take longer than somebody waits between two edits.
_SLOW = ("benchmarks", "conformance", "console", "faults", "oracle", "scenarios", "simulation", "terminal")
_IMPORT = re.compile(r"^\s*(?:from (dyntui[\w.]*) import (.+)|import (dyntui[\w.]*))", re.MULTILINE)


def changed() -> set[Path]:
    """Python files that differ from `main`."""
    against = _git("merge-base", "HEAD", "main") or ["HEAD"]
    names = {
        *_git("diff", "--name-only", "--diff-filter=d", against[0]),
        *_git("ls-files", "--others", "--exclude-standard"),
    }
    return {ROOT / name for name in names if name.endswith(".py")}


def near(files: set[Path]) -> list[Path]:
    """The tests near these files, in order."""
    modules = {_module(each) for each in files}
    found = {each for each in files if each.name.startswith("test_")}
    for each in ROOT.glob("tests/*/**/test_*.py"):
        if each.relative_to(ROOT).parts[1] not in _SLOW and imported(each.read_text(encoding="utf-8")) & modules:
            found.add(each)
    return sorted(found)


def imported(text: str) -> set[str]:
    """The modules of dyntui that a test imports, whether it names them or takes names out of them."""
    found: set[str] = set()
    for package, names, module in _IMPORT.findall(text):
        found |= {module} if module else {package, *(f"{package}.{each.strip()}" for each in names.split(","))}
    return found


def _module(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(("dyntui", *parts) if parts[0] == "screens" else parts).removesuffix(".__init__")


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.split("\n")[:-1] if done.returncode == 0 else []


if __name__ == "__main__":
    sys.stdout.write("".join(f"{each.relative_to(ROOT)}\n" for each in near(changed())))
