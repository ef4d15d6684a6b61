"""The planted bugs themselves: `make planted` shows that histories notice them."""

from __future__ import annotations

import ast

from tests.copies import ROOT
from tests.planted.bugs import BUGS
from tests.planted.detectors import DETECTORS


def test_every_bug_fits_the_code_exactly_once_and_leaves_it_readable() -> None:
    texts = {each.path: (ROOT / each.path).read_text(encoding="utf-8") for each in BUGS}
    assert [each.name for each in BUGS if texts[each.path].count(each.old) != 1] == []
    for each in BUGS:
        assert each.new != each.old
        ast.parse(texts[each.path].replace(each.old, each.new))


def test_every_bug_has_a_name_of_its_own_and_detectors_that_there_are() -> None:
    assert len({each.name for each in BUGS}) == len(BUGS) >= 30
    assert {name for each in BUGS for name in each.detectors} <= DETECTORS.keys()
