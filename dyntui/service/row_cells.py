"""What stands in a file of rows, cell by cell: ids, counts, rates and times as they are, to be reckoned with."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from dyntui.model.campaigns import RecipientRow
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.rates import OF, Name
from dyntui.service.contract.results import CampaignReport
from dyntui.service.contract.runs import RunRow, run_text
from dyntui.service.row_files import Cell

PEOPLE: Sequence[Cell[PersonOutcome]] = (
    ("entity", lambda row: row.entity),
    ("person", lambda row: row.person),
    ("name", lambda row: row.name),
    ("address", lambda row: row.address),
    ("outcome", lambda row: row.outcome.value),
    ("reason", lambda row: row.reason),
    ("detail", lambda row: row.detail),
    ("also", lambda row: ", ".join(row.also)),
)


def _rate(name: Name, value: Callable[[CampaignReport], float | None]) -> Cell[CampaignReport]:
    """`open rate of delivered`: nothing stands where there is nothing to be a share of."""

    def said(each: CampaignReport) -> str:
        found = value(each)
        return "" if found is None else f"{found:.4f}"

    return f"{name.replace('_', ' ')} rate of {OF[name]}", said


def _known(of: CampaignReport, count: int) -> str:
    return "" if of.unread else str(count)


# Counts and rates in columns of their own, as a spreadsheet reckons with them.
COMPARED_CELLS: Sequence[Cell[CampaignReport]] = (
    ("id", lambda each: str(each.row.id)),
    ("campaign", lambda each: each.row.name),
    ("account", lambda each: each.row.account),
    ("sent on", lambda each: each.row.sent_on),
    ("sent", lambda each: _known(each, each.sent)),
    ("delivered", lambda each: _known(each, each.delivered)),
    _rate("delivery", lambda each: each.delivery_rate),
    ("opened by", lambda each: _known(each, each.unique_opens)),
    _rate("open", lambda each: each.open_rate),
    ("clicked by", lambda each: _known(each, each.unique_clicks)),
    _rate("click", lambda each: each.click_rate),
    _rate("click_to_open", lambda each: each.click_to_open_rate),
    ("hard bounces", lambda each: _known(each, each.hard_bounces)),
    ("soft bounces", lambda each: _known(each, each.soft_bounces)),
    _rate("bounce", lambda each: each.bounce_rate),
    ("unsubscribes", lambda each: _known(each, each.unsubscribes)),
    _rate("unsubscribe", lambda each: each.unsubscribe_rate),
    ("complaints", lambda each: _known(each, each.complaints)),
)
RECIPIENT_CELLS: Sequence[Cell[RecipientRow]] = (
    ("contact", lambda row: str(row.contact_id)),
    ("address", lambda row: row.address),
    ("name", lambda row: row.name),
    ("sent on", lambda row: row.sent_on),
    ("opens", lambda row: str(row.opens) if row.opens or row.opens_read else ""),
    ("clicks", lambda row: str(row.clicks) if row.clicks or row.clicks_read else ""),
    ("first opened", lambda row: row.first_opened),
    ("last opened", lambda row: row.last_opened),
    ("bounced", lambda row: "hard" if row.hard_bounced else "soft" if row.soft_bounced else "no"),
    ("unsubscribed", lambda row: "yes" if row.unsubscribed else "no"),
)


def _people(outcome: Outcome) -> Cell[RunRow]:
    return outcome.value, lambda run: str(run.tally.of(outcome))


RUNS: Sequence[Cell[RunRow]] = (
    ("run", lambda run: run.id),
    ("title", lambda run: run.title),
    ("type", lambda run: run.kind),
    ("account", lambda run: run.account),
    ("status", run_text),
    ("started by", lambda run: run.started_by),
    ("queued on", lambda run: run.queued_on),
    ("started on", lambda run: run.started_on),
    ("ended on", lambda run: run.ended_on),
    ("read", lambda run: str(run.tally.read)),
    *(_people(outcome) for outcome in Outcome),
    ("dynamics reads", lambda run: str(run.dataverse_reads)),
    ("dynamics writes", lambda run: str(run.dataverse_writes)),
    ("dotdigital reads", lambda run: str(run.dotdigital_reads)),
    ("dotdigital writes", lambda run: str(run.dotdigital_writes)),
    ("error", lambda run: run.error_code),
    ("what happened", lambda run: run.error),
    ("not done", lambda run: run.not_done),
    ("remedy", lambda run: run.remedy),
)
_CELLS: Mapping[type[msgspec.Struct], Sequence[Cell[Any]]] = {
    PersonOutcome: PEOPLE,
    CampaignReport: COMPARED_CELLS,
    RecipientRow: RECIPIENT_CELLS,
    RunRow: RUNS,
}


def cells_of(kind: type[msgspec.Struct]) -> Sequence[Cell[Any]]:
    """The cells of rows of a kind: where nothing else is said, each of their fields, by its name in the contract."""
    if kind in _CELLS:
        return _CELLS[kind]
    return [(field.name.replace("_", " "), partial(_field, field.name)) for field in msgspec.structs.fields(kind)]


def _field(name: str, row: msgspec.Struct) -> str:
    return _said(getattr(row, name))


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, tuple) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return str(value) if isinstance(value, (str, int, float)) else msgspec.json.encode(value).decode()
