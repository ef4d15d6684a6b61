"""Faults of one kind each, on both systems, from activation to send: the job ends as if nothing had been."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.job import Ending, FrozenOffice, Job

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
    "rows that shift between pages": [{"system": "dotdigital", "kind": "page_drift"}],
}


@pytest.mark.parametrize("kind", FAULTS)
def test_the_job_ends_the_same_in_spite_of(kind: str, office: FrozenOffice, undisturbed: Ending) -> None:
    office.sandbox.order(*FAULTS[kind])
    ending = Job(office).whole()
    struck = sum(fault["struck"] for fault in office.sandbox.control.get("/faults").json())
    office.sandbox.reset()
    assert struck >= 10 or kind == "rows that shift between pages"
    assert ending == undisturbed
