"""Data Labels and Data Mappings in the console, on the service's own use cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from dyntui.model.columns import Column
from dyntui.model.conversion import Direction
from dyntui.model.labels import DataLabel, LabelType
from dyntui.model.mapping import PROVISIONED, DataMapping
from dyntui.model.mapping_file import read, written
from dyntui.model.people import Entity
from dyntui.service.contract.runs import StartRun
from dyntui.store import accounts, crm_columns, labels, mappings

from .driving import NARROW, WIDE, driving
from .service import Service
from .worlds import PERSON, Opening

TOWN = DataMapping("TOWN", Entity.CONTACT, "address1_city")


def columns_and_labels(service: Service) -> None:
    """As a synchronisation of metadata and labels leaves them: a few columns, one label more, and one that is of
    another type in dotdigital."""
    more = (
        Column(entity="contact", logical_name="address1_city", type="String", label="City", max_length=80),
        Column(entity="contact", logical_name="description", type="Memo", label="About", max_length=2000),
    )
    with service.db.write() as c:
        account, now = accounts.accounts(c)[0].id, service.resources.now()
        own = [each for each in crm_columns.STANDARD.values() if each.entity == "contact"]
        crm_columns.replace(c, "contact", [*own, *more], now)
        town = DataLabel(name="TOWN", type=LabelType.STRING, synchronised=True)
        clash = DataLabel(name="CLASH", type=LabelType.STRING, conflict="Date")
        labels.put(c, account, [*labels.STANDARD, town, clash], now)


def a_long_town(service: Service) -> None:
    """The town is mapped, and one person's is longer than a data field."""
    columns_and_labels(service)
    found = service.sandbox.state.db.execute(
        "SELECT contactid FROM dv_contact WHERE firstname = 'Christian'"
    ).fetchone()
    body = {"table": "contact", "id": found[0], "values": {"address1_city": "x" * 1500}}
    service.sandbox.control.post("/dataverse/rows", json=body).raise_for_status()
    with service.db.write() as c:
        account = accounts.accounts(c)[0].id
        now = service.resources.now()
        mappings.save(c, account, (*PROVISIONED, TOWN), based_on=0, by=PERSON, now=now, why="saved")


OPENING = Opening(prepare=columns_and_labels)


def account_of(service: Service) -> str:
    with service.db.read() as c:
        return accounts.accounts(c)[0].id


def mapped(service: Service) -> tuple[DataMapping, ...]:
    with service.db.read() as c:
        return mappings.current(c, accounts.accounts(c)[0].id).mappings


def labelled(service: Service) -> dict[str, DataLabel]:
    with service.db.read() as c:
        return {each.name: each for each in labels.labels(c, accounts.accounts(c)[0].id)}


async def test_labels_are_shown_made_and_deleted() -> None:
    async with driving(OPENING, size=WIDE) as hand:
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
        assert labelled(hand.service)["SHOE"].type is LabelType.NUMERIC
        (shoe,) = [line for line in hand.text.splitlines() if "SHOE" in line.split("│")[0]]
        assert "Synchronised" in hand.text and "not yet" in shoe
        await hand.press("/")
        await hand.type("shoe")
        await hand.press("enter", "D")
        assert "Delete SHOE?" in hand.text and "SHOE" in labelled(hand.service)
        await hand.press("y")
        assert "SHOE" not in labelled(hand.service)
        await hand.press("escape", "s")
        assert StartRun(sync_type="labels", account=account_of(hand.service)) in hand.asked("runs.start")


async def test_a_label_that_is_mapped_is_not_deleted() -> None:
    async with driving(OPENING, size=WIDE) as hand:
        await hand.press("B", "/")
        await hand.type("firstname")
        await hand.press("enter", "D")
        assert "Delete FIRSTNAME?" not in hand.text and hand.asked("labels.delete") == []


async def test_a_mapping_is_made_of_what_there_is_and_checked_before_it_counts() -> None:
    async with driving(OPENING, size=WIDE) as hand:
        await hand.press("M")
        assert "Data Mappings" in hand.text and "→ dotdigital" in hand.text
        await hand.press("n", *["j"] * 7, "enter")
        assert any("a data label and a column" in notice for notice in hand.notices)
        await hand.press("g", "enter", "/")
        await hand.type("town")
        await hand.press("enter", "enter", "j")
        for table in ("lead", "account", "contact"):
            await hand.press("enter")
            assert hand.text.split("▌ Table")[-1].split()[0] == table
        await hand.press("j", "enter", "/")
        await hand.type("city")
        await hand.press("enter", "enter", "G", "enter")
        assert "163 people are sent again, in one import of some 10 seconds" in hand.text
        await hand.press("y")
        assert mapped(hand.service) == (*PROVISIONED, TOWN)
        assert "address1_city" in hand.text
        # The other way, from the same row; then off again.
        await hand.press("/")
        await hand.type("address1_city")
        await hand.press("enter", "enter", "j", "j", "j", "enter", "G", "enter")
        await hand.press("y")
        assert mapped(hand.service)[-1].direction is Direction.TO_DYNAMICS and "← dotdigital" in hand.text
        await hand.press("D")
        assert "Delete the mapping of TOWN?" in hand.text
        await hand.press("y")
        assert mapped(hand.service) == PROVISIONED


async def test_warnings_are_asked_about_and_errors_name_the_row() -> None:
    async with driving(OPENING, size=WIDE) as hand:
        await hand.press("M", "n", "enter", "/")
        await hand.type("town")
        await hand.press("enter", "enter", "j", "j", "enter", "/")
        await hand.type("about")
        await hand.press("enter", "enter", "G", "enter")
        assert "Save the mappings?" in hand.text and "2000" in hand.text and mapped(hand.service) == PROVISIONED
        await hand.press("n")
        assert mapped(hand.service) == PROVISIONED
        # The same label twice for contacts.
        await hand.press("n", "enter", "/")
        await hand.type("firstname")
        await hand.press("enter", "enter", "j", "j", "enter", "/")
        await hand.type("city")
        await hand.press("enter", "enter", "G", "enter")
        assert "MAPPINGS_INVALID" in hand.text and mapped(hand.service) == PROVISIONED
        await hand.press("escape", "c")
        assert any("Nothing is wrong" in notice for notice in hand.notices)


@pytest.mark.parametrize("size", [NARROW, WIDE, (60, 18)])
async def test_what_mappings_make_of_people_is_shown(size: tuple[int, int]) -> None:
    async with driving(Opening(prepare=a_long_town), size=size) as hand:
        await hand.press("M", "p")
        assert "[bold red]Mark" in hand.text and "– → Västerås" in hand.text
        assert "! 1500" in hand.text
        await hand.press("l")
        assert len(hand.asked("mappings.preview")) == 2
        await hand.press("escape")
        assert hand.text.splitlines()[1].strip() == "Data Mappings"


async def test_mappings_are_exported_imported_compared_and_restored(tmp_path: Path) -> None:
    file = tmp_path / "mappings.toml"
    async with driving(Opening(prepare=a_long_town)) as hand:
        await hand.press("M", "x", "enter", "ctrl+u")
        await hand.type(str(file))
        await hand.press("enter", "G", "enter")
        text = file.read_text(encoding="utf-8")
        assert read(text) == ([*PROVISIONED, TOWN], [])
        await hand.press("x", "enter", "ctrl+u")
        await hand.type(str(file))
        await hand.press("enter")
        assert hand.notices[-1].endswith("is there already, and stays as it is. Name another file.")
        # Between the question and the writing somebody else may make it.
        await hand.press("ctrl+u")
        await hand.type(str(tmp_path / "theirs.toml"))
        await hand.press("enter", "G")
        (tmp_path / "theirs.toml").write_text("theirs")
        await hand.press("enter")
        assert "Nothing was written" in hand.notices[-1] and (tmp_path / "theirs.toml").read_text() == "theirs"
        await hand.press("i", "enter", "ctrl+u")
        await hand.type("~nobody-of-that-name/mappings.toml")
        await hand.press("enter")
        assert "This name cannot be used" in hand.notices[-1]
        await hand.press("escape", "escape")

        # Broken, the rows are named and nothing counts; right, it says what it changes first.
        async def bring_in(content: bytes) -> None:
            file.write_bytes(content)
            await hand.press("i", "enter", "ctrl+u")
            await hand.type(str(file))
            await hand.press("enter", "G", "enter")

        await bring_in(text.replace('"address1_city"', '"nosuch"').encode())
        assert f"row {len(PROVISIONED) + 1}" in hand.text and "No mapping was changed." in hand.text
        await hand.press("escape")
        await bring_in(text.encode().replace(b"TOWN", b"TOWN\xff"))
        assert any(f"row {len(PROVISIONED) + 1} is no text" in each for each in hand.notices)
        await bring_in(text.encode())
        assert any("holds the mappings that count" in each for each in hand.notices)
        await bring_in(written(PROVISIONED).encode())
        assert "Import mappings.toml?" in hand.text and "- TOWN" in hand.text
        await hand.press("y")
        assert mapped(hand.service) == PROVISIONED

        await hand.press("v")
        assert "Versions" in hand.text and "Imported from" in hand.text and "Provisioned" in hand.text
        await hand.press("j", "enter")
        assert "It changed" in hand.text and "+ TOWN" in hand.text and "- TOWN" in hand.text
        await hand.press("escape", "R")
        assert "Let version 1 count again?" in hand.text and "+ TOWN" in hand.text
        await hand.press("y")
        assert mapped(hand.service) == (*PROVISIONED, TOWN) and "Restored version 1" in hand.text
