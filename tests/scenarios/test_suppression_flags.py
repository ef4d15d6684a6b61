"""What an email account's suppressions set on records in Dynamics is a setting; whom it suppresses is never mailed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.suppression_flags import BULK_EMAIL, EMAIL, SuppressionFlags
from dyntui.sandbox.dotdigital import storage
from dyntui.service.accounts import EmailAccounts
from dyntui.service.contract.accounts import AccountRow, EditAccount
from dyntui.service.contract.lists import ListRow, MemberRow
from dyntui.store.schema import admin_change
from dyntui.sync import record_flags
from tests.scenarios.office import Office, writes
from tests.scenarios.test_opt_outs import create_in_dynamics
from tests.scenarios.test_suppressions import reason_of, resubscribed, typed
from tests.thorough import but

# Setting -> whether bulk emails, and emails, are not allowed any more.
SET = {
    SuppressionFlags.BULK: (True, False),
    SuppressionFlags.EMAIL: (False, True),
    SuppressionFlags.BOTH: (True, True),
    SuppressionFlags.NONE: (False, False),
}


def choose(office: Office, flags: SuppressionFlags) -> AccountRow:
    use_cases = EmailAccounts(office.resources, office.worker.reconnect)
    return office.wait(use_cases.edit(office.context, EditAccount(account="Main", suppression_flags=flags)))


def truth(office: Office, table: str, *ids: str) -> list[tuple[bool, bool]]:
    """What Dynamics holds: no bulk emails, no emails."""
    asked = f"SELECT {BULK_EMAIL}, {EMAIL} FROM dv_{table} WHERE {table}id = ?"
    rows = [office.sandbox.state.db.execute(asked, (each,)).fetchone() for each in ids]
    return [(bool(bulk), bool(email)) for bulk, email in rows]


def in_the_book(office: Office, newsletter: ListRow) -> list[MemberRow]:
    found = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    ids = [each.person for each in found]
    untouched = [person for person, flags in zip(ids, truth(office, "contact", *ids), strict=True) if not any(flags)]
    return [each for each in found if each.person in untouched]


def persons(rows: Sequence[MemberRow]) -> list[str]:
    return [each.person for each in rows]


@pytest.mark.parametrize("flags", but(SuppressionFlags, SuppressionFlags.EMAIL, SuppressionFlags.BOTH))
def test_whatever_is_set_in_dynamics_nobody_who_is_suppressed_is_mailed(
    office: Office, newsletter: ListRow, flags: SuppressionFlags
) -> None:
    assert choose(office, flags).suppression_flags == flags.value
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    gone, by_hand, moves, stays = in_the_book(office, newsletter)[:4]
    # On no list, with the address of somebody who unsubscribes.
    outside = create_in_dynamics(office, "contacts", lastname="Outside", emailaddress1=moves.address)
    lead = create_in_dynamics(office, "leads", lastname="L", emailaddress1=f"<{gone.address.upper()}>")
    for each in (gone, moves):
        office.unsubscribe(each.address)
    typed(office, by_hand.address)
    office.run("suppressions")
    assert truth(office, "contact", gone.person, by_hand.person, outside) == [SET[flags]] * 3
    assert truth(office, "lead", lead) == [SET[flags]]
    rows = office.sandbox.state.db.execute("SELECT dyntui_address FROM dv_dyntui_suppression").fetchall()
    assert {gone.address, by_hand.address, moves.address} <= {address for (address,) in rows}
    _, calls = office.calls_between(lambda: office.run("suppressions"))
    assert writes(calls) == []
    # A person is not an address: neither takes another one to be mailed at.
    office.change_in_dynamics("contact", outside, emailaddress1="outside@elsewhere.example")
    office.change_in_dynamics("contact", moves.person, emailaddress1="moved@elsewhere.example")
    office.join(newsletter.id, [outside])
    run = office.run("lists")
    became = {each.person: each.reason for each in office.people(run.run.id)}
    assert all(became[each] for each in (gone.person, by_hand.person, moves.person, outside)), became[outside]
    assert not became[stays.person]
    count = office.count(campaign)
    assert office.send(count).state == "Sent"
    mailed = {each["address"] for each in office.mailed(campaign)}
    assert stays.address in mailed
    out = {gone.address, by_hand.address, moves.address, "outside@elsewhere.example", "moved@elsewhere.example"}
    assert not mailed & out


def test_what_a_person_said_stays_known_though_their_address_bounces_before_or_afterwards(
    office: Office, newsletter: ListRow
) -> None:
    choose(office, SuppressionFlags.NONE)
    said_first, bounced_first, bounced = in_the_book(office, newsletter)[:3]
    office.unsubscribe(said_first.address)
    for each in (bounced_first, bounced):
        office.unsubscribe(each.address, reason="HardBounced")
    office.run("suppressions")
    # The sandbox lets a contact keep what it was suppressed for first; whether the platform does is not known.
    with office.sandbox.state.transaction():
        bounces = "UPDATE dd_contact SET status = 'HardBounced', suppressed_on = ? WHERE email = ?"
        office.sandbox.state.db.execute(bounces, (storage.now(office.sandbox.state), said_first.address))
    office.until_told()
    typed(office, bounced_first.address)
    run = office.run("lists")
    assert [reason_of(office, run, each) for each in (said_first, bounced_first, bounced)] == ["HARD_BOUNCED"] * 3
    for each in (said_first, bounced_first, bounced):
        office.change_in_dynamics("contact", each.person, emailaddress1=f"new.{each.address}")
    run = office.run("lists")
    became = [reason_of(office, run, each) for each in (said_first, bounced_first, bounced)]
    assert became[:2] == ["SUPPRESSED"] * 2 and became[2] in ("added", "updated")
    office.until_told()
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []


@pytest.mark.parametrize("flags", but(SuppressionFlags, SuppressionFlags.EMAIL, SuppressionFlags.BOTH))
def test_only_what_dyntui_has_set_is_taken_back_when_a_suppression_ends(
    office: Office, newsletter: ListRow, flags: SuppressionFlags
) -> None:
    choose(office, flags)
    again, own = in_the_book(office, newsletter)[:2]
    office.change_in_dynamics("contact", own.person, donotemail=1)
    for each in (again, own):
        office.unsubscribe(each.address)
    run = office.run("suppressions")
    bulk, email = SET[flags]
    assert truth(office, "contact", again.person, own.person) == [(bulk, email), (bulk, True)]
    written = {each.person: each for each in office.written(run.run.id) if each.effect == "flag"}
    after = {column: True for column, is_set in ((BULK_EMAIL, bulk), (EMAIL, email)) if is_set}
    if after:
        assert (written[again.person].after, written[again.person].consent) == (after, True)
        assert written[again.person].before == dict.fromkeys(after, False)
    assert (written[own.person].after if bulk else None) == ({BULK_EMAIL: True} if bulk else None)
    assert again.person in written or not after

    # Undone, and what people said stays.
    undone = office.undo(run.run.id)
    assert truth(office, "contact", again.person) == [(bulk, email)]
    assert not [each for each in office.written(undone.run.id) if each.effect in ("flag", "unflag")]

    for each in (again, own):
        resubscribed(office, each.address)
    office.let_pass(days=1, minutes=1)
    lifted = office.run("suppressions")
    assert truth(office, "contact", again.person, own.person) == [(False, False), (False, True)]
    back = {each.person: each.after for each in office.written(lifted.run.id) if each.effect == "unflag"}
    assert back.get(again.person, {}) == dict.fromkeys(after, False)
    run = office.run("lists")
    assert reason_of(office, run, again) in ("added", "updated")
    assert reason_of(office, run, own) == "DO_NOT_EMAIL"


def test_more_flags_are_set_on_who_is_suppressed_already_and_fewer_leave_what_is_set(
    office: Office, newsletter: ListRow
) -> None:
    choose(office, SuppressionFlags.NONE)
    gone, later = in_the_book(office, newsletter)[:2]
    office.unsubscribe(gone.address)
    office.run("suppressions")
    assert truth(office, "contact", gone.person) == [(False, False)]
    choose(office, SuppressionFlags.BOTH)
    plan = office.plan(newsletter.id)
    (planned,) = [each for each in office.planned(plan) if each.effect == "flag" and each.person == gone.person]
    assert planned.after == {BULK_EMAIL: True, EMAIL: True}
    office.run("suppressions")
    assert truth(office, "contact", gone.person) == [(True, True)]
    choose(office, SuppressionFlags.EMAIL)
    office.unsubscribe(later.address)
    office.run("suppressions")
    assert truth(office, "contact", gone.person, later.person) == [(True, True), (False, True)]
    _, calls = office.calls_between(lambda: office.run("suppressions"))
    assert writes(calls) == []
    resubscribed(office, gone.address)
    office.let_pass(days=1, minutes=1)
    office.run("suppressions")
    assert truth(office, "contact", gone.person) == [(False, False)]
    with office.db.read() as c:
        told = [(row.before, row.after) for row in c.execute(admin_change.select())]
    assert any("suppression_flags none" in before and "suppression_flags both" in after for before, after in told)


def test_what_is_to_be_set_as_well_is_set_though_that_was_chosen_while_dynamics_was_told(
    office: Office, newsletter: ListRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(office, SuppressionFlags.NONE)
    (gone,) = in_the_book(office, newsletter)[:1]
    office.run("suppressions")
    office.let_pass(hours=1)
    office.unsubscribe(gone.address)
    use_cases, sets = EmailAccounts(office.resources, office.worker.reconnect), record_flags.set_for

    async def then_chosen(*asked: Any) -> record_flags.Refused:
        refused = await sets(*asked)
        monkeypatch.setattr(record_flags, "set_for", sets)
        await use_cases.edit(office.context, EditAccount(account="Main", suppression_flags=SuppressionFlags.BOTH))
        return refused

    monkeypatch.setattr(record_flags, "set_for", then_chosen)
    office.run("suppressions")
    office.run("suppressions")
    assert truth(office, "contact", gone.person) == [(True, True)]
    _, calls = office.calls_between(lambda: office.run("suppressions"))
    assert writes(calls) == []


def test_what_was_set_although_the_answer_was_lost_is_taken_back_and_what_somebody_else_may_have_set_is_not(
    office: Office, newsletter: ListRow
) -> None:
    ours, somebody_elses = in_the_book(office, newsletter)[:2]
    for each in (ours, somebody_elses):
        office.unsubscribe(each.address)
    office.sandbox.order({"system": "dataverse", "route": "UpdateMultiple", "kind": "drop_after", "times": 1000})
    assert office.run("suppressions").run.status is RunStatus.FAILED
    office.sandbox.reset()
    assert truth(office, "contact", ours.person, somebody_elses.person) == [(True, False)] * 2
    (person,) = office.sandbox.state.db.execute(
        "SELECT systemuserid FROM dv_systemuser WHERE systemuserid <> ? LIMIT 1", (office.service_user(),)
    ).fetchone()
    office.change_in_dynamics("contact", somebody_elses.person, modifiedby=person)
    office.run("suppressions")
    for each in (ours, somebody_elses):
        resubscribed(office, each.address)
    office.let_pass(days=1, minutes=1)
    office.run("suppressions")
    assert truth(office, "contact", ours.person, somebody_elses.person) == [(False, False), (True, False)]


def test_what_is_set_stays_for_another_address_of_the_record_that_is_suppressed_still(
    office: Office, newsletter: ListRow
) -> None:
    again, stays = in_the_book(office, newsletter)[:2]
    both = create_in_dynamics(office, "contacts", lastname="B", emailaddress1=f"{again.address}; {stays.address}")
    for each in (again, stays):
        office.unsubscribe(each.address)
    office.run("suppressions")
    assert truth(office, "contact", again.person, both) == [(True, False)] * 2
    resubscribed(office, again.address)
    office.let_pass(days=1, minutes=1)
    office.run("suppressions")
    assert truth(office, "contact", again.person, both) == [(False, False), (True, False)]
    resubscribed(office, stays.address)
    office.let_pass(days=1, minutes=1)
    office.run("suppressions")
    assert truth(office, "contact", stays.person, both) == [(False, False)] * 2


def test_records_that_changed_are_looked_at_until_a_while_after_and_those_that_change_later_are_found(
    office: Office, newsletter: ListRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    suppressed = record_flags._suppressed

    async def noted(ctx: Any, page: Any, *more: Any) -> Any:
        looked_at.extend(row.id for row in page)
        return await suppressed(ctx, page, *more)

    monkeypatch.setattr(record_flags, "_suppressed", noted)
    early, late = in_the_book(office, newsletter)[:2]
    office.change_in_dynamics("contact", early.person, jobtitle="Guide")
    for _ in range(2):
        office.let_pass(minutes=30)
        looked_at.clear()
        office.run("suppressions")
    assert looked_at == [], "nothing has changed for an hour"
    office.let_pass(minutes=30)
    office.change_in_dynamics("contact", late.person, jobtitle="Guide")
    office.run("suppressions")
    assert looked_at == [late.person]
