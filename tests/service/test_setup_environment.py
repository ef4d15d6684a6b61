"""What setup takes from the environment, and what it leaves there and names."""

from __future__ import annotations

from pathlib import Path

import pytest

from dyntui.service.certificate_file import pem_of
from dyntui.service.setup_environment import Said, in_connection_string, said_by, without_secrets
from tests import certificates

AZURE = {"AZURE_TENANT_ID": "contoso.example", "AZURE_CLIENT_ID": "app-1", "AZURE_CLIENT_SECRET": "hush-secret"}
STRING = (
    "AuthType=ClientSecret; Url = https://contoso.crm4.dynamics.com ;ClientId={app};ClientSecret='a;b=''c'; "
    "RequireNewInstance=true;Flavour=mint"
)


def sources(said: Said) -> dict[str, str]:
    return {each.key: each.source for each in said.taken}


def test_the_variables_of_the_azure_libraries_and_of_dotdigital_answer_the_questions_that_they_name() -> None:
    said = said_by(
        {
            **AZURE,
            "AZURE_AUTHORITY_HOST": "login.microsoftonline.us",
            "DOTDIGITAL_USER": "apiuser-1@apiconnector.com",
            "DOTDIGITAL_PASSWORD": "hush-password",
            "DOTDIGITAL_REGION": "R2",
            "DOTDIGITAL_PASWORD": "hush-typo",
        }
    )
    assert said.answers == {
        "tenant": "https://login.microsoftonline.us/contoso.example",
        "client_id": "app-1",
        "client_secret": "hush-secret",
        "sign_in": "secret",
        "account.1.user": "apiuser-1@apiconnector.com",
        "account.1.password": "hush-password",
        "account.1.url": "https://r2-api.dotdigital.com",
    }
    assert said.left == (("DOTDIGITAL_PASWORD", "setup does not know it"),)
    shown = {each.key: each.shown for each in said.taken}
    assert shown["client_id"] == "app-1" and shown["client_secret"] == shown["account.1.password"] == ""
    assert "hush" not in repr(said)


def test_of_two_sources_the_nearer_one_counts_and_the_other_is_named(tmp_path: Path) -> None:
    (tmp_path / "dyntui.dataverse").write_text("hush-credential\n")
    said = said_by(
        {
            **AZURE,
            "CREDENTIALS_DIRECTORY": str(tmp_path),
            "XRM_CONNECTION_STRING": STRING.format(app="app-2"),
            "DYNTUI_SECRET_DOTDIGITAL_1": "hush-1",
        }
    )
    assert said.answers["client_secret"] == "hush-credential"
    assert (said.answers["client_id"], said.answers["url"]) == ("app-2", "https://contoso.crm4.dynamics.com")
    assert said.answers["account.1.password"] == "hush-1"
    assert sources(said) == {
        "url": "XRM_CONNECTION_STRING",
        "tenant": "AZURE_TENANT_ID",
        "client_id": "XRM_CONNECTION_STRING",
        "client_secret": "credential dyntui.dataverse",
        "account.1.password": "DYNTUI_SECRET_DOTDIGITAL_1",
    }
    left = dict(said.left)
    assert left["XRM_CONNECTION_STRING"] == "credential dyntui.dataverse goes before it"
    assert left["Flavour in XRM_CONNECTION_STRING"] == "setup does not know it"
    # The secret of another application is no answer, wherever it stands.
    assert left["AZURE_CLIENT_SECRET"] == left["AZURE_CLIENT_ID"] == "the connection string names another application"
    assert "hush" not in str(said.left)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("AuthType=OAuth;Url=https://contoso.crm4.dynamics.com;Username=u;Password=hush", "AuthType=ClientSecret is"),
        ("hush-only-a-secret", "not a connection string"),
        ("AuthType=ClientSecret;Url=contoso;ClientSecret=hush", "Write the whole address"),
        ("AuthType=Certificate;Url=https://c.crm4.dynamics.com;Thumbprint=hush", "AZURE_CLIENT_CERTIFICATE_PATH"),
    ],
)
def test_a_connection_string_that_cannot_be_used_says_why_and_repeats_nothing(text: str, why: str) -> None:
    said = in_connection_string(text, "connection_string")
    assert any(why in each for _, each in said.left)
    assert "hush" not in str(said.left)


def test_a_secret_with_any_sign_in_it_is_read_from_a_connection_string() -> None:
    assert in_connection_string(STRING.format(app="a"), "it").answers["client_secret"] == "a;b='c"


def test_a_certificate_is_taken_as_the_azure_libraries_take_it(tmp_path: Path) -> None:
    files = {
        "plain.pem": (certificates.pem(), ""),
        "locked.pem": (certificates.pem(password="hush-pass"), "hush-pass"),
        "locked.pfx": (certificates.pfx("hush-pass"), "hush-pass"),
    }
    for name, (content, password) in files.items():
        (tmp_path / name).write_bytes(content)
        environ = {"AZURE_CLIENT_CERTIFICATE_PATH": str(tmp_path / name)}
        said = said_by(environ | ({"AZURE_CLIENT_CERTIFICATE_PASSWORD": password} if password else {}))
        assert said.answers["sign_in"] == "certificate", name
        pem = pem_of(said.answers["certificate"], said.answers.get("certificate_password", ""))
        assert "ENCRYPTED" not in pem and "BEGIN CERTIFICATE" in pem and "PRIVATE KEY" in pem
        assert "hush" not in str(said.taken)
    both = said_by({**AZURE, "AZURE_CLIENT_CERTIFICATE_PATH": str(tmp_path / "plain.pem")})
    assert both.answers["sign_in"] == "secret"
    assert dict(both.left)["AZURE_CLIENT_CERTIFICATE_PATH"] == "AZURE_CLIENT_SECRET goes before it"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (certificates.pem(days=-2), "ended on"),
        (certificates.pem(another_key=True), "does not belong to the certificate"),
        (certificates.pem().partition(b"-----BEGIN CERT")[0], "private key and its certificate"),
        (b"\x00\xff not a certificate", "private key and its certificate"),
    ],
    ids=["ended", "another key", "key alone", "noise"],
)
def test_a_certificate_that_entra_id_would_refuse_is_refused_at_once(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "c.pem").write_bytes(content)
    said = said_by({"AZURE_CLIENT_CERTIFICATE_PATH": str(tmp_path / "c.pem")})
    assert "certificate" not in said.answers
    assert why in dict(said.left)["AZURE_CLIENT_CERTIFICATE_PATH"]


def test_another_process_gets_no_secret_that_setup_takes() -> None:
    environ = {**AZURE, "XRM_CONNECTION_STRING": "x", "DOTDIGITAL_PASSWORD": "x", "DOTDIGITAL_API_PASSWORD": "x"}
    kept = without_secrets({**environ, "AZURE_CLIENT_CERTIFICATE_PASSWORD": "x", "PATH": "/bin", "LANG": "C"})
    assert set(kept) == {"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "PATH", "LANG"}


PLATFORM = {"AZURE_TENANT_ID": "contoso.example", "AZURE_CLIENT_ID": "id-1"}
KUBERNETES = {**PLATFORM, "AZURE_FEDERATED_TOKEN_FILE": "/var/run/secrets/azure/tokens/azure-identity-token"}
APP_SERVICE = {**PLATFORM, "IDENTITY_ENDPOINT": "http://127.0.0.1:41000/msi/token", "IDENTITY_HEADER": "hush"}


@pytest.mark.parametrize(
    ("environ", "signs_in", "client_id", "identity"),
    [
        (KUBERNETES, "workload-identity", "id-1", None),
        (KUBERNETES | {"AZURE_CLIENT_SECRET": "hush-secret"}, "secret", "id-1", None),
        (KUBERNETES | {"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"}, "managed-identity", None, "id-1"),
        (APP_SERVICE, "managed-identity", None, "id-1"),
        (APP_SERVICE | {"DYNTUI_CLIENT_ID": "app-1"}, "managed-identity", "app-1", "id-1"),
        (APP_SERVICE | {"AZURE_CLIENT_ID": "", "DYNTUI_CLIENT_ID": "app-1"}, "managed-identity", "app-1", "-"),
        ({"IDENTITY_ENDPOINT": "http://127.0.0.1:41000/msi/token"}, None, None, None),
    ],
)
def test_where_the_platform_says_who_the_machine_is_no_secret_is_asked(
    environ: dict[str, str], signs_in: str | None, client_id: str | None, identity: str | None
) -> None:
    said = said_by(environ)
    found = tuple(said.answers.get(key) for key in ("sign_in", "client_id", "managed_identity"))
    assert found == (signs_in, client_id, identity)
    assert not said.left and "hush" not in str([each.shown for each in said.taken])
