"""People: found by name or address, why they are mailed or not, and everything that was seen of them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.target_counts import TargetCount
from dyntui.store.schema import recipient
from tests.scenarios.office import Office


def test_why_says_of_everybody_what_the_count_says_and_afterwards_that_they_have_had_it(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    everybody = office.count_people(count.id)
    some = {(each.outcome, each.reason): each for each in everybody if each.address}
    assert len(some) > 5
    for each in some.values():
        said = {verdict.person: verdict for verdict in office.why(each.address, campaign.id).verdicts}
        verdict = said[each.person]
        assert (verdict.outcome, verdict.reason, verdict.detail) == (each.outcome, each.reason, each.detail)
        assert [gate.code for gate in verdict.gates][:1] == ([each.reason] if each.reason else [])
    sendable = [each for each in everybody if each.outcome is Outcome.ADDED]
    excluded = next(each for each in everybody if each.outcome is Outcome.EXCLUDED and each.address)
    sent = office.send(count)
    had = office.why(sendable[0].address, campaign.id).verdicts[0]
    assert [(gate.code, gate.since) for gate in had.gates] == [("ALREADY_SENT", sent.sent_on)]

    mailed = office.timeline(person=sendable[0].person)
    assert [(each.kind, each.where) for each in mailed] == [("sent", campaign.name), ("joined", mailed[-1].where)]
    assert mailed[0].run == sent.run
    left_out = [each for each in office.timeline(person=excluded.person) if each.kind == "left out"]
    assert [each.where for each in left_out] == [campaign.name] and left_out[0].detail

    office.let_pass(days=3)
    office.run("campaigns")
    read = office.timeline(person=sendable[0].person, kinds=("sent",))
    assert [each.where for each in read] == [campaign.name]
    with office.db.read() as c:
        of_campaign = recipient.c.campaign_id == campaign.id
        results = c.execute(select(recipient.c.address, recipient.c.opens).where(of_campaign)).all()
    assert any(row.opens for row in results)
    report = office.report(campaign)
    assert sum(each.opens for each in report.clients) == sum(each.opens for each in report.devices) == report.opens > 0
    assert {"phone", "computer", "hidden"} >= {each.name for each in report.devices}
    # What came of it is in the report and on the timeline.
    (order,) = report.roi
    assert order.times == len([1 for each in sendable for _ in office.timeline(person=each.person, kinds=("roi",))]) > 0
    # A subject request: their record, their contact, every row here, and what was seen of them.
    them = next(each for each in sendable if any(row.address == each.address and row.opens for row in results))
    known = office.everything_known(them.address)
    rows = {(part.system, part.what): part.rows for part in known.parts}
    assert known.not_read == () and them.person in known.records and known.addresses == (them.address,)
    (contact,) = rows["dotdigital", "Main"]
    assert contact["identifiers"]["email"] == them.address and contact["lists"]
    assert them.person in {row["contactid"] for row in rows["Dynamics", "contacts"]}
    assert rows["Dynamics", "listmembers"] and rows["Dynamics", "dyntui_engagements"]
    for table in ("list_member", "target_person", "recipient", "activity", "outcome"):
        assert rows["dyntui", table], table
    assert {"sent", "opened", "joined"} <= {each.kind for each in known.timeline}
    assert office.everything_known(them.person).parts and [each.after for each in office.requests()] == [
        them.person,
        them.address,
    ]
    suppressed = office.everything_known(excluded.address)
    assert suppressed.parts and excluded.person in suppressed.records
    office.sandbox.order({"system": "dotdigital", "kind": "status", "status": 403, "times": 100})
    partly = office.everything_known(them.address)
    assert [each.split(":")[0] for each in partly.not_read] == ["dotdigital, Main"]
    assert ("dyntui", "recipient") in {(part.system, part.what) for part in partly.parts}
    office.sandbox.control.delete("/faults").raise_for_status()
    person_at = {each.address: each.person for each in sendable}
    for row in results[:12]:
        opens = office.timeline(person=person_at[row.address], kinds=("opened",), search=campaign.name)
        assert bool(opens) == bool(row.opens) and all(each.happened_on >= sent.sent_on for each in opens)


def test_a_person_is_found_by_name_and_address_and_shown_with_where_they_stand(
    office: Office, newsletter: ListRow
) -> None:
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    for text in (somebody.name.upper(), somebody.address, somebody.address.split("@", maxsplit=1)[0]):
        assert somebody.person in {each.person for each in office.found_people(text)}
    assert office.found_people("") == () == office.found_people("nobody is called so %_")
    shown = office.person(somebody.person)
    assert (shown.person.name, shown.person.lists) == (somebody.name, 1)
    assert [(each.where, each.outcome) for each in shown.verdicts] == [("Newsletter", Outcome.ADDED)]
    assert office.person(somebody.address) == shown

    office.unsubscribe(somebody.address)
    office.run("suppressions")
    (verdict,) = office.why(somebody.address).verdicts
    assert verdict.gates[0].code == "SUPPRESSED"
    assert verdict.gates[0].since and verdict.gates[0].learned_on
    kinds = [each.kind for each in office.timeline(person=somebody.person)]
    assert "suppressed" in kinds and "joined" in kinds
    assert [each.kind for each in office.timeline(person=somebody.address, kinds=("suppressed",))] == ["suppressed"]


def test_the_contact_preferences_of_a_record_are_shown_as_dynamics_has_them(office: Office) -> None:
    leads, newsletter = office.activated("Winter leads"), office.activated("Newsletter")
    office.run("lists")
    for entity, list_id in (("contact", newsletter.id), ("lead", leads.id)):
        rows = office.sandbox.state.db.execute(f"SELECT {entity}id, donotbulkemail, donotemail FROM dv_{entity}")
        there = {row[0]: (bool(row[1]), bool(row[2])) for row in rows}
        everybody = [each.person for each in office.members(list_id)]
        people = [each for each in everybody if any(there[each])] + [
            each for each in everybody if not any(there[each])
        ][:9]
        forbidden = {each: office.person(each).not_allowed for each in people}
        assert {each: ("DO_NOT_BULK_EMAIL" in said, "DO_NOT_EMAIL" in said) for each, said in forbidden.items()} == {
            each: there[each] for each in people
        }
        assert {said for said in forbidden.values() if said} and () in forbidden.values()
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    assert office.person(somebody.person).preferences == "bulk e-mail: allow, e-mail: allow"
    # Who unsubscribes in dotdigital has the preference in Dynamics changed, and their page shows it.
    office.unsubscribe(somebody.address)
    office.run("suppressions")
    assert somebody.person in office.records_where("contact", donotbulkemail=1)
    office.run("lists")
    assert office.person(somebody.person).preferences == "bulk e-mail: do not allow, e-mail: allow"


def test_a_subject_request_finds_what_somebody_spelt_otherwise_in_dynamics(office: Office, newsletter: ListRow) -> None:
    somebody, other = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    spelt = f"\u00a0{somebody.address.upper()}"
    office.change_in_dynamics("contact", other.person, emailaddress2=spelt)
    typed = (f"Ann <{somebody.address}>", f"xy{somebody.address}")
    for number, address in enumerate(typed):
        row = {"dyntui_address": address, "dyntui_key": f"by-hand-{number}", "dyntui_origin": "Dynamics"}
        office.sandbox.control.post("/dataverse/rows", json={"table": "dyntui_suppression", "values": row})
    pasted = f" {{{somebody.person.upper()}}}"
    assert office.person(pasted) == office.person(somebody.person)
    assert somebody.person in office.everything_known(pasted).records
    known = office.everything_known(somebody.address)
    rows = {(part.system, part.what): part.rows for part in known.parts}
    assert {somebody.person, other.person} <= {each["contactid"] for each in rows["Dynamics", "contacts"]}
    assert [each["dyntui_address"] for each in rows["Dynamics", "dyntui_suppressions"]] == [typed[0]]
    assert known.not_read == ()


def test_who_is_not_known_is_said_so(office: Office) -> None:
    answer = office.why("nobody@nowhere.example")
    assert answer.verdicts == () and "No record" in answer.note
    for wrong, code in (
        (lambda: office.why("not an address"), "NO_ADDRESS"),
        (lambda: office.person("x"), "PERSON_UNKNOWN"),
    ):
        with pytest.raises(DyntuiError) as refused:
            wrong()
        assert refused.value.code == code and refused.value.remedy
    with pytest.raises(DyntuiError) as refused:
        office.timeline(person="a@b.example", kinds=("dreamt",))
    assert refused.value.code == "KIND_UNKNOWN"
    assert office.timeline(person="a@b.example") == ()


def test_of_an_address_that_opted_out_without_a_record_on_a_list_it_is_said_so(
    office: Office, newsletter: ListRow
) -> None:
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.change_in_dynamics("contact", somebody.person, donotemail=1)
    office.leave(newsletter.id, [somebody.person])
    office.run("lists")
    office.run("lists")
    answer = office.why(somebody.address)
    assert answer.verdicts == () and "DO_NOT_EMAIL" in answer.note and somebody.person in answer.note
