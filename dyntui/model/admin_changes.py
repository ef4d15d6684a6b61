"""Changes by administrators as store, contract and both faces show them."""

from __future__ import annotations

from typing import Final

import msgspec

# The subjects (`dyntui.model.subjects`) of which it is kept who changed what.
SUBJECTS: Final = (
    "accounts",
    "campaigns",
    "credentials",
    "environment",
    "labels",
    "mappings",
    "people",
    "schedules",
    "suppressions",
    "users",
)


class AdminChange(msgspec.Struct, frozen=True, kw_only=True):
    """Who changed what, when (ISO 8601 UTC), and how it read before and after. `subject`: one of
    `SUBJECTS`; `thing`: what of it, such as a sync type; `about`: the id of what it is about, where those
    of one are listed by themselves; `account`: the email account's name."""

    subject: str
    account: str = ""
    thing: str
    about: str = ""
    changed_by: str
    changed_on: str
    before: str
    after: str
