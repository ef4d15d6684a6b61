"""The organisation's address is changed in the admin centre: a profile goes on with it, and with no other one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import msgspec
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.model.roles import Ability, Role
from dyntui.model.trust import Rule
from dyntui.service.contract.setup import SetupReport
from dyntui.service.permission import CallContext, RolesUnknown
from dyntui.service.setup import Setup
from dyntui.store import accounts
from tests.scenarios.office import Office, writes
from tests.scenarios.test_credentials import replace
from tests.scenarios.test_doctor import found
from tests.simulation.sandbox import InProcessSandbox

NEW = "https://localhost:81"
ANOTHER = "0de7a11d-0000-4000-8000-000000000001"
MIRA = "mira.sandahl@skarnfjall.example"


@pytest.fixture
def office(sandbox: InProcessSandbox, tmp_path: Path) -> Iterator[Office]:
    """One that reads what changed from the first day on, with a Manager."""
    with closing(Office(sandbox, tmp_path, trust=Rule(first_days=0))) as opened:
        set_up(opened, opened.sandbox.state.urls.dataverse, assign={Role.MANAGER.value: (MIRA,)})
        opened.set_up()
        yield opened


def set_up(office: Office, url: str, context: CallContext | None = None, **asked: object) -> SetupReport:
    request = office.setup_request()
    organisation = msgspec.structs.replace(request.organisation, dataverse_url=url)
    setup = Setup(office.resources, office.worker.reconnect)
    asked_for = msgspec.structs.replace(request, organisation=organisation, **asked)
    return office.wait(setup.apply(context or office.context, asked_for))


def connected_to(office: Office) -> str:
    with office.db.read() as c:
        known = accounts.organisation(c)
    assert known is not None
    return known.url


def test_a_profile_goes_on_at_the_new_address_with_all_that_it_knows(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    for _ in range(2):
        office.run("suppressions")
        office.run("lists")
    office.sandbox.moved(NEW)
    office.wait(office.resources.connections.forget())
    office.worker.reconnect()
    assert office.run("lists").run.status is RunStatus.FAILED
    assert set_up(office, NEW).organisation_url == NEW == connected_to(office)
    for kind in ("suppressions", "lists"):
        again, calls = office.calls_between(lambda kind=kind: office.run(kind))
        assert again.run.status is RunStatus.COMPLETED, (kind, again.run)
        assert not writes(calls)
    assert office.list_named("Newsletter").id == newsletter.id


def another(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
    if not request.url.path.endswith("/WhoAmI"):
        return answer
    return httpx.Response(200, json={**answer.json(), "OrganizationId": ANOTHER})


def kept(office: Office) -> tuple[accounts.Organisation | None, list[accounts.EmailAccount]]:
    with office.db.read() as c:
        return accounts.organisation(c), accounts.accounts(c)


def test_another_organisation_is_refused(office: Office) -> None:
    before = connected_to(office)
    office.sandbox.moved(NEW)
    office.sandbox.doctor(another)
    with pytest.raises(DyntuiError) as refused:
        set_up(office, NEW)
    assert refused.value.code == "SETUP_OTHER_ORGANISATION" and "--profile NAME setup" in refused.value.remedy
    assert connected_to(office) == before


def test_an_environment_that_was_put_in_the_place_of_the_connected_one_is_not_taken_for_it(office: Office) -> None:
    office.activated("Newsletter")
    before, url = kept(office), connected_to(office)
    office.sandbox.doctor(another)
    setup = Setup(office.resources, office.worker.reconnect)

    def refused(ask: Callable[[], object]) -> DyntuiError:
        def asked() -> DyntuiError:
            with pytest.raises(DyntuiError) as raised:
                ask()
            return raised.value

        error, calls = office.calls_between(asked)
        assert not writes(calls)
        assert ANOTHER in f"{error.message} {error.detail}" and kept(office) == before
        return error

    for ask in (
        lambda: set_up(office, url),
        lambda: office.wait(setup.plan(office.context, office.setup_request())),
    ):
        error = refused(ask)
        assert error.code == "SETUP_ORGANISATION_REPLACED"
        assert "dyntui --profile NAME setup" in error.remedy and error.not_done == "Nothing was changed."
    error = refused(lambda: replace(office, of="dynamics", client_secret=office.sandbox.info["client_secret"]))
    assert error.code == "SETUP_ORGANISATION_REPLACED"
    # Nobody has to run setup to hear of it.
    assert ANOTHER in found(office)["SETUP_ORGANISATION_REPLACED"].text


def test_who_is_no_manager_moves_no_profile(office: Office) -> None:
    async def unknown(uid: int, *, soon: bool) -> frozenset[Ability] | None:
        raise RolesUnknown("it is away", frozenset())

    before = connected_to(office)
    office.sandbox.moved(NEW)
    with pytest.raises(DyntuiError) as refused:
        set_up(office, NEW, CallContext(os.getuid(), unknown))
    assert refused.value.code == "NOT_PERMITTED"
    assert connected_to(office) == before
