"""The environments in which a person has a user: Microsoft's Global Discovery service.

    environments(sign_in, service, ca_file=) -> [Environment]       service_of(authority) -> origin

Facts: learn.microsoft.com, "Discover user organizations with Global Discovery service"; a person's token is needed, an
application's finds nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import msgspec
from msal.authority import WELL_KNOWN_AUTHORITY_HOSTS

from dyntui.dataverse.addresses import origin_of
from dyntui.dataverse.errors import DataverseError
from dyntui.model.errors import Exit
from dyntui.remote.bearer import BearerToken, TokenSource
from dyntui.remote.network import options_to

_PUBLIC: Final = "https://globaldisco.crm.dynamics.com"
_PATH: Final = "/api/discovery/v2.0/Instances?$select=Url,FriendlyName,State,Version,Region"
_SECONDS: Final = 30.0
_ENABLED: Final = 0


class Environment(msgspec.Struct, frozen=True, rename="pascal"):
    """One. `state`: 0 where it can be used."""

    url: str
    friendly_name: str = ""
    state: int = 0
    version: str = ""
    region: str | None = None


class _Instances(msgspec.Struct, frozen=True):
    value: list[Environment]


def service_of(authority: str) -> str:
    """Where the discovery service is: Microsoft's for the public authority, else at the authority itself."""
    host = urlsplit(authority).hostname or ""
    return _PUBLIC if host in WELL_KNOWN_AUTHORITY_HOSTS else origin_of(authority)


async def environments(tokens: TokenSource, service: str, *, ca_file: Path | None = None) -> list[Environment]:
    """Those that can be used, by name. Raises DataverseError DISCOVERY_REFUSED, and what signing in raises."""
    options = options_to(service, ca_file)
    try:
        async with httpx.AsyncClient(**options, auth=BearerToken(tokens), timeout=_SECONDS) as client:
            answer = await client.get(f"{service}{_PATH}", headers={"Accept": "application/json"})
        found = msgspec.json.decode(answer.content, type=_Instances) if answer.is_success else None
    except (httpx.HTTPError, msgspec.MsgspecError) as error:
        raise _refused(type(error).__name__) from error
    if found is None:
        raise _refused(f"HTTP {answer.status_code}", answer.status_code)
    usable = [each for each in found.value if each.state == _ENABLED]
    return sorted(usable, key=lambda each: (each.friendly_name.casefold(), each.url))


def _refused(why: str, status: int = 0) -> DataverseError:
    return DataverseError(
        "DISCOVERY_REFUSED",
        f"Microsoft's discovery service did not tell your environments: {why}.",
        not_done="Nothing was connected.",
        remedy="Type the address of the environment, as the browser shows it: `dyntui setup`.",
        exit=Exit.UNREACHABLE,
        status=status,
    )
