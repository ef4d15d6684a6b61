"""Every finding of the doctor, provoked, and mended by the remedy that it names where that is a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from sqlalchemy import delete, insert, select, update

from dyntui.dataverse import security
from dyntui.dotdigital import account as dd_account
from dyntui.dotdigital import address_books
from dyntui.model import solution, solution_privileges
from dyntui.model.budgets import Meter
from dyntui.model.first_connection import Holds, Seen
from dyntui.model.health import KINDS, Finding, Severity, wrong
from dyntui.model.moments import text_of
from dyntui.model.roles import Role
from dyntui.service import health
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.setup import Canary
from dyntui.service.first_connection import FirstConnection
from dyntui.service.health import Doctor
from dyntui.service.identity import Identities
from dyntui.service.mappings import Mappings
from dyntui.service.setup import Setup
from dyntui.store import accounts, connection_facts, schedules
from dyntui.store.schema import (
    crm_column,
    email_account,
    list_member,
    marketing_list,
    odd_row,
    organisation,
    watermark,
)
from dyntui.sync.connections import DATAVERSE_SECRET, account_secret
from dyntui.sync.double_opt_in import remember
from tests import certificates
from tests.scenarios.office import Office


def doctor(office: Office, *, keyring: str = "memory", run_here: bool = True) -> Doctor:
    mappings = Mappings(office.resources, Identities(office.resources))
    return Doctor(office.resources, mappings, keyring=keyring, run_here=run_here)


def found(office: Office, **how: object) -> dict[str, Finding]:
    """What is wrong, by code."""
    return {each.code: each for each in wrong(told(office, **how))}


def told(office: Office, **how: object) -> tuple[Finding, ...]:
    """What is wrong, and what is to be done next."""
    answer = office.wait(doctor(office, **how).check(office.context, Nothing()))  # type: ignore[arg-type]
    assert list(answer.findings) == sorted(answer.findings, key=lambda each: list(Severity).index(each.severity))
    assert all(each.remedy and each.meaning and each.text for each in answer.findings)
    return answer.findings


def steps(office: Office) -> list[str]:
    return [each.code for each in told(office) if each.severity is Severity.NEXT]


@pytest.fixture
def healthy(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Everything was synchronised a moment ago. The patience of a part is real time: on a busy machine it is longer."""
    monkeypatch.setattr(health, "PART_SECONDS", 60.0)
    office.give_roles("manager", Role.MANAGER)
    office.activated("Newsletter")
    for each in ("suppressions", "metadata", "labels", "lists"):
        office.run(each)
    with office.db.write() as c:
        c.execute(update(list_member).where(list_member.c.outcome == "rejected").values(outcome="excluded"))
        c.execute(update(marketing_list).values(sync_problem=False))
    assert found(office) == {}
    return office


def test_the_doctor_leads_to_the_first_list_and_the_first_send(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PART_SECONDS", 60.0)
    office.give_roles("manager", Role.MANAGER)
    # As setup leaves it where its question was answered with "off".
    with office.db.write() as c:
        remember(c, accounts.accounts(c)[0].id, "off")
    assert steps(office) == ["FACTS_NOT_ASKED", "CANARY_OUTSTANDING"]
    office.wait(FirstConnection(office.resources, Identities(office.resources)).ask(office.context, Nothing()))
    assert steps(office) == ["CANARY_OUTSTANDING"]
    setup = Setup(office.resources, office.worker.reconnect)
    office.wait(setup.canary(office.context, Canary(address="astrid+canary@skarnfjall.example")))
    assert steps(office) == ["TEST_SEND_OUTSTANDING"]
    office.run("campaigns")
    office.test_send(office.campaign_named("Newsletter March"), "astrid+canary@skarnfjall.example")
    assert steps(office) == []
    PROVOKED["DOUBLE_OPT_IN_ENFORCED"](office, monkeypatch)
    assert "DOUBLE_OPT_IN_ENFORCED" in found(office)


def test_the_initial_synchronisation_is_offered_when_nothing_is_wrong(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PART_SECONDS", 60.0)
    office.give_roles("manager", Role.MANAGER)
    office.activated("Newsletter")
    # What was never read is to be read first; what was never synchronised has not grown old.
    assert found(office).keys() == {"SUPPRESSIONS_OLD", "COLUMNS_OLD"}
    assert "INITIAL_SYNC_OUTSTANDING" not in steps(office)
    for each in ("suppressions", "metadata"):
        office.run(each)
    assert found(office) == {} and "INITIAL_SYNC_OUTSTANDING" in steps(office)
    firstname = crm_column.c.logical_name == "firstname"
    with office.db.write() as c:
        rows = [dict(row._mapping) for row in c.execute(select(crm_column).where(firstname))]
        c.execute(delete(crm_column).where(firstname))
    assert found(office).keys() == {"MAPPINGS_INVALID"} and "INITIAL_SYNC_OUTSTANDING" not in steps(office)
    change(office, insert(crm_column).values(rows))
    office.run("lists")
    assert "INITIAL_SYNC_OUTSTANDING" not in steps(office)
    change(office, _ACTIVATED.values(last_synced=_LONG_AGO, sync_problem=False))
    assert "LIST_OLD" in found(office)


def change(office: Office, statement: object) -> None:
    with office.db.write() as c:
        c.execute(statement)  # type: ignore[call-overload]


Patch = pytest.MonkeyPatch
_L, _M, _LONG_AGO = marketing_list.c, list_member.c, "2026-01-01T00:00:00Z"
_ACTIVATED = update(marketing_list).where(_L.activated.is_(True))


def _stored(statement: object) -> Callable[[Office, Patch], None]:
    return lambda office, _: change(office, statement)


def _disk_is_full(office: Office, patch: Patch) -> None:
    patch.setattr(health.shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))


def _budget_is_used(office: Office, patch: Patch) -> None:
    async def meters() -> list[Meter]:
        return [Meter(account="Main", account_id="a", limit="calls in an hour", used=1900, most=2000)]

    patch.setattr(office.resources.connections.budgets, "meters", meters)


def _store_is_damaged(office: Office, patch: Patch) -> None:
    patch.setattr(health.dialects, "damage", lambda c: "page 7 is lost")


def _a_part_hangs(office: Office, patch: Patch) -> None:
    async def hangs(*_: object) -> None:
        await asyncio.Event().wait()

    patch.setattr(health, "PART_SECONDS", 0.01)
    patch.setattr(Doctor, "_store", hangs)


def _another_endpoint(office: Office, patch: Patch) -> None:
    patch.setattr(dd_account.Account, "endpoint", "https://r9-api.dotdigital.com")


def _another_time(office: Office, patch: Patch) -> None:
    async def an_hour_ago(_: object) -> str:
        return text_of(office.resources.clock() - timedelta(hours=1))

    patch.setattr(dd_account, "server_time", an_hour_ago)


def _a_column_is_secured(office: Office, patch: Patch) -> None:
    body = {"dataverse": {"secured_columns": {"contact.donotemail": []}}}
    office.sandbox.control.post("/settings", json=body).raise_for_status()


def _nothing_starts_what_is_due(office: Office, patch: Patch) -> None:
    with office.db.write() as c:
        schedules.provision(c, office.resources.clock())
    office.let_pass(hours=3)


def _rights_for_a_part(office: Office, patch: Patch) -> None:
    async def leads_of_the_unit_alone() -> None:
        dv = await office.resources.connections.dataverse()
        more = await security.known_privileges(dv, solution_privileges.OPTIONAL_PRIVILEGES[Role.SERVICE])
        held = dict.fromkeys((*solution_privileges.ROLE_PRIVILEGES[Role.SERVICE], *more), security.GLOBAL)
        await security.ensure_role(dv, Role.SERVICE, {**held, "prvReadLead": security.LOCAL})

    office.give_roles("application", "System Administrator")
    office.wait(leads_of_the_unit_alone())
    office.give_roles("application", Role.SERVICE)


def _a_row_names_nobody(office: Office, patch: Patch) -> None:
    with office.db.write() as c:
        c.execute(odd_row.insert().values(source="suppression rows", account_id="", key="k", shown="?"))


def _a_column_is_not_installed(office: Office, patch: Patch) -> None:
    one = solution.LIST_COLUMNS[0]
    more = (*solution.LIST_COLUMNS[1:], msgspec.structs.replace(one, schema_name="dyntui_NotThere"))
    patch.setattr(solution, "LIST_COLUMNS", more)


def _certificate_for(days: float) -> Callable[[Office, Patch], None]:
    def provoke(office: Office, patch: Patch) -> None:
        pem = certificates.pem(days, now=office.resources.clock()).decode()
        office.wait(office.secrets.set(DATAVERSE_SECRET, pem))

    return provoke


def _a_send_left_its_book(office: Office, patch: Patch) -> None:
    async def make() -> None:
        with office.db.read() as c:
            (account,) = accounts.accounts(c)
        dd = await office.resources.connections.dotdigital(account.id)
        await address_books.create_address_book(dd, f"dyntui send {office.resources.ids()}")

    office.wait(make())


def _a_password_is_missing(office: Office, patch: Patch) -> None:
    with office.db.read() as c:
        (account,) = accounts.accounts(c)
    office.wait(office.resources.connections.dotdigital(account.id))
    office.wait(office.secrets.delete(account_secret(account.id)))


def _a_system_answers_otherwise(office: Office, patch: Patch) -> None:
    with office.db.write() as c:
        seen = {"DV-02": Seen(Holds.NO, "leads are not seen"), "DV-13": Seen(Holds.NO, "another address")}
        connection_facts.put(c, "", seen, office.resources.now(), "9.2")


# In an order in which one does not hide the next.
PROVOKED: dict[str, Callable[[Office, Patch], None]] = {
    "CREDENTIAL_MISSING": _a_password_is_missing,
    "CREDENTIAL_ENDING": _certificate_for(days=29.5),
    "CREDENTIAL_ENDED": _certificate_for(days=-0.5),
    "DISK_LOW": _disk_is_full,
    "BUDGET_LOW": _budget_is_used,
    "STORE_DAMAGED": _store_is_damaged,
    "ENDPOINT_CHANGED": _another_endpoint,
    "CLOCK_WRONG": _another_time,
    "LIST_OLD": _stored(_ACTIVATED.values(last_synced=_LONG_AGO)),
    "LIST_TROUBLE": _stored(_ACTIVATED.values(sync_problem=True, sync_status="Failed: oh")),
    "ROWS_REFUSED": _stored(update(list_member).where(_M.seq == 0).values(outcome="rejected", reason="REJECTED")),
    "REMOVALS_HELD": _stored(update(list_member).where(_M.seq == 1).values(outcome="held", reason="REMOVAL_HELD")),
    "ROWS_ODD": _a_row_names_nobody,
    "SUPPRESSIONS_OLD": _stored(delete(watermark).where(watermark.c.feed == "suppressed-since")),
    "COLUMNS_OLD": _stored(update(crm_column).values(read_on=_LONG_AGO)),
    "MAPPINGS_INVALID": _stored(delete(crm_column).where(crm_column.c.logical_name == "firstname")),
    "DOUBLE_OPT_IN_UNKNOWN": _stored(update(email_account).values(double_opt_in="")),
    "DOUBLE_OPT_IN_ENFORCED": _stored(update(email_account).values(double_opt_in="all")),
    "BOOK_MISSING": _stored(_ACTIVATED.values(book_id=999_999)),
    "BOOK_ORPHANED": _a_send_left_its_book,
    "SCHEDULES_BEHIND": _nothing_starts_what_is_due,
    "COLUMNS_HIDDEN": _a_column_is_secured,
    "NO_MANAGER": lambda office, _: office.give_roles("manager"),
    "INSTALLATION_INCOMPLETE": _a_column_is_not_installed,
    "RIGHTS_MISSING": _rights_for_a_part,
    "ASSUMED_OTHERWISE": _a_system_answers_otherwise,
}


def test_every_finding_is_found_where_it_is_so(healthy: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    now = found(healthy)
    for code, provoke in PROVOKED.items():
        assert code not in now, code
        provoke(healthy, monkeypatch)
        now = found(healthy)
        assert code in now, code
    with monkeypatch.context() as patch:
        _a_part_hangs(healthy, patch)
        assert "NO_ANSWER" in found(healthy)
    assert "KEYRING_MISSING" in found(healthy, keyring="")
    _certificate_for(days=31)(healthy, monkeypatch)
    assert not {"CREDENTIAL_ENDING", "CREDENTIAL_ENDED"} & found(healthy).keys()
    change(healthy, delete(organisation))
    assert "NOT_CONNECTED" in found(healthy)
    next_steps = {code for code, kind in KINDS.items() if kind.severity is Severity.NEXT}
    assert PROVOKED.keys() | {"NO_ANSWER", "KEYRING_MISSING", "NOT_CONNECTED"} == KINDS.keys() - next_steps


def privileges_without(office: Office, role: Role, *gone: str) -> None:
    """A role as somebody has changed it in Dynamics."""

    async def change() -> None:
        dv = await office.resources.connections.dataverse()
        more = await security.known_privileges(dv, solution_privileges.OPTIONAL_PRIVILEGES.get(role, ()))
        own = await security.known_privileges(dv, solution_privileges.OWN_ROWS_PRIVILEGES.get(role, ()))
        kept = [each for each in (*solution_privileges.ROLE_PRIVILEGES[role], *more) if each not in gone]
        depths = dict.fromkeys(kept, security.GLOBAL) | dict.fromkeys(own, security.BASIC)
        await security.ensure_role(dv, role, depths)

    office.give_roles("application", "System Administrator")
    office.wait(change())
    office.give_roles("application", Role.SERVICE)


def test_the_book_of_another_machines_send_is_an_orphan_once_nobody_reads_it_any_more(
    healthy: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = healthy
    newsletter = office.list_named("Newsletter")
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    office.send(office.count(campaign))
    assert "BOOK_ORPHANED" not in found(office)
    (tmp_path / "laptop").mkdir()
    with closing(Office(office.sandbox, tmp_path / "laptop")) as laptop:
        laptop.set_up()
        assert "BOOK_ORPHANED" not in found(laptop)
        laptop.let_pass(days=16)
        assert "dyntui send" in found(laptop)["BOOK_ORPHANED"].text
    office.run("campaigns")
    assert "BOOK_ORPHANED" not in found(office)


def test_every_missing_privilege_is_named(healthy: Office) -> None:
    office = healthy
    privileges_without(office, Role.SERVICE, "prvWriteLead", "prvActOnBehalfOfAnotherUser")
    privileges_without(office, Role.VIEWER, "prvReaddyntui_Suppression")
    wrong = found(office)
    assert wrong.keys() == {"RIGHTS_MISSING", "INSTALLATION_INCOMPLETE"}
    assert "prvWriteLead, prvActOnBehalfOfAnotherUser" in wrong["RIGHTS_MISSING"].text
    told = wrong["INSTALLATION_INCOMPLETE"].text
    assert f"{Role.VIEWER} (lacks prvReaddyntui_Suppression)" in told
    assert f"{Role.SERVICE} (lacks prvWriteLead, prvActOnBehalfOfAnotherUser)" in told


def test_what_a_run_mends_is_gone_after_it(healthy: Office) -> None:
    office = healthy
    for code in ("SUPPRESSIONS_OLD", "COLUMNS_OLD", "LIST_OLD"):
        PROVOKED[code](office, None)  # type: ignore[arg-type]
    wrong = found(office)
    assert wrong.keys() == {"SUPPRESSIONS_OLD", "COLUMNS_OLD", "LIST_OLD"}
    assert wrong.keys() == {code for code, kind in KINDS.items() if kind.mended_by}
    for each in wrong.values():
        office.run(each.mended_by, account=each.account)
    assert found(office).keys() <= {"ROWS_REFUSED", "LIST_TROUBLE"}


def test_a_part_that_hangs_or_refuses_holds_up_no_other(healthy: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    _a_part_hangs(healthy, monkeypatch)
    answer = healthy.wait(doctor(healthy).check(healthy.context, Nothing()))
    silent = {each.part for each in answer.findings if each.code == "NO_ANSWER"}
    assert "the store" in silent and "what is installed" not in silent
    assert "what is installed" in answer.looked_at
    monkeypatch.undo()
    healthy.give_roles("application")
    refused = next(each for each in found(healthy).values() if each.code not in KINDS)
    assert refused.severity is Severity.FAILED and refused.code.startswith("DATAVERSE_") and refused.remedy
