"""What the service signs in with is replaced while runs go on, and by a Manager alone."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import msgspec
import pytest

from dyntui.dataverse import security
from dyntui.dotdigital import account as dd_account
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.model.roles import Ability, Role
from dyntui.sandbox.entra import assertion
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.credentials import CredentialRow, ReplaceCredential
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.target_counts import TargetCount
from dyntui.service.credentials import CredentialUseCases
from dyntui.service.identity import Identities
from dyntui.service.permission import CallContext, RolesUnknown
from dyntui.service.setup import Setup
from dyntui.store import accounts
from dyntui.store.schema import admin_change
from dyntui.sync.open_connections import OpenConnections, in_hand
from tests import certificates
from tests.scenarios.office import Office, setup_request
from tests.scenarios.test_role_self_test import Desk
from tests.thorough import keeping


def credentials(office: Office) -> CredentialUseCases:
    return CredentialUseCases(office.resources, Identities(office.resources), office.worker.renew, "memory")


def listed(office: Office) -> list[CredentialRow]:
    return list(office.wait(credentials(office).page(office.context, Nothing())).rows)


def replace(office: Office, *, context: CallContext | None = None, **asked: str) -> CredentialRow:
    return office.wait(credentials(office).replace(context or office.context, ReplaceCredential(**asked)))


def refused(office: Office, *, context: CallContext | None = None, **asked: str) -> str:
    with pytest.raises(DyntuiError) as error:
        replace(office, context=context, **asked)
    assert "hush" not in f"{error.value} {error.value.not_done} {error.value.remedy}"
    return error.value.code


def of_dotdigital(office: Office, **settings: object) -> None:
    office.sandbox.control.post("/settings", json={"dotdigital": settings}).raise_for_status()


def test_open_connections_go_on_with_the_new_password_and_the_new_certificate(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.activated("Newsletter")
    assert office.run("lists").run.status is RunStatus.COMPLETED
    with office.db.read() as c:
        (account,) = accounts.accounts(c)
    held_by_runs = office.worker._connections._open.dotdigital[account.id]
    dd = office.wait(office.resources.connections.dotdigital(account.id))
    dv = office.wait(office.resources.connections.dataverse())
    password = office.sandbox.info["api_password"]

    # dotdigital takes the old password no more; whoever holds an open connection goes on.
    of_dotdigital(office, api_password="hush-rotated", api_user="apiuser-new@apiconnector.com")
    assert refused(office, of="Main", api_password=password) == "DOTDIGITAL_SIGN_IN_REFUSED"
    row = replace(office, of="Main", api_password="hush-rotated", api_user="apiuser-new@apiconnector.com")
    assert (row.kind, row.user) == ("API password", "apiuser-new@apiconnector.com")
    assert office.wait(dd_account.account_info(dd)).id == account.platform_id

    # Neither does Entra ID the old secret, when the token in hand has ended.
    pem = certificates.pem(days=300, now=office.resources.clock()).decode()
    office.sandbox.control.post("/certificate", json={"pem": pem[pem.index("-----BEGIN CERT") :]}).raise_for_status()
    row = replace(office, of="dynamics", certificate=pem)
    assert row.kind == "certificate" and row.valid_until
    monkeypatch.setattr(assertion, "CLIENT_SECRET", "another")
    office.let_pass(hours=3)
    assert office.wait(security.who_am_i(dv)).user_id
    assert office.run("lists").run.status is RunStatus.COMPLETED
    assert office.worker._connections._open.dotdigital[account.id] is held_by_runs
    assert [each.kind for each in listed(office)] == ["certificate", "API password"]

    with office.db.read() as c:
        told = " ".join(str(row) for row in c.execute(admin_change.select()))
    assert "client secret of" in told and "certificate of" in told and "apiuser-new" in told
    assert "hush" not in told and "PRIVATE KEY" not in told


def test_what_is_learnt_of_an_account_while_its_password_is_proved_stays(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office.db.read() as c:
        (account,) = accounts.accounts(c)
    look = dd_account.account_info

    async def look_and_learn(dd: Dotdigital) -> dd_account.AccountInfo:
        with office.db.write() as c:
            accounts.put_account(c, msgspec.structs.replace(account, double_opt_in="all"))
        return await look(dd)

    monkeypatch.setattr(dd_account, "account_info", look_and_learn)
    of_dotdigital(office, api_password="hush-rotated", api_user="apiuser-new@apiconnector.com")
    replace(office, of="Main", api_password="hush-rotated", api_user="apiuser-new@apiconnector.com")
    with office.db.read() as c:
        (kept,) = accounts.accounts(c)
    assert (kept.api_user, kept.double_opt_in) == ("apiuser-new@apiconnector.com", "all")


def test_what_cannot_be_used_or_is_anothers_changes_nothing(office: Office, tmp_path: Path) -> None:
    # A certificate that the service could read, and that is not the caller's.
    file = tmp_path / "anothers.pem"
    file.write_bytes(certificates.pem(now=office.resources.clock()))
    before = dict(office.secrets.held)
    now = office.resources.clock()
    wrong = {
        "CREDENTIAL_INVALID": [
            {"of": "dynamics"},
            {"of": "dynamics", "client_secret": "hush-1", "certificate": "hush-2"},
            {"of": "dynamics", "certificate": str(file)},
            {"of": "dynamics", "certificate": certificates.pem(days=-1, now=now).decode()},
            {"of": "dynamics", "certificate": certificates.pem(another_key=True, now=now).decode()},
            {"of": "Main", "client_secret": "hush-1"},
        ],
        "ACCOUNT_UNKNOWN": [{"of": "Nobody", "api_password": "hush-1"}],
        "DATAVERSE_SECRET_REFUSED": [{"of": "dynamics", "client_secret": "hush-1"}],
    }
    for code, requests in wrong.items():
        for each in requests:
            assert refused(office, **each) == code, each
    other = office.sandbox.beside(77_777, 1, seed=3)
    of_dotdigital(office, account_id=77_777)
    password = office.sandbox.info["api_password"]
    assert refused(office, of="Main", api_password=password) == "CREDENTIAL_OF_ANOTHER"
    other.stop()
    assert office.secrets.held == before


def test_a_secret_that_has_ended_is_replaced_by_a_manager_and_by_nobody_else(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their roles can be asked for over the new connection alone."""

    async def unknown(uid: int, *, soon: bool) -> frozenset[Ability]:
        raise RolesUnknown("the sign-in is refused", frozenset({Ability.SEE}))

    async def only_sees(uid: int, *, soon: bool) -> frozenset[Ability]:
        return frozenset({Ability.SEE})

    Desk(office, "manager")
    monkeypatch.setattr(assertion, "CLIENT_SECRET", "hush-new-secret")
    asked = {"of": "dynamics", "client_secret": "hush-new-secret"}
    assert refused(office, context=CallContext(os.getuid(), only_sees), **asked) == "NOT_PERMITTED"
    without_roles = CallContext(os.getuid(), unknown)
    assert refused(office, context=CallContext(12_345, unknown), **asked) == "NOT_PERMITTED"
    office.give_roles("manager", Role.VIEWER)
    assert refused(office, context=without_roles, **asked) == "NOT_PERMITTED"
    office.give_roles("manager", Role.MANAGER)
    assert replace(office, context=without_roles, **asked).kind == "client secret"


def test_runs_at_work_go_on_while_an_email_account_is_connected_or_setup_is_run_again(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    """Either has connections opened anew; what is in hand stays open until its end."""
    campaign, count = counted
    held: list[OpenConnections] = []
    told: list[threading.Thread] = []

    def meanwhile() -> None:
        if not told:
            held.append(office.worker._connections._open)
            told.append(threading.Thread(target=office.worker.reconnect))
            told[0].start()

    office.during_sleep = meanwhile
    sent = office.send(count)
    told[0].join()
    assert sent.state == "Sent" and len(office.mailed(campaign)) == count.sendable
    (before,) = held
    assert before is not office.worker._connections._open
    assert before.dataverse is not None and before.dataverse.connection.http.is_closed
    assert office.run("suppressions").run.status is RunStatus.COMPLETED


@pytest.mark.parametrize("again", keeping([False, True], True), ids=["replaced", "set up again"])
def test_what_is_in_hand_signs_in_with_the_new_password_though_connections_were_opened_anew(
    again: bool, office: Office
) -> None:
    connections = office.resources.connections
    with office.db.read() as c:
        (account,) = accounts.accounts(c)
    new = {"api_password": "hush-rotated", "api_user": "apiuser-new@apiconnector.com"}

    async def at_work() -> int:
        async with in_hand():
            dd, dv = await connections.dotdigital(account.id), await connections.dataverse()
            # As an email account is connected.
            await connections.forget()
            of_dotdigital(office, **new)
            if again:
                asked = setup_request(office.sandbox)
                (main,) = asked.accounts
                asked = msgspec.structs.replace(asked, accounts=(msgspec.structs.replace(main, **new),))
                await Setup(office.resources, lambda: None).apply(office.context, asked)
            else:
                await credentials(office).replace(office.context, ReplaceCredential(of="Main", **new))
            assert (await security.who_am_i(dv)).user_id
            return (await dd_account.account_info(dd)).id

    assert office.wait(at_work()) == account.platform_id
