"""Removals from address books that wait for a decision, and the decision."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.guids import as_stored
from dyntui.model.held import HeldRemovals
from dyntui.model.outcomes import PersonOutcome
from dyntui.model.sync_types import LISTS, Narrowed
from dyntui.service.answering import answers
from dyntui.service.contract.held import (
    HELD_DECIDE,
    HELD_LISTS,
    HELD_PEOPLE,
    HELD_WAITING,
    DecideHeld,
    Decisions,
    HeldDecided,
    HeldLists,
    WaitingIn,
    WaitingPeople,
)
from dyntui.service.contract.paging import Page
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import Runs, chosen_account
from dyntui.store import decisions, held, held_people, undone_holds
from dyntui.store import lists as list_store


class Held:
    """The calls of `held.*`."""

    def __init__(self, resources: Resources, identities: Identities, runs: Runs) -> None:
        self._resources = resources
        self._identities = identities
        self._runs = runs

    @answers(HELD_LISTS)
    async def lists(self, context: CallContext, request: WaitingIn) -> HeldLists:
        """The lists with removals that wait. Raises ACCOUNT_UNKNOWN."""
        account_id = await self._account(request)
        return HeldLists(rows=tuple(await self._resources.read(lambda c: held.lists(c, account_id))))

    @answers(HELD_WAITING)
    async def waiting(self, context: CallContext, request: WaitingIn) -> Decisions:
        """Everything that waits for a person. Raises ACCOUNT_UNKNOWN."""
        now, account_id = self._resources.now(), await self._account(request)
        return Decisions(rows=tuple(await self._resources.read(lambda c: decisions.waiting(c, now, account_id))))

    @answers(HELD_PEOPLE)
    async def people(self, context: CallContext, request: WaitingPeople) -> Page[PersonOutcome]:
        """Whom the decision about a list is about. Raises SORT_UNKNOWN."""
        list_id = as_stored(request.list)
        return await self._resources.read(
            lambda c: held_people.window(c, request, list_id=list_id, undone=request.undone)
        )

    async def _account(self, request: WaitingIn) -> str:
        return (await chosen_account(self._resources, request.account)).id if request.account else ""

    @answers(HELD_DECIDE)
    async def decide(self, context: CallContext, request: DecideHeld) -> HeldDecided:
        """Lets removals go or keeps the contacts, together with the run that carries it out. Raises LIST_UNKNOWN,
        NOTHING_HELD, HELD_CHANGED."""
        stored = await self._resources.read(lambda c: list_store.stored(c, [request.list]))
        if not stored:
            raise _nothing_decided("LIST_UNKNOWN", f"There is no marketing list {request.list!r}.")
        chosen = stored[0]
        person = await self._identities.person(context.uid)
        by, now = person.name if person else "", self._resources.now()
        decision = held.REMOVE if request.remove else held.KEEP
        people = tuple(map(as_stored, request.people))
        again = request.remove
        decided = 0

        def keep(c: Connection, run_id: str) -> None:
            nonlocal decided
            if request.waiting:
                _require_the_same(request, chosen, held.lists(c, chosen.account_id))
            # Of a list that is not activated nothing waits: no synchronisation would carry it out.
            decided = (
                0
                if not chosen.activated
                else (
                    undone_holds.decide(c, chosen.id, people, again, by, now)
                    if request.undone
                    else held.decide(c, chosen.id, people, decision, by, now)
                )
            )
            if not decided:
                what = "undone change" if request.undone else "removal"
                raise _nothing_decided("NOTHING_HELD", f"No such {what} of {chosen.name!r} waits for a decision.")

        asked = Narrowed(lists=(chosen.id,))
        # A synchronisation that is under way may be past it: this one comes after that.
        run = await self._runs.queue(context, LISTS, chosen.name, chosen.account_id, asked, work=keep, news=True)
        return HeldDecided(people=decided, run=run)


def _require_the_same(asked: DecideHeld, chosen: list_store.StoredList, waiting: Sequence[HeldRemovals]) -> None:
    """A synchronisation may have held others since somebody was asked: they have not been looked at."""
    there = next((each.people for each in waiting if (each.list, each.undone) == (chosen.id, asked.undone)), 0)
    if there and there != asked.waiting:
        raise DyntuiError(
            "HELD_CHANGED",
            f"Of {chosen.name!r} {there:,} wait by now, not {asked.waiting:,} as when you were asked.",
            not_done="Nothing was decided.",
            remedy="Look at who waits now, such as with `dyntui held show`, and decide then.",
            exit=Exit.USAGE,
        )


def use_cases(parts: Parts) -> Held:
    """What answers these calls."""
    return Held(parts.resources, parts.identities, Runs(parts.resources, parts.identities, parts.enqueue))


def _nothing_decided(code: str, message: str) -> DyntuiError:
    return DyntuiError(
        code, message, not_done="Nothing was decided.", remedy="See `dyntui held list`.", exit=Exit.USAGE
    )
