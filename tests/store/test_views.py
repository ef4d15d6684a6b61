"""Every view of a grid that the contract lets ask for is one that the store knows."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.service.contract import campaigns, lists
from dyntui.service.contract.results import RECIPIENT_FILTERS
from dyntui.store import campaign_window, list_window, results
from tests.store.windows import windowed


def test_the_store_answers_every_view_of_the_contract(c: Connection) -> None:
    for view in lists.VIEWS:
        assert windowed(list_window.window, c, view=view).total == 0
    for view in campaigns.VIEWS:
        assert windowed(campaign_window.window, c, view=view).total == 0
    for kept in RECIPIENT_FILTERS:
        assert windowed(results.window, c, account_id="a", campaign_id=1, kept=kept).total == 0
