"""The network goes away in the middle of a setup: what was made and what not is said, and the next one goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Role
from dyntui.service.contract.setup import SetupReport
from dyntui.store import accounts
from tests.scenarios.office import Office
from tests.scenarios.test_setting_up import states_of
from tests.scenarios.worlds import NOW
from tests.simulation.sandbox import InProcessSandbox


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """One that was never set up."""
    sandbox = InProcessSandbox.built(people=50, seed=7, clock=NOW)
    with closing(Office(sandbox, tmp_path)) as unconnected:
        yield unconnected
    sandbox.stop()


def cut_after(office: Office, method: str, part: str, nth: int = 1) -> None:
    """From the answer to the nth such call on, no system is reached."""
    seen = 0

    def answers(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        nonlocal seen
        seen += request.method == method and part in request.url.path
        if seen == nth:
            office.sandbox.unplug()
        return answer

    office.sandbox.doctor(answers)


def come_back(office: Office) -> None:
    office.sandbox.doctor(lambda request, answer: answer)
    office.sandbox.plug_in()


def cut_off(office: Office) -> DyntuiError:
    with pytest.raises(DyntuiError) as ended:
        office.set_up()
    assert (ended.value.code, ended.value.exit) == ("DATAVERSE_UNREACHABLE", Exit.UNREACHABLE)
    assert "Nothing was" not in ended.value.not_done, "of a setup that has made something"
    assert ended.value.remedy.endswith("Then run `dyntui setup` again: it goes on from there.")
    with office.db.read() as c:
        assert (accounts.organisation(c) is None) == ("is not connected yet" in ended.value.not_done)
    return ended.value


def made_by(report: SetupReport) -> list[str]:
    return [name for name, state in states_of(report).items() if state == "done"]


@pytest.mark.parametrize(
    ("last_answer", "not_finished"),
    [
        pytest.param(
            *(("POST", "publishers", 1), "Not finished: the solution dyntui, and everything after it."),
            marks=pytest.mark.thorough,
        ),
        (
            ("POST", "EntityDefinitions", 30),
            "Not finished: the column Campaign Send: Sent on, and everything after it.",
        ),
        pytest.param(
            *(("GET", "/contacts", 1), "Not finished: everything after the relationship Target marketing lists."),
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            *(("POST", "ReplacePrivilegesRole", 2), f"Not finished: everything after the role {Role.PROFESSIONAL}."),
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            ("POST", "systemuserroles_association", 1),
            "Not finished: the row of every email account, and everything after",
            marks=pytest.mark.thorough,
        ),
    ],
    ids=["nothing made yet", "tables", "before roles", "roles", "rows"],
)
def test_what_was_made_and_what_not_is_said_and_the_next_setup_makes_the_rest(
    office: Office, last_answer: tuple[str, str, int], not_finished: str
) -> None:
    missing = [name for name, state in states_of(office.plan_setup()).items() if state == "missing"]
    cut_after(office, *last_answer)
    said = cut_off(office).not_done
    assert not_finished in said
    come_back(office)
    kept = re.search(r"Made before that, and kept: (\d+) things", said)
    before = int(kept[1]) if kept else 0
    rest = made_by(office.set_up())
    # What was under way when the network went may have been made.
    assert len(missing) - before - 1 <= len(rest) <= len(missing) - before
    assert set(states_of(office.set_up()).values()) == {"there"}
    newsletter = office.activated("Newsletter")
    assert office.run("lists").run.tally.read == newsletter.members


def test_a_profile_that_is_connected_stays_so_when_the_network_goes_away(office: Office) -> None:
    office.set_up()
    cut_after(office, "GET", "EntityDefinitions", nth=2)
    assert "This profile stays connected." in cut_off(office).not_done
    come_back(office)
    assert set(states_of(office.set_up()).values()) == {"there"}
