"""The main job from end to end: a list activated and synchronised, a campaign sent to it, its results collected."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from dyntui.cli.following import summary, until_ended
from dyntui.cli.naming import list_id
from dyntui.cli.output import number, say
from dyntui.cli.progress import Display, display
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import ReasonCount, RunStatus
from dyntui.service.client import ServiceClient
from dyntui.service.contract.campaigns import (
    CAMPAIGN_CHANGE_TARGETS,
    CAMPAIGN_SEND,
    CAMPAIGNS_PAGE,
    CampaignRef,
    CampaignRow,
    CampaignsQuery,
    ChangeTargets,
)
from dyntui.service.contract.lists import LIST_ACTIVATE, LISTS_REFRESH, Activate
from dyntui.service.contract.results import CAMPAIGN_REPORT, CampaignReport
from dyntui.service.contract.runs import RUN_GET, RUN_START, RunRef, RunRow, StartRun
from dyntui.service.contract.sends import SEND_GET, SendCampaign, SendRef, SendRow
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.target_counts import CAMPAIGN_COUNT, CountTargets, TargetCount

LIST = "Newsletter"

# By then the simulated audience has opened, clicked and bounced.
RESULTS_AFTER_SECONDS = 3 * 24 * 3600

# The sandbox's control address: method, path, body.
Control = Callable[[str, str, object], Any]


class Calls(msgspec.Struct, frozen=True):
    """Calls to one system."""

    reads: int
    writes: int


class SystemCalls(msgspec.Struct, frozen=True):
    """Calls to both systems."""

    dataverse: Calls
    dotdigital: Calls


class Writes(msgspec.Struct, frozen=True):
    """Writing calls to both systems."""

    dataverse_writes: int
    dotdigital_writes: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the main job (commands.md, "Shapes"). `mailed` and `wrongly_mailed` are the sandbox's own count,
    everything else is dyntui's; `calls` are those of the list's first synchronisation."""

    people: int
    list_members: int
    potential: int
    sendable: int
    excluded: dict[str, int]
    mailed: int
    wrongly_mailed: int
    identity_held: bool
    calls: SystemCalls
    second_sync: Writes
    opened: int
    clicked: int
    bounced: int
    unsubscribed: int
    seconds: float
    peak_memory_mb: float

    @property
    def succeeded(self) -> bool:
        """Whether the promises held: everybody accounted for, nobody mailed who must not be."""
        return self.identity_held and self.wrongly_mailed == 0


class Mailed(msgspec.Struct, frozen=True):
    """The sandbox's truth about one campaign: everybody mailed, and those who must not have been."""

    people: int
    wrongly: int


async def main_job(client: ServiceClient, control: Control, people: int) -> Report:
    """Does it all. Raises DyntuiError when a run fails or the world lacks what the job needs."""
    began = time.monotonic()
    shown = display()

    await client.call(LISTS_REFRESH, Nothing())
    list_ = await list_id(client, LIST)
    await client.call(LIST_ACTIVATE, Activate(id=list_))
    say(f"{LIST} is activated for email.")
    first = await _run(client, shown, StartRun(sync_type="lists", lists=(list_,)))
    second = await _run(client, shown, StartRun(sync_type="lists", lists=(list_,)))
    campaigns = await _run(client, shown, StartRun(sync_type="campaigns"))

    campaign = await _unsent_campaign(client)
    await client.call(CAMPAIGN_CHANGE_TARGETS, ChangeTargets(id=campaign.id, add=(list_,)))
    counted = await client.call(CAMPAIGN_COUNT, CountTargets(id=campaign.id, lists=(list_,)))
    say(f"{campaign.name}: {number(counted.sendable)} of {number(counted.potential)} people can be mailed.")
    sending, sent = await _send(client, shown, counted)

    await asyncio.to_thread(control, "POST", "/clock", {"advance_seconds": RESULTS_AFTER_SECONDS})
    results = await _run(client, shown, StartRun(sync_type="campaigns", campaigns=(str(campaign.id),)))
    report = await client.call(CAMPAIGN_REPORT, CampaignRef(campaign.id))
    mailed = _mailed(await asyncio.to_thread(control, "GET", "/mailed", None), campaign.id)

    return Report(
        people=people,
        list_members=first.tally.read,
        potential=counted.potential,
        sendable=counted.sendable,
        excluded=_by_reason(counted.excluded),
        mailed=mailed.people,
        wrongly_mailed=mailed.wrongly,
        identity_held=_identity_held([first, second, campaigns, sent, results], counted, sending, mailed),
        calls=SystemCalls(
            Calls(first.dataverse_reads, first.dataverse_writes),
            Calls(first.dotdigital_reads, first.dotdigital_writes),
        ),
        second_sync=Writes(second.dataverse_writes, second.dotdigital_writes),
        opened=report.unique_opens,
        clicked=report.unique_clicks,
        bounced=_bounced(report),
        unsubscribed=report.unsubscribes,
        seconds=round(time.monotonic() - began, 2),
        peak_memory_mb=peak_memory_mb(client.greeting.process),
    )


def peak_memory_mb(process: int) -> float:
    """The largest resident size a process has had (proc(5), VmHWM), in MB; 0.0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    found = next((line.split()[1] for line in lines if line.startswith("VmHWM:")), "0")
    return round(int(found) / 1024, 1)


async def _run(client: ServiceClient, shown: Display, request: StartRun) -> RunRow:
    started = await client.call(RUN_START, request)
    return _proven(await until_ended(client, started, shown))


def _proven(run: RunRow) -> RunRow:
    say(summary(run))
    if run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        raise DyntuiError(
            run.error_code or "RUN_FAILED",
            f"{run.title}: {run.status}. {run.error}",
            not_done=run.not_done or "The job ended there.",
            remedy=run.remedy or f"`dyntui audit show {run.id}` shows the run.",
        )
    return run


async def _unsent_campaign(client: ServiceClient) -> CampaignRow:
    page = await client.call(CAMPAIGNS_PAGE, CampaignsQuery(view="unsent"))
    plain = sorted((row for row in page.rows if not row.split_test), key=lambda row: row.id)
    if not plain:
        raise DyntuiError(
            "CAMPAIGN_UNKNOWN",
            "There is no unsent campaign.",
            not_done="Nothing was sent.",
            remedy="Start the demo with another --seed.",
        )
    return plain[0]


async def _send(client: ServiceClient, shown: Display, counted: TargetCount) -> tuple[SendRow, RunRow]:
    sending = await client.call(CAMPAIGN_SEND, SendCampaign(count=counted.id, confirm=counted.sendable))
    run = (await client.call(RUN_GET, RunRef(sending.run))).run
    sent = _proven(await until_ended(client, run, shown))
    return await client.call(SEND_GET, SendRef(sending.id)), sent


def _mailed(mails: list[dict[str, Any]], campaign: int) -> Mailed:
    ours = [mail for mail in mails if mail["campaign_id"] == campaign]
    wrongly = sum(1 for mail in ours if mail["suppressed_at_send"] or mail["opted_out_at_send"])
    return Mailed(len(ours), wrongly)


def _identity_held(runs: list[RunRow], counted: TargetCount, sending: SendRow, mailed: Mailed) -> bool:
    """Whether everybody is accounted for at every stage: in each run, in the count, in the send, and by the sandbox."""
    return (
        all(run.tally.adds_up for run in runs)
        and counted.potential == counted.sendable + sum(one.people for one in counted.excluded)
        and sending.potential == sending.sendable + sum(one.people for one in sending.excluded)
        and sending.state == "Sent"
        and sending.sendable == counted.sendable == mailed.people
    )


def _by_reason(excluded: tuple[ReasonCount, ...]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in excluded:
        sums[one.reason] = sums.get(one.reason, 0) + one.people
    return dict(sorted(sums.items()))


def _bounced(report: CampaignReport) -> int:
    return report.hard_bounces + report.soft_bounces
