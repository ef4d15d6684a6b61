"""Every sentence of the quick start guide has its test, or says why it has none."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mission", DOCS / "mission.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MISSION = _loaded()


def test_no_sentence_is_left_out_and_none_is_made_up() -> None:
    assert [each.says for each in MISSION.sentences()] == MISSION.guide()


def test_every_sentence_has_tests_or_says_why_there_are_none() -> None:
    for each in MISSION.sentences():
        assert bool(each.tests) != bool(each.none), each.says
        assert not each.none or each.none.partition(":")[0] in MISSION.WHY_NONE, each.says


def test_every_test_that_is_named_exists_once() -> None:
    places = MISSION.places()
    named = {name for each in MISSION.sentences() for name in each.tests}
    assert {name: places.get(name) for name in named if len(places.get(name, ())) != 1} == {}


def test_the_page_is_current() -> None:
    assert MISSION.PAGE.read_text("utf-8") == MISSION.page(), "run `python docs/mission.py`"


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("1. Go there. Press it.", ["Go there.", "Press it."]),
        ("• It is e.g. so", ["It is e.g. so"]),
    ],
)
def test_sentences_end_where_they_end(line: str, sentences: list[str]) -> None:
    assert [each.strip() for each in MISSION._END.split(MISSION._MARK.sub("", line))] == sentences
