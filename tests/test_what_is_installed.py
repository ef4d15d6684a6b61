"""What is built to be installed holds all that there is: what is left out is missed on another machine alone."""

from __future__ import annotations

import fnmatch
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Folders of packages, and below which package they are installed.
PLACES = {"dyntui": "", "screens": "dyntui.", "styles": "dyntui."}
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]


def below(place: str) -> list[Path]:
    return [each for each in (ROOT / place).rglob("*") if each.is_file() and "__pycache__" not in each.parts]


def package_of(file: Path) -> str:
    parts = file.parent.relative_to(ROOT).parts
    return PLACES[parts[0]] + ".".join(parts)


def test_every_folder_with_modules_is_installed() -> None:
    there = {package_of(each) for place in PLACES for each in below(place) if each.suffix == ".py"}
    assert there == set(SETUPTOOLS["packages"])


def test_every_file_that_is_no_module_is_installed_with_its_package() -> None:
    left_out = [
        str(each.relative_to(ROOT))
        for place in PLACES
        for each in below(place)
        if each.suffix != ".py"
        and not any(fnmatch.fnmatch(each.name, known) for known in SETUPTOOLS["package-data"].get(package_of(each), ()))
    ]
    assert left_out == []
