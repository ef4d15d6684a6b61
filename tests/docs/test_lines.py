"""The pages by which people work are read in a terminal and in differences too."""

from __future__ import annotations

from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).resolve().parent.parent.parent / "docs" / "how-to").glob("*.md"))
_LONGEST = 125


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_line_of_a_page_by_which_people_work_is_over_long_but_for_rows_of_tables(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    over_long = [place for place, line in enumerate(lines, 1) if len(line) > _LONGEST and not line.startswith("|")]
    assert not over_long
