"""Screens are opened by their names in one list, and by nothing else."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, get_args

import dyntui.screens
import pytest
from dyntui.screens.base import Asking, FramedScreen, Page
from dyntui.screens.places import GATES, PLACES, SECTIONS, Gate, Place, Section, load, modes

from dyntui.service.contract.subjects import ACTIONS

THERE = (*SECTIONS, *PLACES, *GATES)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_a_section_is_a_top_level_screen_with_a_key(section: Section) -> None:
    screen = load(section)
    assert issubclass(screen, FramedScreen)
    assert (section.name, True) == (screen.SECTION, screen.TOP_LEVEL)
    assert f"go.{section.name}" in {action.id for action in ACTIONS}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_page_is_about_what_its_place_says(place: Place[Any]) -> None:
    screen = load(place)
    assert issubclass(screen, Page)
    abouts = [
        get_args(base)
        for kind in screen.__mro__
        for base in kind.__dict__.get("__orig_bases__", ())
        if isinstance(getattr(base, "__origin__", None), type) and issubclass(base.__origin__, Page)
    ]
    assert abouts[0] == (place.about,)


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.screen)
def test_a_gate_is_a_screen(gate: Gate) -> None:
    assert issubclass(load(gate), Asking)


def test_every_place_has_a_name_of_its_own() -> None:
    assert len({place.name for place in PLACES}) == len(PLACES)
    assert list(modes()) == [section.name for section in SECTIONS]


def test_no_module_imports_a_screen_that_has_a_name() -> None:
    named = {there.screen.partition(":")[0] for there in THERE}
    found = []
    for path in Path(dyntui.screens.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level and (node.module or "") in named:
                found.append((path.name, node.module))
    assert found == []
