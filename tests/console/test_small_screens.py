"""60 by 18: nothing that is there is out of reach."""

from __future__ import annotations

import pytest
from dyntui.screens.shell import fitting
from dyntui.screens.widgets.choice import in_view
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.campaign_results import CountedOnly
from dyntui.service import counted_only, sending

from .driving import driving
from .worlds import CAMPAIGN, LIST, Opening

SMALL = (60, 18)


@given(st.lists(st.integers(3, 30), min_size=1, max_size=9), st.data(), st.integers(30, 120))
def test_the_chosen_view_is_always_in_view_and_what_fits_is_shown(widths, data, room):  # type: ignore[no-untyped-def]
    chosen = data.draw(st.integers(0, len(widths) - 1))
    first, last = in_view(widths, chosen, room)
    assert first <= chosen < last
    assert sum(widths[first:last]) <= room or last - first == 1
    if sum(widths) <= room:
        assert (first, last) == (0, len(widths))


@given(st.lists(st.text("abc", min_size=1, max_size=14), min_size=1, max_size=8), st.integers(60, 120))
def test_every_section_is_named_in_the_top_bar_as_far_as_there_is_room(words: list[str], width: int) -> None:
    shown = fitting(words, width)
    assert sum(len(word) + 5 for word in shown) <= width
    assert all((word.startswith(each.removesuffix("…")) and len(each) > 1) or each == word
               for word, each in zip(words, shown, strict=True))  # fmt: skip
    if sum(len(word) + 5 for word in words) <= width:
        assert shown == words


async def test_every_section_is_in_the_top_bar() -> None:
    async with driving(size=SMALL) as hand:
        assert all(f"{key} " in hand.text.splitlines()[0] for key in range(1, 7))
        await hand.press("6")
        assert hand.text.splitlines()[0].rstrip() == " 1 Home 2 Lists 3 Campaigns 4 Audit 5 Suppressed 6 Decisions"


async def test_every_view_can_be_seen_when_it_is_chosen() -> None:
    async with driving(size=SMALL) as hand:
        await hand.press("2")
        assert "›" in hand.text.splitlines()[2]
        for name in ("Inactive", "My", "Activated for email", "Sync problems", "All"):
            await hand.press("l")
            assert f" {name} " in hand.text.splitlines()[2]


async def test_a_report_shows_totals_charts_and_recipients_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = CountedOnly(what="5 opens and 1 person who clicked")
    monkeypatch.setattr(counted_only, "of", lambda c, campaign: counted)
    async with driving(size=SMALL) as hand:
        await hand.press("3", "G", "enter")
        assert counted.what in hand.text and "see dotdigital's report" in hand.text
        await hand.press("v")
        assert "Delivered" in hand.text and "Unsubscribed" in hand.text and "By hour" not in hand.text
        assert counted.what in hand.text
        await hand.press("m")
        assert "opens" in hand.text and "╵" in hand.text and "butik.skarnfjall" in hand.text
        await hand.press("m")
        assert "of 37 recipients" in hand.text
        await hand.press("m")
        assert "Delivered" in hand.text
        await hand.press("m", "escape", "escape")
        assert "› Report" not in hand.text


async def test_home_shows_status_and_all_first_steps() -> None:
    async with driving(size=SMALL, first_steps=True) as hand:
        assert "6  Synchronise again" in hand.text and "Keyring" in hand.text


@pytest.mark.parametrize("size", [SMALL, (80, 24)])
async def test_a_filter_wider_than_its_line_shows_what_is_being_typed(size: tuple[int, int]) -> None:
    async with driving(size=size) as hand:
        await hand.press("2", "slash")
        await hand.paste("ab" * (size[0] // 2 + 4))
        await hand.type("xyz")

        def typed(text: str) -> str:
            return next((line.strip() for line in text.splitlines() if line.strip().startswith(("abab", "baba"))), "")

        await hand.until(lambda text: typed(text).endswith("xyz"))
        await hand.press("home")
        await hand.until(lambda text: typed(text).startswith("abab"))


@pytest.mark.parametrize("stays", [False, True])
async def test_the_status_of_home_is_whole_at_80_columns(stays: bool) -> None:
    async with driving(Opening(stays=stays), size=(80, 24)) as hand:
        card = hand.text.partition("─ Status ─")[2].partition("╰")[0]
        assert "Calls" in card and "…" not in card and "parts (H)" in card


async def test_the_status_of_home_is_whole_at_60_columns() -> None:
    async with driving(Opening(stays=True), size=SMALL) as hand:
        card = hand.text.partition("─ Status ─")[2].partition("╰")[0]
        assert "In order" in card and "…" not in card


async def test_the_note_of_an_item_gives_way_to_its_name() -> None:
    async with driving(size=(80, 24)) as hand:
        await hand.press("4", "enter")
        assert "• Alpine Club  Failed" in hand.text and "… │" in hand.text


async def test_a_note_that_the_line_of_an_item_cuts_is_whole_below_it() -> None:
    async with driving(Opening("refused"), size=(80, 24)) as hand:
        await hand.press("4", "enter")
        assert "all were read: no change… │" in hand.text and "it was not proved before" in hand.text.replace("\n", " ")
        card = hand.text.partition("─ Items ─")[2]
        assert "proved before" in card
        await hand.pilot.resize_terminal(60, 18)
        await hand.settle()
        # Where there are few lines they are for the people.
        assert "Unchanged" in hand.text and "15 reads, 1 write" in hand.text and "proved before" not in hand.text


async def test_the_remedy_of_a_failed_run_can_be_read_in_a_small_terminal() -> None:
    async with driving(size=SMALL) as hand:
        await hand.press("4", "enter")
        assert "PARTS_FAILED" in hand.text and "run it again" not in hand.text and "↑ ↓ more" in hand.text
        await hand.press("end")
        assert "run it again" in hand.text and "• Alpine Club" in hand.text
        await hand.pilot.resize_terminal(120, 40)
        await hand.settle()
        assert "PARTS_FAILED" in hand.text and "run it again" in hand.text and "↑ ↓ more" not in hand.text


async def test_what_all_rows_say_is_told_below_them_before_names_are_cut() -> None:
    async with driving(size=SMALL) as hand:
        await hand.to("2", LIST)
        await hand.press("enter", "m", "right")
        assert "all: Outcome + added" in hand.text and "frans.bjorklund18@post.example " in hand.text
        await hand.press("left")
        assert "all: " not in hand.text and "+ added" in hand.text
        await hand.press("3")
        assert "all: Targets none" in hand.text and "Competition: the winners " in hand.text


async def test_addresses_are_whole_at_80_columns_before_what_matters_less_is_there() -> None:
    async with driving(Opening("refused"), size=(80, 24)) as hand:
        await hand.press("6", "n")
        assert "someone1@spamtrap.test " in hand.text and "Domain suppressed " in hand.text
        await hand.press("3", "G", "v", "m", "m")
        assert "felicidad.bernat109@fjord.example " in hand.text and "not opened" in hand.text
        await hand.pilot.resize_terminal(200, 40)
        await hand.settle()
        assert "First opened" in hand.text and "Felicidad Bernat" in hand.text
        assert "felicidad.bernat109@fjord.example " in hand.text


async def test_a_run_under_way_is_shown_once() -> None:
    async with driving(size=SMALL) as hand:
        await hand.to("2", LIST)
        await hand.press("s")
        while "Reading opt-outs" not in hand.text:
            await hand.step()
        assert hand.text.count("Reading opt-outs") == 1 and " 0 reads" not in hand.text
        await hand.press("escape")
        assert f"▶ {LIST}" in hand.text


async def test_every_field_shows_what_is_typed_into_it() -> None:
    async with driving(size=SMALL) as hand:
        await hand.press("5", "L")
        await hand.paste("reason-" * 9)
        await hand.type("xyz")
        assert "xyz" in hand.text
        await hand.press("escape", "colon")
        await hand.paste("ab" * 32)
        await hand.type("xyz")
        assert "xyz" in hand.text


@pytest.mark.parametrize(
    ("section", "row", "keys", "whole"),
    [
        ("2", LIST, ("enter",), ("22 Nov 2026 12:0", "Main", f"{LIST} (")),
        ("4", "", ("enter",), ("22 Nov 2026 12:00, took 1 s", "Main, by Mira Sandahl")),
        ("5", "", (), ("asa.jansson281@brevlada.example ", "Globally suppressed ")),
        ("2", "Autumn fair", ("question_mark",), ("Binds the list to an address book",)),
        ("3", CAMPAIGN, ("w", "n", "n"), (" potential = ", " sendable + ", " excluded")),
        ("3", "January sale", ("v",), ("m Charts", "Besides        0 forwarded, 0 replied")),
        ("U", "", (), ("preferences would slow first", "▒ above 72,000", "Enter tells all of it")),
        ("U", "", ("enter", "end"), ("have not run yet",)),
        ("3", "January sale", ("v", "m"), ("m Recipients",)),
    ],
)
async def test_what_stands_there_is_whole(
    section: str, row: str, keys: tuple[str, ...], whole: tuple[str, ...]
) -> None:
    async with driving(Opening("targeted"), size=SMALL) as hand:
        await hand.to(section, row)
        await hand.press(*keys)
        for text in whole:
            assert text in hand.text
        assert "2026 1…" not in hand.text and "12:…" not in hand.text


async def test_a_list_tells_its_last_run_in_the_words_of_the_run() -> None:
    async with driving(Opening("refused"), size=(120, 40)) as hand:
        await hand.to("2", LIST)
        assert "Completed, some" in hand.text and "with errors" not in hand.text
        await hand.press("enter")
        assert "Completed, 3 to mend" in hand.text and "with errors" not in hand.text


async def test_the_summary_is_read_to_its_end_while_the_number_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "CONFIRM_ABOVE", 100)
    async with driving(Opening("targeted"), size=SMALL) as hand:
        await hand.press("3", "slash")
        await hand.type(CAMPAIGN)
        await hand.press("enter", "w", "n", "n", "j")
        # What can be done is read whole, and the slices stay in view.
        words = " ".join(hand.text.replace("│", " ").split())
        assert "Enter shows the people." in words and "Do not bulk e-mail" in hand.text
        await hand.press("n", "n")
        assert "↑ ↓ more" in hand.text and "Sent by" not in hand.text
        await hand.press("1", *["down"] * 12)
        assert "Sent by" in hand.text and " 1 " in hand.text
        # So is the step before; one that is there as a whole says nothing of it.
        await hand.press("escape")
        assert "↑ ↓ more" in hand.text and "After it" not in hand.text
        await hand.press("pagedown")
        assert "After it" in hand.text
        await hand.press("escape")
        assert "↑ ↓ more" not in hand.text


async def test_names_are_whole_and_nothing_is_cut_without_a_sign_in_a_small_terminal() -> None:
    async with driving(Opening("changed"), size=SMALL) as hand:
        await hand.press("2")
        assert all(
            name in hand.text for name in ("Accounts in Germany", "Open leads with e-mail", "not synchronised yet")
        )
        await hand.press("slash")
        await hand.type(LIST)
        await hand.press("enter", "P")
        await hand.finish()
        (line,) = [each for each in hand.text.splitlines() if "1 added, 1 updated" in each]
        assert line.rstrip().endswith("…")
        await hand.press("escape", "4")
        assert "22 Nov 12:00" in hand.text and "Newsletter" in hand.text
        # The list's page has its runs too.
        await hand.press("2", "enter")
        assert "Members by outcome" in hand.text and "Plan" in hand.text.partition("Sends and last runs")[2]
        await hand.press("S", "v")
        assert "Address books to Dynamics" in hand.text and "h, UTC" in hand.text
        await hand.press("question_mark")
        assert "\n │                                                        │\n │    O " not in hand.text
        assert all(each.strip(" │▁▂▃▄▅▆▇█") for each in hand.text.splitlines()[3:9]), hand.text


async def test_a_mail_has_the_room_of_the_page_and_a_choice_shows_how_one_leaves_it() -> None:
    async with driving(Opening("targeted"), size=SMALL) as hand:
        await hand.press("3", "slash")
        await hand.type(CAMPAIGN)
        await hand.press("enter", "enter", "p")
        assert "Hej @FIRSTNAME@!" in hand.text and "http://$UNSUB$" in hand.text
        await hand.press("m", "m", "t")
        assert "Esc Cancel" in hand.text
        await hand.press("space", "space")
        assert "Esc Take the marks back" in hand.text or "Esc Cancel" in hand.text


async def test_home_shows_no_frame_without_anything_in_it() -> None:
    async with driving(size=SMALL, first_steps=True) as hand:
        assert "Latest runs" not in hand.text


async def test_before_anybody_is_signed_in_the_whole_box_is_seen() -> None:
    for opening in (Opening(signed_in=False), Opening("bare")):
        async with driving(opening, size=SMALL) as hand:
            assert "╭" in hand.text and "╰" in hand.text


async def test_on_a_very_wide_screen_a_note_stays_near_its_name() -> None:
    async with driving(size=(200, 60)) as hand:
        line = next(each for each in hand.text.splitlines() if "Alpine Club" in each and "Failed" in each)
        assert line.index("Failed") < 100


async def test_addresses_are_whole_before_lesser_columns_are_there() -> None:
    async with driving(Opening("refused"), SMALL) as hand:
        await hand.press("6", "n")
        assert "someone@spamtrap.test" in hand.text and "all: Reason Domain suppressed" in hand.text
    async with driving(size=SMALL) as hand:
        await hand.press("5")
        assert "hubert.paffrath227@nordpost.example " in hand.text and "Globally suppressed" in hand.text


async def test_what_health_found_is_whole_where_its_card_would_cut_it() -> None:
    async with driving(size=(120, 40)) as hand:
        await hand.press("H")
        assert "address book Alpine Club (13) is not in dotdigital" in hand.text and "╭─ Finding" not in hand.text
        await hand.pilot.resize_terminal(200, 60)
        await hand.settle()
        assert "╭─ Finding" in hand.text


async def test_columns_that_a_run_under_way_pushed_out_of_the_audit_come_back_when_it_has_ended() -> None:
    async with driving(size=(120, 40)) as hand:
        await hand.press("4")
        titles = hand.text.splitlines()[3].split()
        await hand.to("2", LIST)
        await hand.press("s")
        await hand.step()
        await hand.press("4")
        assert "In process" in hand.text
        await hand.finish()
        assert "In process" not in hand.text and hand.text.splitlines()[3].split() == titles
