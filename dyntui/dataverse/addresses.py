"""Addresses: an organisation's origin, the API's path, and a call's route as counters know it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from dyntui.dataverse.errors import DataverseError
from dyntui.model.errors import Exit
from dyntui.remote.network import https_origin

API_PATH: Final = "/api/data/v9.2/"
_MICROSOFT_CLOUDS: Final = (".dynamics.com", ".microsoftdynamics.us", ".appsplatform.us", ".dynamics.cn")
_GUID: Final = re.compile(r"\([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\)")
_KEY: Final = re.compile(r"\((?!\{id\}|LogicalName=)[^()]*=[^()]*\)")


def origin_of(url: str) -> str:
    """`https://host[:port]` of an environment's URL; DATAVERSE_URL_INVALID unless it is https."""
    origin = https_origin(url)
    if origin is None:
        raise DataverseError(
            "DATAVERSE_URL_INVALID",
            "The organisation's URL must look like https://contoso.crm4.dynamics.com.",
            not_done="No connection was made.",
            remedy="Correct the URL: `dyntui setup`.",
            exit=Exit.USAGE,
        )
    return origin


def is_same_organisation(one: str, other: str) -> bool:
    """Whether two origins are known to be the same organisation: equal, or differing in the label `api` alone.

    Microsoft hands out `https://contoso.crm4.dynamics.com` and `https://contoso.api.crm4.dynamics.com` for one
    organisation (dataverse_api.md 1.1). Only hosts of Microsoft's own clouds are compared in this way.
    """
    if one == other:
        return True
    shortened = {_without_api(one), _without_api(other)}
    return None not in shortened and len(shortened) == 1


def _without_api(origin: str) -> str | None:
    labels = urlsplit(origin).netloc.split(".")
    if not origin.endswith(_MICROSOFT_CLOUDS) or len(labels) < 4:
        return None
    return ".".join([labels[0], *labels[2:]] if labels[1] == "api" else labels)


def route_of(method: str, path: str) -> str:
    """A call's route without identifiers or query, for counters: `GET lists({id})/listcontact_association`."""
    bare = path.split("?", 1)[0]
    bare = bare.split(API_PATH, 1)[-1].strip("/")
    return f"{method} {_KEY.sub('({key})', _GUID.sub('({id})', bare))}"
