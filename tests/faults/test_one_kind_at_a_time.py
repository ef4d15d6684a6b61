"""Faults of one kind each, on both systems, from activation to send: the job ends as if nothing had been."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dyntui.dotdigital import paging
from tests.faults.job import Ending, FrozenOffice, Job, office_from
from tests.sandbox_controls import SandboxControls

SYSTEMS = ("dataverse", "dotdigital")
# A send without any answer is another matter: see test_creating_the_send.py.
NOT_THE_SEND = r"^(?!.*/v2/campaigns/send$)"


def everywhere(**fault: Any) -> list[dict[str, Any]]:
    return [{"system": system, "route": NOT_THE_SEND, **fault} for system in SYSTEMS]


FAULTS = {
    "limit answers whose wait grows": [
        fault
        for place, seconds in enumerate((1, 5, 25, 125, 290))
        for fault in everywhere(kind="status", status=429, retry_after=seconds, times=2, after=4 * place)
    ],
    "a service that is unavailable": everywhere(kind="status", status=503, probability=0.25),
    "a service that says when it is back": everywhere(kind="status", status=503, retry_after=40, probability=0.2),
    "a gateway's web page": everywhere(kind="html", status=502, probability=0.25),
    "a gateway that waited in vain": everywhere(kind="status", status=504, probability=0.25),
    "connections lost on the way there": everywhere(kind="drop_before", probability=0.25),
    "connections lost on the way back": everywhere(kind="drop_after", probability=0.25),
    "answers cut in half": everywhere(kind="truncate", probability=0.25),
}

# The clients make the same of them as of another one: an answer that says to try again, a connection that breaks on the
# way back.
ALIKE = (
    *("a gateway that waited in vain", "connections lost on the way there", "a service that says when it is back"),
    *("a gateway's web page", "a service that is unavailable", "answers cut in half"),
)
THOROUGH = pytest.mark.thorough

DIRECTORY_AWAY = [
    {"system": "entra", "kind": "status", "status": 503, "times": 2},
    {"system": "entra", "kind": "drop_before", "times": 1},
    {"system": "entra", "kind": "html", "status": 502, "times": 1},
]


def struck(sandbox: SandboxControls) -> int:
    return sum(fault["struck"] for fault in sandbox.control.get("/faults").json())


@pytest.mark.parametrize("kind", [pytest.param(each, marks=THOROUGH if each in ALIKE else ()) for each in FAULTS])
def test_the_job_ends_the_same_in_spite_of(kind: str, office: FrozenOffice, undisturbed: Ending):
    office.sandbox.order(*FAULTS[kind])
    ending = Job(office).whole()
    assert struck(office.sandbox) >= 10
    assert ending == undisturbed


def test_the_job_ends_the_same_when_nobody_can_be_signed_in_for_a_while(office: FrozenOffice, undisturbed: Ending):
    office.sandbox.order(*DIRECTORY_AWAY)
    ending = Job(office).whole()
    assert struck(office.sandbox) == 4
    assert ending == undisturbed


def test_the_job_ends_the_same_when_an_answer_takes_longer_than_anybody_waits(
    connected: Path, tmp_path: Path, undisturbed: Ending
):
    # What is silent here for a second is so for two minutes elsewhere; it is carried out all the same, later.
    silences = [fault for after in (2, 9, 16) for fault in everywhere(kind="delay", seconds=1.0, times=1, after=after)]
    with office_from(connected, tmp_path, timeout=0.5) as office:
        office.sandbox.order(*silences)
        ending = Job(office).whole()
        assert struck(office.sandbox) == len(silences)
    assert ending == undisturbed


@pytest.mark.parametrize(
    "limits",
    [
        {
            "scheme": "tiered",
            "dataverse": {"requests": 6, "window_seconds": 30},
            "dotdigital": {"low_per_minute": 12, "medium_per_minute": 12, "high_per_minute": 12},
        },
        pytest.param(
            {"scheme": "flat", "dataverse": {"requests": 6, "window_seconds": 30}, "dotdigital": {"flat_per_hour": 40}},
            marks=THOROUGH,
        ),
    ],
    ids=["calls a minute", "calls an hour"],
)
def test_limits_slow_the_job_down_and_change_nothing_else(
    limits: dict[str, Any], office: FrozenOffice, undisturbed: Ending
):
    office.sandbox.control.post("/limits", json=limits).raise_for_status()
    ending = Job(office).whole()
    assert ending == undisturbed


def test_a_limit_that_leaves_no_room_for_a_last_look_mails_nobody(office: FrozenOffice):
    job = Job(office)
    job.synchronise()
    job.target()
    count = job.count()
    # The last look asks every source at once; where so few calls are allowed, it can never be fresh.
    few = {"low_per_minute": 3, "medium_per_minute": 3, "high_per_minute": 3}
    office.sandbox.control.post("/limits", json={"scheme": "tiered", "dotdigital": few}).raise_for_status()
    sent = office.send(count)
    assert sent.state == "Refused" and office.detail(sent.run).run.error_code == "SEND_REFUSED"
    assert office.mailed(job.campaign) == []


def test_rows_that_shift_between_pages_are_neither_lost_nor_counted_twice(
    connected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # Pages small enough that this world has many; rows shift by up to 7, so pages overlap by more.
    monkeypatch.setitem(paging.skip_pages.__kwdefaults__, "select", 14)
    monkeypatch.setitem(paging.skip_pages.__kwdefaults__, "overlap", 8)

    def job_with_many_unsubscribed(name: str, *faults: dict[str, Any]) -> Ending:
        with office_from(connected, tmp_path / name) as office:
            for contact in office.in_dotdigital("GET", "/v2/contacts?select=40"):
                office.unsubscribe(contact["email"])
            office.sandbox.order(*faults)
            office.sandbox.control.post("/calls/reset")
            ending = Job(office).whole()
            feed = [count for route, count in office.sandbox.calls().items() if "suppressed-since" in route]
            assert sum(feed) > 15, "the feed of suppressions had but one page"
            return ending

    steady = job_with_many_unsubscribed("steady")
    assert job_with_many_unsubscribed("drifting", {"system": "dotdigital", "kind": "page_drift"}) == steady
