"""Data Labels and Data Mappings in the console, on the service's own use cases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dyntui.model.conversion import Direction
from dyntui.model.labels import LabelType
from dyntui.model.mapping import PROVISIONED, DataMapping
from dyntui.model.people import Entity
from dyntui.service.contract.runs import StartRun

from .driving import NARROW, WIDE, driving
from .fake_service import FakeService
from .mappings_at_work import MappingsAtWork

TOWN = DataMapping("TOWN", Entity.CONTACT, "address1_city")


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def work(service: FakeService, tmp_path: Path) -> Iterator[MappingsAtWork]:
    made = MappingsAtWork(service, tmp_path)
    yield made
    made.close()


async def test_labels_are_shown_made_and_deleted(service: FakeService, work: MappingsAtWork) -> None:
    async with driving(service, size=WIDE) as hand:
        await hand.press("B")
        assert "Data Labels" in hand.text and "FIRSTNAME <- contact.fi" in hand.text and "! Date" in hand.text
        await hand.press("n", "enter")
        await hand.paste("e mail")
        await hand.press("enter", *["j"] * 5, "enter")
        assert any("The name: a name has 1 to 20" in notice for notice in hand.notices)
        # Back to the name; then the type, which is the next of four.
        await hand.press("g", "enter", *["backspace"] * len("e mail"))
        await hand.paste("SHOE")
        await hand.press("enter", "j", "enter", *["j"] * 4, "enter")
        assert work.labelled()["SHOE"].type is LabelType.NUMERIC and "SHOE" in hand.text
        await hand.press("/")
        await hand.type("shoe")
        await hand.press("enter", "D")
        assert "Delete SHOE?" in hand.text and "SHOE" in work.labelled()
        await hand.press("y")
        assert "SHOE" not in work.labelled()
        await hand.press("escape", "s")
        assert [each for each in hand.asked("runs.start") if each == StartRun(sync_type="labels")]


async def test_a_label_that_is_mapped_is_not_deleted(service: FakeService, work: MappingsAtWork) -> None:
    async with driving(service, size=WIDE) as hand:
        await hand.press("B", "/")
        await hand.type("firstname")
        await hand.press("enter", "D")
        assert "Delete FIRSTNAME?" not in hand.text and hand.asked("labels.delete") == []


async def test_a_mapping_is_made_of_what_there_is_and_checked_before_it_counts(
    service: FakeService, work: MappingsAtWork
) -> None:
    async with driving(service, size=WIDE) as hand:
        await hand.press("M")
        assert "Data Mappings" in hand.text and "→ dotdigital" in hand.text
        await hand.press("n", *["j"] * 7, "enter")
        assert any("a data label and a column" in notice for notice in hand.notices)
        await hand.press("g", "enter", "/")
        await hand.type("town")
        await hand.press("enter", "enter", "j", "j", "enter", "/")
        await hand.type("city")
        await hand.press("enter", "enter", "G", "enter")
        assert work.mapped() == (*PROVISIONED, TOWN)
        assert "address1_city" in hand.text
        # The other way, from the same row; then off again.
        await hand.press("/")
        await hand.type("address1_city")
        await hand.press("enter", "enter", "j", "j", "j", "enter", "G", "enter")
        assert work.mapped()[-1].direction is Direction.TO_DYNAMICS and "← dotdigital" in hand.text
        await hand.press("D")
        assert "Delete the mapping of TOWN?" in hand.text
        await hand.press("y")
        assert work.mapped() == PROVISIONED


async def test_warnings_are_asked_about_and_errors_name_the_row(service: FakeService, work: MappingsAtWork) -> None:
    async with driving(service, size=WIDE) as hand:
        await hand.press("M", "n", "enter", "/")
        await hand.type("town")
        await hand.press("enter", "enter", "j", "j", "enter", "/")
        await hand.type("about")
        await hand.press("enter", "enter", "G", "enter")
        assert "Save the mappings?" in hand.text and "2000" in hand.text and work.mapped() == PROVISIONED
        await hand.press("n")
        assert work.mapped() == PROVISIONED
        # The same label twice for contacts.
        await hand.press("n", "enter", "/")
        await hand.type("firstname")
        await hand.press("enter", "enter", "j", "j", "enter", "/")
        await hand.type("city")
        await hand.press("enter", "enter", "G", "enter")
        assert "MAPPINGS_INVALID" in hand.text and work.mapped() == PROVISIONED
        await hand.press("escape", "c")
        assert any("Nothing is wrong" in notice for notice in hand.notices)


@pytest.mark.parametrize("size", [NARROW, WIDE, (60, 18)])
async def test_what_mappings_make_of_people_is_shown(
    service: FakeService, work: MappingsAtWork, size: tuple[int, int]
) -> None:
    async with driving(service, size=size) as hand:
        await hand.press("M", "p")
        assert "Ann [b]Lund" in hand.text and "– → Oslo" in hand.text
        assert "! 1500" in hand.text
        await hand.press("l")
        assert len(hand.asked("mappings.preview")) == 2
        await hand.press("escape")
        assert hand.text.splitlines()[1].strip() == "Data Mappings"
