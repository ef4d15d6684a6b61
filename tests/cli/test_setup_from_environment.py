"""`dyntui setup`: nothing is asked that the environment says, and secrets are never shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dyntui.cli import device_code
from dyntui.service.contract.credentials import SignInPlace
from dyntui.service.contract.setup import SETUP_APPLY, SETUP_PLAN, SetupReport, SetupRequest
from tests.cli.scripted_service import ScriptedService

REPORT = SetupReport(organisation="Contoso", organisation_url="https://c", accounts=("Main",), steps=(), applied=True)
WHOLE = {
    "XRM_CONNECTION_STRING": "AuthType=ClientSecret;Url=https://contoso.crm4.dynamics.com;ClientId=a;ClientSecret=hush-1",
    "AZURE_TENANT_ID": "contoso.example",
    "DOTDIGITAL_USER": "apiuser-1@apiconnector.com",
    "DOTDIGITAL_PASSWORD": "hush-2",
    "DOTDIGITAL_REGION": "r3",
    "DYNTUI_MANAGER": "mira@contoso.example",
}


@pytest.fixture
def connecting(service: ScriptedService) -> ScriptedService:
    service.answers(SETUP_PLAN, REPORT)
    service.answers(SETUP_APPLY, REPORT)
    return service


def applied(service: ScriptedService) -> SetupRequest:
    return service.requests(SETUP_APPLY)[-1]


def test_an_environment_that_says_everything_is_a_whole_setup(
    dyntui: Callable, connecting: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in WHOLE.items():
        monkeypatch.setenv(name, value)
    done = dyntui("setup")
    assert done.code == 0, done.err
    asked = applied(connecting)
    assert asked.organisation.client_secret == "hush-1"
    assert asked.organisation.authority == "https://login.microsoftonline.com/contoso.example"
    (account,) = asked.accounts
    assert (account.name, account.api_password) == ("Main", "hush-2")
    assert account.dotdigital_url == "https://r3-api.dotdigital.com"
    assert asked.assign == {"Email Marketing Manager": ("mira@contoso.example",)}
    assert "Client secret: (a secret, not shown) from XRM_CONNECTION_STRING" in done.err
    assert "hush" not in done.out + done.err


def test_what_is_missing_is_named_by_the_variable_that_would_say_it(
    dyntui: Callable, connecting: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XRM_CONNECTION_STRING", "DOTDIGITAL_USER"):
        monkeypatch.setenv(name, WHOLE[name])
    done = dyntui("setup")
    assert done.code == 2
    assert "the environment lacks AZURE_TENANT_ID, DOTDIGITAL_PASSWORD." in " ".join(done.err.split())
    assert connecting.requests(SETUP_APPLY) == []


def test_a_file_that_wants_a_person_is_refused_where_nobody_would_see_the_code(
    dyntui: Callable, connecting: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "setup.toml"
    file.write_text(
        '[organisation]\ndataverse_url = "https://contoso.crm4.dynamics.com"\nclient_id = "a"\n'
        'authority = "https://login.microsoftonline.com/contoso"\nsign_in = "device-code"\n'
        '[[accounts]]\nname = "Main"\napi_user = "u"\napi_password = "hush"\n'
    )
    refused = dyntui("setup", "--from", str(file))
    assert refused.code == 2 and "SIGN_IN_NEEDS_A_PERSON" in refused.err and "certificate" in refused.err
    assert connecting.requests(SETUP_APPLY) == []

    asked = []

    def signed_in(place: SignInPlace) -> str:
        asked.append(place.url)
        return "hush-kept"

    monkeypatch.setattr(device_code, "signed_in", signed_in)
    done = dyntui("setup", "--from", str(file))
    assert done.code == 0 and "hush" not in done.out + done.err
    assert applied(connecting).organisation.signed_in == "hush-kept" and asked == ["https://contoso.crm4.dynamics.com"]


def test_a_file_with_a_persons_sign_in_needs_no_secret_of_the_environment(
    dyntui: Callable, connecting: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in WHOLE.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "setup.toml"
    file.write_text('[organisation]\nsigned_in = "hush-kept"\n')
    assert dyntui("setup", "--from", str(file)).code == 0
    asked = applied(connecting).organisation
    assert (asked.signed_in, asked.client_secret, asked.sign_in) == ("hush-kept", "", None)


def test_a_file_leaves_out_what_the_environment_says_and_goes_before_it(
    dyntui: Callable, connecting: ScriptedService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in WHOLE.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "setup.toml"
    file.write_text('[organisation]\nauthority = "https://login.example/other"\n[[accounts]]\nname = "Shop"\n')
    assert dyntui("setup", "--from", str(file)).code == 0
    asked = applied(connecting)
    assert asked.organisation.authority == "https://login.example/other"
    assert (asked.organisation.client_id, asked.organisation.client_secret) == ("a", "hush-1")
    assert (asked.accounts[0].name, asked.accounts[0].api_password) == ("Shop", "hush-2")
    assert asked.assign == {"Email Marketing Manager": ("mira@contoso.example",)}

    # The secret of one application, or the password of one user, is not given to another.
    file.write_text('[organisation]\nclient_id = "b"\nclient_secret = "own"\n[[accounts]]\napi_user = "x"\n')
    refused = dyntui("setup", "--from", str(file))
    assert "SETUP_INPUT_INVALID" in refused.err and "hush" not in refused.err

    file.write_text(
        f'[organisation]\nconnection_string = "{WHOLE["XRM_CONNECTION_STRING"].replace("ClientId=a", "ClientId=c")}"\n'
    )
    assert dyntui("setup", "--from", str(file)).code == 0
    assert applied(connecting).organisation.client_id == "c"
    assert applied(connecting).accounts[0].api_user == "apiuser-1@apiconnector.com"
