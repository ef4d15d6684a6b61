"""What the environment says about the way to a remote system: proxies and certificate authorities.

Read here alone, for data and sign-in, Dynamics and dotdigital alike:

    httpx.AsyncClient(**options_to("https://contoso.crm4.dynamics.com", ca_file), ...)

What cannot be used is raised by the name of its variable.

`HTTPS_PROXY` or `ALL_PROXY` (either case) name the proxy, `NO_PROXY` hosts that need none. This machine's own addresses
never need one, nor does the link of a virtual machine to its host. `SSL_CERT_FILE` or `SSL_CERT_DIR` replace the usual
certificate authorities (as OpenSSL reads them); a `ca_file` of the setup is added to them.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import ssl
import urllib.request
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from dyntui.model.errors import DyntuiError, Exit

_SPOKEN: Final = ("http", "https")
# httpx speaks SOCKS only with this package beside it.
_SOCKS: Final = ("socks5", "socks5h")
_SOCKS_PACKAGE: Final = "socksio"


class Way(msgspec.Struct, frozen=True):
    """How a system is reached: through which proxy (None: straight), and whom to believe about its name."""

    proxy: str | None
    tls: ssl.SSLContext


def options_to(
    origin: str, ca_file: Path | None = None, transport: httpx.AsyncBaseTransport | httpx.BaseTransport | None = None
) -> dict[str, Any]:
    """The way to `https://host[:port]` as options of an httpx client, which then reads nothing of the environment
    itself. A `transport` that is brought along needs no way. Raises DyntuiError PROXY_UNUSABLE, CA_FILE_UNREADABLE."""
    if transport is not None:
        return {"transport": transport, "trust_env": False, "verify": False}
    way = way_to(origin, ca_file)
    return {"proxy": way.proxy, "verify": way.tls, "trust_env": False}


def way_to(origin: str, ca_file: Path | None = None) -> Way:
    """The way to `https://host[:port]`. Raises DyntuiError PROXY_UNUSABLE, CA_FILE_UNREADABLE."""
    return Way(_proxy_for(origin), _trusting(ca_file))


def https_origin(url: str) -> str | None:
    """`https://host[:port]` in lower case of a URL; None unless it is https, without a user and password in it."""
    parts = urlsplit(url.strip())
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        return None
    return f"https://{parts.netloc.lower()}"


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine, where no proxy helps."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_link_local(url: str) -> bool:
    """Whether a URL leads to the host of a virtual machine, which says who it is (169.254.169.254) and no other."""
    try:
        return ipaddress.ip_address(urlsplit(url).hostname or "").is_link_local
    except ValueError:
        return False


def _proxy_for(origin: str) -> str | None:
    parts = urlsplit(origin)
    if is_loopback(origin) or _is_link_local(origin) or urllib.request.proxy_bypass(parts.netloc):
        return None
    given = urllib.request.getproxies()
    kind = next((kind for kind in ("https", "all") if given.get(kind)), None)
    if kind is None:
        return None
    proxy = given[kind] if "://" in given[kind] else f"http://{given[kind]}"
    why = _unusable(proxy)
    if why:
        raise _proxy_unusable(_variable(f"{kind}_proxy"), proxy, why)
    return proxy


def _unusable(proxy: str) -> str:
    """Why a proxy cannot be used, in words; "" when it can."""
    try:
        httpx.Proxy(proxy)
        parts = urlsplit(proxy)
        named = parts.hostname and (parts.port is None or parts.port > 0)
    except (ValueError, httpx.InvalidURL):
        named = None
        parts = urlsplit("")
    if parts.scheme in _SOCKS:
        return "" if importlib.util.find_spec(_SOCKS_PACKAGE) else "SOCKS is not spoken here"
    if parts.scheme not in _SPOKEN or not named:
        return "it is no address of an HTTP proxy"
    return ""


def _variable(name: str) -> str:
    """The name as it is written in the environment; the lower-case one goes first."""
    return next((each for each in (name, name.upper()) if os.environ.get(each)), name.upper())


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    """The usual certificate authorities or the environment's, and, if given, one more from a PEM file."""
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and folder and not Path(folder).is_dir():
        raise _ca_unreadable("The variable SSL_CERT_DIR", folder, "there is no such folder", _CORRECT)
    try:
        context = httpx.create_ssl_context()
    except OSError as error:
        raise _ca_unreadable("The variable SSL_CERT_FILE", file or "", _why(error), _CORRECT) from error
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=str(ca_file))
        except OSError as error:
            raise _ca_unreadable("The setup", str(ca_file), _why(error), _PUT_BACK) from error
    return context


_CORRECT: Final = "Correct the variable, or unset it, and stop the service (`dyntui stop`) so that it is read afresh."
_PUT_BACK: Final = "Put the file back, or run `dyntui setup` with the ca_file that holds now."


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "it holds no certificate in PEM form"
    return (error.strerror or type(error).__name__).lower()


def _ca_unreadable(who: str, path: str, why: str, remedy: str) -> DyntuiError:
    return DyntuiError(
        "CA_FILE_UNREADABLE",
        f"{who} names {path} for certificate authorities, and that cannot be used: {why}.",
        not_done="No connection was made: without it nobody can be believed to be who they say.",
        remedy=remedy,
        exit=Exit.UNREACHABLE,
    )


def _proxy_unusable(variable: str, proxy: str, why: str) -> DyntuiError:
    return DyntuiError(
        "PROXY_UNUSABLE",
        f"The variable {variable} names the proxy {_without_password(proxy)}, which cannot be used: {why}.",
        not_done="No connection was made.",
        remedy=(
            f"Set {variable} to a proxy like http://proxy.contoso.com:8080, or unset it (NO_PROXY excepts single "
            "hosts), and stop the service (`dyntui stop`) so that it is read afresh."
        ),
        exit=Exit.UNREACHABLE,
    )


def _without_password(proxy: str) -> str:
    scheme, _, rest = proxy.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
