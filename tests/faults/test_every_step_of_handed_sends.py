"""Looks after a send that dotdigital has, killed before each of their steps: whom they leave out is named, and nothing
is left open."""

from __future__ import annotations

import asyncio
import concurrent.futures
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dyntui.sync import platform_send
from tests.faults.every_step import EveryStep
from tests.faults.job import FrozenOffice, Job, office_from
from tests.scenarios.office import Office


class Ticking(FrozenOffice):
    """An office whose clock goes with the world's: a send that was handed over has an hour."""

    def _now(self) -> datetime:
        return Office._now(self)


def named_by_looks(office: Office, sent_by: str) -> list[tuple[str, str]]:
    """Whom the looks have left out, and why; each of them has ended, with all of its items."""
    looks = [each for each in office.audit(limit=200).rows if each.kind == "hand-over" and each.id != sent_by]
    assert looks and {each.status.value for each in looks} == {"Completed"}
    return [(person.person, person.reason) for look in looks for person in office.people(office.detail(look.id).run.id)]


def test_a_look_that_is_killed_names_whom_it_left_out_and_what_is_doubted_of_the_send(
    targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killing = EveryStep(monkeypatch)
    with office_from(targeted, tmp_path, Ticking) as office:
        office.sandbox.switch(dotdigital={"partly_cancelled_shows_sent": True})
        job = Job(office)
        count = job.count()
        at = office.sandbox.now() + timedelta(hours=3)
        queued = office.queue_send(count, handed=True, at=at.isoformat())
        office.engine.drain()
        early, late, *_ = office.count_people(count.id, sendable=True)
        with killing.of(office):
            office.change_in_dynamics("contact", early.person, donotbulkemail=1)
            office.let_pass(hours=2, minutes=35)
            office.look_at_sends()
            office.change_in_dynamics("contact", late.person, donotemail=1)
            office.let_pass(minutes=20)
            office.look_at_sends()
            # Somebody has stops it in the outbox half-way: dotdigital calls such a send sent.
            body = {"campaign": job.campaign.id, "reached": 3}
            office.sandbox.control.post("/cancel-send", json=body).raise_for_status()
            office.let_pass(minutes=20)
            office.look_at_sends()
        ended = office.send_row(queued.id)
        assert (ended.state, ended.doubt) == ("Sent", "stopped") and f"settle {ended.id}" in ended.error
        assert named_by_looks(office, ended.run) == [(late.person, "DO_NOT_EMAIL"), (early.person, "DO_NOT_BULK_EMAIL")]
        assert killing.kills["hand-over"] > 20, killing.kills


def test_a_look_during_whose_interruption_somebody_takes_the_send_back_leaves_nothing_open(
    targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office_from(targeted, tmp_path, Ticking) as office:
        job = Job(office)
        at = office.sandbox.now() + timedelta(hours=3)
        queued = office.queue_send(job.count(), handed=True, at=at.isoformat())
        office.engine.drain()

        async def killed(*_: object) -> str:
            raise asyncio.CancelledError

        office.let_pass(hours=2, minutes=35)
        with monkeypatch.context() as patched, pytest.raises(concurrent.futures.CancelledError):
            patched.setattr(platform_send, "state", killed)
            office.look_at_sends()
        office.cancel_send(queued.id)
        office.engine.drain()
        assert named_by_looks(office, office.send_row(queued.id).run) == []
        assert not office.mailed(job.campaign)
