"""Suppressions as last read, what a Manager may decide about them, and where people opt out."""

from __future__ import annotations

import logging

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import rows
from dyntui.dataverse.query import text
from dyntui.dataverse.security import who_am_i
from dyntui.dotdigital import suppressions as dd_suppressions
from dyntui.model import solution
from dyntui.model.admin_changes import AdminChange
from dyntui.model.consent_sources import SOURCES
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.lengths import cut
from dyntui.model.mentioned import addresses_in, shown
from dyntui.model.moments import text_of
from dyntui.model.paging import Page
from dyntui.model.people import is_address, normalise
from dyntui.service.answering import answers
from dyntui.service.contract.runs import StartRun
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.suppressions import (
    ANSWER_CONSENT_SOURCES,
    CONSENT_SOURCES,
    SUPPRESSION_ADD,
    SUPPRESSION_ASK,
    SUPPRESSION_LIFT,
    SUPPRESSION_ODD,
    SUPPRESSIONS_PAGE,
    AddedSuppression,
    AddSuppression,
    AnswerConsentSources,
    AskedToSubscribe,
    AskToSubscribe,
    ConsentSources,
    Lifted,
    LiftSuppression,
    OddRows,
    SuppressionRow,
    SuppressionsQuery,
)
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import Runs, chosen_account
from dyntui.store import admin_changes, consent_sources, deciding, environment, odd_rows, suppressions
from dyntui.sync.connector_rows import KEY
from dyntui.sync.suppression_rows import BY_HAND, key_by_hand

log = logging.getLogger(__name__)

# As much of a reason as its column takes.
_REASON = 50
# What dotdigital answers when somebody is asked to subscribe again (dotdigital_api.md 3.6).
_CANNOT = "ContactCannotBeUnsuppressed"
_STATUS = {
    "ContactChallenged": "dotdigital has mailed them; they stay suppressed until they confirm",
    "ContactAdded": "dotdigital has subscribed them again; the next synchronisation learns it",
}
_ID = f"{solution.SUPPRESSION.logical_name}id"


class _Row(msgspec.Struct, frozen=True, rename={"address": "dyntui_address"}):
    address: str | None = None


class Suppressions:
    """The calls of `suppressions.*`."""

    def __init__(self, resources: Resources, identities: Identities, runs: Runs) -> None:
        self._resources = resources
        self._identities = identities
        self._runs = runs

    @answers(SUPPRESSIONS_PAGE)
    async def page(self, context: CallContext, request: SuppressionsQuery) -> Page[SuppressionRow]:
        """A window on the suppressed addresses, by address."""
        account_id = (await chosen_account(self._resources, request.account)).id if request.account else ""
        return await self._resources.read(lambda c: suppressions.window(c, request, account_id=account_id))

    @answers(SUPPRESSION_ADD)
    async def add(self, context: CallContext, request: AddSuppression) -> AddedSuppression:
        """A row in Dynamics, in the person's name; runs of all email accounts do what such a row asks for. Raises
        SUPPRESSED_WITHOUT_REASON, NO_ADDRESS, SUPPRESSED_ALREADY, and what Dynamics says."""
        why = request.reason.strip()
        if not why:
            raise _refused(
                "SUPPRESSED_WITHOUT_REASON", "An address is suppressed with a reason only.", "Say why: --reason."
            )
        address = _one_address(request.address)
        person = await self._identities.person(context.uid)
        known = await self._resources.read(lambda c: _by_will(c, address))
        names = await self._resources.account_names()
        already = tuple(sorted(names[each] for each in known if each in names))
        if already and len(already) == len(names):
            raise _refused(
                "SUPPRESSED_ALREADY",
                f"{address} is suppressed by {', '.join(already)}.",
                "See since when and why: `dyntui suppressions list --search ADDRESS`.",
            )
        now = self._resources.now()
        key = key_by_hand(address, why, person.user_id if person else "")
        await self._write_row(address, why, now, key, await self._identities.caller(context.uid))
        by = person.name if person else ""
        change = AdminChange(
            subject="suppressions", thing=address, changed_by=by, changed_on=now, before="", after=f"suppressed: {why}"
        )
        accounts = sorted(names)

        def keep(c: Connection) -> None:
            for each in accounts:
                admin_changes.record(c, each, change)

        await self._resources.write(keep)
        started = [
            await self._runs.begin(context, StartRun(sync_type="suppressions", account=each), news=True)
            for each in accounts
        ]
        return AddedSuppression(address=address, already=already, runs=tuple(started))

    async def _write_row(self, address: str, why: str, now: str, key: str, caller: str | None) -> None:
        """One that the same call has made before it was killed is written again, so that it counts from now on. One
        that somebody has corrected since says something else, and stays."""
        spec, dv = solution.SUPPRESSION, await self._resources.connections.dataverse()
        row = {
            "dyntui_address": address,
            "dyntui_reason": cut(why, _REASON),
            "dyntui_suppressedon": now,
            "dyntui_origin": BY_HAND,
        }
        there = await rows.find_rows(dv, spec.entity_set, _Row, filter=f"{KEY} eq {text(key)}", top=1)
        if all(normalise(each.address or "") == address for each in there):
            await rows.upsert(dv, spec.entity_set, f"{KEY}='{key}'", row, caller=caller)
        else:
            await rows.create(dv, spec.entity_set, row, id_column=_ID, row_id=self._resources.ids(), caller=caller)

    @answers(SUPPRESSION_ASK)
    async def ask(self, context: CallContext, request: AskToSubscribe) -> AskedToSubscribe:
        """Has dotdigital ask the person. Raises EVIDENCE_MISSING, NO_ADDRESS, NOT_SUPPRESSED, NOT_ALLOW_LISTED,
        CANNOT_SUBSCRIBE_AGAIN, and what dotdigital says."""
        evidence = request.evidence.strip()
        if not evidence:
            raise _refused(
                "EVIDENCE_MISSING",
                "Nobody is asked to subscribe again without evidence that they want to.",
                "Say how it is known: --evidence.",
            )
        address = _one_address(request.address)
        account = await chosen_account(self._resources, request.account)
        known = await self._resources.read(lambda c: suppressions.of_address(c, address))
        # Whoever is not suppressed would become a contact by being asked.
        if account.id not in known:
            raise _refused(
                "NOT_SUPPRESSED",
                f"{address} is not suppressed by {account.name}.",
                "See by which account: `dyntui suppressions list --search ADDRESS`.",
            )
        if not await self._resources.read(lambda c: environment.may_be_mailed(c, account.id, address)):
            raise _refused(
                "NOT_ALLOW_LISTED",
                f"This is not production, and {address} is not among those who may be mailed.",
                "See who may be: `dyntui environment show`.",
            )
        person = await self._identities.person(context.uid)
        dd = await self._resources.connections.dotdigital(account.id)
        status = (await dd_suppressions.resubscribe(dd, address)).status
        if status == _CANNOT:
            raise _refused(
                "CANNOT_SUBSCRIBE_AGAIN",
                f"dotdigital does not subscribe {address} again ({status}): a complaint, or a suppression of its own.",
                "Leave it, or ask dotdigital support.",
            )
        change = AdminChange(
            subject="suppressions",
            thing=address,
            changed_by=person.name if person else "",
            changed_on=self._resources.now(),
            before="suppressed",
            after=f"asked to subscribe again ({status}): {evidence}",
        )
        await self._resources.write(lambda c: admin_changes.record(c, account.id, change))
        return AskedToSubscribe(
            address=address, account=account.name, status=status, said=_STATUS.get(status, f"dotdigital says {status}")
        )

    @answers(SUPPRESSION_LIFT)
    async def lift(self, context: CallContext, request: LiftSuppression) -> Lifted:
        """Ends what only dyntui knows against an address. Raises LIFT_WITHOUT_REASON, NO_ADDRESS, NOTHING_TO_LIFT."""
        why = request.reason.strip()
        if not why:
            raise _refused("LIFT_WITHOUT_REASON", "A suppression ends with a reason only.", "Say why: --reason.")
        address = _one_address(request.address)
        person = await self._identities.person(context.uid)
        by = person.name if person else ""
        now, there = self._resources.now(), await self._clock_of_dynamics()

        def keep(c: Connection) -> deciding.Decided:
            decided = deciding.lift(c, address, by, why, now, there)
            for account_id in dict.fromkeys(each.account_id for each in decided.lifted):
                ended = dict.fromkeys(each.reason for each in decided.lifted if each.account_id == account_id)
                change = AdminChange(
                    subject="suppressions",
                    thing=address,
                    changed_by=by,
                    changed_on=now,
                    before=", ".join(ended),
                    after=f"lifted: {why}",
                )
                admin_changes.record(c, account_id, change)
            return decided

        decided = await self._resources.write(keep)
        if not decided.lifted and not decided.suppressed_in:
            raise _refused(
                "NOTHING_TO_LIFT",
                f"Nothing is known against {address}.",
                "See the reason of the person: `dyntui lists members`.",
            )
        names = await self._resources.account_names()
        return Lifted(
            address=address,
            lifted=tuple(
                f"{each.reason} {names.get(each.account_id, '') or each.person_id}".strip() for each in decided.lifted
            ),
            stays=(
                *(
                    f"{names.get(account_id, account_id)} says {status}: the person must subscribe again in dotdigital"
                    for account_id, status in decided.suppressed_in
                ),
                *(
                    f"{said}: is back with the next run if the record still has this address; take it back in Dynamics"
                    for said in decided.still_said_by
                ),
            ),
        )

    async def _clock_of_dynamics(self) -> str:
        """What it shows now, as its rows are dated by it; `""` where it does not answer."""
        try:
            dv = await self._resources.connections.dataverse()
            # Nobody waits for it through retries: the lift does without.
            await who_am_i(dv.at_once())
        except DyntuiError as error:
            log.warning("Dynamics was not asked for its clock: %s %s", error, error.detail)
            return ""
        return text_of(dv.connection.clock_of(self._resources.clock()))

    @answers(SUPPRESSION_ODD)
    async def odd(self, context: CallContext, request: Nothing) -> OddRows:
        """Rows without an address, the oldest first."""
        return OddRows(rows=await self._resources.read(odd_rows.rows))

    @answers(CONSENT_SOURCES)
    async def sources(self, context: CallContext, request: Nothing) -> ConsentSources:
        """What the organisation has, and what of it counts."""
        return await self._resources.read(_sources)

    @answers(ANSWER_CONSENT_SOURCES)
    async def answer_sources(self, context: CallContext, request: AnswerConsentSources) -> ConsentSources:
        """Keeps an administrator's answer. Raises CONSENT_SOURCE_UNKNOWN, CONSENT_SOURCES_CHANGED."""
        unknown = [each for each in request.count if each not in SOURCES]
        if unknown:
            raise _refused(
                "CONSENT_SOURCE_UNKNOWN",
                f"There is no source {shown(unknown[0])!r}.",
                f"Choose among {', '.join(SOURCES)}.",
            )

        person = await self._identities.person(context.uid)
        change = AdminChange(
            subject="suppressions",
            thing="opt-outs in Dynamics that count",
            changed_by=person.name if person else "",
            changed_on=self._resources.now(),
            before="",
            after="",
        )

        def keep(c: Connection) -> ConsentSources:
            before = _sources(c)
            if request.seen is not None and set(request.seen) != set(before.counting):
                raise _refused(
                    "CONSENT_SOURCES_CHANGED",
                    f"By now these count: {_counting(before)}. Somebody has answered, or Dynamics has others.",
                    "See which count, and answer again: `f` on Suppressions, or `dyntui suppressions sources`.",
                )
            consent_sources.put_answer(c, request.count)
            after = _sources(c)
            if (before.counting, before.answered) != (after.counting, after.answered):
                said = msgspec.structs.replace(change, before=_counting(before), after=_counting(after))
                admin_changes.record(c, "", said)
            return after

        return await self._resources.write(keep)


def use_cases(parts: Parts) -> Suppressions:
    """What answers these calls."""
    return Suppressions(parts.resources, parts.identities, Runs(parts.resources, parts.identities, parts.enqueue))


def _counting(known: ConsentSources) -> str:
    which = ", ".join(known.counting) or "none"
    return which if known.answered else f"{which}, until somebody has answered"


def _by_will(c: Connection, address: str) -> list[str]:
    """The accounts that suppress an address because somebody said so. That it bounces in others says nothing of the
    person, who may get another one."""
    known = suppressions.of_address(c, address)
    return [each for each in known if not suppressions.unsaid(c, each, {address: ""})]


def _one_address(text: str) -> str:
    """The address that was typed. Raises NO_ADDRESS where that is none, or several."""
    # An address as it is shown is that one, though more could be read out of it (`o'brien@...`).
    exactly = normalise(text)
    found = (exactly,) if is_address(exactly) else addresses_in(text)
    if len(found) != 1:
        raise _refused("NO_ADDRESS", f"{shown(text)!r} is not one e-mail address.", "Give one address as it is shown.")
    return found[0]


def _sources(c: Connection) -> ConsentSources:
    found = consent_sources.found(c)
    return ConsentSources(
        found=found.sources if found else (),
        counting=consent_sources.counting(c),
        answered=consent_sources.answer(c) is not None,
        asked_on=found.asked_on if found else "",
    )


def _refused(code: str, message: str, remedy: str) -> DyntuiError:
    return DyntuiError(code, message, not_done="Nothing was changed.", remedy=remedy, exit=Exit.USAGE)
