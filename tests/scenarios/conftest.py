"""A world and an office of its own for every scenario, going on from where a common one was connected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.target_counts import TargetCount
from tests.built_once import built_once
from tests.scenarios.office import Office
from tests.scenarios.worlds import copied, world
from tests.simulation.sandbox import InProcessSandbox

NEWSLETTER = "Newsletter"
CAMPAIGN = "Newsletter March"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[InProcessSandbox]:
    with world(tmp_path, people=300, audience=True) as running:
        yield running


@pytest.fixture(scope="session")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world in which dyntui is installed, and nothing else has happened."""

    def build(folder: Path) -> None:
        with world(folder, people=300, audience=True) as sandbox:
            Office.open(sandbox, folder).close()

    return built_once(tmp_path_factory, "connected-for-scenarios", build)


@pytest.fixture(scope="session")
def synchronised(connected: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world in which the list "Newsletter" is synchronised."""

    def build(folder: Path) -> None:
        with office_from(connected, folder) as office:
            office.activated(NEWSLETTER)
            office.run("lists")

    return built_once(tmp_path_factory, "synchronised-for-scenarios", build)


@pytest.fixture(scope="session")
def targeted(synchronised: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world in which the list "Newsletter" is synchronised, and a target of the campaign."""

    def build(folder: Path) -> None:
        with office_from(synchronised, folder) as office:
            office.run("campaigns")
            office.target(office.campaign_named(CAMPAIGN), office.list_named(NEWSLETTER).id)

    return built_once(tmp_path_factory, "targeted-for-scenarios", build)


@pytest.fixture
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """Just connected, or where a test takes the `newsletter` or the `counted` campaign, that far."""
    asked = request.fixturenames
    kept = "targeted" if "counted" in asked else "synchronised" if "synchronised" in asked else "connected"
    with office_from(request.getfixturevalue(kept), tmp_path) as opened:
        yield opened


@pytest.fixture
def newsletter(synchronised: Path, office: Office) -> ListRow:
    """The list "Newsletter", activated and synchronised: the office begins there, as this asks for that world."""
    return office.list_named(NEWSLETTER)


@pytest.fixture
def counted(office: Office) -> tuple[CampaignRow, TargetCount]:
    """The campaign with its targets, and their count."""
    campaign = office.campaign_named(CAMPAIGN)
    return campaign, office.count(campaign)


@contextmanager
def office_from(kept: Path, folder: Path) -> Iterator[Office]:
    """An office as it was kept, going on in a folder of its own."""
    with (
        copied(kept, folder, Path("dyntui.db"), audience=True) as sandbox,
        closing(Office(sandbox, folder)) as opened,
    ):
        opened.take_over()
        yield opened
