"""Whether a contact of dotdigital is still the one that opted out: what ends the opt-out of one says nothing of another
that was made with the address since."""

from __future__ import annotations

from datetime import datetime

from dyntui.model.moments import text_of


def is_the_same(contact_id: int, made_on: datetime | None, known_id: int, known_since: str) -> bool:
    """Whether the contact, made at `made_on`, is the one of id `known_id` (0: it was not named) that had opted out by
    `known_since` (as `text_of` writes it).

    An id proves nothing alone: a contact that is written again after it was deleted can get its old one
    (dotdigital_api.md 3.4). Nor does a contact that does not say when it was made.
    """
    return known_id in (0, contact_id) and made_on is not None and text_of(made_on) <= known_since
