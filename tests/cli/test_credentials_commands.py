"""`dyntui credentials`: what it asks the service for, and that it prints no secret."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from dyntui.cli import device_code
from dyntui.service.certificate_file import pem_of
from dyntui.service.contract.credentials import (
    CREDENTIAL_PLACE,
    CREDENTIAL_REPLACE,
    CREDENTIALS_LIST,
    CredentialRow,
    Credentials,
    ReplaceCredential,
    SignInPlace,
)
from tests import certificates
from tests.cli.scripted_service import ScriptedService

ROW = CredentialRow(of="dynamics", kind="certificate", user="app-1", valid_until="2027-03-01T00:00:00Z", kept_in="here")


def test_credentials_are_listed_and_replaced_from_a_file_or_a_pipe(
    dyntui: Callable, service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.answers(CREDENTIALS_LIST, Credentials(rows=(ROW,)))
    service.answers(CREDENTIAL_REPLACE, ROW)
    listed = dyntui("credentials", "list")
    assert listed.code == 0 and "2027-03-01" in listed.out and "app-1" in listed.out

    (tmp_path / "secret").write_text("hush-secret\nnot this line\n")
    done = dyntui("credentials", "replace", "dynamics", "--from", str(tmp_path / "secret"))
    assert done.code == 0 and "hush" not in done.out + done.err
    assert service.requests(CREDENTIAL_REPLACE)[-1] == ReplaceCredential(of="dynamics", client_secret="hush-secret")

    monkeypatch.setattr("sys.stdin", io.StringIO("hush-password\n"))
    assert dyntui("credentials", "replace", "Main", "--api-user", "u@x.y", "--from", "-").code == 0
    assert service.requests(CREDENTIAL_REPLACE)[-1] == ReplaceCredential(
        of="Main", api_password="hush-password", api_user="u@x.y"
    )


def test_where_the_service_acts_as_a_person_they_sign_in_again(
    dyntui: Callable, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = SignInPlace(url="https://c", authority="https://login/t", client_id="a")
    service.answers(CREDENTIAL_PLACE, place)
    service.answers(CREDENTIAL_REPLACE, ROW)
    refused = dyntui("credentials", "replace", "dynamics")
    assert refused.code == 2 and "SIGN_IN_NEEDS_A_PERSON" in refused.err
    asked = []

    def signed_in(where: SignInPlace) -> str:
        asked.append(where)
        return "hush-kept"

    monkeypatch.setattr(device_code, "signed_in", signed_in)
    done = dyntui("credentials", "replace", "dynamics")
    assert done.code == 0 and "hush" not in done.out + done.err and asked == [place]
    assert service.requests(CREDENTIAL_REPLACE) == [ReplaceCredential(of="dynamics", signed_in="hush-kept")]


def test_a_certificate_is_looked_at_before_it_is_handed_over(
    dyntui: Callable, service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.answers(CREDENTIAL_REPLACE, ROW)
    file = tmp_path / "c.pfx"
    file.write_bytes(certificates.pfx("hush-pass"))
    replace = ("credentials", "replace", "dynamics", "--certificate", str(file))
    without = dyntui(*replace)
    assert without.code == 2 and "AZURE_CLIENT_CERTIFICATE_PASSWORD" in without.err
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PASSWORD", "hush-pass")
    assert dyntui(*replace).code == 0
    assert service.requests(CREDENTIAL_REPLACE)[-1].certificate == pem_of(str(file), "hush-pass")
    file.write_bytes(certificates.pem(days=-1))
    ended = dyntui(*replace)
    assert ended.code == 2 and "ended on" in ended.err
    assert len(service.requests(CREDENTIAL_REPLACE)) == 1
    assert "CREDENTIAL_INPUT" in dyntui("credentials", "replace", "Main").err
