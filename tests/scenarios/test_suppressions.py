"""Suppressions between both systems: one that cannot be carried over delays no other."""

from __future__ import annotations

from dyntui.model.outcomes import Outcome, RunStatus
from tests.scenarios.office import Office
from tests.scenarios.test_list_synchronisation import adds_up


def opted_out(office: Office, list_id: str) -> set[str]:
    """Members of whom Dynamics says that they take no bulk e-mail, by the next reading of the list."""
    run = office.run("lists")
    assert adds_up(run)
    out = {"DO_NOT_BULK_EMAIL", "DO_NOT_EMAIL"}
    return {each.person for each in office.people(run.run.id) if each.reason in out or out & set(each.also)}


def test_a_suppression_that_dynamics_refuses_delays_no_other(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    office.run("lists")
    added = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    odd, plain = sorted(added, key=lambda each: each.address)[:2]
    # No column is long enough for what dotdigital says of the first one.
    office.unsubscribe(odd.address, reason="Suppressed" * 20)
    office.unsubscribe(plain.address)
    run = office.run("suppressions")
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS and adds_up(run)
    rejected = [each for each in office.people(run.run.id) if each.outcome is Outcome.REJECTED]
    assert [(each.address, bool(each.detail)) for each in rejected] == [(odd.address, True)]
    assert {odd.person, plain.person} <= opted_out(office, newsletter.id)
    (named,) = [each for each in office.members(newsletter.id) if each.person == odd.person]
    assert named.outcome is Outcome.EXCLUDED


def test_what_somebody_typed_as_a_suppression_and_is_no_address_stops_nothing(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    office.run("lists")
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    for typed in ("n/a", "call him instead", somebody.address.upper()):
        office.sandbox.control.post(
            "/dataverse/rows", json={"table": "dyntui_suppression", "values": {"dyntui_address": typed}}
        ).raise_for_status()
    run = office.run("suppressions")
    assert run.run.status is RunStatus.COMPLETED
    lists = office.run("lists")
    (person,) = [each for each in office.people(lists.run.id) if each.person == somebody.person]
    assert (person.outcome, person.reason) == (Outcome.EXCLUDED, "SUPPRESSED")
