"""A copy of the tree in which something is changed, put together as it is installed: `screens/` and `styles/` belong
into `dyntui/`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PLACES = {"dyntui": "dyntui", "screens": "dyntui/screens", "styles": "dyntui/styles", "tests": "tests"}


def put_together(copy: Path, *unread: str) -> Path:
    """Copies the tree into a folder, without files and folders of the names `unread`."""
    for name, place in _PLACES.items():
        shutil.copytree(ROOT / name, copy / place, ignore=shutil.ignore_patterns("__snapshots__", *unread))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def environment(copy: Path) -> dict[str, str]:
    """Of a process, started in the copy's folder, that imports everything from there and keeps its profile there."""
    return {**os.environ, "PYTHONPATH": str(copy), "DYNTUI_HOME": str(copy / "home")}
