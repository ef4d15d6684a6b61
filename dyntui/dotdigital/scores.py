"""Contact scores, as dotdigital works them out every day.

    score_pages(dd, since=, resume=) -> Page[ContactScore]...      of all contacts, or those that were scored anew since

Facts: reference/dotdigital_api.md section 9.1. Raises DOTDIGITAL_FEATURE_OFF where scoring is not part of the account.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import msgspec

from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import stamp
from dyntui.dotdigital.paging import Page, skip_pages
from dyntui.dotdigital.reading import Long


class ContactScore(msgspec.Struct, frozen=True, rename="camel"):
    """The score of one contact, kept as received (`dyntui.model.scores` reads it): numbers from 0 to
    100, a label of the account's own such as `Hot`, and when it was worked out."""

    contact_id: Long
    email: str | None = None
    date_modified: Any = None
    score_label: Any = None
    score: Any = None
    engagement: Any = None
    suitability: Any = None


def score_pages(
    dd: Dotdigital, *, since: datetime | None = None, resume: str | None = None
) -> AsyncIterator[Page[ContactScore]]:
    """Every score, or those modified since a time. Rows that name no contact are left in `odd`."""
    path = "/v2/contacts/score" + (f"/modified-since/{stamp(since)}" if since is not None else "")
    return skip_pages(dd, path, ContactScore, _mark, resume=resume, until_empty=True, takes_odd=True)


def _mark(row: ContactScore) -> tuple[int, str]:
    # Who is scored again while pages are read comes a second time, in the order of modification.
    return row.contact_id, str(row.date_modified)
