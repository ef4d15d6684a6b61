"""The service signs in by what its machine is: no secret is asked, none is kept, and none can end."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from dyntui.dataverse import security
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.model.sign_in import SignInBy
from dyntui.sandbox.entra.managed_identity import APP_SERVICE_HEADER, IDENTITY_CLIENT_ID
from dyntui.service.contract.setup import SetupReport
from dyntui.service.setup import Setup
from dyntui.store import accounts
from dyntui.sync.connections import DATAVERSE_SECRET
from tests.scenarios.office import Office
from tests.scenarios.test_credentials import listed, replace


def set_up_by(office: Office, by: SignInBy | None, identity: str = "", **changed: str) -> SetupReport:
    request = office.setup_request()
    organisation = msgspec.structs.replace(
        request.organisation, **{"client_secret": "", "sign_in": by, "managed_identity": identity, **changed}
    )
    setup = Setup(office.resources, office.worker.reconnect)
    return office.wait(setup.apply(office.context, msgspec.structs.replace(request, organisation=organisation)))


def platform_token(office: Office, file: Path, **asked: object) -> None:
    answer = office.sandbox.control.post("/platform-token", json=asked)
    file.write_text(answer.raise_for_status().json()["token"] + "\n")


def refused(office: Office, by: SignInBy | None, identity: str = "", **changed: str) -> str:
    """The code, where nothing was changed: the secret is still kept and signs in."""
    with pytest.raises(DyntuiError) as raised:
        set_up_by(office, by, identity, **changed)
    assert office.wait(office.resources.secrets.get(DATAVERSE_SECRET))
    assert [each.kind for each in listed(office)] == ["client secret", "API password"]
    return raised.value.code


def entra_of(office: Office) -> str:
    return str(office.sandbox.info["authority"]).rpartition("/")[0]


def test_by_workload_identity_the_platforms_token_signs_in_as_often_as_it_is_renewed(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workload, file = SignInBy.WORKLOAD_IDENTITY, tmp_path / "azure-identity-token"
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE", raising=False)
    assert refused(office, workload) == "WORKLOAD_IDENTITY_MISSING"
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(file))
    # What the platform has vouched for goes to nobody but Microsoft and whom the platform names.
    assert refused(office, workload) == "WORKLOAD_IDENTITY_ELSEWHERE"
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", entra_of(office) + "/")
    assert refused(office, workload) == "WORKLOAD_IDENTITY_UNREADABLE"
    platform_token(office, file, subject="system:serviceaccount:somebody:else")
    assert refused(office, workload) == "DATAVERSE_FEDERATION_UNKNOWN"

    platform_token(office, file, seconds=3600)
    assert set_up_by(office, workload).applied
    assert office.wait(office.resources.secrets.get(DATAVERSE_SECRET)) is None
    row = listed(office)[0]
    assert (row.kind, row.user, row.trouble, row.valid_until) == (
        "workload identity", office.sandbox.info["client_id"], "", "",
    )  # fmt: skip
    assert office.run("metadata").run.status is RunStatus.COMPLETED

    # Both tokens have ended; the platform has put another one into its file.
    office.let_pass(days=1)
    assert office.run("metadata").run.status is RunStatus.FAILED
    platform_token(office, file)
    assert office.run("metadata").run.status is RunStatus.COMPLETED

    # Back to a secret, while the service runs.
    secret = office.sandbox.info["client_secret"]
    assert replace(office, of="dynamics", client_secret=secret).kind == "client secret"
    file.unlink()
    office.let_pass(days=1)
    assert office.run("metadata").run.status is RunStatus.COMPLETED


def test_by_managed_identity_azure_says_who_the_machine_is_on_its_two_addresses(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    managed = SignInBy.MANAGED_IDENTITY
    for variable in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET"):
        monkeypatch.delenv(variable, raising=False)
    assert refused(office, managed) == "MANAGED_IDENTITY_UNREACHABLE"
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", entra_of(office))
    assert refused(office, managed, "00000000-0000-0000-0000-00000000beef") == "MANAGED_IDENTITY_REFUSED"
    office.sandbox.switch(entra={"managed_identity": False})
    assert refused(office, managed) == "MANAGED_IDENTITY_REFUSED"
    office.sandbox.switch(entra={"managed_identity": True})
    for nonsense in (
        {"client_secret": "one too many"},
        {"certificate": "one too many"},
    ):
        assert refused(office, managed, **nonsense) == "SETUP_INVALID"
    assert refused(office, SignInBy.WORKLOAD_IDENTITY, IDENTITY_CLIENT_ID) == "SETUP_INVALID"
    assert refused(office, None) == refused(office, SignInBy.SECRET) == "SETUP_INVALID"

    assert set_up_by(office, managed).applied
    assert office.wait(office.resources.secrets.get(DATAVERSE_SECRET)) is None
    assert office.run("metadata").run.status is RunStatus.COMPLETED
    assert (listed(office)[0].kind, listed(office)[0].trouble) == ("managed identity", "")
    office.let_pass(days=1)
    assert office.run("metadata").run.status is RunStatus.COMPLETED

    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{entra_of(office)}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "somebody else's")
    with pytest.raises(DyntuiError, match="MANAGED_IDENTITY_REFUSED"):
        set_up_by(office, managed)
    monkeypatch.setenv("IDENTITY_HEADER", APP_SERVICE_HEADER)
    assert set_up_by(office, managed, IDENTITY_CLIENT_ID).applied
    known = office.wait(office.resources.read(accounts.organisation))
    assert known is not None and known.managed_identity == IDENTITY_CLIENT_ID

    async def who() -> str:
        dv = await office.resources.connections.dataverse()
        return (await security.who_am_i(dv)).user_id

    assert office.wait(who()) == known.service_user_id
