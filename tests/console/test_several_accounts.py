"""Several email accounts in the console: one is chosen, and every place shows what is of it."""

from __future__ import annotations

from pathlib import Path

from dyntui.screens.remembered import Memory
from sqlalchemy import update

from dyntui.model.mapping import PROVISIONED
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.store import accounts, campaigns, mappings
from dyntui.store.accounts import EmailAccount
from dyntui.store.campaigns import Header
from dyntui.store.schema import marketing_list

from .driving import driving
from .service import Service
from .worlds import CAMPAIGN, LIST, NEVER, Opening

SECOND = EmailAccount(
    id="5ec0d000-0000-4000-8000-000000000002",
    name="Second",
    api_user="apiuser-2@apiconnector.com",
    endpoint="https://r2-api.dotdigital.com",
    region="r2",
    platform_id=2,
    description="Shops",
)


def two(service: Service) -> None:
    """Winter leads belongs to another email account, which has a campaign of the same number."""
    with service.db.write() as c:
        number = next(each.id for each in campaigns.all_of(c, accounts.accounts(c)[0].id) if each.name == CAMPAIGN)
        accounts.put_account(c, SECOND)
        c.execute(update(marketing_list).where(marketing_list.c.name == NEVER).values(account_id=SECOND.id))
        header = Header(id=number, name="News of the shops", status="Sent")
        campaigns.record_headers(c, SECOND.id, [header], "2026-11-22T12:00:00Z")


async def test_the_chosen_account_is_shown_everywhere_and_remembered(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory.json")
    async with driving(Opening("targeted", prepare=two), memory=memory) as hand:
        await hand.press("3")
        assert "@ all email accounts" in hand.text and CAMPAIGN in hand.text and "News of the shops" in hand.text
        # A campaign of the same number is told apart by its account.
        await hand.to("", "News of the shops")
        await hand.press("enter")
        assert hand.asked("campaigns.get")[-1].account == SECOND.id and "News of the shops" in hand.text
        await hand.press("E", "G", "enter")
        edited = hand.asked("campaigns.edit")[-1]
        assert (edited.account, edited.sync_level) == (SECOND.id, "DETAILED") and "DETAILED, of its own" in hand.text
        await hand.press("escape", "at")
        assert "Shops" in hand.text and "the default one" in hand.text
        await hand.press("G", "enter")
        assert "@ Second" in hand.text and CAMPAIGN not in hand.text
        await hand.press("2")
        assert NEVER in hand.text and LIST not in hand.text
        await hand.to("", NEVER)
        await hand.press("s")
        assert hand.asked("runs.start")[-1].account == "Second"
        await hand.press("escape")
        for keys, call in (
            ("4", "runs.page"),
            ("5", "suppressions.page"),
            ("6", "held.waiting"),
            ("S", "schedules.list"),
            ("B", "labels.page"),
        ):
            await hand.press(*keys)
            assert hand.asked(call)[-1].account == SECOND.id and "@ Second" in hand.text, call
        # A page that is about one account goes on with the one that is chosen, or with the default one.
        await hand.press("at", "g", "enter")
        main = hand.asked("labels.page")[-1].account
        assert main not in ("", SECOND.id) and "@ Main" in hand.text
        # What somebody has begun with an account is done for it, though another one is chosen before the answer.
        await hand.press("M", "D")
        hand.app._chosen_account.take(SECOND.id)
        await hand.settle()
        await hand.press("y")
        await hand.press("y")
        assert [each.account for each in hand.asked("mappings.save")] == [main] and "@ Second" in hand.text
        with hand.service.db.read() as c:
            assert len(mappings.current(c, main).mappings) == len(PROVISIONED) - 1
            assert mappings.current(c, SECOND.id).mappings == PROVISIONED
    assert Memory(tmp_path / "memory.json").now.account == "" and memory.now.account == SECOND.id
    async with driving(Opening("targeted", prepare=two), memory=Memory(tmp_path / "memory.json")) as hand:
        assert "@ Second" in hand.text
        await hand.press("3")
        assert CampaignRef(0) not in hand.asked("campaigns.get") and "News of the shops" in hand.text
    async with driving(Opening("targeted"), memory=Memory(tmp_path / "memory.json")) as hand:
        # There is only one any more.
        await hand.press("at")
        assert any("only one email account" in each for each in hand.notices) and "@ " not in hand.text


async def test_what_is_done_with_campaigns_is_done_in_their_own_account() -> None:
    async with driving(Opening("targeted", prepare=two)) as hand:
        await hand.press("3")
        for name in ("News of the shops", "January sale"):
            await hand.to("", name)
            await hand.press("space")
        await hand.press("s")
        started = [(each.account, len(each.campaigns)) for each in hand.asked("runs.start")]  # type: ignore[attr-defined]
        assert sorted(started) == [("Main", 1), ("Second", 1)]
        # Of another account's lists none can be a target.
        await hand.press("escape", "3", "3")
        await hand.to("", CAMPAIGN)
        await hand.press("escape", "enter", "t")
        assert "Add Existing Marketing List" in hand.text and LIST in hand.text and NEVER not in hand.text


async def test_target_lists_that_dynamics_took_before_it_refused_one_are_shown() -> None:
    async with driving(Opening("targeted")) as hand:
        await hand.to("3", "Trade news")
        await hand.press("enter", "t")
        await hand.to("", LIST)
        await hand.press("space")
        await hand.to("", NEVER)
        await hand.press("space")
        with hand.service.sandbox.state.db as db:
            db.execute("DELETE FROM dv_list WHERE listname = ?", (NEVER,))
        await hand.press("enter")
        assert "DATAVERSE_" in hand.text
        await hand.press("escape")
        assert "1 of 1 target list" in hand.text and LIST in hand.text
