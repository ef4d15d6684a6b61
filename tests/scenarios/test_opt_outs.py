"""An opt-out in Dynamics counts for the person and for every address, and ends by evidence only."""

from __future__ import annotations

from sqlalchemy import select

from dyntui.dataverse import rows as dv_rows
from dyntui.model.outcomes import Outcome
from dyntui.service.contract import lists
from dyntui.store.schema import opt_out
from tests.scenarios.office import Office


def added(office: Office, list_id: str) -> list[lists.MemberRow]:
    office.run("lists")
    return sorted(
        (each for each in office.members(list_id) if each.outcome in (Outcome.ADDED, Outcome.UNCHANGED)),
        key=lambda each: each.address,
    )


def reasons(office: Office, list_id: str) -> dict[str, str]:
    """What a synchronisation says of everybody: person id -> first reason, or the outcome where that needs none."""
    office.run("lists")
    return {each.person: each.reason or str(each.outcome) for each in office.members(list_id)}


def create_in_dynamics(office: Office, entity_set: str, **row: object) -> str:
    async def create() -> str:
        return await dv_rows.create(await office.resources.connections.dataverse(), entity_set, row)

    return office.wait(create())


def test_a_known_opt_out_ends_only_when_the_record_itself_takes_it_back(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    people = added(office, newsletter.id)
    deleted, heir, moved, taker, changed, merged, survivor = people[:7]
    for each in (deleted, moved, changed, merged):
        office.change_in_dynamics("contact", each.person, donotemail=1)
    create_in_dynamics(office, "leads", lastname="Only", emailaddress3=people[7].address, donotbulkemail=True)
    said = reasons(office, newsletter.id)
    assert [said[each.person] for each in (deleted, moved, changed, merged)] == ["DO_NOT_EMAIL"] * 4
    assert said[people[7].person] == "DO_NOT_BULK_EMAIL"

    # Deleted, and another record takes the address; another one moves on, and somebody takes the old address.
    office.delete_in_dynamics("contacts", deleted.person)
    office.change_in_dynamics("contact", heir.person, emailaddress1=deleted.address)
    office.change_in_dynamics("contact", moved.person, emailaddress1="moved.on@kestrel-outdoor.example")
    office.change_in_dynamics("contact", taker.person, emailaddress1=moved.address)
    office.change_in_dynamics("contact", merged.person, merged=1, statecode=1, statuscode=2, donotemail=0)
    for _ in range(2):
        said = reasons(office, newsletter.id)
        assert said[heir.person] == said[moved.person] == said[taker.person] == "DO_NOT_EMAIL"
        assert said[merged.person] == "MERGED"
        with office.db.read() as c:
            kept = dict(c.execute(select(opt_out.c.person_id, opt_out.c.kept).where(opt_out.c.kept != "")).all())
        assert kept == {deleted.person: "gone", merged.person: "merged"}

    # Taken back by the record, which is not even active any more: its addresses are free.
    office.change_in_dynamics("contact", changed.person, donotemail=0, statecode=1, statuscode=2)
    office.change_in_dynamics("contact", moved.person, donotemail=0)
    said = reasons(office, newsletter.id)
    assert (said[changed.person], said[moved.person]) == ("INACTIVE", "added")
    assert said[taker.person] in ("added", "updated")
    assert said[heir.person] == "DO_NOT_EMAIL"
    assert said[survivor.person] == "unchanged"
