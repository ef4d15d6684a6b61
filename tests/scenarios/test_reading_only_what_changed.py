"""Reading only what changed of a list, the trust that takes, and what is noticed all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dyntui.model.outcomes import Outcome
from dyntui.model.trust import BOOK, MEMBERS, OPT_OUTS, RECORDS, Rule
from dyntui.service.contract.runs import RunDetail
from dyntui.store import cheap_answers
from tests.scenarios.office import Office, addresses, by_reason, writes
from tests.scenarios.worlds import copied

Calls = list[dict[str, object]]


@pytest.fixture
def trusting(connected: Path, tmp_path: Path) -> Iterator[Office]:
    """An office whose cheap answers rule as soon as one proof of each has found nothing else."""
    with (
        copied(connected, tmp_path, Path("dyntui.db")) as sandbox,
        closing(Office(sandbox, tmp_path, trust=Rule(first_days=0))) as opened,
    ):
        opened.take_over()
        yield opened


def trusted(office: Office, name: str = "Newsletter") -> str:
    """The id of a list whose cheap answers rule from now on."""
    chosen = office.activated(name)
    for _ in range(3):
        office.run("lists", lists=(chosen.id,))
        office.let_pass(hours=2)
    return chosen.id


def how(run: RunDetail) -> str:
    return run.items[0].note


def reads(calls: list[dict[str, object]], *routes: str) -> int:
    return sum(int(str(each["count"])) for each in calls if each["route"] in routes)


WHOLE = ("lists({id})/listcontact_association",)


def differences(office: Office) -> dict[str, int]:
    with office.db.read() as c:
        return {each.question: each.differences for each in cheap_answers.all_known(c)}


def test_a_trusted_list_is_not_read_again_until_its_proof_is_a_day_old(trusting: Office) -> None:
    list_id = trusted(trusting)
    assert not any(differences(trusting).values())
    run, calls = trusting.calls_between(lambda: trusting.run("lists", lists=(list_id,)))
    assert reads(calls, *WHOLE) == 0 and reads(calls, "listmembers") == 1 and writes(calls) == []
    assert how(run).startswith("only what changed was read: records proved 2 h ago, members proved 2 h ago")
    assert run.run.tally.adds_up and run.run.tally.of(Outcome.UNCHANGED) > 100
    assert sum(each["count"] for each in calls) <= 20
    trusting.let_pass(hours=23)
    run, calls = trusting.calls_between(lambda: trusting.run("lists", lists=(list_id,)))
    assert reads(calls, *WHOLE) and how(run).startswith("all were read: records: the last proof was 25 h old")


def test_what_changes_on_a_trusted_list_is_carried_over_and_nothing_else(trusting: Office) -> None:
    list_id = trusted(trusting)
    members = trusting.members(list_id)
    inside = [each for each in members if each.outcome is Outcome.UNCHANGED]
    renamed, moved, opted, joins, leaves = inside[:5]
    trusting.change_in_dynamics("contact", renamed.person, firstname="Changed")
    trusting.change_in_dynamics("contact", moved.person, emailaddress1="elsewhere@example.com")
    trusting.change_in_dynamics("contact", opted.person, donotbulkemail=1)
    trusting.leave(list_id, [leaves.person])
    run = trusting.run("lists", lists=(list_id,))
    people = trusting.people(run.run.id)
    assert run.run.tally.adds_up
    assert addresses(people, Outcome.UPDATED) == {renamed.address, "elsewhere@example.com"}
    assert addresses(people, Outcome.REMOVED) == {leaves.address}
    assert {each.address for each in people if each.reason == "DO_NOT_BULK_EMAIL"} >= {opted.address}
    assert how(run).startswith("only what changed was read") and "members proved 0 min ago" in how(run)
    trusting.join(list_id, [leaves.person])
    run = trusting.run("lists", lists=(list_id,))
    assert addresses(trusting.people(run.run.id), Outcome.ADDED) == {leaves.address}
    run = trusting.run("lists", lists=(list_id,))
    assert run.run.tally.adds_up and not {"added", "updated", "removed"} & by_reason(run.run).keys()
    assert joins.address in {each.address for each in trusting.people(run.run.id)}


def test_for_fourteen_days_every_cheap_answer_is_followed_by_its_proof(office: Office) -> None:
    chosen = office.activated("Newsletter")
    for _ in range(3):
        office.run("lists")
    for days in (3, 5, 5):
        office.let_pass(days=days)
        run, calls = office.calls_between(lambda: office.run("lists"))
        assert reads(calls, *WHOLE) and "in the first 14 days" in how(run)
    office.let_pass(days=2)
    assert "the last proof was 2 days old" in how(office.run("lists"))
    run, calls = office.calls_between(lambda: office.run("lists", lists=(chosen.id,)))
    assert how(run).startswith("only what changed was read") and not reads(calls, *WHOLE)


def test_a_link_that_is_too_old_has_everything_read_and_the_audit_says_so(trusting: Office) -> None:
    list_id = trusted(trusting)
    trusting.let_pass(days=8)
    run, calls = trusting.calls_between(lambda: trusting.run("lists", lists=(list_id,)))
    assert reads(calls, *WHOLE) and "too old" in how(run) and run.run.tally.adds_up


def test_one_difference_has_the_proof_run_every_time_and_the_audit_says_why(trusting: Office) -> None:
    list_id = trusted(trusting)
    trusting.sandbox.control.post(
        "/settings", json={"dataverse": {"member_count_when_opened": True}}
    ).raise_for_status()
    somebody = next(each for each in trusting.members(list_id) if each.outcome is Outcome.UNCHANGED)
    trusting.leave(list_id, [somebody.person])
    run = trusting.run("lists", lists=(list_id,))
    assert Outcome.REMOVED not in {each.outcome for each in trusting.people(run.run.id)}
    trusting.let_pass(hours=25)
    run = trusting.run("lists", lists=(list_id,))
    assert addresses(trusting.people(run.run.id), Outcome.REMOVED) == {somebody.address}
    assert differences(trusting)[MEMBERS] == 1
    run, calls = trusting.calls_between(lambda: trusting.run("lists", lists=(list_id,)))
    assert reads(
        calls, *WHOLE
    ) and "members: what was said to have changed was wrong once, last: Dynamics counts" in how(run)


def test_a_table_without_change_tracking_is_read_whole(trusting: Office) -> None:
    list_id = trusted(trusting)
    trusting.sandbox.state.config.dataverse.schema.tables["contact"].change_tracking = False
    run, calls = trusting.calls_between(lambda: trusting.run("lists", lists=(list_id,)))
    assert reads(calls, *WHOLE) and "DATAVERSE_TRACKING_OFF" in how(run)


@pytest.mark.parametrize(
    "name",
    ["Active contacts in Nordic countries", pytest.param("Winter leads", marks=pytest.mark.thorough), "Trade accounts"],
)
def test_other_kinds_of_lists_earn_their_trust_as_well(trusting: Office, name: str) -> None:
    list_id = trusted(trusting, name)
    run, calls = trusting.calls_between(lambda: trusting.run("lists", lists=(list_id,)))
    assert how(run).startswith("only what changed was read") and writes(calls) == []
    assert run.run.tally.adds_up and run.run.tally.of(Outcome.UNCHANGED)
    assert not any(differences(trusting).values())


def test_a_send_reads_everybody_however_much_is_trusted(trusting: Office) -> None:
    list_id = trusted(trusting)
    trusting.run("campaigns")
    campaign = trusting.campaign_named("Newsletter March")
    trusting.target(campaign, list_id)
    sent, calls = trusting.calls_between(lambda: trusting.send(trusting.count(campaign)))
    assert sent.state == "Sent" and reads(calls, *WHOLE) >= 1


QUESTIONS = (RECORDS, MEMBERS, BOOK, OPT_OUTS)


def test_what_changes_in_a_trusted_book_is_noticed_by_its_count_and_by_what_was_modified(trusting: Office) -> None:
    list_id = trusted(trusting)
    run, calls = trusting.calls_between(lambda: trusting.run("lists", lists=(list_id,)))
    assert "book proved" in how(run) and reads(calls, "contacts/v3") <= 1
    one, two = [each for each in trusting.members(list_id) if each.outcome is Outcome.UNCHANGED][:2]
    trusting.unsubscribe(one.address)
    run = trusting.run("lists", lists=(list_id,))
    assert "book proved" in how(run)  # its count is explained
    assert one.address in {each.address for each in trusting.people(run.run.id) if each.outcome is Outcome.EXCLUDED}
    trusting.sandbox.control.post("/unsubscribe", json={"address": two.address, "book": trusting.book_of(list_id)})
    run = trusting.run("lists", lists=(list_id,))
    people = {each.address: each.reason for each in trusting.people(run.run.id)}
    assert "book proved" in how(run) and people[two.address] == "UNSUBSCRIBED_LIST"
    assert run.run.tally.adds_up and not any(differences(trusting).values())


def test_opt_outs_are_learned_and_lifted_by_what_was_changed(trusting: Office) -> None:
    list_id = trusted(trusting)
    somebody = next(each for each in trusting.members(list_id) if each.outcome is Outcome.UNCHANGED)
    trusting.change_in_dynamics("contact", somebody.person, donotemail=1)
    run = trusting.run("lists", lists=(list_id,))
    assert {each.address for each in trusting.people(run.run.id) if each.reason == "DO_NOT_EMAIL"} >= {somebody.address}
    trusting.let_pass(hours=1)
    trusting.change_in_dynamics("contact", somebody.person, donotemail=0)
    run = trusting.run("lists", lists=(list_id,))
    assert addresses(trusting.people(run.run.id), Outcome.ADDED) == {somebody.address}
    assert not any(differences(trusting).values()) and set(differences(trusting)) == set(QUESTIONS)


def test_who_left_with_a_send_is_in_the_audit_of_no_later_synchronisation(trusting: Office) -> None:
    list_id = trusted(trusting)
    trusting.run("campaigns")
    campaign = trusting.campaign_named("Newsletter March")
    trusting.target(campaign, list_id)
    somebody = next(each for each in trusting.members(list_id) if each.outcome is Outcome.UNCHANGED)
    trusting.leave(list_id, [somebody.person])
    assert trusting.send(trusting.count(campaign)).state == "Sent"
    run = trusting.run("lists", lists=(list_id,))
    assert how(run).startswith("only what changed was read") and run.run.tally.adds_up
    assert somebody.person not in {each.person for each in trusting.people(run.run.id)}


def test_what_nothing_has_told_of_is_found_by_the_daily_proof_and_ends_the_trust(trusting: Office) -> None:
    list_id = trusted(trusting)
    somebody = next(each for each in trusting.members(list_id) if each.outcome is Outcome.UNCHANGED)
    trusting.sandbox.control.post("/settings", json={"dataverse": {"delta_leaves_out": 1}}).raise_for_status()
    trusting.change_in_dynamics("contact", somebody.person, firstname="Unseen")
    run = trusting.run("lists", lists=(list_id,))
    assert how(run).startswith("only what changed was read") and Outcome.UPDATED not in outcomes_of(trusting, run)
    trusting.let_pass(hours=25)
    run = trusting.run("lists", lists=(list_id,))
    assert addresses(trusting.people(run.run.id), Outcome.UPDATED) == {somebody.address}
    assert differences(trusting)[RECORDS] == 1
    run, calls = trusting.calls_between(lambda: trusting.run("lists", lists=(list_id,)))
    said = f"wrong once, last: 1 member of 'Newsletter' had changed unseen: {somebody.person}"
    assert reads(calls, *WHOLE) and said in how(run)


def test_nobody_who_opted_out_unseen_is_mailed(trusting: Office) -> None:
    list_id = trusted(trusting)
    trusting.run("campaigns")
    campaign = trusting.campaign_named("Newsletter March")
    trusting.target(campaign, list_id)
    somebody = next(each for each in trusting.members(list_id) if each.outcome is Outcome.UNCHANGED)
    long_ago = "2020-01-01T00:00:00Z"
    trusting.change_in_dynamics("contact", somebody.person, donotbulkemail=1, modifiedon=long_ago)
    trusting.sandbox.control.post("/settings", json={"dataverse": {"delta_leaves_out": 1}}).raise_for_status()
    run = trusting.run("lists", lists=(list_id,))
    assert how(run).startswith("only what changed was read")
    assert trusting.send(trusting.count(campaign)).state == "Sent"
    assert somebody.address not in {mail["address"] for mail in trusting.mailed(campaign)}


def test_a_member_who_is_dated_back_is_met_by_the_count_and_ends_the_trust(trusting: Office) -> None:
    list_id, other = trusted(trusting), trusting.list_named("Alpine Club").id
    on_it = {each.person for each in trusting.members(list_id)}
    trusting.activated("Alpine Club")
    trusting.run("lists", lists=(other,))
    newcomer = next(
        each.person for each in trusting.members(other) if each.person not in on_it and each.outcome is Outcome.ADDED
    )
    moved = {"list": list_id, "person": newcomer, "created_on": "2020-01-01T00:00:00Z"}
    trusting.sandbox.control.post("/dataverse/join", json=moved).raise_for_status()
    run = trusting.run("lists", lists=(list_id,))
    assert "members proved 0 min ago" in how(run)
    assert {each.person for each in trusting.people(run.run.id) if each.outcome is Outcome.ADDED} == {newcomer}
    assert differences(trusting)[MEMBERS] == 1
    assert "members: what was said to have changed was wrong once" in how(trusting.run("lists", lists=(list_id,)))


def test_a_book_that_dotdigital_does_not_filter_by_date_is_read_whole(trusting: Office) -> None:
    trusting.sandbox.control.post("/settings", json={"dotdigital": {"v3_filters_together": False}}).raise_for_status()
    list_id = trusted(trusting)
    run = trusting.run("lists", lists=(list_id,))
    assert "the whole book was read: dotdigital does not say what changed" in how(run)
    assert run.run.tally.adds_up


def outcomes_of(office: Office, run: RunDetail) -> set[Outcome]:
    return {each.outcome for each in office.people(run.run.id)}
