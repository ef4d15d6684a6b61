"""Who answers a form and is to become a record, where that is not possible at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from dyntui.dataverse import bulk
from dyntui.dataverse.bulk import RowResult
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.model.errors import DyntuiError
from dyntui.model.forms import NewRespondents
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.accounts import ACCOUNT_EDIT, EditAccount
from dyntui.sync.connections import account_secret
from tests.scenarios.office import Office
from tests.scenarios.test_forms import answered, responses
from tests.scenarios.test_several_accounts import Two
from tests.scenarios.test_strangers import records

NEW = "new@stranger.example"


@pytest.fixture
def two(office: Office) -> Iterator[Two]:
    opened = Two(office)
    office.sandbox.state.db.execute("DELETE FROM dd_survey_response")
    opened.desk.ask(ACCOUNT_EDIT, EditAccount(account="Main", new_respondents=NewRespondents.LEAD))
    yield opened
    opened.second.stop()


def test_an_account_that_cannot_be_asked_keeps_only_those_waiting_who_are_to_become_records(two: Two) -> None:
    office = two.office
    newsletter = office.activated("Newsletter")
    office.run("lists")
    known = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    for address in (NEW, known.address):
        answered(office, address, "Lovelace")
    key = account_secret(two.accounts()["Second"].id)
    secret = office.secrets.held.pop(key)
    office.worker.reconnect()
    run = office.run("forms")
    assert run.run.status is RunStatus.COMPLETED, run
    assert responses(office)[known.address][0]["dyntui_contactid"] == known.person
    waits = {each.address: each for each in office.people(run.run.id)}[NEW]
    assert (waits.outcome, waits.reason) == (Outcome.EXCLUDED, "NOT_SYNCED") and "could be asked" in waits.detail
    assert not records(office, "lead", NEW)

    office.secrets.held[key] = secret
    office.worker.reconnect()
    office.run("forms")
    assert len(records(office, "lead", NEW)) == 1 and responses(office)[NEW][0]["dyntui_leadid"]


def test_who_could_not_be_made_a_record_is_made_one_by_the_next_run(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    office, create = two.office, bulk.create_many
    answered(office, NEW, "Lovelace")

    async def refusing(dv: Dataverse, table: bulk.Table, rows: Sequence[Any], **more: Any) -> list[RowResult]:
        error = DataverseError("DATAVERSE_REFUSED", "A plug-in says no.", not_done="Not written.", remedy="Look.")
        if table.entity_set == "leads":
            return [RowResult(error=error) for _ in rows]
        return await create(dv, table, rows, **more)

    with monkeypatch.context() as patched:
        patched.setattr(bulk, "create_many", refusing)
        run = office.run("forms")
    (refused,) = office.people(run.run.id)
    assert (refused.outcome, refused.reason) == (Outcome.REJECTED, "REJECTED") and "plug-in" in refused.detail
    office.let_pass(hours=3)
    office.run("forms")
    assert len(records(office, "lead", NEW)) == 1 and responses(office)[NEW][0]["dyntui_leadid"]


def test_who_asks_for_a_plan_of_forms_is_promised_no_undo_that_there_is_not(two: Two) -> None:
    answered(two.office, NEW, "Lovelace")
    run = two.office.run("forms")
    with pytest.raises(DyntuiError) as refused:
        two.office.plan_of("forms")
    undone = two.office.undo(run.run.id)
    assert [each.reason for each in two.office.people(undone.run.id)] == ["NOT_UNDONE"]
    assert len(records(two.office, "lead", NEW)) == 1 and "dyntui undo" not in refused.value.remedy
