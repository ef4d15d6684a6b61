"""SIGKILL at any moment: the service that is started next goes on by itself, and the world ends as it would have.

`DYNTUI_FAULT_SEEDS` says how many random histories there are of each kind.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dyntui.model.outcomes import RunStatus, Tally
from dyntui.service.contract.campaigns import CAMPAIGN_CHANGE_TARGETS, ChangeTargets
from dyntui.service.contract.lists import LIST_ACTIVATE, LISTS_REFRESH, Activate
from dyntui.service.contract.sends import SEND_GET, SendRef
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.target_counts import CAMPAIGN_COUNT, CountTargets
from tests.built_once import built_once
from tests.faults.job import CAMPAIGN, LIST, forget_number, properly_mailed
from tests.faults.real_service import STORE, RealService, real_service, until
from tests.sandbox_process import SandboxProcess
from tests.served_worlds import served_copy, served_world

POST = "dotdigital POST /v2/campaigns/send"
SEEDS = range(int(os.environ.get("DYNTUI_FAULT_SEEDS", "1")))
# Each costs seconds: those after each kind of call are made below in any case.
MOST_KILLS = 3 if len(SEEDS) > 1 else 1
# Two groups, which go on side by side.
of_a_synchronisation = pytest.mark.xdist_group("kills of a synchronisation")
of_a_send = pytest.mark.xdist_group("kills of a send")


@dataclass(frozen=True)
class Place:
    """A service at work in a world."""

    sandbox: SandboxProcess
    service: RealService


@contextmanager
def place_from(kept: Path, folder: Path) -> Iterator[Place]:
    with served_copy(kept, folder, STORE) as sandbox, real_service(folder) as service:
        sandbox.control.post("/calls/reset").raise_for_status()
        yield Place(sandbox, service)


@pytest.fixture(scope="module")
def activated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile that is set up, with a list that is activated and was never synchronised."""

    def build(folder: Path) -> None:
        with served_world(folder) as sandbox, real_service(folder) as service:
            service.set_up(sandbox)
            service.call(LISTS_REFRESH, Nothing())
            service.call(LIST_ACTIVATE, Activate(id=service.list_named(LIST).id, link=True))

    return built_once(tmp_path_factory, "kills-activated", build)


@pytest.fixture(scope="module")
def targeted(activated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, synchronised, and with a campaign that is to be sent to the list."""
    folder = tmp_path_factory.mktemp("targeted")
    with place_from(activated, folder) as place:
        place.service.run("lists")
        place.service.run("campaigns")
        campaign, newsletter = place.service.campaign_named(CAMPAIGN), place.service.list_named(LIST)
        place.service.call(CAMPAIGN_CHANGE_TARGETS, ChangeTargets(id=campaign.id, add=(newsletter.id,)))
    return folder


# -- endings ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ending:
    status: RunStatus
    tally: Tally
    mailed: list[str]
    books: int
    digest: dict[str, str]


def ending_of(place: Place, run_id: str, send_id: str = "") -> Ending:
    run = place.service.finished(run_id)
    assert run.run.tally.adds_up and all(item.tally.adds_up for item in run.items)
    if send_id:
        sent = place.service.call(SEND_GET, SendRef(send_id))
        assert (sent.state, run.run.error_code) == ("Sent", "")
        assert sent.potential == sent.sendable + sum(each.people for each in sent.excluded)
        forget_number(place.sandbox, sent)
    return Ending(
        status=run.run.status,
        tally=run.run.tally,
        mailed=sorted(mail["address"] for mail in properly_mailed(place.sandbox)),
        books=place.sandbox.control.get("/state").json()["address_books"],
        digest=dict(place.sandbox.control.get("/digest").json()),
    )


def begin_send(place: Place) -> tuple[str, str]:
    campaign = place.service.campaign_named(CAMPAIGN)
    return place.service.begin_send(place.service.call(CAMPAIGN_COUNT, CountTargets(id=campaign.id)))


@pytest.fixture(scope="module")
def synchronised(activated: Path, tmp_path_factory: pytest.TempPathFactory) -> Ending:
    """How the synchronisation ends when nobody interrupts it."""
    with place_from(activated, tmp_path_factory.mktemp("synchronised")) as place:
        ending = ending_of(place, place.service.begin("lists"))
    assert ending.tally.read > 100
    return ending


@pytest.fixture(scope="module")
def sent(targeted: Path, tmp_path_factory: pytest.TempPathFactory) -> Ending:
    """How the send ends when nobody interrupts it."""
    with place_from(targeted, tmp_path_factory.mktemp("sent")) as place:
        send_id, run_id = begin_send(place)
        ending = ending_of(place, run_id, send_id)
    assert len(ending.mailed) > 50
    return ending


# -- killing ---------------------------------------------------------------------------------------------------------


def calls(place: Place) -> int:
    return sum(place.sandbox.calls().values())


def struck(place: Place) -> int:
    return sum(fault["struck"] for fault in place.sandbox.control.get("/faults").json())


def kill_when(place: Place, run_id: str, it_is_time: Callable[[], bool]) -> None:
    """Killed once it is time, or not at all where the run ends before."""
    until(lambda: it_is_time() or place.service.ended(run_id))
    if not place.service.ended(run_id):
        place.service.kill()
        place.service.start()


def kill_after_calls(place: Place, run_id: str, chance: random.Random, most: int) -> None:
    for _ in range(chance.randint(1, MOST_KILLS)):
        moment = calls(place) + chance.randint(1, most)
        kill_when(
            place,
            run_id,
            lambda moment=moment: calls(place) >= moment and not about_to_send(place, run_id),  # type: ignore[misc]
        )


def about_to_send(place: Place, run_id: str) -> bool:
    """The few milliseconds in which a request is on record and has not left: a kill there is left to a person."""
    cursor = json.loads(place.service.stored("cursor", run_id))
    return cursor.get("phase") == "create" and POST not in place.sandbox.calls()


@pytest.mark.thorough
@of_a_synchronisation
@pytest.mark.parametrize("seed", SEEDS)
def test_a_synchronisation_killed_at_random_ends_the_same(
    seed: int, activated: Path, synchronised: Ending, tmp_path: Path
):
    with place_from(activated, tmp_path) as place:
        run_id = place.service.begin("lists")
        kill_after_calls(place, run_id, random.Random(seed), most=20)
        assert ending_of(place, run_id) == synchronised


@pytest.mark.thorough
@of_a_send
@pytest.mark.parametrize("seed", SEEDS)
def test_a_send_killed_at_random_ends_the_same_and_mails_nobody_twice(
    seed: int, targeted: Path, sent: Ending, tmp_path: Path
):
    with place_from(targeted, tmp_path) as place:
        send_id, run_id = begin_send(place)
        kill_after_calls(place, run_id, random.Random(seed), most=25)
        assert ending_of(place, run_id, send_id) == sent


def answers_lost(system: str, *calls: str) -> list[dict[str, object]]:
    """The first call of each kind (`METHOD path`) is carried out, and its answer is lost."""
    named = [call.split(" ") for call in calls]
    return [
        {"system": system, "method": method, "route": path, "kind": "drop_after", "times": 1} for method, path in named
    ]


def every(system: str, *calls: str) -> list[dict[str, object]]:
    """Calls that only read: a kill after each of them is tried where there is time for many histories, and at every
    stored step by `test_interruptions`."""
    return answers_lost(system, *calls) if len(SEEDS) > 1 else []


def kill_at_each(place: Place, run_id: str, faults: list[dict[str, object]]) -> None:
    """Killed right after each of the calls was carried out: before its answer came, and before it was made again."""
    place.sandbox.order(*faults)
    while (before := struck(place)) < len(faults) and not place.service.ended(run_id):
        kill_when(place, run_id, lambda before=before: struck(place) > before)  # type: ignore[misc]
    missed = [fault["route"] for fault in place.sandbox.control.get("/faults").json() if not fault["struck"]]
    assert missed == []
    assert place.service.kills == len(faults)


@pytest.mark.thorough
@of_a_synchronisation
def test_a_synchronisation_killed_after_each_kind_of_call_ends_the_same(
    activated: Path, synchronised: Ending, tmp_path: Path
):
    feeds = every("dotdigital", "GET /suppressed-since", "GET /unsubscribed-since")
    told = answers_lost("dataverse", "POST dyntui_suppressions.*UpsertMultiple", "POST contacts.*UpdateMultiple")
    read = every("dataverse", "GET listcontact_association")
    imported = answers_lost("dotdigital", "PUT /contacts/v3/import$") + every("dotdigital", "GET /contacts/v3/import/")
    closed = answers_lost("dataverse", r"PATCH /lists\(")
    with place_from(activated, tmp_path) as place:
        run_id = place.service.begin("lists")
        kill_at_each(place, run_id, [*feeds, *told, *read, *imported, *closed])
        assert ending_of(place, run_id) == synchronised


@pytest.mark.thorough
@of_a_send
def test_a_send_killed_after_each_kind_of_call_ends_the_same(targeted: Path, sent: Ending, tmp_path: Path):
    told = answers_lost("dataverse", r"PATCH /dyntui_campaignsends\(")
    made = answers_lost("dotdigital", "POST /v2/address-books$", "PUT /contacts/v3/import$")
    looked = every("dotdigital", "GET /contacts/v3/import/")
    asked = answers_lost("dotdigital", "POST /v2/campaigns/send$")
    ended = every("dotdigital", "GET /v2/campaigns/\\d+/activities")
    with place_from(targeted, tmp_path) as place:
        send_id, run_id = begin_send(place)
        kill_at_each(place, run_id, [*told, *made, *looked, *asked, *ended])
        assert ending_of(place, run_id, send_id) == sent


@pytest.mark.thorough
@of_a_send
@pytest.mark.parametrize(
    ("how", "seconds"),
    [
        pytest.param("drop_after", 0.0, id="was accepted"),
        pytest.param("delay", 4.0, id="is still being carried out"),
    ],
)
def test_a_service_killed_when_the_send(how: str, seconds: float, targeted: Path, sent: Ending, tmp_path: Path):
    with place_from(targeted, tmp_path) as place:
        send_id, run_id = begin_send(place)
        place.sandbox.order(
            {"system": "dotdigital", "route": "/v2/campaigns/send$", "kind": how, "seconds": seconds, "times": 1},
        )
        kill_when(place, run_id, lambda: struck(place) > 0)
        assert place.service.kills == 1
        assert ending_of(place, run_id, send_id) == sent
        assert place.sandbox.calls()[POST] == 1


@pytest.mark.thorough
@of_a_send
def test_a_service_killed_before_the_send_was_asked_for_proves_everything_anew(
    targeted: Path, sent: Ending, tmp_path: Path
):
    with place_from(targeted, tmp_path) as place:
        send_id, run_id = begin_send(place)
        # The first of these calls come before the book is filled.
        slow = {"route": "/with-details$", "kind": "delay", "seconds": 1.0, "times": 1, "after": 5}
        look = {"system": "dotdigital", **slow}
        place.sandbox.order(look)
        kill_when(place, run_id, lambda: struck(place) > 0)
        place.sandbox.control.post("/calls/reset")
        assert ending_of(place, run_id, send_id) == sent
        read = place.sandbox.calls()["dotdigital GET /v2/contacts/suppressed-since/{date}"]
        assert read >= 2, "read completely, and looked at once more"
