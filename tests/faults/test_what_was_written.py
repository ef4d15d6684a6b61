"""What a run writes in Dynamics is kept as written by it, however often it is killed on the way: an undo has to
know, and whoever takes a flag back."""

from __future__ import annotations

from pathlib import Path

import pytest

from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.preferences import Choice
from dyntui.service.accounts import EmailAccounts
from dyntui.service.contract.accounts import EditAccount
from dyntui.service.contract.suppressions import AddSuppression
from dyntui.service.identity import Identities
from dyntui.service.suppressions import Suppressions
from tests.faults.every_step import EveryStep
from tests.faults.job import office_from
from tests.scenarios.test_forms import answered, rows
from tests.scenarios.test_preferences import OFFERS, choose, chosen, in_dotdigital, in_dynamics


def test_who_answers_a_form_is_made_a_record_by_the_run_that_was_killed_while_it_did(
    connected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killing = EveryStep(monkeypatch)
    with office_from(connected, tmp_path) as office:
        office.sandbox.state.db.execute("DELETE FROM dd_survey_response")
        asked = EditAccount(account="Main", new_respondents="lead")  # type: ignore[arg-type]
        office.wait(EmailAccounts(office.resources, lambda: None).edit(office.context, asked))
        for address in ("one@person.example", "two@person.example"):
            answered(office, address, "Lovelace")
        with killing.of(office):
            run = office.run("forms")
        assert killing.kills["forms"] > 10 and run.run.tally.adds_up
        made = {
            row["leadid"]
            for row in rows(office, "lead", "leadid", "emailaddress1")
            if "@person." in row["emailaddress1"]
        }
        assert len(made) == 2
        assert {each.person for each in office.written(run.run.id, effect="create")} == made


def test_flags_are_known_as_dyntuis_own_by_a_machine_whose_clock_is_behind(
    connected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killing = EveryStep(monkeypatch)
    with office_from(connected, tmp_path) as office:
        newsletter = office.activated("Newsletter")
        office.run("lists")
        people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:3]
        for each in people:
            office.unsubscribe(each.address)
        # The clock of this office stands still.
        office.let_pass(hours=3)
        with killing.of(office):
            run = office.run("suppressions")
        assert killing.kills["suppressions"] > 5
        assert {each.person for each in office.written(run.run.id, effect="flag")} == {each.person for each in people}


def test_choices_are_told_to_either_side_by_the_run_that_was_killed_while_it_did(
    connected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killing = EveryStep(monkeypatch)
    with office_from(connected, tmp_path) as office:
        newsletter = office.activated("Newsletter")
        office.run("lists")
        here, there, *_ = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
        chosen(office, there.address, OFFERS, True)
        office.run("preferences")
        choose(office, here.person, OFFERS, Choice.YES)
        office.let_pass(minutes=30)
        chosen(office, there.address, OFFERS, False)
        with killing.of(office):
            run = office.run("preferences")
        assert killing.kills["preferences"] > 10
        became = {each.person: each for each in office.people(run.run.id)}
        assert {became[each.person].outcome for each in (here, there)} == {Outcome.UPDATED}, became
        assert run.run.status is RunStatus.COMPLETED
        assert {each.person for each in office.written(run.run.id)} == {here.person, there.person}
        assert in_dynamics(office, there.person)[OFFERS] is Choice.NO and in_dotdigital(office, here.address)[OFFERS]


def test_who_is_suppressed_for_a_row_in_dynamics_is_by_the_run_that_was_killed_while_it_did(
    connected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killing = EveryStep(monkeypatch)
    with office_from(connected, tmp_path) as office:
        newsletter = office.activated("Newsletter")
        office.run("lists")
        office.run("suppressions")
        person = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
        use_cases = Suppressions(office.resources, Identities(office.resources), office._runs)
        for address in (person.address, "nobody@person.example"):
            office.wait(use_cases.add(office.context, AddSuppression(address=address, reason="by phone")))
        with killing.of(office):
            office.engine.drain()
        assert killing.kills["suppressions"] > 5
        runs = [each.id for each in office.audit().rows if each.kind == "suppressions"]
        told = [each.address for run in runs for each in office.written(run) if each.target == "account"]
        assert told == [person.address]
