"""Which columns and tables of this organisation hold opt-outs, and the rows of Customer Insights - Journeys that do.

What exists is asked once a day; what of it counts is an administrator's answer (`dyntui suppressions sources`), and
everything until there is one.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import consent, query
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.consent import CONSENT_SET, NO_WITHDRAWAL, ConsentRow
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.rows import Page
from dyntui.model.consent_sources import CONSENT_ROWS, MARKETING
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.mentioned import addresses_in, shown, without_id
from dyntui.model.moments import dated, due_again, moment_of, text_of
from dyntui.model.people import Entity
from dyntui.store import consent_sources as store
from dyntui.store.consent_sources import Found
from dyntui.store.odd_rows import OddRow
from dyntui.store.opt_outs import OptOut
from dyntui.sync import nameless_rows
from dyntui.sync.having_address import Store, mentioning
from dyntui.sync.run_context import RunContext

_ALWAYS = ("donotemail", "donotbulkemail")
_ASKED_EVERY = timedelta(days=1)
_KEY = "msdynmkt_contactpointconsent4id"
_SAYS_NO = " and ".join(["msdynmkt_value ne null", *(query.differs("msdynmkt_value", each) for each in NO_WITHDRAWAL)])
# A transaction may show its rows later than their `modifiedon` says.
_A_LITTLE = timedelta(minutes=15)
_TELEPHONE = re.compile(r"[+\d\s()./-]*")


class Sources(msgspec.Struct, frozen=True):
    """What counts as an opt-out: `marketing` names the tables whose `donotsendmm` does. `rows_dismissed`: an
    administrator has said that consent rows do not."""

    marketing: frozenset[str]
    consent_rows: bool
    rows_dismissed: bool

    def flags(self, entity: Entity) -> tuple[str, ...]:
        """The columns of a table that say so, the strongest first."""
        return (*_ALWAYS, MARKETING) if entity.value in self.marketing else _ALWAYS


async def counting(ctx: RunContext, dv: Dataverse) -> Sources:
    """What counts now; the organisation is asked what exists when that was a day ago."""
    known = await ctx.read(store.found)
    asked_on = moment_of(known.asked_on) if known else None
    if due_again(asked_on, ctx.moment(), _ASKED_EVERY):
        await _ask(ctx, dv)
    return await ctx.read(as_known)


def as_known(c: Connection) -> Sources:
    """What counts, by what was found when the organisation was asked last."""
    known, counts, said = store.found(c), store.counting(c), store.answer(c)
    columns = known.columns if known is not None and MARKETING in counts else ()
    dismissed = said is not None and CONSENT_ROWS not in said
    return Sources(frozenset(each.partition(".")[0] for each in columns), CONSENT_ROWS in counts, dismissed)


async def _ask(ctx: RunContext, dv: Dataverse) -> None:
    tables = [each.value for each in Entity]
    there = await consent.existing(dv, tables, MARKETING, CONSENT_ROWS)
    columns = tuple(f"{table}.{MARKETING}" for table in tables if there.get(table))
    facts = Found(columns, CONSENT_ROWS in there, ctx.now())
    await ctx.write(lambda c: store.put_found(c, facts))


async def withdrawn(ctx: RunContext, dv: Dataverse) -> AsyncIterator[list[OptOut]]:
    """Every consent row that says no, page by page. A row without an address that is no telephone number either is
    odd. Raises CONSENT_ROWS_HIDDEN where the service may not read them."""
    odd: list[OddRow] = []
    pages = dv_rows.pages(dv, CONSENT_SET, ConsentRow, filter=_SAYS_NO, orderby=(_KEY,), keyless=True)
    async for page in _readable(pages):
        named = [(row, addresses_in(row.contact_point)) for row in page.rows]
        odd += [
            OddRow(key=row.id, shown=f"consent row {row.id}: {shown(row.contact_point) or 'empty'}")
            for row, addresses in named
            if not addresses and not _is_telephone(row.contact_point)
        ]
        yield [_opt_out(row, addresses) for row, addresses in named if addresses]
    await nameless_rows.keep(ctx, "consent rows in Dynamics", "", odd, whole=True)


def _opt_out(row: ConsentRow, addresses: Sequence[str]) -> OptOut:
    return OptOut(
        person_id=row.id if query.is_guid(row.id) else without_id(addresses),
        entity=CONSENT_ROWS,
        reason="DO_NOT_BULK_EMAIL",
        said_by=CONSENT_ROWS,
        addresses=addresses,
    )


class _Changed(msgspec.Struct, frozen=True):
    modifiedon: datetime | None = None


async def newest(dv: Dataverse, now: datetime) -> str:
    """When the consent row that says no and was changed last was, by Dynamics' own clock; `""` where none says no."""
    found = await dv_rows.find_rows(
        dv,
        CONSENT_SET,
        _Changed,
        filter=f"({_SAYS_NO}) and modifiedon le {query.moment(now)}",
        orderby=("modifiedon desc", _KEY),
        select=("modifiedon",),
        top=1,
    )
    return text_of(dated(found[0].modifiedon, now)) if found else ""


async def withdrawn_since(dv: Dataverse, mark: str) -> list[OptOut]:
    """The consent rows that say no and were changed since the mark of `newest`, or a little before."""
    known = moment_of(mark)
    changed = f" and modifiedon ge {query.moment(known - _A_LITTLE)}" if known else ""
    found: list[OptOut] = []
    filter_ = f"({_SAYS_NO}){changed}"
    pages = dv_rows.pages(dv, CONSENT_SET, ConsentRow, filter=filter_, orderby=(_KEY,), keyless=True)
    async for page in _readable(pages):
        named = [(row, addresses_in(row.contact_point)) for row in page.rows]
        found += [_opt_out(row, addresses) for row, addresses in named if addresses]
    return found


async def is_withdrawn(kept: Store, dv: Dataverse, address: str) -> bool:
    """Whether a consent row says no for the address, however it spells it. Raises CONSENT_ROWS_HIDDEN."""
    filter_ = f"({_SAYS_NO}) and ({await mentioning(kept, dv, address, 'msdynmkt_contactpointvalue')})"
    pages = dv_rows.pages(dv, CONSENT_SET, ConsentRow, filter=filter_, orderby=(_KEY,), keyless=True)
    rows = [row async for page in _readable(pages) for row in page.rows]
    return any(address in addresses_in(row.contact_point) for row in rows)


async def _readable(pages: AsyncIterator[Page[ConsentRow]]) -> AsyncIterator[Page[ConsentRow]]:
    try:
        async for page in pages:
            yield page
    except DataverseError as error:
        if error.exit is not Exit.NOT_PERMITTED:
            raise
        raise DyntuiError(
            "CONSENT_ROWS_HIDDEN",
            "The service may not read the contact point consents of Customer Insights - Journeys: who opted out there "
            "would look as if they had not.",
            not_done="No list was synchronised and nobody was mailed.",
            remedy="Run `dyntui setup` again to complete the service's role, or say that these rows do not count: "
            "`dyntui suppressions sources`.",
            exit=Exit.NOT_PERMITTED,
            detail=error.detail,
        ) from error


def _is_telephone(text: str | None) -> bool:
    return bool(text and text.strip()) and _TELEPHONE.fullmatch(text or "") is not None


async def taken_back(dv: Dataverse, row_ids: Sequence[str]) -> list[str]:
    """Those of the consent rows that are there and say yes, or nothing, by now."""
    found: list[str] = []
    ids = [each for each in row_ids if query.is_guid(each)]
    async for page in dv_rows.pages_where_any(dv, CONSENT_SET, ConsentRow, _KEY, ids, orderby=(_KEY,)):
        found += [row.id for row in page.rows if row.value in NO_WITHDRAWAL]
    return found
