"""Writes `docs/reference/mission.md`: the tests of each sentence of the quick start guide (`python docs/mission.py`).

The guide is that of the connector whose users dyntui is for; its settings and its part for marketers are quoted in
`mission/quick-start.txt`. `mission/tests.toml` names for each sentence the tests of it, or says why there is none:
`heading`, `elsewhere` (another article, or another product), or `not yet` and what is missing. `where` says on what it
depends that a sentence holds, `lacks` what of a sentence with tests is missing.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
TESTS = HERE.parent / "tests"
PAGE = HERE / "reference" / "mission.md"
_MARK = re.compile(r"^(?:•|\d+\.) ")
_END = re.compile(r"(?<=[.!?]) (?=[A-Z'])")
WHY_NONE = ("heading", "elsewhere", "not yet")


class Sentence(NamedTuple):
    """A sentence, its tests, why there are none, on what it depends, and what of it is missing all the same."""

    says: str
    tests: tuple[str, ...]
    none: str
    where: str
    lacks: str


def guide() -> list[str]:
    """The sentences of the guide, in order; headings and steps are sentences too."""
    lines = (" ".join(line.split()) for line in (HERE / "mission" / "quick-start.txt").read_text("utf-8").splitlines())
    said = (_MARK.sub("", line) for line in lines if line and line != "^ Back to Top")
    return [sentence.strip() for line in said for sentence in _END.split(line)]


def sentences() -> list[Sentence]:
    """What is named for each sentence, in order."""
    entries = tomllib.loads((HERE / "mission" / "tests.toml").read_text("utf-8"))["sentence"]
    return [
        Sentence(
            each["says"], tuple(each.get("tests", ())), *(each.get(name, "") for name in ("none", "where", "lacks"))
        )
        for each in entries
    ]


def places() -> dict[str, list[str]]:
    """Where each test of the repository is, by its name."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        for name in _tests(ast.parse(file.read_text("utf-8"))):
            found[name].append(file.relative_to(HERE.parent).as_posix())
    return found


def _tests(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name


def page() -> str:
    """The page: a row for each sentence."""
    where = places()
    rows = []
    for each in sentences():
        named = "<br>".join(f"[{name}](../../{where[name][0]})" if name in where else name for name in each.tests)
        more = "".join(f"<br>{name}: {said}" for name in ("where", "lacks") if (said := getattr(each, name)))
        rows.append(f"| {each.says} | {named or each.none}{more} |")
    return (
        "# What the guide says, and the tests of it\n\n"
        "The quick start guide of the connector that dyntui replaces, from *Managing your settings* on, sentence by "
        "sentence. "
        "Written by `python docs/mission.py`; a test holds that every sentence is here and every test exists.\n\n"
        "| the guide says | tests |\n|---|---|\n" + "\n".join(rows) + "\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
