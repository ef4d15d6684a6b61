"""Before people are read or mailed: whether the service sees every record, and every column that consent rests on.

A column that is hidden from it reads as empty, which would be "has not opted out"; a record that is hidden reads as
"has left the list".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from dyntui.dataverse import fetchxml, sight
from dyntui.dataverse.http import Dataverse
from dyntui.model.columns import hidden_rows
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.people import Entity
from dyntui.store import accounts, crm_columns, mappings
from dyntui.sync.columns_seen import ColumnsSeen
from dyntui.sync.connections import not_configured
from dyntui.sync.run_context import RunContext

# What decides whether somebody is mailed, and at which address.
_COLUMNS: Final = (
    *("emailaddress1", "emailaddress2", "emailaddress3"),
    *("donotemail", "donotbulkemail", "donotsendmm", "merged", "masterid"),
)
CONSENT_COLUMNS: Final = {
    "contact": _COLUMNS,
    "lead": _COLUMNS,
    "account": _COLUMNS,
    "dyntui_suppression": ("dyntui_address", "dyntui_reason"),
    # Of Customer Insights - Journeys; where there is none, none of it is hidden.
    "msdynmkt_contactpointconsent4": ("msdynmkt_contactpointvalue", "msdynmkt_value"),
}
READ: Final = ("Contact", "Lead", "Account", "List")


# Column security is changed seldom, and asking reads the definitions of four tables.
_LASTS = timedelta(minutes=10)


async def require_columns(ctx: RunContext, dv: Dataverse, remembered: ColumnsSeen | None = None) -> None:
    """Raises CONSENT_HIDDEN, naming the columns, when a secured one reads as empty for the service. Other columns that
    do, and those of rows over a lookup that may be out of its sight, are kept as such (`crm_columns.hidden`): what they
    feed by a data mapping stays as it is, and a query that asks for them is refused.

    Nothing is asked within ten minutes of a `remembered` answer that none of the former does, about the same mapped
    ones. A send has to know it of this moment: None, asked afresh.
    """
    mapped = await ctx.read(mappings.read_columns)
    if _is_fresh(remembered, mapped, ctx.moment()):
        return
    me = await _me(ctx, dv)
    hidden = await sight.hidden_of(dv, me, sorted({*CONSENT_COLUMNS, *mapped}))
    _refuse(sorted(hidden))
    over_lookups = sorted({*mapped} - {each.value for each in Entity})
    hidden |= {hidden_rows(each) for each in await sight.partly_read(dv, me, over_lookups)}
    if hidden != await ctx.read(crm_columns.hidden):
        await ctx.write(lambda c: crm_columns.put_hidden(c, hidden))
    if remembered is not None:
        remembered.on, remembered.mapped = ctx.moment(), mapped


def _is_fresh(remembered: ColumnsSeen | None, mapped: Mapping[str, Sequence[str]], now: datetime) -> bool:
    if remembered is None or remembered.on is None or remembered.mapped != mapped:
        return False
    return timedelta() <= now - remembered.on < _LASTS


async def refuse_hidden(dv: Dataverse, user_id: str) -> None:
    """Raises CONSENT_HIDDEN, naming the columns, when a secured one reads as empty for the service's user at this
    moment."""
    _refuse(await sight.hidden_columns(dv, user_id, CONSENT_COLUMNS))


def _refuse(found: Sequence[str]) -> None:
    hidden = [each for each in dict.fromkeys(found) if _is_of_consent(*each.split("."))]
    if hidden:
        raise DyntuiError(
            "CONSENT_HIDDEN",
            f"Column security hides {', '.join(hidden)} from the service: who opted out would look as if they had not.",
            not_done="No list was synchronised, nobody was mailed and no record was made.",
            remedy=(
                "Give the application user a column security profile that may read "
                f"{', '.join(hidden)} (Power Platform admin centre, Column security profiles), then start again."
            ),
            exit=Exit.NOT_PERMITTED,
        )


def _is_of_consent(table: str, column: str) -> bool:
    return column in CONSENT_COLUMNS.get(table, ())


async def short_reads(ctx: RunContext, dv: Dataverse) -> list[str]:
    """The privileges without which some records are hidden from the service; absence proves nothing then."""
    return await sight.short_reads(dv, await _me(ctx, dv), READ)


async def not_seen(ctx: RunContext, dv: Dataverse, query: str) -> list[str]:
    """The tables that a query links to and of which the service does not see every row, in words: the query finds fewer
    then than those whom it means. Tables of people, and marketing lists, are those of `short_reads`."""
    tables = sorted(fetchxml.linked(query) - {each.lower() for each in READ})
    partly = await sight.partly_read(dv, await _me(ctx, dv), tables) if tables else ()
    return [f"rows of {each}" for each in partly]


async def require_records(ctx: RunContext, dv: Dataverse) -> None:
    """Raises RECORDS_HIDDEN, naming the privileges, when the service does not see the whole organisation's records."""
    if short := await short_reads(ctx, dv):
        raise DyntuiError(
            "RECORDS_HIDDEN",
            f"The service does not see every record of the organisation: it holds {', '.join(short)} for a part only.",
            not_done="Nobody was mailed: an opt-out may be among the records that it does not see.",
            remedy="Give the application user the role Email Campaign Connector Service in the root business unit.",
            exit=Exit.NOT_PERMITTED,
        )


async def _me(ctx: RunContext, dv: Dataverse) -> str:
    known = await ctx.read(accounts.organisation)
    if known is None:
        raise not_configured()
    return known.service_user_id
