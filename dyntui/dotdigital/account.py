"""The account: who it is, where it lives, what it may still do.

    account_info(dd) -> Account        server_time(dd) -> text
    connect(url, user, password, ca_file=...) -> Dotdigital      at the account's own region

Facts: reference/dotdigital_api.md sections 1.1 to 1.3.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from dyntui.dotdigital.addresses import discovery_origin, trusted_endpoint
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.reading import Long


class _Property(msgspec.Struct, frozen=True):
    name: str = ""
    value: str | int | float | bool | None = None


class _Info(msgspec.Struct, frozen=True):
    id: Long
    properties: list[_Property] = []


class Account(msgspec.Struct, frozen=True):
    """An account. `properties` are dotdigital's own names, in lower case, with their values as text."""

    id: Long
    properties: dict[str, str]

    @property
    def name(self) -> str:
        return self.properties.get("name", "")

    @property
    def endpoint(self) -> str | None:
        """The region's API URL as dotdigital names it."""
        return self.properties.get("apiendpoint") or None

    @property
    def calls_in_last_hour(self) -> int | None:
        """Of the flat limit; None where the account has the tiered one."""
        return _number(self.properties.get("apicallsinlasthour"))

    @property
    def calls_remaining(self) -> int | None:
        return _number(self.properties.get("apicallsremaining"))

    @property
    def users(self) -> list[str]:
        """The addresses of the account's users, in lower case: the only listing of users there is."""
        listed = self.properties.get("listmanagedusers", "")
        return [address.strip().lower() for address in listed.split(",") if address.strip()]

    @property
    def time_zone(self) -> str | None:
        return self.properties.get("timezoneiana") or None


def _text(value: str | int | float | bool | None) -> str:
    """A property's value as text, as which they are all documented."""
    return "" if value is None else str(value)


def _number(value: str | None) -> int | None:
    return int(value) if value is not None and value.strip().lstrip("-").isdigit() else None


async def account_info(dd: Dotdigital) -> Account:
    """The account's properties."""
    info = await dd.get("/v2/account-info", _Info)
    return Account(
        id=info.id, properties={each.name.lower(): _text(each.value) for each in info.properties if each.name}
    )


async def server_time(dd: Dotdigital) -> str:
    """dotdigital's own clock, as it writes it (ISO-like text)."""
    reply = await dd.request("GET", "/v2/server-time")
    return reply.body.decode("utf-8-sig", "replace").strip().strip('"')


async def connect(url: str, user: str, password: str, *, ca_file: Path | None = None, **options: Any) -> Dotdigital:
    """Ask account-info where the account lives and return a connection there. Costs one call, or two where another
    region's host was asked.

    `options` are those of `Dotdigital`. Raises DotdigitalError (DOTDIGITAL_SIGN_IN_REFUSED, DOTDIGITAL_UNREACHABLE...).
    """
    async with Dotdigital(url, user, password, ca_file=ca_file, **options) as first:
        asked_at = first.origin
        try:
            account = await account_info(first)
        except DotdigitalError as error:
            elsewhere = discovery_origin(asked_at)
            if error.status != 403 or elsewhere is None:
                raise
            return await connect(elsewhere, user, password, ca_file=ca_file, **options)
    home = trusted_endpoint(account.endpoint, asked_at) if account.endpoint else asked_at
    return Dotdigital(home, user, password, ca_file=ca_file, **options)
