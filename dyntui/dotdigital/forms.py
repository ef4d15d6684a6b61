"""Forms, which the API calls surveys: what they ask, and what was answered.

    form_pages(dd) -> Page[Form]...                        active_since(dd, since) -> {form id}
    questions(dd, form_id) -> ([QuestionPage], [OddRow])   response_pages(dd, form_id, since=) -> Page[Response]...

Facts: reference/dotdigital_api.md section 8.2. Nearly everything may be null; dates are kept as received.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Hashable
from datetime import datetime
from typing import Any, Final

import msgspec

from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import stamp
from dyntui.dotdigital.paging import Page, skip_pages
from dyntui.dotdigital.reading import Long, OddRow, Whole

# The reference allows 500 a call, the service's own description 1,000.
_SELECT: Final = 500


class Form(msgspec.Struct, frozen=True, rename="camel"):
    """A form with its totals. `state` as received: `Active`, `Inactive`, `Pending`, `Expired`, or one that is new."""

    id: Whole
    name: str | None = None
    url: str | None = None
    state: str | None = None
    date_survey_created: str | None = None
    date_survey_modified: str | None = None
    first_response_date: str | None = None
    last_response_date: str | None = None
    total_complete_responses: Whole = 0
    total_incomplete_responses: Whole = 0
    total_views: Whole = 0


class Choice(msgspec.Struct, frozen=True):
    """An answer that can be chosen."""

    id: Whole
    text: str | None = None


class Field(msgspec.Struct, frozen=True, rename="camel"):
    """Something that a form asks, or tells: `type` is any word. `sub_fields`: the lines of a table of questions."""

    id: Whole
    type: str | None = None
    text: str | None = None
    choices: list[Choice] | None = None
    sub_fields: list[Field] | None = None
    has_other_option: bool = False
    other_option_choice_id: Whole | None = None
    other_option_sub_field_id: Whole | None = None
    other_option_text_field_id: Whole | None = None
    is_assigned_to_contact_data_field: bool = False
    assigned_contact_data_field_name: str | None = None


class QuestionPage(msgspec.Struct, frozen=True):
    """A page of a form."""

    id: Whole
    name: str | None = None
    fields: list[Field] | None = None


class GivenAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """One answer: a text, or the id of what was chosen."""

    field_id: Whole
    sub_field_id: Whole | None = None
    value: Any = None


class Response(msgspec.Struct, frozen=True, rename="camel"):
    """What somebody answered, to the end or not. Without an address it is anonymous."""

    id: Long
    email: str | None = None
    date_started: str | None = None
    complete: bool = False
    date_completed: str | None = None
    given_answers: list[GivenAnswer] | None = None


def _id(row: Form) -> Hashable:
    return row.id


def form_pages(dd: Dotdigital) -> AsyncIterator[Page[Form]]:
    """Every form of the account; those that cannot be read are in `odd`."""
    return skip_pages(dd, "/v2/surveys", Form, _id, select=_SELECT, takes_odd=True)


async def active_since(dd: Dotdigital, since: datetime) -> set[int]:
    """The forms that somebody answered since a time, as far as they can be read."""
    path = f"/v2/surveys/with-activity-since/{stamp(since)}"
    return {
        row.id async for page in skip_pages(dd, path, Form, _id, select=_SELECT, takes_odd=True) for row in page.rows
    }


async def questions(dd: Dotdigital, form_id: int) -> tuple[list[QuestionPage], list[OddRow]]:
    """What a form asks now, page by page, and the pages that cannot be read."""
    return await dd.rows(f"/v2/surveys/{form_id}/fields", QuestionPage)


def response_pages(dd: Dotdigital, form_id: int, *, since: datetime | None = None) -> AsyncIterator[Page[Response]]:
    """The responses to a form, or those with activity since a time; those that cannot be read are in `odd`."""
    path = f"/v2/surveys/{form_id}/responses"
    if since is not None:
        path += f"/with-activity-since/{stamp(since)}"
    return skip_pages(dd, path, Response, lambda row: row.id, select=_SELECT, takes_odd=True)
