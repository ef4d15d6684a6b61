"""No module of `dyntui/` or `screens/` imports itself by way of others: each can be read once those that it imports are
known.

Imports inside functions and those for type checkers alone count too: they are circles all the same.
"""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def modules(root: Path) -> dict[str, Path]:
    """The modules of the package in `root`, by name; `screens/` is installed as `dyntui.screens`."""
    found: dict[str, Path] = {}
    for folder, above in (("dyntui", ()), ("screens", ("dyntui",))):
        for path in (root / folder).rglob("*.py"):
            found[".".join((*above, *path.relative_to(root).with_suffix("").parts)).removesuffix(".__init__")] = path
    return found


def imported(name: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The known modules that one of them imports anywhere."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            wanted = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            wanted = [whole if (whole := f"{base}.{each.name}") in known else base for each in node.names]
        else:
            continue
        yield from (each for each in wanted if each in known and each != name)


def circle(root: Path) -> list[str]:
    """A chain of modules that ends where it began; empty where there is none."""
    known = modules(root)
    graph = {name: set(imported(name, path, known)) for name, path in known.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as found:
        return list(found.args[1])
    return []


def test_no_module_imports_itself_by_way_of_others():
    assert len(modules(ROOT)) > 300
    assert "dyntui.screens.widgets.grid" in modules(ROOT)
    assert circle(ROOT) == []


@pytest.mark.parametrize(
    "back",
    [
        "from dyntui.a import x",
        "import dyntui.a",
        "from . import a",
        "from .a import x",
        "def f():\n    from dyntui import a\n    return a",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from dyntui.a import x",
    ],
)
def test_a_circle_is_found_however_it_is_written(back: str, tmp_path: Path):
    package = tmp_path / "dyntui"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text("from dyntui.b import y\n")
    (package / "b.py").write_text("from dyntui import c\n")
    (package / "c.py").write_text("x = 1\n")
    assert circle(tmp_path) == []
    (package / "c.py").write_text(back + "\n")
    assert {"dyntui.a", "dyntui.b", "dyntui.c"} == set(circle(tmp_path))


@pytest.mark.parametrize("back", ["from .b import x", "def f():\n    from ..screens import b\n    return b"])
def test_a_circle_among_the_screens_is_found(back: str, tmp_path: Path):
    for folder in ("dyntui", "screens"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text("")
    (tmp_path / "screens" / "a.py").write_text(back + "\n")
    (tmp_path / "screens" / "b.py").write_text("from dyntui.screens.a import f\n")
    assert {"dyntui.screens.a", "dyntui.screens.b"} == set(circle(tmp_path))
