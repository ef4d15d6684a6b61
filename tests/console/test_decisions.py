"""What a Manager decides in the console: held removals, suppressions that end, sources that count, sends in doubt."""

from __future__ import annotations

from dyntui.screens.whose import Whose

from dyntui.model.roles import Role
from dyntui.service.contract.conflicts import ConflictOf, SettleConflicts
from dyntui.service.contract.held import DecideHeld
from dyntui.service.contract.quarantine import IgnoreRefused, RetryRefused
from dyntui.service.contract.sends import SettleSend
from dyntui.service.contract.suppressions import AnswerConsentSources, LiftSuppression
from dyntui.store import accounts, conflicts, held, odd_rows
from dyntui.store.odd_rows import OddRow

from .driving import WIDE, driving
from .service import Service
from .worlds import CAMPAIGN, LIST, NEVER, PERSON, Opening

FIRST = ConflictOf(person="a-record", label="FIRSTNAME")
SUPPRESSED = "asa.jansson281@brevlada.example"


async def test_a_suppression_is_lifted_with_a_reason_and_what_stays_is_named() -> None:
    async with driving() as hand:
        await hand.press("5")
        (row,) = [each for each in hand.text.splitlines() if SUPPRESSED in each]
        assert all(title in hand.text for title in ("Address", "Reason", "Since")) and "2026" in row
        await hand.press("L")
        assert "Lift a suppression" in hand.text and SUPPRESSED in hand.text
        await hand.press("enter")
        assert hand.asked("suppressions.lift") == [] and any("with a reason" in notice for notice in hand.notices)
        await hand.type("asked")
        await hand.press("enter")
        assert hand.asked("suppressions.lift") == [LiftSuppression(address=SUPPRESSED, reason="asked")]
        assert "Ended DO_NOT_BULK_EMAIL" in hand.text and "Main says NotAllowed" in hand.text
        assert "subscribe again" in hand.text
        await hand.press("escape", "L", "escape")
        assert len(hand.asked("suppressions.lift")) == 1


async def test_any_address_can_be_lifted_also_one_that_is_not_in_the_grid() -> None:
    async with driving() as hand:
        await hand.press("5", "slash", *"nobody there", "enter")
        assert "No suppression" in hand.text or "matches" in hand.text
        await hand.press("L", *"ann", "at", *"example.net", "enter", *"wrong", "enter")
        assert hand.asked("suppressions.lift") == [LiftSuppression(address="ann@example.net", reason="wrong")]


def an_odd_row(service: Service) -> None:
    """A row that asks for somebody not to be mailed, and names nobody."""
    with service.db.write() as c:
        odd_rows.put(c, "contact 11", "", [OddRow(key="11", shown="n/a")], service.resources.now())


async def test_rows_without_an_address_and_sources_of_opt_outs_have_pages() -> None:
    async with driving(Opening(prepare=an_odd_row)) as hand:
        await hand.press("5", "n")
        assert "contact 11" in hand.text and "n/a" in hand.text and "1 of 1 row without an address" in hand.text
        await hand.press("escape", "f")
        assert "donotsendmm" in hand.text and "Until a Manager has answered, all of it counts." in hand.text
        await hand.press("a")
        assert "may be mailed again" in hand.text
        await hand.press("n")
        assert hand.asked("suppressions.answer_sources") == []
        await hand.press("a", "y")
        assert hand.asked("suppressions.answer_sources") == [AnswerConsentSources(count=(), seen=("donotsendmm",))]
        assert "does not count" in hand.text and "A Manager has answered." in hand.text
        await hand.press("a", "y", "c")
        assert hand.asked("suppressions.answer_sources")[1:] == [
            AnswerConsentSources(count=("donotsendmm",), seen=seen) for seen in ((), ("donotsendmm",))
        ]
        # Who has answered what is kept; the same answer again is none.
        await hand.press("4", "D")
        assert "1 of 2 changes" in hand.text and hand.text.count("opt-outs in Dynamics that count") == 2


async def test_who_is_no_manager_may_look_and_decides_nothing() -> None:
    async with driving(Opening(role=Role.PROFESSIONAL)) as hand:
        await hand.press("5", "L", "f", "a", "c")
        assert "donotsendmm" in hand.text
        assert sum("needs the role Email Marketing Manager" in notice for notice in hand.notices) == 3


async def test_a_send_in_doubt_is_settled_by_who_may_send_and_esc_says_nothing() -> None:
    async with driving(Opening("doubted"), size=(120, 40)) as hand:
        assert "say who was mailed (W)" in hand.text
        await hand.to("3", CAMPAIGN)
        await hand.press("enter")
        assert "x Settle" in hand.text and "nobody knows whom it reached" in hand.text
        for keys in (("escape",), ("enter",)):
            await hand.press("x", *keys)
            assert hand.asked("sends.settle") == [] and "What became" not in hand.text
        await hand.press("x", "right", "enter")
        (settled,) = hand.asked("sends.settle")
        assert isinstance(settled, SettleSend) and not settled.was_mailed
        assert f"not mailed as {PERSON} found" in hand.text and "x Settle" not in hand.text
        # Home was open before, as it may be of anybody else.
        await hand.press("1")
        assert "say who was mailed" not in hand.text


async def test_who_may_not_send_settles_nothing() -> None:
    async with driving(Opening("doubted", Role.PROFESSIONAL)) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("enter", "x")
        assert "What became" not in hand.text and any("needs the role" in notice for notice in hand.notices)


async def test_held_removals_are_on_home_and_are_let_go_or_kept_after_a_question() -> None:
    async with driving(Opening("held"), size=WIDE) as hand:
        assert "168 removals (6)" in hand.text
        await hand.press("6")
        assert LIST in hand.text and NEVER in hand.text and "156 of 163 people" in hand.text
        await hand.press("enter")
        assert "Held removals" in hand.text and "156 people" in hand.text and hand.asked("held.people")
        await hand.press("escape")
        await hand.press("a")
        assert f"156 of 163 contacts of {LIST}" in hand.text
        await hand.press("n")
        assert hand.asked("held.decide") == []
        await hand.press("a", "y")
        (first,) = hand.asked("held.decide")
        assert isinstance(first, DecideHeld) and first.remove
        assert "Queued" in hand.text
        await hand.press("escape", "K", "y")
        second = hand.asked("held.decide")[1]
        assert isinstance(second, DecideHeld) and not second.remove and second.list != first.list
        await hand.finish()
        await hand.press("escape")
        assert "Nothing waits for a decision" in hand.text


def clashes(service: Service) -> None:
    """Two values of a person were changed on both sides, and nobody has looked yet."""
    with service.db.write() as c:
        account = accounts.accounts(c)[0].id
        met = [
            conflicts.Met(
                person="a-record",
                entity="contact",
                name="Ada Ek",
                address="ada@example.com",
                label=label,
                dynamics="'Here'",
                dotdigital="'There'",
                winner="dotdigital",
            )
            for label in ("FIRSTNAME", "LASTNAME")
        ]
        conflicts.keep(c, account, "a-run", met, service.resources.now())


async def test_refused_rows_and_conflicts_wait_beside_removals_and_enter_leads_to_them() -> None:
    async with driving(Opening("refused", prepare=clashes), size=WIDE) as hand:
        assert "3 refused rows, 2 conflicts (6)" in hand.text
        await hand.press("6")
        assert "refused rows" in hand.text and "changed on both sides: several" in hand.text
        await hand.press("a")
        assert hand.asked("held.decide") == [] and any("no removal" in notice for notice in hand.notices)
        await hand.press("enter")
        assert hand.asked("quarantine.page")[-1].list != ""  # type: ignore[attr-defined]
        await hand.press("escape", "down", "enter")
        assert "Ada Ek" in hand.text and "'Here'" in hand.text and "'There'" in hand.text
        await hand.press("a")
        of = ConflictOf(person="a-record", label="LASTNAME")
        (settled,) = hand.asked("conflicts.settle")
        assert isinstance(settled, SettleConflicts) and len(settled.of) == 1 and {settled.of[0]} <= {of, FIRST}
        assert "1 of 1 conflict" in hand.text
        # Whoever goes back sees what waits by now.
        await hand.press("escape")
        (waits,) = [line.split() for line in hand.text.splitlines() if "changed on both sides" in line]
        assert waits[1:4] == ["Main", "conflicts", "1"]
        await hand.press("enter", "t")
        assert "of Ada Ek becomes 'Here' in Dynamics again." in hand.text
        await hand.press("n")
        assert hand.asked("conflicts.take") == []
        await hand.press("t", "y")
        assert len(hand.asked("conflicts.take")) == 1
        await hand.press("escape", "escape")
        assert "conflicts" in hand.text


async def test_an_action_takes_the_marked_lists_and_enter_shows_whom_it_is_about() -> None:
    async with driving(Opening("held")) as hand:
        await hand.press("6", "enter")
        assert "› Held removals" in hand.text and hand.asked("held.people")[-1].undone is False  # type: ignore[attr-defined]
        await hand.press("escape", "space", "space", "K")
        assert "156 contacts" in hand.text and "12 contacts" in hand.text
        await hand.press("y")
        assert len(hand.asked("held.decide")) == 2
        await hand.finish()
        await hand.press("escape")
        assert "Nothing waits" in hand.text and "marked" not in hand.text


async def test_refused_rows_are_explained_offered_again_and_ignored() -> None:
    async with driving(Opening("refused"), size=WIDE) as hand:
        await hand.press("6", "n")
        assert "1 of 3 refused rows" in hand.text and hand.text.count("@spamtr") == 3
        await hand.press("enter")
        assert "@spamtr" in hand.text and "Reason" in hand.text
        await hand.press("escape", "space", "space", "i")
        assert "Ignore 2 rows?" in hand.text
        await hand.press("y")
        (ignored,) = hand.asked("quarantine.ignore")
        assert isinstance(ignored, IgnoreRefused) and len(ignored.people) == 2
        assert hand.text.count("@spamtr") == 1
        # What is done next is about the row in hand, and not about those again.
        assert "marked" not in hand.text
        await hand.press("l")
        assert hand.text.count("@spamtr") == 2
        await hand.press("i")
        assert "ignored already" in hand.notices[-1]
        await hand.press("h", "s")
        assert hand.asked("quarantine.retry") == [RetryRefused(list=ignored.list)]
        assert "Queued" in hand.text


def the_item(service: Service) -> Whose:
    """The item of the run that holds removals, as a permalink names it."""
    with service.db.read() as c:
        row = held.lists(c)[0]
    return Whose(title=row.name, run=row.run, kind="lists", item=row.list)


async def test_a_permalink_opens_the_people_of_an_item_and_is_copied_on_the_page_of_its_run() -> None:
    links: list[str] = []

    def at(service: Service) -> Whose:
        item = the_item(service)
        links.append(f"{item.run}/{item.item}")
        return item

    async with driving(Opening("held"), size=(160, 40), at=at) as hand:
        assert links[0] in hand.text and " people" in hand.text
        await hand.press("escape", "Y")
        assert hand.app.clipboard == links[0].partition("/")[0]
        await hand.press("tab", "Y")
        assert hand.app.clipboard == links[0]


async def test_an_address_is_suppressed_with_a_reason() -> None:
    async with driving(Opening("connected")) as hand:
        await hand.press("5", "a")
        assert "Suppress an address" in hand.text
        await hand.type("no.more@person.example")
        await hand.press("enter", "enter")
        assert any("with a reason only" in each for each in hand.notices)
        await hand.type("asked by phone")
        await hand.press("enter")
        assert [each.address for each in hand.asked("suppressions.add")] == ["no.more@person.example"]
        assert any("no.more@person.example is suppressed" in each for each in hand.notices)


async def test_somebody_is_asked_to_subscribe_again_with_evidence() -> None:
    async with driving(Opening("targeted")) as hand:
        await hand.press("5", "R")
        assert "Ask whether to subscribe again" in hand.text
        await hand.type("wrote to us")
        await hand.press("enter")
        (asked,) = hand.asked("suppressions.ask")
        assert asked.evidence == "wrote to us" and asked.address and asked.account


async def test_a_wide_screen_tells_a_decision_beside_the_rows() -> None:
    async with driving(Opening("held"), size=(160, 40)) as hand:
        await hand.press("6")
        card = hand.text.partition("─ Decision ─")[2]
        assert LIST in card and "156 of 163 people in the" in card
        await hand.pilot.resize_terminal(120, 40)
        await hand.settle()
        assert "─ Decision ─" not in hand.text
