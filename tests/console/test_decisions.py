"""What a Manager decides in the console: held removals, suppressions that end, sources that count, sends in doubt."""

from __future__ import annotations

import msgspec

from dyntui.model.quarantine import RefusedRow
from dyntui.model.roles import Role
from dyntui.service.contract.campaigns import CountTargets
from dyntui.service.contract.held import DecideHeld, HeldRemovals
from dyntui.service.contract.quarantine import IgnoreRefused, RetryRefused
from dyntui.service.contract.sends import SendCampaign, SettleSend
from dyntui.service.contract.suppressions import AnswerConsentSources, LiftSuppression

from .driving import WIDE, driving
from .fake_service import FakeService


async def test_a_suppression_is_lifted_with_a_reason_and_what_stays_is_named() -> None:
    async with driving() as hand:
        await hand.press("5", "L")
        assert "Lift a suppression" in hand.text and "gone.0000@example.net" in hand.text
        await hand.press("enter")
        assert hand.asked("suppressions.lift") == [] and any("with a reason" in notice for notice in hand.notices)
        await hand.type("asked")
        await hand.press("enter")
        assert hand.asked("suppressions.lift") == [LiftSuppression(address="gone.0000@example.net", reason="asked")]
        assert "OPTED_OUT of a deleted record" in hand.text and "subscribe again" in hand.text
        await hand.press("escape", "L", "escape")
        assert len(hand.asked("suppressions.lift")) == 1


async def test_any_address_can_be_lifted_also_one_that_is_not_in_the_grid() -> None:
    service = FakeService()
    service.suppressions = []
    async with driving(service) as hand:
        await hand.press("5", "L", *"ann", "at", *"example.net", "enter", *"wrong", "enter")
        assert hand.asked("suppressions.lift") == [LiftSuppression(address="ann@example.net", reason="wrong")]


async def test_rows_without_an_address_and_sources_of_opt_outs_have_pages() -> None:
    async with driving() as hand:
        await hand.press("5", "n")
        assert "contact 11" in hand.text and "n/a" in hand.text and "1 of 1 row without an address" in hand.text
        await hand.press("escape", "f")
        assert "donotsendmm" in hand.text and "Until a Manager has answered, all of it counts." in hand.text
        await hand.press("a")
        assert "may be mailed again" in hand.text
        await hand.press("n")
        assert hand.asked("suppressions.answer_sources") == []
        await hand.press("a", "y")
        assert hand.asked("suppressions.answer_sources") == [AnswerConsentSources(count=())]
        assert "does not count" in hand.text and "A Manager has answered." in hand.text
        await hand.press("a", "y", "c")
        assert hand.asked("suppressions.answer_sources")[1:] == [AnswerConsentSources(count=("donotsendmm",))] * 2


async def test_who_is_no_manager_may_look_and_decides_nothing() -> None:
    async with driving(FakeService(Role.PROFESSIONAL)) as hand:
        await hand.press("5", "L", "f", "a", "c")
        assert "donotsendmm" in hand.text
        assert sum("needs the role Email Marketing Manager" in notice for notice in hand.notices) == 3


def in_doubt(role: Role = Role.MANAGER) -> FakeService:
    service = FakeService()
    service.targets[101] = ["list-1"]
    count = service._count(CountTargets(id=101))
    send = service._send(SendCampaign(count=count.id, confirm=count.sendable))
    service.finish()
    service.sends[send.id] = msgspec.structs.replace(service.sends[send.id], doubt="cancelled", state="Cancelled")
    service.role = role
    return service


async def test_a_send_in_doubt_is_settled_by_who_may_send_and_esc_says_nothing() -> None:
    async with driving(in_doubt(), size=(120, 40)) as hand:
        await hand.press("3", "enter")
        assert "x Settle" in hand.text and "nobody knows whom it reached" in hand.text
        for keys in (("escape",), ("enter",)):
            await hand.press("x", *keys)
            assert hand.asked("sends.settle") == [] and "What became" not in hand.text
        await hand.press("x", "right", "enter")
        assert hand.asked("sends.settle") == [SettleSend("send-1", was_mailed=False)]
        assert "not mailed as Sigrid Larsen found" in hand.text and "x Settle" not in hand.text


async def test_who_may_not_send_settles_nothing() -> None:
    async with driving(in_doubt(Role.PROFESSIONAL)) as hand:
        await hand.press("3", "enter", "x")
        assert "What became" not in hand.text and any("needs the role" in notice for notice in hand.notices)


def with_held_removals() -> FakeService:
    service = FakeService()
    for id, people in (("list-1", 120), ("list-2", 30)):
        name = service.lists[id].name
        why = f"{people} of 1000 people in the address book would leave it"
        service.waiting[id] = HeldRemovals(list=id, name=name, people=people, in_book=1000, why=why, run="run-001")
    return service


async def test_held_removals_are_on_home_and_are_let_go_or_kept_after_a_question() -> None:
    service = with_held_removals()
    names = [service.lists[id].name for id in ("list-1", "list-2")]
    async with driving(service, size=WIDE) as hand:
        assert "150 removals wait (6)" in hand.text
        await hand.press("6")
        assert all(name in hand.text for name in names) and "120 of 1000 people" in hand.text
        await hand.press("a")
        assert f"120 of 1,000 contacts of {names[0]}" in hand.text
        await hand.press("n")
        assert hand.asked("held.decide") == []
        await hand.press("a", "y")
        assert hand.asked("held.decide") == [DecideHeld(list="list-1", remove=True)]
        assert "Waiting for its turn" in hand.text
        await hand.press("escape", "K", "y")
        assert hand.asked("held.decide")[1:] == [DecideHeld(list="list-2", remove=False)]
        assert "Nothing waits for a decision" in hand.text


async def test_an_action_takes_the_marked_lists_and_enter_shows_whom_it_is_about() -> None:
    async with driving(with_held_removals()) as hand:
        await hand.press("6", "enter")
        assert "› Held removals" in hand.text and hand.asked("runs.people")[-1].outcome == "held"  # type: ignore[attr-defined]
        await hand.press("escape", "space", "space", "K")
        assert "120 contacts" in hand.text and "30 contacts" in hand.text
        await hand.press("y")
        assert len(hand.asked("held.decide")) == 2 and "Nothing waits" in hand.text


async def test_refused_rows_are_explained_offered_again_and_ignored() -> None:
    service = FakeService()
    service.refused = [
        RefusedRow(
            list="list-1",
            list_name="Newsletter readers",
            person=name,
            entity="contact",
            name=name.title(),
            address=f"{name}@x.org",
            reason="REJECTED",
            detail="InvalidEmail",
            retry_on="2026-03-03T20:00:00Z",
        )
        for name in ("ann", "bob", "cleo")
    ]
    async with driving(service, size=WIDE) as hand:
        await hand.press("6", "n")
        assert "InvalidEmail" in hand.text and "1 of 3 refused rows" in hand.text
        await hand.press("enter")
        assert "ann@x.org" in hand.text
        await hand.press("escape", "space", "space", "i")
        assert "Ignore 2 rows?" in hand.text
        await hand.press("y")
        assert hand.asked("quarantine.ignore") == [IgnoreRefused(list="list-1", people=("ann", "bob"))]
        assert "Cleo" in hand.text and "Bob" not in hand.text
        await hand.press("l")
        assert "Bob" in hand.text and "Cleo" not in hand.text
        await hand.press("i")
        assert "ignored already" in hand.notices[-1]
        await hand.press("h", "s")
        assert hand.asked("quarantine.retry") == [RetryRefused(list="list-1")]
        assert "Waiting for its turn" in hand.text
