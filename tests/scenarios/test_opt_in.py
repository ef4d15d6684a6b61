"""Opt-in types: from dotdigital to contacts and leads in Dynamics, never lowered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from dyntui.dataverse.bulk import RowResult
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.model.opt_in import CODE_OF, CODES, OptIn
from dyntui.model.outcomes import Outcome
from dyntui.model.people import Entity
from dyntui.sandbox.dotdigital import storage as dd_storage
from dyntui.service.contract.lists import ListRow
from dyntui.sync import record_values
from tests.scenarios.office import Office, writes


def in_dynamics(office: Office, table: str = "contact") -> dict[str, list[OptIn]]:
    query = f"SELECT lower(emailaddress1), dyntui_optintype FROM dv_{table} WHERE emailaddress1 IS NOT NULL"
    found: dict[str, list[OptIn]] = {}
    for address, code in office.sandbox.state.db.execute(query):
        found.setdefault(address.strip(), []).append(CODES.get(code or 0, OptIn.UNKNOWN))
    return found


def opt_in_of(office: Office, address: str, text: str) -> None:
    """Somebody opts in, in dotdigital."""
    office.put_into_book(office.list_named("Newsletter").id, address)
    office.sandbox.state.db.execute("UPDATE dd_contact SET opt_in = ? WHERE email = ?", (text, address))


def test_stronger_types_are_written_to_every_record_with_the_address_and_never_lowered(
    office: Office, newsletter: ListRow
) -> None:
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:4]
    for each, text in zip(people, ("Single", "Double", "VerifiedDouble", "Single"), strict=True):
        opt_in_of(office, each.address, text)
    office.change_in_dynamics("contact", people[3].person, dyntui_optintype=CODE_OF[OptIn.DOUBLE])
    asked: list[bytes] = []

    def listening(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path.endswith("/retrieve-collection"):
            asked.append(request.content)
        return answer

    office.sandbox.doctor(listening)
    run, calls = office.calls_between(lambda: office.run("opt-in"))
    office.sandbox.doctor(lambda request, answer: answer)
    assert run.run.tally.adds_up and run.run.status.value == "Completed"
    # What the run has written itself is nobody else's change.
    assert not any(each.address.encode() in body for body in asked for each in people)
    now = in_dynamics(office)
    assert [now[each.address] for each in people] == [
        [OptIn.SINGLE],
        [OptIn.DOUBLE],
        [OptIn.VERIFIED_DOUBLE],
        [OptIn.DOUBLE],
    ]
    assert len(writes(calls)) == 1 and "$batch" in writes(calls)[0]
    said = {each.person: each for each in office.people(run.run.id)}
    assert said[people[0].person].detail == "Unknown, now Single"
    assert said[people[3].person].outcome is Outcome.UNCHANGED
    office.let_pass(hours=2)
    again, calls = office.calls_between(lambda: office.run("opt-in"))
    assert writes(calls) == [] and again.run.tally.adds_up
    # A record that takes such an address later has agreed as well, though nothing has changed in dotdigital.
    (lead,) = office.sandbox.state.db.execute("SELECT leadid FROM dv_lead WHERE statecode = 0 LIMIT 1").fetchone()
    office.change_in_dynamics("lead", lead, emailaddress1=f" {people[2].address.upper()}")
    late = office.run("opt-in")
    assert in_dynamics(office, "lead")[people[2].address] == [OptIn.VERIFIED_DOUBLE]
    assert late.run.tally.adds_up and [each.person for each in office.people(late.run.id)] == [lead]
    office.let_pass(hours=2)
    assert writes(office.calls_between(lambda: office.run("opt-in"))[1]) == []


def test_a_type_that_nobody_knows_is_named_and_written_nowhere(office: Office, newsletter: ListRow) -> None:
    somebody, other = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    opt_in_of(office, somebody.address, "Telepathic")
    # Nor is one of Dynamics' own written over: it may be stronger than any that is known.
    opt_in_of(office, other.address, "Single")
    office.change_in_dynamics("contact", other.person, dyntui_optintype=727_000_077)
    run = office.run("opt-in")
    odd = {each.address: each for each in office.people(run.run.id, outcome="rejected")}
    assert odd.keys() == {somebody.address, other.address} and run.run.tally.adds_up
    assert odd[somebody.address].reason == "UNKNOWN" and "Telepathic" in odd[somebody.address].detail
    assert odd[other.address].reason == "ODD_ROW" and "727000077" in odd[other.address].detail
    assert in_dynamics(office)[somebody.address] == [OptIn.UNKNOWN]
    codes = "SELECT dyntui_optintype FROM dv_contact WHERE contactid = ?"
    assert office.sandbox.state.db.execute(codes, (other.person,)).fetchone() == (727_000_077,)


def test_a_record_whose_address_is_none_keeps_no_other_from_its_opt_in_type(
    office: Office, newsletter: ListRow
) -> None:
    blank, words, other = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:3]
    opt_in_of(office, "taken.later@example.org", "Double")
    office.run("opt-in")
    for each, address in ((blank, " "), (words, "none at all"), (other, "taken.later@example.org")):
        office.change_in_dynamics("contact", each.person, emailaddress1=address)
    run = office.run("opt-in").run
    assert run.status.value == "Completed" and run.tally.adds_up
    assert in_dynamics(office)["taken.later@example.org"] == [OptIn.DOUBLE]


def test_who_has_not_confirmed_yet_has_not_agreed(office: Office, newsletter: ListRow) -> None:
    ada, ben = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    opt_in_of(office, ada.address, "Double")
    opt_in_of(office, "taken.later@example.org", "Double")
    db = office.sandbox.state.db
    pending = "UPDATE dd_contact SET status = 'PendingOptIn' WHERE email IN (?, 'taken.later@example.org')"
    db.execute(pending, (ada.address,))
    run = office.run("opt-in").run
    office.change_in_dynamics("contact", ben.person, emailaddress1="taken.later@example.org")
    late = office.run("opt-in").run
    now = in_dynamics(office)
    assert now[ada.address] == [OptIn.UNKNOWN] and OptIn.DOUBLE not in now["taken.later@example.org"]
    said = {each.address: each.reason for each in office.people(run.id)}
    assert said[ada.address] == "PENDING_OPT_IN" and run.tally.adds_up and late.tally.adds_up
    # They do.
    confirmed = "UPDATE dd_contact SET status = 'Subscribed', opt_in = 'VerifiedDouble', updated = ? WHERE email = ?"
    db.execute(confirmed, (dd_storage.now(office.sandbox.state), ada.address))
    office.run("opt-in")
    assert in_dynamics(office)[ada.address] == [OptIn.VERIFIED_DOUBLE]


def test_a_type_of_which_dotdigital_told_no_modification_comes_to_dynamics_within_a_week(
    office: Office, newsletter: ListRow
) -> None:
    ada = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    opt_in_of(office, ada.address, "Single")
    for _ in range(2):
        office.run("opt-in")
        office.let_pass(hours=3)
    office.sandbox.state.db.execute("UPDATE dd_contact SET opt_in = 'Double' WHERE email = ?", (ada.address,))
    office.run("opt-in")
    office.let_pass(days=7)
    late = office.run("opt-in")
    assert in_dynamics(office)[ada.address] == [OptIn.DOUBLE]
    # Of everybody else, read once more, there is nothing to be said.
    assert [each.address for each in office.people(late.run.id)] == [ada.address]


def test_a_record_that_dynamics_refuses_has_no_run_read_all_contacts_and_is_told_once_it_can_be(
    office: Office, newsletter: ListRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    opt_in_of(office, ada.address, "Single")
    asked: list[str] = []

    def listening(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path == "/contacts/v3":
            asked.append("news" if "~modified" in request.url.params else "everybody")
        return answer

    write = record_values.write

    async def refusing(dv: Dataverse, entity: Entity, changes: Sequence[Any], **more: Any) -> list[RowResult]:
        error = DataverseError("DATAVERSE_REFUSED", "A plug-in says no.", not_done="Not written.", remedy="Look.")
        done = iter(await write(dv, entity, [each for each in changes if each[0] != ada.person], **more))
        return [RowResult(error=error) if each[0] == ada.person else next(done) for each in changes]

    office.sandbox.doctor(listening)
    with monkeypatch.context() as patched:
        patched.setattr(record_values, "write", refusing)
        for _ in range(3):
            run = office.run("opt-in")
            refused = office.people(run.run.id, outcome="rejected")
            assert [(each.person, each.detail) for each in refused] == [(ada.person, "Dynamics: A plug-in says no.")]
            office.let_pass(hours=3)
    assert asked[0] == "everybody" and set(asked[1:]) == {"news"}
    office.run("opt-in")
    assert in_dynamics(office)[ada.address] == [OptIn.SINGLE]
    quiet, calls = office.calls_between(lambda: office.run("opt-in"))
    assert writes(calls) == [] and quiet.run.tally.adds_up
