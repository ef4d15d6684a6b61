"""What is old enough is forgotten; what later runs show, and who was mailed, never."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from dyntui.dotdigital import account
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError
from dyntui.service.config import AuditSettings
from dyntui.service.housekeeping import forget, forget_by_a_right_clock
from tests.scenarios.office import Office

# As long as it is where nobody has said otherwise.
KEPT = timedelta(days=30)


def test_runs_are_forgotten_after_their_time_and_what_later_ones_show_stays(office: Office) -> None:
    assert AuditSettings().keep_days == KEPT.days
    newsletter = office.activated("Newsletter")
    first, second = office.run("lists"), office.run("lists")
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    sent = office.send(office.count(campaign))
    assert office.wait(forget(office.resources, KEPT)) == 0
    office.let_pass(days=29)
    last = office.run("lists")
    people = office.people(last.run.id)
    office.let_pass(days=2)
    assert office.wait(forget(office.resources, KEPT)) == 3
    for gone in (first, second):
        with pytest.raises(DyntuiError) as unknown:
            office.detail(gone.run.id)
        assert unknown.value.code == "RUN_UNKNOWN" and "is forgotten" in unknown.value.remedy
    assert office.people(last.run.id) == people
    assert office.detail(sent.run).run.tally.adds_up
    again = office.run("lists")
    assert again.run.tally.adds_up


def test_nothing_is_forgotten_by_a_clock_that_is_far_ahead(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.activated("Newsletter")
    kept = office.run("lists")
    right = office.resources.clock
    ahead = msgspec.structs.replace(office.resources, clock=lambda: right() + timedelta(days=400))
    with pytest.raises(DyntuiError) as wrong:
        office.wait(forget_by_a_right_clock(ahead, KEPT))
    assert wrong.value.code == "CLOCK_AHEAD"
    assert office.detail(kept.run.id).run.tally.adds_up

    async def silent(_: object) -> str:
        raise DyntuiError("DOTDIGITAL_UNREACHABLE", "It does not answer.", not_done="-", remedy="-")

    monkeypatch.setattr(account, "server_time", silent)
    with pytest.raises(DyntuiError) as unknown:
        office.wait(forget_by_a_right_clock(ahead, KEPT))
    assert unknown.value.code == "DOTDIGITAL_UNREACHABLE"

    async def garbled(_: object) -> str:
        return "soon"

    monkeypatch.setattr(account, "server_time", garbled)
    with pytest.raises(DyntuiError) as unknown:
        office.wait(forget_by_a_right_clock(ahead, KEPT))
    assert unknown.value.code == "DOTDIGITAL_TIME_UNREADABLE"
    assert office.detail(kept.run.id).run.tally.adds_up


def test_the_clock_is_asked_for_only_where_a_run_seems_old_enough(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    really = account.server_time

    async def counted(dd: Dotdigital) -> str:
        asked.append(dd)
        return await really(dd)

    monkeypatch.setattr(account, "server_time", counted)
    office.run("lists")
    asked.clear()
    assert office.wait(forget_by_a_right_clock(office.resources, KEPT)) == 0
    assert asked == []
    office.let_pass(days=31)
    assert office.wait(forget_by_a_right_clock(office.resources, KEPT)) == 1
    assert len(asked) == 1
