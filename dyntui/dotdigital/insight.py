"""Web behaviour tracking: what visitors of tracked web sites looked at, kept as insight data.

    session_pages(dd, since=, resume=) -> Page[WebSession]...

Facts: reference/dotdigital_api.md section 9.2: one record per session, which ends after 35 idle minutes and grows until
then. The shape of what is inside a record is not documented: `dyntui.model.web_behaviour` reads it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

import msgspec

from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import stamp
from dyntui.dotdigital.paging import Page, marker_pages
from dyntui.dotdigital.reading import Long

COLLECTION: Final = "WebInsight"


class WebSession(msgspec.Struct, frozen=True):
    """A session. `owner`: the contact, None for a visitor whom nobody knows; `document`: as received."""

    key: str
    document: Any = msgspec.field(name="json", default=None)
    updated: str | None = None
    owner: Long | None = msgspec.field(name="ownerContactId", default=None)


def session_pages(
    dd: Dotdigital, *, since: datetime | None = None, resume: str | None = None
) -> AsyncIterator[Page[WebSession]]:
    """The sessions of all contacts, or those that were added to since a time; those that cannot be read are in `odd`.

    Raises DOTDIGITAL_COLLECTION_NOT_FOUND where the account has no web behaviour tracking.
    """
    params = {} if since is None else {"~modified": f"gte::{stamp(since)}"}
    path = f"/insightData/v3/contacts/{COLLECTION}"
    return marker_pages(dd, path, WebSession, params=params, resume=resume, takes_odd=True)
