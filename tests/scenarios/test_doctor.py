"""Every finding of the doctor, provoked, and mended by the remedy that it names where that is a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import delete, update

from dyntui.model.budgets import Meter
from dyntui.model.health import KINDS, Finding, Severity
from dyntui.model.roles import Role
from dyntui.service import health
from dyntui.service.contract.session import Nothing
from dyntui.service.health import Doctor
from dyntui.service.identity import Identities
from dyntui.service.mappings import Mappings
from dyntui.store import odd_rows
from dyntui.store.schema import crm_column, email_account, list_member, marketing_list, organisation, watermark
from dyntui.store.upserts import upsert
from tests.scenarios.office import Office


def doctor(office: Office, *, keyring: str = "memory", run_here: bool = True) -> Doctor:
    mappings = Mappings(office.resources, Identities(office.resources))
    return Doctor(office.resources, mappings, keyring=keyring, run_here=run_here)


def found(office: Office, **how: object) -> dict[str, Finding]:
    """What is wrong, by code."""
    answer = office.wait(doctor(office, **how).check(office.context, Nothing()))  # type: ignore[arg-type]
    assert list(answer.findings) == sorted(answer.findings, key=lambda each: each.severity is not Severity.FAILED)
    assert all(each.remedy and each.meaning and each.text for each in answer.findings)
    return {each.code: each for each in answer.findings}


@pytest.fixture
def healthy(office: Office) -> Office:
    """Everything was synchronised a moment ago."""
    office.give_roles("manager", Role.MANAGER)
    office.activated("Newsletter")
    for each in ("suppressions", "metadata", "labels", "lists"):
        office.run(each)
    with office.db.write() as c:
        c.execute(update(list_member).where(list_member.c.outcome == "rejected").values(outcome="excluded"))
        c.execute(update(marketing_list).values(sync_problem=False))
    assert found(office) == {}
    return office


def change(office: Office, statement: object) -> None:
    with office.db.write() as c:
        c.execute(statement)  # type: ignore[call-overload]


def test_what_the_store_knows_to_be_wrong_is_found(healthy: Office) -> None:
    office = healthy
    lists, members = marketing_list, list_member
    of_newsletter = lists.c.activated.is_(True)
    for statement, code in (
        (update(lists).where(of_newsletter).values(last_synced="2026-01-01T00:00:00Z"), "LIST_OLD"),
        (update(lists).where(of_newsletter).values(sync_problem=True, sync_status="Failed: oh"), "LIST_TROUBLE"),
        (update(members).where(members.c.seq == 0).values(outcome="rejected", reason="REJECTED"), "ROWS_REFUSED"),
        (update(members).where(members.c.seq == 1).values(outcome="held", reason="REMOVAL_HELD"), "REMOVALS_HELD"),
        (delete(watermark).where(watermark.c.feed == "suppressed-since"), "SUPPRESSIONS_OLD"),
        (update(crm_column).values(read_on="2026-01-01T00:00:00Z"), "COLUMNS_OLD"),
        (update(email_account).values(double_opt_in=""), "DOUBLE_OPT_IN_UNKNOWN"),
        (update(email_account).values(endpoint="https://127.0.0.1:1/"), ""),
    ):
        change(office, statement)
        if code:
            assert code in found(office), code
    assert "LIST_OLD" not in found(office)  # the one with a problem says so
    for each in ("suppressions", "metadata"):
        assert KINDS[{"suppressions": "SUPPRESSIONS_OLD", "metadata": "COLUMNS_OLD"}[each]].mended_by == each


def test_what_a_run_mends_is_gone_after_it(healthy: Office) -> None:
    office = healthy
    change(office, delete(watermark).where(watermark.c.feed == "suppressed-since"))
    change(office, update(crm_column).values(read_on="2026-01-01T00:00:00Z"))
    change(office, update(marketing_list).values(last_synced="2026-01-01T00:00:00Z"))
    wrong = found(office)
    assert wrong.keys() == {"SUPPRESSIONS_OLD", "COLUMNS_OLD", "LIST_OLD"}
    for each in wrong.values():
        office.run(each.mended_by)
    assert found(office).keys() <= {"ROWS_REFUSED", "LIST_TROUBLE"}


def test_what_is_wrong_in_dynamics_is_found(healthy: Office) -> None:
    office = healthy
    office.give_roles("manager")
    assert "NO_MANAGER" in found(office)
    office.give_roles("application", "System Customizer")
    wrong = found(office)
    assert wrong.keys() & {"RIGHTS_MISSING", "INSTALLATION_INCOMPLETE", "DATAVERSE_NOT_PERMITTED"}
    office.give_roles("application", Role.SERVICE)


def test_a_system_that_hangs_or_refuses_is_named_and_holds_up_no_other(
    healthy: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = healthy

    async def hangs(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(health, "PART_SECONDS", 0.01)
    monkeypatch.setattr(Doctor, "_store", hangs)
    answer = office.wait(doctor(office).check(office.context, Nothing()))
    silent = {each.part for each in answer.findings if each.code == "NO_ANSWER"}
    assert "the store" in silent and "what is installed" not in silent
    assert "what is installed" in answer.looked_at


@pytest.mark.parametrize(
    ("provoked", "code"),
    [
        (lambda office: change(office, delete(organisation)), "NOT_CONNECTED"),
    ],
)
def test_nothing_connected_is_said_so(office: Office, provoked: Callable[[Office], None], code: str) -> None:
    provoked(office)
    change(office, delete(email_account))
    assert found(office).keys() == {code}


def test_what_is_wrong_with_this_machine_is_found(healthy: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office = healthy
    assert "KEYRING_MISSING" in found(office, keyring="")
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1_000_000}))

    async def meters() -> list[Meter]:
        return [Meter(account="Main", account_id="a", limit="calls in an hour", used=1900, most=2000)]

    monkeypatch.setattr(office.resources.connections.budgets, "meters", meters)
    monkeypatch.setattr(health.health, "damage", lambda c: "page 7 is lost")
    assert {"DISK_LOW", "BUDGET_LOW", "STORE_DAMAGED"} <= found(office).keys()


def test_a_book_that_is_gone_and_rows_that_name_nobody_are_found(healthy: Office) -> None:
    office = healthy
    change(office, update(marketing_list).where(marketing_list.c.activated.is_(True)).values(book_id=999_999))
    with office.db.write() as c:
        upsert(
            c,
            odd_rows.odd_row,
            ("source", "account_id", "key", "shown", "learned_on"),
            ("source", "account_id", "key"),
            [("suppression rows", "", "k", "?", "2026-11-22T12:00:00Z")],
        )
    assert {"BOOK_MISSING", "ROWS_ODD"} <= found(office).keys()
