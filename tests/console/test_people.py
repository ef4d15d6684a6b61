"""People in the console: found from anywhere, why they would be mailed or not, and what was seen of them."""

from __future__ import annotations

import asyncio
import re
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from dyntui.model.outcomes import Outcome
from dyntui.model.paging import Window
from dyntui.store import environment, member_window
from dyntui.store.schema import watermark

from .driving import NARROW, WIDE, Driver, driving
from .service import Service
from .worlds import LIST, NEVER, PERSON, Opening


def members(hand: Driver, **chosen: str) -> list[object]:
    with hand.service.db.read() as c:  # type: ignore[union-attr]
        lists = c.exec_driver_sql("SELECT id FROM marketing_list WHERE name = ?", (LIST,)).scalar_one()
        return list(member_window.window(c, Window(limit=500), list_id=lists, **chosen).rows)


def only_file(folder: Path) -> tuple[str, int]:
    (file,) = folder.iterdir()
    return file.read_text(encoding="utf-8"), file.stat().st_mode & 0o777


async def test_a_person_is_found_from_anywhere_and_their_page_says_why_they_are_not_mailed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with driving(Opening("targeted")) as hand:
        somebody = next(each for each in members(hand, reason="DO_NOT_EMAIL") if each.address)  # type: ignore[attr-defined]
        await hand.press("3", "F")
        assert "Whom are you looking for?" in hand.text
        await hand.paste("nobody is called so")
        assert "Nothing matches" in hand.text
        await hand.press("escape", "F")
        await hand.paste(somebody.address)  # type: ignore[attr-defined]
        assert somebody.name in hand.text and "Do not e-mail" in hand.text  # type: ignore[attr-defined]
        assert "Enter Open" in hand.text.splitlines()[-1]
        await hand.press("enter")
        assert f"Find a person › {somebody.name}" in hand.text  # type: ignore[attr-defined]
        assert re.search(rf"No +by a send to {LIST}: Do not e-mail", hand.text)
        assert "Joined a list" in hand.text or "Left" in hand.text
        await hand.press("m")
        assert "Engagement Timeline" in hand.text and "by week" in hand.text
        await hand.press("m")
        assert "Engagement Timeline" not in hand.text
        await hand.press("w")
        assert "this contact, " in hand.text
        assert "(DO_NOT_EMAIL)" in hand.text and "learned" in hand.text and "If the person changed" in hand.text
        # A subject request: into a new file, and it is kept who asked.
        monkeypatch.chdir(tmp_path)
        await hand.press("escape", "X", "j", "enter")
        said, mode = only_file(tmp_path)
        assert somebody.name in said and f"Asked by {PERSON}" in said and "== Dynamics: contacts (1) ==" in said  # type: ignore[attr-defined]
        assert hand.notices and mode == 0o600


async def test_contacts_and_leads_have_a_page_with_their_bulk_email_preference_and_their_timeline() -> None:
    async with driving(Opening("few")) as hand:
        with hand.service.db.read() as c:  # type: ignore[union-attr]
            leads = c.exec_driver_sql("SELECT id FROM marketing_list WHERE name = ?", (NEVER,)).scalar_one()
            lead = member_window.window(c, Window(limit=1), list_id=leads, outcome=Outcome.ADDED.value).rows[0]
        contact = next(each for each in members(hand, reason="DO_NOT_BULK_EMAIL") if each.address)  # type: ignore[attr-defined]
        for kind, each, preference in (
            ("contact", contact, "bulk e-mail: do not allow"),
            ("lead", lead, "bulk e-mail: allow"),
        ):
            await hand.press("F")
            await hand.paste(each.address)  # type: ignore[attr-defined]
            await hand.press("enter")
            assert f"Find a person › {each.name}" in hand.text and f"{kind} {each.person}" in hand.text  # type: ignore[attr-defined]
            (line,) = [said for said in hand.text.splitlines() if "Preferences" in said]
            assert preference in line
            await hand.press("m")
            assert "Engagement Timeline" in hand.text and "by week" in hand.text and "■ " in hand.text
            await hand.press("m", "escape")


async def test_a_person_who_would_be_mailed_is_said_so_and_their_page_is_one_key_from_a_list() -> None:
    async with driving(Opening("targeted"), WIDE) as hand:
        somebody = members(hand, outcome=Outcome.ADDED.value)[0]
        await hand.press("2", "slash")
        await hand.paste(LIST)
        await hand.press("enter", "enter")
        await hand.press("m", "slash")
        await hand.paste(somebody.address)  # type: ignore[attr-defined]
        await hand.press("enter", "i")
        assert re.search(rf"Yes +by a send to {LIST}", hand.text)
        await hand.press("right")
        assert hand.asked("people.timeline")[-1].kinds == ("sent", "bounced", "left out")  # type: ignore[attr-defined]
        # The picture stands beside the table: kinds are switched off in both.
        await hand.press("left")
        assert "by week, 26 weeks" in hand.text and "■ Joined a list" in hand.text
        drawn = next(line for line in hand.text.splitlines() if "■ Joined a list" in line)
        below = next(line for line in hand.text.splitlines() if "╵" in line)
        assert below.index("╵") == drawn.index("·"), "the axis begins below the first column"
        await hand.press("m", "enter")
        assert "□ Joined a list" in hand.text and "off" in hand.text
        assert "joined" not in hand.asked("people.timeline")[-1].kinds  # type: ignore[attr-defined]
        await hand.press("enter", "z")
        assert "by month, 24 months" in hand.text and hand.asked("people.timeline")[-1].kinds == ()  # type: ignore[attr-defined]
        await hand.press("z", "left_square_bracket")
        assert "by day, 30 days" in hand.text


async def test_enter_in_a_search_opens_the_only_match_also_before_it_is_there() -> None:
    async with driving(Opening("targeted")) as hand:
        somebody = members(hand, outcome=Outcome.ADDED.value)[0]
        await hand.press("F")
        await hand.paste(" ")
        assert "Enter Rows" in hand.text.splitlines()[-1]
        await hand.press("enter")
        assert "Enter Person" in hand.text.splitlines()[-1]
        # Faster than the answer.
        await hand.press("slash", "ctrl+u")
        await hand.pilot.press(*somebody.address, "enter")  # type: ignore[attr-defined]
        await hand.settle()
        assert f"Find a person › {somebody.name}" in hand.text  # type: ignore[attr-defined]
        await hand.press("4", "f")
        await hand.pilot.press(*somebody.address, "enter")  # type: ignore[attr-defined]
        await hand.settle()
        assert "Synchronisation Audit › Newsletter" in hand.text


async def test_a_match_that_comes_once_one_is_elsewhere_opens_nothing() -> None:
    async with driving(Opening("targeted")) as hand:
        somebody = members(hand, outcome=Outcome.ADDED.value)[0]
        await hand.press("F")
        await hand.paste(" ")
        service = hand.service
        service.gate, service.held = asyncio.Event(), {"people.search"}
        await hand.pilot.press("slash", "ctrl+u", *somebody.address, "enter", "question_mark")  # type: ignore[attr-defined]
        await hand.until(lambda text: "─ Help ─" in text)
        service.gate.set()
        await hand.settle()
        assert "─ Help ─" in hand.text and "Find a person › " not in hand.text


async def test_where_it_is_not_production_the_top_bar_says_so() -> None:
    def marked(service: Service) -> None:
        with service.db.write() as c:
            environment.mark(c, "", "Mira Sandahl", "2026-11-22T12:00:00Z")

    for size in (WIDE, NARROW):
        async with driving(Opening(prepare=marked), size) as hand:
            assert "NOT PRODUCTION" in hand.text.splitlines()[0]
    async with driving(Opening(), WIDE) as hand:
        assert "PRODUCTION" not in hand.text


async def test_a_finding_is_mended_by_its_run_and_all_of_it_is_written_for_support(tmp_path: Path) -> None:
    async with driving(Opening("worked"), WIDE) as hand:
        with hand.service.db.write() as c:
            c.execute(delete(watermark).where(watermark.c.feed == "suppressed-since"))
        await hand.press("H", "slash")
        await hand.paste("BOOK_MISSING")
        await hand.press("enter", "m")
        assert any("No synchronisation mends it" in notice for notice in hand.notices)
        await hand.press("slash", "ctrl+u")
        await hand.paste("SUPPRESSIONS_OLD")
        file = tmp_path / "support.zip"
        await hand.press("enter", "x", "enter", "ctrl+u")
        await hand.paste(str(file))
        await hand.press("enter", "j", "enter")
        with zipfile.ZipFile(file) as written:
            assert b"BOOK_MISSING" in written.read("findings.json") and written.read("status.json")
        await hand.press("x", "enter", "ctrl+u")
        await hand.paste(str(file))
        await hand.press("enter")
        assert hand.notices[-1].endswith("is there already, and stays as it is. Name another file.")
        await hand.press("escape", "escape", "m")
        (started,) = hand.asked("runs.start")
        assert started.sync_type == "suppressions"  # type: ignore[attr-defined]
        looked = len(hand.asked("health.check"))
        await hand.finish()
        assert "outcome yet" not in hand.text
        await hand.press("escape")
        assert len(hand.asked("health.check")) == looked + 1
        assert "Nothing matches" in hand.text, "what is mended is not there any more"


async def test_health_names_what_is_wrong_and_how_it_is_mended() -> None:
    async with driving(Opening("worked"), WIDE) as hand:
        await hand.press("H")
        assert "BOOK_MISSING" in hand.text and "Alpine Club" in hand.text
        assert any("▌ failed" in line for line in hand.text.splitlines()), "the worst first"
        await hand.press("enter")
        assert "Remedy" in hand.text and "dyntui" in hand.text
        await hand.press("escape", "slash")
        await hand.paste("Alpine")
        assert "match" in hand.text and len(hand.asked("health.check")) == 1, "filtering looks at nothing anew"
        await hand.press("enter", "r")
        assert len(hand.asked("health.check")) == 2
        await hand.press("c", "enter")
        await hand.paste("astrid+canary@skarnfjall.example")
        await hand.press("enter", "down", "enter")
        assert any("without a mail" in notice for notice in hand.notices), hand.notices
        assert len(hand.asked("health.check")) == 3, "what it has shown is looked at"


async def test_why_asked_before_it_is_known_waits_for_the_answer() -> None:
    async with driving(Opening("worked")) as hand:
        await hand.press("F")
        await hand.paste("kund24@example.net")
        await hand.press("down")
        # Faster than the page has its answer.
        await hand.pilot.app.run_action("perform('grid.open')", hand.pilot.app.focused)  # type: ignore[arg-type]
        while "Would they be mailed" not in hand.text:
            await hand.pilot.pause(0)
        hand.pilot.app.screen.do_person_why()  # type: ignore[attr-defined]
        await hand.settle()
        assert "Send to" in hand.text and "On no activated" not in hand.text


async def test_health_is_told_in_words_and_mend_stands_where_it_mends() -> None:
    def read_once(service: Service) -> None:
        with service.db.write() as c:
            c.execute(
                update(watermark).where(watermark.c.feed == "suppressed-since").values(value="2026-11-01T09:30:00Z")
            )

    async with driving(Opening("worked", prepare=read_once), NARROW) as hand:
        await hand.press("H")
        assert "address book Alpine Club (13) is not in" in hand.text
        assert "columns never read" in hand.text and "2026-11-01" not in hand.text
        assert "suppressions last read 1 Nov 2026 09:30" in hand.text
        assert "m Mend" not in hand.text.splitlines()[-1]
        await hand.press("j")
        assert "never synchronised" in hand.text and "m Mend" in hand.text.splitlines()[-1]


async def test_what_is_wrong_is_seen_whole_beside_the_rows() -> None:
    async with driving(Opening("worked"), (140, 40)) as hand:
        await hand.press("H")
        said = " ".join(line.rsplit("│", 2)[-2].strip() for line in hand.text.splitlines() if line.count("│") == 2)
        assert "does not exist in dotdigital." in said and "`dyntui lists activate`" in said


async def test_a_wide_screen_tells_beside_who_was_found_what_keeps_them_out() -> None:
    async with driving(size=(160, 40)) as hand:
        await hand.press("F")
        await hand.type("tapio")
        card = hand.text.partition("─ Person ─")[2]
        assert "Tapio Lehikoinen" in card and "INACTIVE" in card and "Who can mend it" in card
