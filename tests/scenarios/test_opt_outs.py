"""An opt-out in Dynamics counts for the person and for every address, and ends by evidence only."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.customisation import Customisation
from dyntui.model.consent_sources import CONSENT_ROWS
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.roles import Role
from dyntui.model.solution import ColumnSpec, TableSpec
from dyntui.service.contract import lists
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.suppressions import AnswerConsentSources
from dyntui.service.contract.target_counts import TargetCount
from dyntui.service.identity import Identities
from dyntui.service.suppressions import Suppressions
from dyntui.store import consent_sources
from dyntui.store.schema import merged_record, opt_out
from dyntui.sync.consent_sources import is_withdrawn
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


def test_an_opt_out_counts_however_its_record_writes_the_address_and_whatever_record_it_is(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    people = added(office, newsletter.id)[:7]
    a, b, c, d, e, f, g = (each.address for each in people)
    for text in (f"Ann <{a.upper()}>", f"\u200b{b}\ufeff", f"mailto:{c}?subject=stop", f"{d}; {e}"):
        create_in_dynamics(office, "leads", lastname="L", emailaddress1=text, donotemail=True)
    create_in_dynamics(office, "accounts", name="A", emailaddress1=f, donotbulkemail=True)
    create_in_dynamics(office, "accounts", name="B", emailaddress2=f"<{g}>", donotemail=True)
    said = reasons(office, newsletter.id)
    assert [said[each.person] for each in people] == [
        *["DO_NOT_EMAIL"] * 5,
        "DO_NOT_BULK_EMAIL",
        "DO_NOT_EMAIL",
    ]


def merge_in_dynamics(office: Office, winner: str, loser: str) -> None:
    """Somebody merges a contact into another one."""

    def contact(row_id: str) -> dict[str, str]:
        return {"@odata.type": "Microsoft.Dynamics.CRM.contact", "contactid": row_id}

    async def merge() -> None:
        dv = await office.resources.connections.dataverse()
        body = {"Target": contact(winner), "Subordinate": contact(loser), "PerformParentingChecks": False}
        await dv.request("POST", "Merge", body=body)

    office.give_roles("application", "System Administrator")
    office.wait(merge())
    office.give_roles("application", Role.SERVICE)


def test_the_surviving_record_of_a_chain_of_merges_is_opted_out_as_a_person(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    loser, between, survivor, other, sharer = added(office, newsletter.id)[:5]
    office.change_in_dynamics("contact", loser.person, donotemail=1)
    reasons(office, newsletter.id)
    merge_in_dynamics(office, between.person, loser.person)
    merge_in_dynamics(office, survivor.person, between.person)
    office.change_in_dynamics("contact", survivor.person, donotemail=0, donotbulkemail=0)
    office.change_in_dynamics("contact", sharer.person, emailaddress1=survivor.address)
    for _ in range(2):
        said = reasons(office, newsletter.id)
        # The person said no: whoever else has the survivor's address is not mailed either.
        assert said[survivor.person] == said[sharer.person] == "DO_NOT_EMAIL"
        assert said[other.person] == "unchanged"
    with office.db.read() as c:
        m = merged_record.c
        chain = {loser.person: survivor.person, between.person: survivor.person}
        assert chain.items() <= dict(c.execute(select(m.person_id, m.survivor_id)).all()).items()


def test_who_was_merged_away_is_told_with_the_record_that_is_left(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    loser, survivor, *_ = added(office, newsletter.id)
    merged = {"merged": 1, "masterid": survivor.person, "statecode": 1, "statuscode": 2}
    office.change_in_dynamics("contact", loser.person, **merged)
    run = office.run("lists").run.id
    (person,) = [each for each in office.people(run) if each.person == loser.person]
    into = f"into contact {survivor.person}"
    assert (person.reason, person.detail) == ("MERGED", into)
    (verdict,) = [each for each in office.why(loser.address).verdicts if each.person == loser.person]
    assert ("MERGED", into) in [(gate.code, gate.detail) for gate in verdict.gates]


CONSENT_TABLE = TableSpec(
    schema_name="msdynmkt_contactpointconsent4",
    label="Contact Point Consent",
    plural="Contact Point Consents",
    entity_set="msdynmkt_contactpointconsent4s",
    primary_name=ColumnSpec(schema_name="msdynmkt_contactpointvalue", label="Contact point", max_length=256),
    columns=(
        ColumnSpec(
            schema_name="msdynmkt_value",
            label="Value",
            kind="Picklist",
            options={534120000: "Not set", 534120001: "Opted in", 534120002: "Opted out"},
        ),
    ),
)
OPTED_IN, OPTED_OUT = 534120001, 534120002


def test_every_column_and_table_that_may_hold_an_opt_out_counts_until_somebody_answered(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    people = added(office, newsletter.id)
    marketing, consent, changed, yes = people[:4]
    office.give_roles("application", "System Administrator")

    async def install() -> None:
        customise = Customisation(await office.resources.connections.dataverse(), "dyntui")
        await customise.ensure_table(CONSENT_TABLE)
        await customise.ensure_column(CONSENT_TABLE.logical_name, CONSENT_TABLE.columns[0])

    office.wait(install())
    office.let_pass(minutes=1)
    office.change_in_dynamics("contact", marketing.person, donotsendmm=1)

    def says(text: str, value: int) -> str:
        row = {"msdynmkt_contactpointvalue": text, "msdynmkt_value": value}
        return create_in_dynamics(office, CONSENT_TABLE.entity_set, **row)

    says(f"<{consent.address.upper()}>", OPTED_OUT)
    row = says(changed.address, OPTED_OUT)
    says(yes.address, OPTED_IN)
    says("+44 20 7946 0000", OPTED_OUT)
    says("somebody", OPTED_OUT)
    # What exists is asked once a day.
    office.let_pass(days=1, minutes=1)
    said = reasons(office, newsletter.id)
    assert [said[each.person] for each in (marketing, consent, changed, yes)] == ["DO_NOT_BULK_EMAIL"] * 3 + [
        "unchanged"
    ]
    details = {each.person: each.detail for each in office.members(newsletter.id)}
    assert details[marketing.person] == "donotsendmm"
    assert details[consent.person].startswith("msdynmkt_contactpointconsent4 ")
    run = office.run("suppressions")
    odd = [each.detail for each in office.people(run.run.id) if each.reason == "ODD_ROW"]
    assert [each.rpartition(": ")[2] for each in odd] == ["somebody"]
    # A row that says yes by now is evidence; an answer of the administrator ends what it does not name.
    office.change_in_dynamics(CONSENT_TABLE.logical_name, row, msdynmkt_value=OPTED_IN)
    said = reasons(office, newsletter.id)
    assert said[changed.person] in ("added", "updated")
    assert said[consent.person] == "DO_NOT_BULK_EMAIL"

    # Of one address, as before a test send.
    async def no_of(address: str) -> bool:
        return await is_withdrawn(office.resources, await office.resources.connections.dataverse(), address)

    assert [office.wait(no_of(each.address)) for each in (consent, changed, yes)] == [True, False, False]
    use_cases = Suppressions(office.resources, Identities(office.resources), office._runs)
    seen = office.wait(use_cases.sources(office.context, Nothing())).counting
    answer = AnswerConsentSources(count=(CONSENT_ROWS,), seen=seen)
    office.wait(use_cases.answer_sources(office.context, answer))
    # Who answers about what was so before is told, and nothing changes.
    with pytest.raises(DyntuiError) as refused:
        office.wait(use_cases.answer_sources(office.context, AnswerConsentSources(count=(), seen=seen)))
    assert refused.value.code == "CONSENT_SOURCES_CHANGED" and CONSENT_ROWS in refused.value.message
    said = reasons(office, newsletter.id)
    assert said[marketing.person] in ("added", "updated")
    # Rows that the service may not read are no permission.
    office.give_roles("application", Role.SERVICE)
    run = office.run("lists")
    assert (run.run.status, run.run.error_code) == (RunStatus.FAILED, "CONSENT_ROWS_HIDDEN")
    with office.db.write() as c:
        consent_sources.put_answer(c, [])
    assert reasons(office, newsletter.id)[consent.person] in ("added", "updated")


def test_who_takes_another_address_in_dotdigital_and_says_no_with_it_is_not_mailed_at_the_old_one(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    (newsletter,) = [each.id for each in count.lists]
    book = office.book_of(newsletter)
    at_once, from_list, later, later_from_list, by_mail = office.count_people(count.id, sendable=True)[:5]
    office.unsubscribe(office.moves_in_dotdigital(at_once.address))
    office.unsubscribe(office.moves_in_dotdigital(from_list.address), book=book)
    new = {each.person: office.moves_in_dotdigital(each.address) for each in (later, later_from_list)}
    office.run("lists")
    office.let_pass(days=1)
    # The book is read as a whole: the former addresses are in it no more, and are written as contacts of their own.
    office.run("lists")
    assert {later.address, later_from_list.address} <= office.in_book(newsletter)
    assert not {at_once.address, from_list.address} & office.in_book(newsletter)
    office.unsubscribe(new[later.person])
    office.unsubscribe(new[later_from_list.person], book=book)
    sent = office.send(office.count(campaign))
    reasons = {each.person: each.reason for each in office.people(sent.run)}
    assert [reasons[each.person] for each in (at_once, from_list, later, later_from_list, by_mail)] == [
        *("SUPPRESSED", "UNSUBSCRIBED_LIST", "SUPPRESSED", "UNSUBSCRIBED_LIST", "")
    ]
    went_to = {mail["address"] for mail in office.mailed(campaign)}
    assert by_mail.address in went_to
    assert not {each.address for each in (at_once, from_list, later, later_from_list)} & went_to
    # By the mail: the book that it went to says so.
    (kept,) = [name for name in office.book_names() if name.startswith("dyntui send")]
    query = "SELECT id FROM dd_book WHERE name = ?"
    (of_send,) = office.sandbox.state.db.execute(query, (kept,)).fetchone()
    office.unsubscribe(office.moves_in_dotdigital(by_mail.address), book=of_send)
    run = office.run("lists")
    named = {each.person: (each.reason, each.detail) for each in office.people(run.run.id)}
    assert named[by_mail.person][0] == "UNSUBSCRIBED_LIST" and f"as new.{by_mail.address}" in named[by_mail.person][1]
    assert by_mail.address not in office.in_book(newsletter) and run.run.tally.adds_up
