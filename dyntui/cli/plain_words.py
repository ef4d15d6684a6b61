"""What `--plain` says of a row in a question: its name, and what tells it from others."""

from __future__ import annotations

from dyntui.cli.output import dated, moment, number
from dyntui.model.counted import counted, people_of
from dyntui.model.held import KIND_WORDS
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.held import Decision
from dyntui.service.contract.lists import ListRow, sync_words
from dyntui.service.contract.people import KnownPerson
from dyntui.service.contract.runs import RunRow, run_text
from dyntui.service.contract.sends import SendRow


def said_of_decision(row: Decision) -> str:
    return f"{row.name}: {KIND_WORDS[row.kind]}, {people_of(row.people)}, {dated(row.why)}"


def said_of_list(row: ListRow) -> str:
    members = counted(row.members, "member") if row.members is not None else "members not counted"
    return f"{row.name}, {row.member_type}, {members}, {_standing_of(row)}"


def _standing_of(row: ListRow) -> str:
    return sync_words(row) or ("not synchronised yet" if row.activated else "not activated")


def said_of_campaign(row: CampaignRow) -> str:
    archived = ", archived" if row.archived_on else ""
    return f"{row.name}, {row.status}{archived}" + (f", sent to {number(row.sent)}" if row.sent else "")


def said_of_send(row: SendRow) -> str:
    mailed = f"{number(row.people_mailed)} of " if row.people_mailed is not None else ""
    return f"{row.campaign_name}, {row.standing}, {mailed}{people_of(row.meant)}, {moment(row.created_on)}"


def said_of_run(row: RunRow) -> str:
    return f"{row.title}, {run_text(row)}, {moment(row.queued_on)}"


def said_of_person(row: KnownPerson) -> str:
    return ", ".join(filter(None, (row.name, row.address, row.entity or "address alone")))
