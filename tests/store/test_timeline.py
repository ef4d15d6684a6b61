"""What was seen of a person, in the order that is asked for."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert

from dyntui.model.errors import DyntuiError
from dyntui.model.paging import Window
from dyntui.store import timeline
from dyntui.store.schema import recipient


def test_the_events_of_a_person_stand_in_the_order_that_is_asked_for(c: Connection) -> None:
    for campaign, on in ((1, "2026-03-02T09:00:00Z"), (2, "2026-03-01T09:00:00Z")):
        of = {"account_id": "a", "campaign_id": campaign, "contact_id": 7, "address": "ann@example.com"}
        c.execute(insert(recipient).values(of | {"sent_on": on}))

    def where(sort: str) -> list[str]:
        return [each.where for each in timeline.window(c, Window(sort=sort), address="ann@example.com").rows]

    assert where("") == where("-happened_on") == ["campaign 1", "campaign 2"]
    assert where("happened_on") == ["campaign 2", "campaign 1"]
    with pytest.raises(DyntuiError, match="SORT_UNKNOWN"):
        where("nothing")
