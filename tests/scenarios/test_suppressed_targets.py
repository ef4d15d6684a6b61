"""Who is suppressed leaves the static lists that a campaign is sent to, where the email account says so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.reasons import LASTING_SUPPRESSIONS, SUPPRESSIONS
from dyntui.model.waves import Waves
from dyntui.service.accounts import EmailAccounts
from dyntui.service.contract.accounts import EditAccount
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.lists import EditList
from dyntui.service.contract.target_counts import TargetCount
from tests.scenarios.office import Office
from tests.scenarios.test_strangers import on_the_list
from tests.scenarios.test_waves import UNLIMITED
from tests.thorough import but


def says(office: Office, leave: bool) -> None:
    use_cases = EmailAccounts(office.resources, office.worker.reconnect)
    row = office.wait(use_cases.edit(office.context, EditAccount(account="Main", takes_off_suppressed=leave)))
    assert row.takes_off_suppressed is leave


def suppressed(office: Office, count: TargetCount) -> set[str]:
    """For good: who only soft bounced stays on the list."""
    reasons = {each.person: each.reason for each in office.count_people(count.id) if each.reason in SUPPRESSIONS}
    assert "SOFT_BOUNCED" in reasons.values()
    return {person for person, reason in reasons.items() if reason in LASTING_SUPPRESSIONS}


def until_sent(office: Office, queued: str) -> None:
    office.engine.drain()
    for _ in range(60):
        if office.send_row(queued).state == "Sent":
            return
        office.let_pass(minutes=5)
        office.look_at_sends()


@pytest.mark.parametrize("how", but(["at once", "handed over", "in waves"], "at once"))
def test_who_is_suppressed_leaves_the_list_after_the_send_and_is_named(
    how: str, office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    says(office, leave=True)
    _, count = counted
    newsletter = office.list_named("Newsletter")
    before, known = on_the_list(office, newsletter.id), suppressed(office, count)
    assert known
    # Suppressed since it was counted: nobody who confirms the send has seen that.
    late = office.count_people(count.id, sendable=True)[0]
    asked: dict[str, object] = {}
    if how == "handed over":
        asked = {"handed": True, "at": (office.sandbox.now() + timedelta(hours=2)).isoformat()}
    elif how == "in waves":
        asked = {"waves": Waves(shares=(50,), pause=10, limits=UNLIMITED)}
    queued = office.queue_send(count, **asked)
    office.unsubscribe(late.address)
    until_sent(office, queued.id)
    assert on_the_list(office, newsletter.id) == before - known - {late.person}
    runs = [office.detail(run.id) for run in office.audit().rows if run.kind in ("send", "hand-over")]
    items = [(run.run.id, item) for run in runs for item in run.items if item.kind == "suppressed"]
    named = {each.person: each for run_id, item in items for each in office.people(run_id, item=item.id)}
    assert named.keys() == known | {late.person} and {each.outcome for each in named.values()} == {Outcome.REMOVED}
    assert all(run.run.tally.adds_up for run in runs)
    # The next run has nothing to hold or to take out, and the list is at rest.
    after = office.run("lists", lists=(newsletter.id,))
    assert after.run.status is RunStatus.COMPLETED and office.held() == ()


def test_nobody_leaves_a_list_by_being_suppressed_unless_the_account_says_so(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    _, count = counted
    newsletter = office.list_named("Newsletter")
    before = on_the_list(office, newsletter.id)
    assert office.send(count).state == "Sent" and on_the_list(office, newsletter.id) == before


def test_a_cleared_list_is_cleared_once_and_a_locked_one_is_named(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    says(office, leave=True)
    campaign, count = counted
    newsletter = office.list_named("Newsletter")
    other = office.new_list(name="Other", member_type="contact").row
    office.join(other.id, sorted(suppressed(office, count)))
    office.activated("Other")
    office.target(campaign, other.id)
    office.edit(EditList(id=newsletter.id, clear_on_send=True))
    office.run("lists")
    count = office.count(campaign)
    office.change_in_dynamics("list", other.id, lockstatus=1)
    before = on_the_list(office, other.id)
    run = office.detail(office.send(count).run)
    kinds = {(item.kind, item.name): item.status for item in run.items}
    assert kinds["suppressed", "Other: suppressed"] is RunStatus.FAILED
    assert ("suppressed", "Newsletter: suppressed") not in kinds and on_the_list(office, newsletter.id) == set()
    assert on_the_list(office, other.id) == before and run.run.tally.adds_up
