"""Addresses: an account's API host, which hosts may be given its password, and a call's route as counters know it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from dyntui.dotdigital.errors import DotdigitalError
from dyntui.model.errors import Exit
from dyntui.remote.network import https_origin

_VENDOR_HOSTS: Final = (".dotdigital.com", ".dotmailer.com", ".apiconnector.com")
_OTHER_REGION: Final = re.compile(r"r[2-9]-api\.(dotdigital|dotmailer)\.com")
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}.*")


def origin_of(url: str) -> str:
    """`https://host[:port]` of an API URL: a trailing slash or `/v2` is dropped (reference 1.1).

    DOTDIGITAL_URL_INVALID unless it is https.
    """
    origin = https_origin(url)
    if origin is None:
        raise DotdigitalError(
            "DOTDIGITAL_URL_INVALID",
            "The dotdigital URL must look like https://r1-api.dotdigital.com.",
            not_done="No connection was made.",
            remedy="Correct the URL: `dyntui setup`.",
            exit=Exit.USAGE,
        )
    return origin


def trusted_endpoint(endpoint: str, asked_at: str) -> str:
    """The origin of an ApiEndpoint that account-info named, if the credentials may be sent there.

    Only the vendor's own hosts, or the host that was asked itself, are trusted.
    """
    origin = origin_of(endpoint if "://" in endpoint else f"https://{endpoint}")
    host = urlsplit(origin).hostname or ""
    if host == urlsplit(asked_at).hostname or f".{host}".endswith(_VENDOR_HOSTS):
        return origin
    raise DotdigitalError(
        "DOTDIGITAL_FOREIGN_ENDPOINT",
        "dotdigital named an API host that is not dotdigital's, so the password was not sent there.",
        not_done="No connection was made.",
        remedy="Check the URL and any proxy in between.",
        exit=Exit.NOT_PERMITTED,
        detail=endpoint[:200],
    )


def discovery_origin(origin: str) -> str | None:
    """Where to ask for the region of an account that another region's host refuses: r1 tells it whatever the region
    (reference 1.1). None where there is no such place."""
    known = _OTHER_REGION.fullmatch(urlsplit(origin).hostname or "")
    return f"https://r1-api.{known[1]}.com" if known else None


def route_of(method: str, path: str) -> str:
    """A call's route without identifiers, addresses or dates: `GET /v2/address-books/{id}/contacts`."""
    return f"{method} {'/'.join(_template(unquote(part)) for part in path.split('?', 1)[0].split('/'))}"


def _template(segment: str) -> str:
    if segment.isdigit() or _GUID.fullmatch(segment):
        return "{id}"
    if "@" in segment:
        return "{email}"
    if _DATE.fullmatch(segment):
        return "{date}"
    return segment
