"""Setup is run again with another application: only what has been set up is signed in with."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.sandbox.entra import errors, grants
from dyntui.sandbox.entra.directory import CLIENT_ID, CLIENT_SECRET
from dyntui.service import email_accounts
from dyntui.service.contract.setup import SetupReport
from dyntui.service.setup import Setup
from dyntui.store import accounts, environment
from dyntui.sync.connections import DATAVERSE_SECRET, account_secret
from tests.scenarios.office import Office
from tests.scenarios.test_setups_without_a_network import come_back, cut_after
from tests.simulation.sandbox import InProcessSandbox

OTHER, OTHER_SECRET = "0de7a11d-0000-4000-8000-000000000001", "of another application"


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two registrations, each with its own secret, both of the same application user."""

    def prove(state: object, form: dict[str, str], audiences: object) -> None:
        known = {CLIENT_ID: CLIENT_SECRET, OTHER: OTHER_SECRET}
        if known.get(form["client_id"]) != form.get("client_secret"):
            raise errors.EntraError("invalid_client", 7000215, "Invalid client secret provided.")

    monkeypatch.setattr(grants, "require_client", lambda client_id: None)
    monkeypatch.setattr(grants, "require_proof", prove)


def set_up_with_the_other(office: Office) -> SetupReport:
    request = office.setup_request()
    organisation = msgspec.structs.replace(request.organisation, client_id=OTHER, client_secret=OTHER_SECRET)
    asked = msgspec.structs.replace(request, organisation=organisation)
    return office.wait(Setup(office.resources, office.worker.reconnect).apply(office.context, asked))


def signs_in_as(office: Office) -> tuple[str, str]:
    with office.db.read() as c:
        known = accounts.organisation(c)
    assert known is not None
    return known.client_id, office.secrets.held[DATAVERSE_SECRET]


def test_a_setup_that_does_not_come_to_its_end_leaves_the_sign_in_as_it_was(office: Office) -> None:
    cut_after(office, "GET", "EntityDefinitions", nth=2)
    with pytest.raises(DyntuiError) as ended:
        set_up_with_the_other(office)
    assert "This profile stays connected." in ended.value.not_done
    come_back(office)
    assert signs_in_as(office) == (CLIENT_ID, CLIENT_SECRET)
    office.wait(office.resources.connections.forget())
    office.worker.reconnect()
    assert office.run("metadata").run.status is RunStatus.COMPLETED
    set_up_with_the_other(office)
    assert signs_in_as(office) == (OTHER, OTHER_SECRET)
    assert office.run("metadata").run.status is RunStatus.COMPLETED


def test_a_password_is_kept_together_with_whose_it_is(office: Office) -> None:
    """dotdigital's API user is another one of the same account, and the network goes away at the end of a setup."""
    another = {"api_user": "apiuser-another@apiconnector.com", "api_password": "another's"}
    before = calls_as(office)
    office.sandbox.control.post("/settings", json={"dotdigital": another}).raise_for_status()
    request = office.setup_request()
    account = msgspec.structs.replace(request.accounts[0], **another)
    asked = msgspec.structs.replace(request, accounts=(account,))
    setup = Setup(office.resources, office.worker.reconnect)
    cut_after(office, "GET", "dyntui_emailaccounts", nth=4)
    with pytest.raises(DyntuiError, match="DATAVERSE_UNREACHABLE") as ended:
        office.wait(setup.apply(office.context, asked))
    assert "Not finished: the row of every email account" in ended.value.not_done
    come_back(office)
    assert calls_as(office) == before
    office.wait(setup.apply(office.context, asked))
    assert calls_as(office) == tuple(another.values())


def calls_as(office: Office) -> tuple[str, str]:
    with office.db.read() as c:
        (account,) = accounts.accounts(c)
    return account.api_user, office.secrets.held[account_secret(account.id)]


def test_what_is_connected_as_not_production_is_never_there_without_its_mark(
    sandbox: InProcessSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    async def killed(*_: object) -> None:
        raise Killed

    with closing(Office(sandbox, tmp_path)) as office:
        request = office.setup_request()
        organisation = msgspec.structs.replace(request.organisation, not_production=True, allow=("me@example.org",))
        monkeypatch.setattr(email_accounts, "heed_budgets", killed)
        with pytest.raises(Killed):
            setup = Setup(office.resources, office.worker.reconnect)
            office.wait(setup.apply(office.context, msgspec.structs.replace(request, organisation=organisation)))
        with office.db.read() as c:
            assert accounts.organisation(c) is not None
            assert environment.marks(c) and [each.entry for each in environment.allow_list(c)] == ["me@example.org"]
