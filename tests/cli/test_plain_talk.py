"""What the dialogue of lines asks, and which commands it carries out: in this process, with lines for a keyboard."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.held import Kind
from dyntui.service.contract.held import HELD_LISTS, HELD_PEOPLE, HELD_WAITING, Decision, Decisions, HeldLists
from dyntui.service.contract.paging import Page
from dyntui.service.contract.people import PEOPLE_EXPORT, PEOPLE_SEARCH, PEOPLE_WHY, KnownPerson, WhyAnswer
from dyntui.service.contract.runs import RUN_SEARCH, RUNS_PAGE
from dyntui.service.contract.sends import SEND_GET, SEND_SHOW, SENDS_PAGE, SendsQuery
from dyntui.service.contract.session import STATUS
from tests.cli.scripted_service import LIST_ID, ScriptedService, a_send, page_of

AWAY = DyntuiError("AWAY", "It is away.", not_done="-", remedy="-", exit=Exit.FAILED)


@pytest.fixture
def talk(dyntui: Callable, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Types these lines; what was said."""

    def talked(*lines: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        done = dyntui("--plain")
        return str(done.out + done.err)

    return talked


def test_an_address_that_begins_like_an_option_is_none(
    talk: Callable[..., str], service: ScriptedService, tmp_path: object
) -> None:
    who = KnownPerson(person="", entity="", name="", address="--yes@example.com")
    service.answers(PEOPLE_SEARCH, page_of(who))
    service.answers(PEOPLE_WHY, WhyAnswer(address=who.address, campaign="", verdicts=(), known=(), note="No record."))
    service.answers(PEOPLE_EXPORT, AWAY)
    said = talk("5", "yes", "1", "1", "4", f"{tmp_path}/all.txt")

    assert "No record." in said and "list by list" not in said
    assert [each.address for each in service.requests(PEOPLE_WHY)] == [who.address]
    assert [each.person for each in service.requests(PEOPLE_EXPORT)] == [who.address] and "No such option" not in said


def test_what_is_looked_for_may_begin_like_an_option(talk: Callable[..., str], service: ScriptedService) -> None:
    service.answers(RUNS_PAGE, page_of())
    service.answers(RUN_SEARCH, page_of())
    talk("7", "--ann")
    assert [each.search for each in service.requests(RUN_SEARCH)] == ["--ann"]


def test_why_is_not_asked_of_somebody_without_an_address(talk: Callable[..., str], service: ScriptedService) -> None:
    service.answers(PEOPLE_SEARCH, page_of(KnownPerson(person="p1", entity="contact", name="Ann", address="")))
    said = talk("5", "ann", "1")
    assert "What about Ann?" in said and "Why, or why not" not in said


def test_a_send_that_is_not_among_the_newest_is_found_by_its_campaign(
    talk: Callable[..., str], service: ScriptedService
) -> None:
    newest = tuple(a_send(id=f"send-{place}", campaign_name=f"Spring {place}") for place in range(16))
    old = a_send(id="old", campaign_name="Autumn")
    wave = a_send(id="wave", campaign_name="Autumn", waves_of="old")

    def page(asked: SendsQuery) -> Page[object]:
        return page_of(wave, old) if asked.search else page_of(*newest)

    service.answers(SENDS_PAGE, page)
    service.answers(SEND_GET, old)
    said = talk("4", "16", "autumn", "1", "")

    assert "16. Another one, by a part of the campaign's name" in said
    assert "What about the send of Autumn?" in said
    assert [each.id for each in service.requests(SEND_GET)] == ["old"] and service.requests(SEND_SHOW) == []


def test_whom_undone_changes_are_about_is_listed_without_the_others(
    talk: Callable[..., str], service: ScriptedService
) -> None:
    waits = Decision(kind=Kind.UNDONE, about=LIST_ID, name="Newsletter", people=2, why="undone", in_book=9)
    service.answers(STATUS, AWAY)
    service.answers(HELD_LISTS, HeldLists(rows=()))
    service.answers(HELD_WAITING, Decisions(rows=(waits,)))
    service.answers(SENDS_PAGE, page_of())
    service.answers(HELD_PEOPLE, page_of(total=0))
    talk("1", "1", "1", "", "")
    (asked,) = service.requests(HELD_PEOPLE)
    assert (asked.list, asked.undone, asked.limit) == (LIST_ID, True, 50)


def test_enter_alone_goes_back_and_is_no_search_that_found_nothing(
    talk: Callable[..., str], service: ScriptedService
) -> None:
    service.answers(PEOPLE_SEARCH, page_of())
    assert "There is no person." in talk("5", "")
    assert "No person is called so." in talk("5", "nobody")
