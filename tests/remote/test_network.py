"""Proxies and certificate authorities of the environment: one reading for data and sign-in of both systems."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import certifi
import httpx
import pytest

from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.sign_in_http import SignInHttp
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError
from dyntui.remote.network import way_to
from tests.dataverse.conversation import Tokens

VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
AWAY = "https://contoso.crm4.dynamics.com"
HERE = (
    "https://127.0.0.1:8443",
    "https://localhost:8443",
    "https://[::1]:8443",
    "https://127.8.9.1:8443",
    "https://169.254.169.254",
)


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def data(origin: str, ca_file: Path | None = None) -> httpx.AsyncClient:
    return Dataverse(origin, Tokens(), ca_file=ca_file).connection.http


def mail(origin: str, ca_file: Path | None = None) -> httpx.AsyncClient:
    return Dotdigital(origin, "user", "password", ca_file=ca_file).connection.http


def sign_in(origin: str, ca_file: Path | None = None) -> httpx.Client:
    return SignInHttp(origin, ca_file).http


CLIENTS = pytest.mark.parametrize("made", [data, mail, sign_in])
Made = Callable[..., httpx.AsyncClient | httpx.Client]


def proxied(client: httpx.AsyncClient | httpx.Client, url: str) -> bool:
    """Whether a call would go through a proxy: another transport than the client's own."""
    return client._transport_for_url(httpx.URL(url)) is not client._transport


@CLIENTS
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_is_used_by_data_and_sign_in_alike(made: Made, variable: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(variable, "http://proxy.contoso.com:8080")
    assert proxied(made(AWAY), AWAY)


@CLIENTS
@pytest.mark.parametrize("origin", HERE)
def test_this_machine_is_reached_straight_whatever_the_proxy(made: Made, origin: str, monkeypatch: pytest.MonkeyPatch):
    for variable in ("HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, "socks5h://proxy.contoso.com:1080")
    assert not proxied(made(origin), origin)


@CLIENTS
@pytest.mark.parametrize("hosts", ["crm4.dynamics.com", ".dynamics.com", "*", "a.b, contoso.crm4.dynamics.com"])
def test_no_proxy_excepts_hosts_and_even_an_unusable_proxy(made: Made, hosts: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_PROXY", hosts)
    monkeypatch.setenv("ALL_PROXY", "socks5h://proxy.contoso.com:1080")
    assert not proxied(made(AWAY), AWAY)


@CLIENTS
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5h://user:hunter2@proxy.contoso.com:1080"),
        ("HTTPS_PROXY", "socks4://proxy.contoso.com"),
        ("https_proxy", "ftp://proxy.contoso.com"),
        ("HTTPS_PROXY", "http://"),
        ("HTTPS_PROXY", "http://[proxy"),
        ("HTTPS_PROXY", "http://proxy:port"),
        ("all_proxy", "://"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_with_its_variable(
    made: Made, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(variable, value)
    with pytest.raises(DyntuiError, match="PROXY_UNUSABLE") as raised:
        made(AWAY)
    assert f"The variable {variable} " in raised.value.message
    assert "hunter2" not in raised.value.message


def test_a_proxy_for_plain_http_alone_concerns_nobody(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "socks5h://proxy.contoso.com:1080")
    assert way_to(AWAY).proxy is None


@CLIENTS
@pytest.mark.parametrize("kind", ["absent", "no certificate", "folder"])
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "ca_file"])
def test_a_file_of_authorities_that_cannot_be_used_is_named(
    made: Made, kind: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "ca.pem"
    if kind == "no certificate":
        path.write_text("nothing of the kind")
    if kind == "folder":
        path.mkdir()
    if variable == "SSL_CERT_FILE":
        monkeypatch.setenv(variable, str(path))
    with pytest.raises(DyntuiError, match="CA_FILE_UNREADABLE") as raised:
        made(HERE[0], path if variable == "ca_file" else None)
    assert str(path) in raised.value.message
    assert variable in raised.value.message + raised.value.remedy


def test_a_folder_of_authorities_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "gone"))
    with pytest.raises(DyntuiError, match="SSL_CERT_DIR"):
        way_to(AWAY)


def test_authorities_of_the_environment_are_believed_and_the_setups_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    blocks = Path(certifi.where()).read_text().split("-----END CERTIFICATE-----")
    for place, name in enumerate(("environment", "setup")):
        (tmp_path / f"{name}.pem").write_text(f"{blocks[place]}-----END CERTIFICATE-----\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "environment.pem"))
    tls = way_to(AWAY, tmp_path / "setup.pem").tls
    assert tls.verify_mode is ssl.CERT_REQUIRED
    assert tls.cert_store_stats()["x509_ca"] == 2


async def test_sign_in_calls_go_through_the_named_proxy(monkeypatch: pytest.MonkeyPatch):
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{port}")
    http = SignInHttp("https://login.contoso.example")
    with pytest.raises(DyntuiError, match="DATAVERSE_SIGN_IN_UNREACHABLE"):
        await asyncio.to_thread(http.get, "https://login.contoso.example/tenant")
    server.close()
    assert asked == [b"CONNECT login.contoso.example:443 HTTP/1.1\r\n"]
