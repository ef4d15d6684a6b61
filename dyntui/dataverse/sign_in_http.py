"""The HTTP over which a sign-in to Entra ID speaks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.sign_in_errors import NOBODY_SIGNED_IN, sign_in_limited
from dyntui.model.errors import Exit
from dyntui.remote.limits import retry_after
from dyntui.remote.network import options_to

UNREACHABLE: Final = "DATAVERSE_SIGN_IN_UNREACHABLE"


class SignInHttp:
    """The blocking HTTP that MSAL uses (it takes any object with `get` and `post`, reference 1.5).

    `authority` is Entra ID's address. Raises DATAVERSE_SIGN_IN_UNREACHABLE instead of the HTTP library's own errors,
    and DATAVERSE_SIGN_IN_LIMIT. `transport` is for tests.
    """

    def __init__(
        self,
        authority: str,
        ca_file: Path | None = None,
        *,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.http = httpx.Client(**options_to(authority, ca_file, transport), timeout=timeout)

    def get(
        self, url: str, params: Any = None, headers: Mapping[str, str] | None = None, **_: object
    ) -> httpx.Response:
        return self._send("GET", url, params, None, headers)

    def post(
        self, url: str, params: Any = None, data: Any = None, headers: Mapping[str, str] | None = None, **_: object
    ) -> httpx.Response:
        return self._send("POST", url, params, data, headers)

    def close(self) -> None:
        self.http.close()

    def _send(self, method: str, url: str, params: Any, data: Any, headers: Mapping[str, str] | None) -> httpx.Response:
        if isinstance(data, dict):
            # MSAL gives a signed assertion as bytes, which httpx would write as Python's repr of them.
            data = {name: each.decode() if isinstance(each, bytes) else each for name, each in data.items()}
        try:
            response = self.http.request(method, url, params=params, data=data, headers=headers)
        except httpx.TransportError as failure:
            raise _sign_in_unreachable(url, f"{type(failure).__name__}: {failure}") from failure
        # MSAL would take both for a tenant that is not there.
        if response.status_code == 429:
            raise sign_in_limited(retry_after(response), url)
        if response.status_code >= 500:
            raise _sign_in_unreachable(url, f"HTTP {response.status_code}")
        return response


def _sign_in_unreachable(url: str, detail: str) -> DataverseError:
    return DataverseError(
        UNREACHABLE,
        f"Entra ID at {urlsplit(url).netloc} could not be reached.",
        not_done=NOBODY_SIGNED_IN,
        remedy="Check the authority, the network and, for a private certificate authority, the ca_file setting.",
        exit=Exit.UNREACHABLE,
        detail=detail,
    )
