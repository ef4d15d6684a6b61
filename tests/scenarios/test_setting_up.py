"""The first setup is open to whoever comes first, and to nobody after that."""

from __future__ import annotations

import asyncio
import re
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from dyntui.dataverse import bulk, security
from dyntui.model import solution, solution_privileges
from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Ability, Role
from dyntui.sandbox.dotdigital import account as dd_account
from dyntui.service.config import Config, KeyringSettings
from dyntui.service.contract.setup import SetupReport
from dyntui.service.permission import CallContext
from dyntui.service.secret_store import open_secrets
from dyntui.service.setup import Setup
from tests import certificates
from tests.scenarios.office import Office, writes
from tests.scenarios.worlds import NOW
from tests.simulation.sandbox import InProcessSandbox

MIRA = "mira.sandahl@skarnfjall.example"


async def nobody(uid: int, *, soon: bool) -> frozenset[Ability] | None:
    return None


def test_who_waits_for_somebody_elses_first_setup_cannot_change_it(sandbox: InProcessSandbox, tmp_path: Path) -> None:
    office = Office(sandbox, tmp_path)
    try:
        setup = Setup(office.resources, office.worker.reconnect)
        stranger = CallContext(4711, nobody)

        async def both() -> list[object]:
            request = msgspec.structs.replace(office.setup_request(), assign={Role.MANAGER.value: (MIRA,)})
            calls = [setup.apply(each, request) for each in (office.context, stranger)]
            return list(await asyncio.gather(*calls, return_exceptions=True))

        first, second = office.wait(both())
        assert not isinstance(first, BaseException)
        assert isinstance(second, DyntuiError) and second.code == "NOT_SIGNED_IN"
    finally:
        office.close()


def test_where_the_environment_provides_secrets_their_names_are_told_before_anything_is_made(
    sandbox: InProcessSandbox, tmp_path: Path
) -> None:
    office = Office(sandbox, tmp_path)
    provided: dict[str, str] = {}
    try:
        secrets = open_secrets(office.resources.profile, Config(keyring=KeyringSettings(backend="file")), provided)
        setup = Setup(msgspec.structs.replace(office.resources, secrets=secrets), office.worker.reconnect)
        request = office.setup_request()
        answers = (request.organisation.client_secret, request.accounts[0].api_password)
        for secret in answers:
            for ask in (setup.plan, setup.apply):
                with pytest.raises(DyntuiError, match="KEYRING_UNAVAILABLE") as raised:
                    office.wait(ask(office.context, request))
            name = re.findall(r"DYNTUI_SECRET_\w+", raised.value.remedy)[-1]
            provided[name] = secret
        assert set(states_of(office.wait(setup.plan(office.context, request))).values()) == {"missing"}
        assert office.wait(setup.apply(office.context, request)).applied
    finally:
        office.close()


def states_of(report: SetupReport) -> dict[str, str]:
    return {f"{step.kind} {step.name}": step.state for step in report.steps}


def test_with_the_service_role_alone_setup_finds_everything_and_says_what_it_may_not_make(office: Office) -> None:
    """The fixture's service user holds that role and no other."""
    steps = states_of(office.set_up())
    assert set(steps.values()) == {"there"}
    assert (
        {each for each in steps if each.startswith("role ")}
        == {f"role {role}" for role in Role}
        == {
            f"role {name}"
            for name in (
                "Email Marketing Manager",
                "Email Marketing Professional",
                "Email Marketing Viewer",
                "Email Campaign Connector Service",
            )
        }
    )

    office.give_roles("application", "System Administrator")

    async def take(name: str, *privileges: str) -> None:
        dv = await office.resources.connections.dataverse()
        await security.ensure_role(dv, name, dict.fromkeys(privileges, security.GLOBAL))

    office.wait(take(Role.VIEWER, "prvReaddyntui_EmailAccount"))
    office.give_roles("application", Role.SERVICE)
    with pytest.raises(DyntuiError) as refused:
        office.set_up()
    assert refused.value.code == "SETUP_NEEDS_RIGHTS"
    assert Role.VIEWER in refused.value.message and "System Administrator" in refused.value.remedy
    office.give_roles("application", "System Administrator", Role.SERVICE)
    made = [name for name, state in states_of(office.set_up()).items() if state == "done"]
    assert made == [f"privileges of the role {Role.VIEWER}"]


def test_who_may_not_ask_for_bulk_messages_writes_in_batches(office: Office) -> None:
    async def upsert() -> list[bulk.RowResult]:
        dv = await office.resources.connections.dataverse()
        table = bulk.Table(solution.SUPPRESSION.entity_set, solution.SUPPRESSION.logical_name, "dyntui_suppressionid")
        key = "dyntui_suppressions(dyntui_key='one')"
        return await bulk.upsert_many(dv, table, [{"@odata.id": key, "dyntui_address": "one@example.org"}])

    async def without() -> None:
        dv = await office.resources.connections.dataverse()
        await security.ensure_role(
            dv, Role.SERVICE, dict.fromkeys(solution_privileges.ROLE_PRIVILEGES[Role.SERVICE], security.GLOBAL)
        )

    office.give_roles("application", "System Administrator")
    office.wait(without())
    office.give_roles("application", Role.SERVICE)
    (result,), calls = office.calls_between(lambda: office.wait(upsert()))
    assert result.error is None
    assert "dataverse $batch 1" in writes(calls)


def test_the_first_manager_is_made_by_whoever_holds_the_applications_secret(
    sandbox: InProcessSandbox, tmp_path: Path
) -> None:
    office = Office(sandbox, tmp_path)
    try:
        setup = Setup(office.resources, office.worker.reconnect)
        stranger = CallContext(4711, nobody)
        request = office.setup_request()
        assert office.wait(setup.apply(office.context, request)).managers == ()
        with_manager = msgspec.structs.replace(request, assign={Role.MANAGER.value: (MIRA,)})
        unknown = msgspec.structs.replace(request, assign={Role.MANAGER.value: ("nobody@skarnfjall.example",)})
        wrong = msgspec.structs.replace(
            with_manager, organisation=msgspec.structs.replace(request.organisation, client_secret="no")
        )
        for refused, code in ((unknown, "USER_UNKNOWN"), (wrong, "DATAVERSE_SECRET_REFUSED")):
            with pytest.raises(DyntuiError) as raised:
                office.wait(setup.apply(stranger, refused))
            assert raised.value.code == code
        assert office.wait(setup.plan(stranger, with_manager)).managers == ("Mira Sandahl",)
        assert office.wait(setup.apply(stranger, with_manager)).managers == ("Mira Sandahl",)
        another = msgspec.structs.replace(request, assign={Role.MANAGER.value: ("jonas.brattli@skarnfjall.example",)})
        assert office.wait(setup.plan(office.context, another)).managers == ("Mira Sandahl", "Jonas Brattli")
        with pytest.raises(DyntuiError) as raised:
            office.wait(setup.apply(stranger, with_manager))
        assert raised.value.code == "NOT_SIGNED_IN"
    finally:
        office.close()


def test_who_cannot_sign_in_to_dynamics_becomes_no_first_manager(sandbox: InProcessSandbox, tmp_path: Path) -> None:
    with closing(Office(sandbox, tmp_path)) as office:
        office.sandbox.state.db.execute("UPDATE dv_systemuser SET isdisabled = 1 WHERE domainname = ?", (MIRA,))
        request = msgspec.structs.replace(office.setup_request(), assign={Role.MANAGER.value: (MIRA,)})
        setup = Setup(office.resources, office.worker.reconnect)
        for ask in (setup.plan, setup.apply):
            with pytest.raises(DyntuiError) as refused:
                office.wait(ask(office.context, request))
            assert refused.value.code == "USER_DISABLED" and MIRA in refused.value.message
        assert set(states_of(office.plan_setup()).values()) == {"missing"}


def test_an_account_that_is_named_twice_is_refused_before_anything_is_asked(
    sandbox: InProcessSandbox, tmp_path: Path
) -> None:
    office = Office(sandbox, tmp_path)
    try:
        request = office.setup_request()
        twice = msgspec.structs.replace(request.accounts[0], is_default=False)
        asked = msgspec.structs.replace(request, accounts=(*request.accounts, twice))
        setup = Setup(office.resources, office.worker.reconnect)
        with pytest.raises(DyntuiError, match="SETUP_INVALID") as refused:
            office.wait(setup.apply(office.context, asked))
        assert "two email accounts have the name" in str(refused.value) and "api_user" in str(refused.value)
        assert office.sandbox.calls() == {}
    finally:
        office.close()


@pytest.mark.parametrize(
    ("certificate", "said"),
    [
        ("/home/mira/dyntui.pem", "certificate is the PEM text itself, with key and certificate"),
        ("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n", "It needs a private key and its certi"),
        (certificates.pem(days=-2, now=NOW).decode(), "The certificate ended on"),
        (certificates.pem(password="hush-pass", now=NOW).decode(), "protected by a password"),
    ],
    ids=["a file", "no key", "ended", "locked"],
)
def test_a_certificate_that_cannot_be_used_is_no_client_secret_that_is_refused(
    sandbox: InProcessSandbox, tmp_path: Path, certificate: str, said: str
) -> None:
    with closing(Office(sandbox, tmp_path)) as office:
        request = office.setup_request()
        organisation = msgspec.structs.replace(request.organisation, client_secret="", certificate=certificate)
        asked = msgspec.structs.replace(request, organisation=organisation)
        with pytest.raises(DyntuiError) as refused:
            office.wait(Setup(office.resources, office.worker.reconnect).apply(office.context, asked))
        assert refused.value.code == "SETUP_INVALID" and said in refused.value.message
        assert "mira" not in refused.value.message and office.sandbox.calls() == {}


def test_one_account_of_dotdigital_under_two_names_is_refused_before_anything_is_made(
    sandbox: InProcessSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account may have several API users."""
    monkeypatch.setattr(dd_account, "authorised", lambda *_: True)
    with closing(Office(sandbox, tmp_path)) as office:
        request = office.setup_request()
        again = msgspec.structs.replace(request.accounts[0], name="Scotland", api_user="apiuser-2@apiconnector.com")
        asked = msgspec.structs.replace(request, accounts=(*request.accounts, again))
        setup = Setup(office.resources, office.worker.reconnect)
        for ask in (setup.plan, setup.apply):
            with pytest.raises(DyntuiError) as refused:
                office.wait(ask(office.context, asked))
            assert refused.value.code == "ACCOUNT_TWICE"
            assert "'Main'" in refused.value.message and "'Scotland'" in refused.value.message
        assert set(states_of(office.plan_setup()).values()) == {"missing"}


def test_what_setup_makes_may_be_served_half_a_minute_later(sandbox: InProcessSandbox, tmp_path: Path) -> None:
    sandbox.switch(
        dataverse={"column_visibility_seconds": 28, "key_index_seconds": 60, "customisation_lock_seconds": 10}
    )
    with closing(Office.open(sandbox, tmp_path)) as office:
        newsletter = office.activated("Newsletter")
        assert office.run("lists").run.tally.read == newsletter.members
        assert set(states_of(office.set_up()).values()) == {"there"}
