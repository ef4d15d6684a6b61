"""The main job from activation to send, and what is compared of it: two worlds of one seed must end the same.

Time is frozen where it would make a difference: the sandbox starts at a fixed moment, its audience does not react, and
dyntui's own clock stands still, so that digests differ only if people, books, rows or mails do.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from dyntui.model.outcomes import Tally
from dyntui.service.contract.campaigns import CampaignRow, SendRow, TargetCount
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.runs import RunDetail
from dyntui.store import accounts, runs
from tests.sandbox_process import SandboxProcess
from tests.scenarios.office import Office

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PEOPLE = 200
SEED = 7
LIST = "Newsletter"
CAMPAIGN = "Newsletter March"
FROZEN = ("--clock", NOW.isoformat())


class FrozenOffice(Office):
    """An office whose clock stands still: waiting moves the sandbox on, and nothing that dyntui stamps."""

    def _now(self) -> datetime:
        return NOW

    def stage_of(self, run_id: str) -> str:
        """What a run is doing; may be asked while it is waited for."""
        with self.db.read() as c:
            run = runs.get(c, run_id)
        assert run is not None
        return run.stage

    def in_dotdigital(self, method: str, path: str, body: object = None) -> Any:
        """What somebody does in dotdigital itself; may be done while a run is waited for."""
        info = self.sandbox.info
        with self.db.read() as c:
            url = accounts.accounts(c)[0].endpoint + path
        trusted = ssl.create_default_context(cafile=info["ca_file"])
        me = (info["api_user"], info["api_password"])
        answer = httpx.request(method, url, json=body, auth=me, verify=trusted, trust_env=False)
        return answer.raise_for_status().json()


@contextmanager
def frozen_sandbox(people: int = PEOPLE, seed: int = SEED, *arguments: str) -> Iterator[SandboxProcess]:
    """A world that two runs can be compared by."""
    with SandboxProcess.start(people=people, seed=seed, arguments=[*FROZEN, *arguments]) as sandbox:
        still(sandbox)
        yield sandbox


def still(sandbox: SandboxProcess) -> None:
    """Nobody reacts to mail."""
    sandbox.control.post("/settings", json={"dotdigital": {"audience": False}}).raise_for_status()


@contextmanager
def frozen_office(home: Path, *, timeout: float | None = None) -> Iterator[FrozenOffice]:
    """A connected office in a frozen world of its own."""
    with frozen_sandbox() as sandbox:
        office = FrozenOffice.open(sandbox, home, timeout=timeout)
        try:
            yield office
        finally:
            office.close()


@dataclass(frozen=True)
class Ending:
    """What the job came to. `mailed`: addresses, sorted, with repetitions."""

    lists: Tally
    potential: int
    sendable: int
    send: Tally
    state: str
    mailed: list[str]
    digest: dict[str, str]


@dataclass
class Job:
    """The main job, step by step."""

    office: FrozenOffice
    newsletter: ListRow = field(init=False)
    campaign: CampaignRow = field(init=False)

    def whole(self) -> Ending:
        """All of it."""
        lists = self.synchronise()
        count = self.count()
        return self.ending(lists, count, self.office.send(count))

    def synchronise(self) -> RunDetail:
        """The list, activated and synchronised."""
        self.newsletter = self.office.activated(LIST)
        return self.office.run("lists")

    def count(self) -> TargetCount:
        """The campaign's targets, counted."""
        self.office.run("campaigns")
        self.campaign = self.office.campaign_named(CAMPAIGN)
        self.office.target(self.campaign, self.newsletter.id)
        return self.office.count(self.campaign)

    def ending(self, lists: RunDetail, count: TargetCount, sent: SendRow) -> Ending:
        """What there is to compare; every stage has accounted for everybody by then."""
        send = self.office.detail(sent.run)
        for run in (lists, send):
            assert run.run.tally.adds_up and all(item.tally.adds_up for item in run.items), run
        assert count.potential == count.sendable + sum(each.people for each in count.excluded)
        assert sent.potential == sent.sendable + sum(each.people for each in sent.excluded)
        forget_number(self.office.sandbox, sent)
        return Ending(
            lists=lists.run.tally,
            potential=count.potential,
            sendable=count.sendable,
            send=send.run.tally,
            state=sent.state,
            mailed=sorted(mail["address"] for mail in properly_mailed(self.office.sandbox)),
            digest=self.office.digest(),
        )


def forget_number(sandbox: SandboxProcess, sent: SendRow) -> None:
    """dotdigital's own number of a send is made by chance, and not told to whoever lost its answer."""
    forgotten = {"table": "dyntui_campaignsend", "id": sent.id, "values": {"dyntui_platformsendid": None}}
    assert sandbox.control.post("/dataverse/rows", json=forgotten).raise_for_status().json() == {"rows": 1}


def properly_mailed(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    """Everybody mailed, once it is certain that nobody was mailed twice or against their will."""
    mails: list[dict[str, Any]] = sandbox.control.get("/mailed").raise_for_status().json()
    assert not [mail for mail in mails if mail["suppressed_at_send"] or mail["opted_out_at_send"]]
    once = {(mail["campaign_id"], mail["address"]) for mail in mails}
    assert len(once) == len(mails), "somebody was mailed twice"
    return mails
