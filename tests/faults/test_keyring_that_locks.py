"""The desktop's keyring locks itself under a running service: what is open goes on, what is not says why and works once
it is unlocked, whatever was started meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.accounts import ACCOUNT_ADD
from dyntui.service.contract.credentials import CREDENTIAL_REPLACE, ReplaceCredential
from dyntui.service.contract.health import HEALTH_CHECK
from dyntui.service.contract.lists import LIST_ACTIVATE, LISTS_PAGE, Activate, ListsQuery
from dyntui.service.contract.session import HELLO, STATUS, Check, Nothing
from dyntui.service.contract.setup import EmailAccountInput
from tests.faults import locking_keyring
from tests.faults.real_service import RealService
from tests.sandbox_process import SandboxProcess
from tests.scenarios.worlds import NOW
from tests.thorough import keeping

pytestmark = pytest.mark.xdist_group("keyring that locks")

_DAEMON_GONE = "org.freedesktop.DBus.Error.ServiceUnknown"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess.start(people=60, arguments=["--clock", NOW.isoformat()]) as started:
        yield started


@pytest.fixture
def service(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[RealService]:
    """Connected, with its secrets in the desktop's keyring, and a list that was synchronised."""
    made = RealService(tmp_path)
    made.environment = {"DYNTUI_HOME": made.environment["DYNTUI_HOME"], **locking_keyring.environment(tmp_path)}
    with closing(made):
        made.start()
        made.set_up(sandbox)
        assert "the system's keyring" in keyring_of(made).text
        made.call(LIST_ACTIVATE, Activate(id=made.list_named("Newsletter").id, link=True))
        assert made.run("lists").run.status is RunStatus.COMPLETED
        yield made
        if (tmp_path / "keyring.locked").exists():
            locking_keyring.unlock(tmp_path)


def keyring_of(service: RealService) -> Check:
    return next(each for each in service.call(STATUS, Nothing()).checks if each.name == "Keyring")


def findings(service: RealService) -> set[str]:
    return {each.code for each in service.call(HEALTH_CHECK, Nothing()).findings}


@pytest.mark.parametrize("how", keeping(["", _DAEMON_GONE], ""), ids=["locked", "daemon gone"])
def test_a_service_whose_keyring_locks_goes_on_with_what_is_open_and_names_what_it_cannot(
    service: RealService, sandbox: SandboxProcess, tmp_path: Path, how: str
) -> None:
    locking_keyring.lock(tmp_path, how)
    # Connections that are open know what they sign in with.
    assert service.run("lists").run.status is RunStatus.COMPLETED
    assert "KEYRING_REFUSED" in findings(service)
    said = keyring_of(service)
    assert said.state == "error" and "KEYRING_REFUSED" in said.text and "Unlock" in said.text
    # What needs it is refused by name, and changes nothing.
    again = ReplaceCredential(of="Main", api_password=sandbox.info["api_password"])
    with pytest.raises(DyntuiError, match="KEYRING_REFUSED") as refused:
        service.call(CREDENTIAL_REPLACE, again)
    assert "Unlock" in refused.value.remedy and (how or "collection") not in str(refused.value)

    locking_keyring.unlock(tmp_path)
    assert keyring_of(service).state == "ok"
    assert "KEYRING_REFUSED" not in findings(service)
    assert service.call(CREDENTIAL_REPLACE, again).of == "Main"


@pytest.mark.thorough
def test_a_service_that_starts_while_the_keyring_is_locked_works_as_soon_as_it_is_unlocked(
    service: RealService, tmp_path: Path
) -> None:
    service.kill()
    locking_keyring.lock(tmp_path)
    service.start()
    said = keyring_of(service)
    assert said.state == "error" and "KEYRING_REFUSED" in said.text
    # The console opens, and says why nothing goes on.
    hello = service.call(HELLO, Nothing())
    assert hello.configured and hello.user and not hello.roles_known
    # What was read before is shown to who was allowed to see it.
    assert service.call(LISTS_PAGE, ListsQuery()).rows
    with pytest.raises(DyntuiError, match="KEYRING_REFUSED"):
        service.call(ACCOUNT_ADD, EmailAccountInput(name="More", api_user="a", api_password="b"))

    locking_keyring.unlock(tmp_path)
    assert service.run("lists").run.status is RunStatus.COMPLETED
    assert keyring_of(service).state == "ok"
    assert service.call(HELLO, Nothing()).roles_known
