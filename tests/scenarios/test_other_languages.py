"""An organisation whose language is not English, in which English is not provisioned, is set up like any other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dyntui.sandbox.dataverse import storage
from dyntui.sandbox.dataverse.storage import schema_of
from tests.scenarios.office import Office
from tests.scenarios.test_setting_up import states_of
from tests.scenarios.worlds import NOW
from tests.simulation.sandbox import InProcessSandbox

SWEDISH = 1053


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """One that was never set up, of an organisation that knows Swedish alone."""
    sandbox = InProcessSandbox.built(people=50, seed=7, clock=NOW)
    sandbox.switch(dataverse={"base_language": SWEDISH, "languages": [SWEDISH]})
    sandbox.state.db.execute("UPDATE dv_organization SET languagecode = ?", (SWEDISH,))
    with closing(Office(sandbox, tmp_path)) as unconnected:
        yield unconnected
    sandbox.stop()


def test_everything_is_made_in_the_organisations_language(office: Office) -> None:
    assert set(states_of(office.set_up()).values()) == {"done"}
    assert set(states_of(office.set_up()).values()) == {"there"}
    newsletter = office.activated("Newsletter")
    assert office.run("lists").run.tally.read == newsletter.members


def test_a_value_of_a_later_version_is_too(office: Office) -> None:
    office.set_up()
    state = office.sandbox.state
    table = schema_of(state).tables["dyntui_engagement"]
    kind = table.columns["dyntui_kind"]
    taken = kind.options.pop()
    storage.save_table(state, table)
    office.give_roles("application", "System Administrator")
    made = [name for name, each in states_of(office.set_up()).items() if name.startswith("options") and each == "done"]
    assert made and kind.option(taken.value) is not None
