"""A marketing list that is deleted in Dynamics, and made anew with the same name."""

from __future__ import annotations

from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract import lists as contract
from dyntui.service.contract.lists import ListRow
from tests.scenarios.office import Office


def test_a_list_that_was_deleted_is_deactivated_and_its_book_is_linked_to_the_one_made_anew(
    office: Office, newsletter: ListRow
) -> None:
    people = [each.person for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    book = office.book_of(newsletter.id)
    office.delete_in_dynamics("lists", newsletter.id)
    run = office.run("lists")
    assert run.run.status is RunStatus.FAILED and "LIST_GONE" in run.items[0].note
    assert f"dyntui lists deactivate {newsletter.id}" in run.items[0].note
    office.refresh_lists()
    assert office.list_named("Newsletter").sync_status == "Not found in Dynamics"

    office.deactivate(newsletter.id)
    run = office.run("lists")
    assert run.run.status is RunStatus.COMPLETED and not run.items
    made = office.new_list(name="Newsletter", member_type="contact").row
    office.join(made.id, people[:20])
    office.activate(contract.Activate(id=made.id, link=True))
    assert office.book_of(made.id) == book
    run = office.run("lists", lists=(made.id,))
    assert run.run.tally.of(Outcome.REJECTED) == 0 and run.run.tally.adds_up
