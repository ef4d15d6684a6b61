"""Refused rows are listed by cause until they are mended, offered again, or not to be heard of for a while."""

from __future__ import annotations

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome
from tests.scenarios.office import Office, writes


def test_a_refused_row_is_offered_again_when_somebody_wants_it_and_is_gone_once_it_is_mended(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    somebody = next(each for each in office.members(newsletter.id) if each.entity == "contact" and each.address)
    office.change_in_dynamics("contact", somebody.person, emailaddress1="someone@spamtrap.test", statecode=0)
    run = office.run("lists")
    rejected = {each.person for each in office.people(run.run.id) if each.outcome is Outcome.REJECTED}
    rows = {each.person: each for each in office.refused()}
    assert set(rows) == rejected and somebody.person in rows
    row = rows[somebody.person]
    assert (row.list, row.list_name, row.address) == (newsletter.id, "Newsletter", "someone@spamtrap.test")
    assert row.reason and row.detail and row.retry_on
    assert [each.person for each in office.refused(search="spamtrap")] == [somebody.person]
    assert {each.reason for each in office.refused(reason=row.reason)} == {row.reason}
    assert office.refused(list="00000000-0000-0000-0000-000000000000") == ()
    again, calls = office.calls_between(lambda: office.retry_refused(newsletter.id))
    assert writes(calls) and again.run.tally.of(Outcome.REJECTED) == len(rejected)
    office.change_in_dynamics("contact", somebody.person, emailaddress1="mended@example.org")
    office.retry_refused()
    assert somebody.person not in {each.person for each in office.refused()}


def test_an_ignored_row_is_heard_of_after_its_time_or_when_the_record_changes(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    people = [each for each in office.members(newsletter.id) if each.entity == "contact" and each.address][:2]
    for number, each in enumerate(people):
        address = f"someone{number or ''}@spamtrap.test"
        office.change_in_dynamics("contact", each.person, emailaddress1=address, statecode=0, statuscode=1)
    office.run("lists")
    refused = {each.person for each in office.refused()}
    rests, changes = (each.person for each in people)
    assert {rests, changes} <= refused
    done = office.ignore_refused(newsletter.id, rests, changes, days=10)
    assert done.people == 2
    assert {each.person for each in office.refused()} == refused - {rests, changes}
    ignored = {each.person: each for each in office.refused(ignored=True)}
    assert set(ignored) == {rests, changes} and ignored[rests].ignored_until == done.until
    assert ignored[rests].why == "known"
    office.change_in_dynamics("contact", changes, firstname="Another")
    office.run("lists")
    assert {each.person for each in office.refused()} == refused - {rests}
    office.let_pass(days=11)
    office.run("lists")
    assert {each.person for each in office.refused()} == refused
    with pytest.raises(DyntuiError) as nobody:
        office.ignore_refused(newsletter.id, "nobody")
    assert nobody.value.code == "NOTHING_REFUSED"
