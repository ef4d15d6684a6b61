"""Columns that column security lets the service read, and not write: what is refused is named, and the rest goes on."""

from __future__ import annotations

from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.suppression_flags import BULK_EMAIL
from dyntui.service.contract.lists import ListRow
from tests.scenarios.office import Office
from tests.scenarios.test_opt_outs import create_in_dynamics
from tests.scenarios.test_suppression_flags import in_the_book, truth
from tests.scenarios.test_what_is_hidden import _APPLICATION, secure


def test_a_flag_that_may_not_be_set_costs_its_records_alone_and_is_set_once_it_may(
    office: Office, newsletter: ListRow
) -> None:
    secure(office, {f"contact.{BULK_EMAIL}": [_APPLICATION]})
    several = in_the_book(office, newsletter)[:4]
    lead = create_in_dynamics(office, "leads", lastname="L", emailaddress1=several[0].address)
    for each in several:
        office.unsubscribe(each.address)
    run, calls = office.calls_between(lambda: office.run("suppressions"))
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS
    rejected = {each.address: each.detail for each in office.people(run.run.id) if each.outcome is Outcome.REJECTED}
    assert rejected == {each.address: "0x8004f507" for each in several}
    persons = [each.person for each in several]
    assert truth(office, "contact", *persons) == [(False, False)] * 4
    # The other table's is set, and nobody is asked for one by one.
    assert truth(office, "lead", lead) == [(True, False)]
    assert sum(each["count"] for each in calls if each["route"] == "contacts/Microsoft.Dynamics.CRM.UpdateMultiple") < 5

    office.sandbox.switch(dataverse={"column_writers": {f"contact.{BULK_EMAIL}": [_APPLICATION]}})
    office.run("suppressions")
    assert truth(office, "contact", *persons) == [(True, False)] * 4
