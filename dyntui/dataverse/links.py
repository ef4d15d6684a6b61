"""Links that Dataverse gives out, under the host that was configured.

An organisation has several hosts (dataverse_api.md 1.1 and 1.6) and may write its links with another one than was
asked. All are read under the configured host: the sign-in is never sent anywhere else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

import msgspec

from dyntui.dataverse.addresses import is_same_organisation, origin_of
from dyntui.dataverse.errors import DataverseError
from dyntui.model.errors import Exit

_ORGANISATION: Final = (
    "RetrieveCurrentOrganization(AccessType=@p1)?@p1=Microsoft.Dynamics.CRM.EndpointAccessType'Default'"
)


class _Endpoints(msgspec.Struct, frozen=True):
    values: list[str] = msgspec.field(name="Values", default_factory=list)


class _Detail(msgspec.Struct, frozen=True):
    endpoints: _Endpoints = msgspec.field(name="Endpoints", default_factory=_Endpoints)


class Organisation(msgspec.Struct, frozen=True):
    """What RetrieveCurrentOrganization tells of the organisation's addresses."""

    detail: _Detail = msgspec.field(name="Detail", default_factory=_Detail)


class Links:
    """The addresses of one organisation, configured as `origin` with the API at `api`.

    `get` reads a path of the API: the organisation is asked for its endpoints once, when a link's host is not plainly
    its own.
    """

    def __init__(
        self, origin: str, api: str, get: Callable[[str, type[Organisation]], Awaitable[Organisation]]
    ) -> None:
        self._origin = origin
        self._api = api
        self._get = get
        self._endpoints: frozenset[str] | None = None

    async def absolute(self, path: str) -> str:
        """The address of a path or link under the configured host.

        Raises DATAVERSE_FOREIGN_LINK for a link that leads outside the organisation.
        """
        if "://" not in path.partition("?")[0]:
            return f"{self._origin}{path}" if path.startswith("/") else f"{self._api}{path}"
        parts = urlsplit(path)
        if parts.scheme != "https" or not await self._is_own(origin_of(path)):
            raise DataverseError(
                "DATAVERSE_FOREIGN_LINK",
                "A link leads outside the organisation, so the sign-in was not sent there.",
                not_done="The page was not read.",
                remedy="Check the organisation's URL and any proxy in between.",
                detail=path[:200],
            )
        return self._origin + path[len(parts.scheme) + len("://") + len(parts.netloc) :]

    async def _is_own(self, origin: str) -> bool:
        if is_same_organisation(origin, self._origin):
            return True
        if self._endpoints is None:
            self._endpoints = await self._ask()
        return origin in self._endpoints

    async def _ask(self) -> frozenset[str]:
        try:
            found = await self._get(_ORGANISATION, Organisation)
        except DataverseError as error:
            if error.exit is Exit.UNREACHABLE or error.code == "DATAVERSE_LIMIT":
                raise
            return frozenset()
        return frozenset(origin_of(each) for each in found.detail.endpoints.values if each.startswith("https://"))
