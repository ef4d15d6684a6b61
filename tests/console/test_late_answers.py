"""Answers about the thing that a page was about before: pages are kept, and aimed at another one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from dyntui.screens import base
from dyntui.screens.answers import Answers
from dyntui.screens.base import Page
from dyntui.screens.count_page import CountPage
from dyntui.screens.opt_out_sources import Source, SourcesPage
from msgspec.structs import replace

from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.contract.plans import PLAN_APPLY, PLAN_GET, PlanRef
from dyntui.service.contract.sends import SEND_CANCEL, SendRef
from dyntui.service.contract.suppressions import ConsentSources

Asked = tuple[str, int, Callable[[Any], None]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """What was asked and is not answered yet: kind, turn, and what takes the answer."""
    found: list[Asked] = []

    def start(_screen: object, _kind: str, _work: object, *how: Any) -> None:
        _method, _request, take, _refused, kind, turn = how
        found.append((kind, turn, take))

    monkeypatch.setattr(base, "start", start)
    return found


class _Console:
    answers = Answers()
    account = ""

    def now(self) -> str:
        return "2026-03-02T09:00:00Z"


class _PlanPage(Page[str]):
    console = _Console()  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[object] = []

    def tell_trouble(self, *_: object) -> None:
        """Nothing is drawn here."""


def answer(page: base.Asking[Any], asked: Asked, said: object) -> None:
    kind, turn, take = asked
    page._take_answer(page._Answered(kind, turn, take, said))


def test_what_was_asked_for_to_show_the_thing_before_is_not_shown_of_another(asked: list[Asked]) -> None:
    page = _PlanPage()
    page.aim("a")
    page.look(PLAN_GET, PlanRef("a"), page.shown.append)
    page.ask(PLAN_APPLY, PlanRef("a"), page.shown.append)
    page.aim("b")
    # The plan b is not made yet: nothing else is asked for.
    answer(page, asked[0], "plan a")
    answer(page, asked[1], "run of a")
    assert page.shown == ["run of a"]


def test_a_late_count_is_that_of_the_campaign_that_was_counted(
    asked: list[Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = CampaignRef(1, "Main"), CampaignRef(2, "Main")
    page = CountPage()
    monkeypatch.setattr(page, "tell_trouble", lambda *_: None)
    shown: list[object] = []
    monkeypatch.setattr(page, "_show", shown.append)
    page.about = one
    page.do_app_refresh()
    page.about = other
    answer(page, asked[0], "count of one")
    assert page.count is None and shown == []
    page.about = one
    assert page.count == "count of one"  # type: ignore[comparison-overlap]


def test_an_answer_about_one_source_of_opt_outs_leaves_the_others_as_they_are_by_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = ConsentSources(found=("donotsendmm", "msgdpr"), counting=("donotsendmm",), answered=True, asked_on="")
    page = SourcesPage()
    page._known = known
    asked: list[Callable[[bool], None]] = []
    answered: list[tuple[set[str], ConsentSources]] = []
    monkeypatch.setattr(SourcesPage, "app", SimpleNamespace(push_screen=lambda _, done: asked.append(done)))
    monkeypatch.setattr(page.grid, "row", lambda: Source("donotsendmm", True))
    monkeypatch.setattr(page, "_answer", lambda counting, known: answered.append((counting, known)))
    page.do_sources_change()
    # Meanwhile somebody else lets the other one count.
    page._known = replace(known, counting=("donotsendmm", "msgdpr"))
    (confirmed,) = asked
    confirmed(True)
    assert answered == [({"msgdpr"}, page._known)]


def test_of_what_was_done_every_answer_is_told_however_much_is_done_meanwhile(asked: list[Asked]) -> None:
    page = _PlanPage()
    page.aim("a")
    for send in ("one", "other"):
        page.ask(SEND_CANCEL, SendRef(send), page.shown.append)
    answer(page, asked[0], "one goes out all the same")
    answer(page, asked[1], "the other is cancelled")
    assert page.shown == ["one goes out all the same", "the other is cancelled"]
    # Of what is only looked at the last answer is the one that counts.
    page.shown.clear()
    for plan in ("a", "b"):
        page.ask(PLAN_GET, PlanRef(plan), page.shown.append)
    answer(page, asked[2], "plan a")
    answer(page, asked[3], "plan b")
    assert page.shown == ["plan b"]
