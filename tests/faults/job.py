"""The main job from activation to send, and what is compared of it: two worlds of one seed must end the same.

dyntui's own clock stands still and the world is a frozen one, so that digests differ only if people, books, rows or
mails do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.outcomes import Tally
from dyntui.model.trust import Rule
from dyntui.service.contract.campaigns import CampaignRow, CampaignsQuery
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.runs import RunDetail
from dyntui.service.contract.sends import SendRow
from dyntui.service.contract.target_counts import TargetCount
from dyntui.store import accounts, runs
from tests.sandbox_controls import SandboxControls
from tests.scenarios.office import PROVE_EACH, Office
from tests.scenarios.worlds import NOW, copied, world

LIST = "Newsletter"
CAMPAIGN = "Newsletter March"
_STORE = Path("dyntui.db")
_COPIES = 8


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
        answer = self.sandbox.http.request(method, url, json=body, auth=(info["api_user"], info["api_password"]))
        said = answer.raise_for_status()
        return said.json() if said.content else None

    def campaign_numbered(self, number: int) -> CampaignRow:
        """A campaign by dotdigital's number of it."""
        page = self.wait(self._campaigns.page(self.context, CampaignsQuery(limit=500)))
        return next(row for row in page.rows if row.id == number)


AnOffice = TypeVar("AnOffice", bound=FrozenOffice)
T = TypeVar("T")


@contextmanager
def new_office(folder: Path) -> Iterator[FrozenOffice]:
    """An office that has just been connected, in a world that is kept in the folder."""
    with world(folder) as sandbox, closing(FrozenOffice.open(sandbox, folder)) as office:
        yield office


@contextmanager
def office_from(
    kept: Path,
    folder: Path,
    kind: type[AnOffice] = FrozenOffice,
    *,
    timeout: float | None = None,
    trust: Rule = PROVE_EACH,
) -> Iterator[AnOffice]:
    """An office as it was kept, going on in a folder of its own."""
    with (
        copied(kept, folder, _STORE) as sandbox,
        closing(kind(sandbox, folder, timeout=timeout, trust=trust)) as office,
    ):
        office.take_over()
        yield office


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

    def whole(self) -> Ending:
        """All of it."""
        lists = self.synchronise()
        self.target()
        count = self.count()
        queued = again(self.office, lambda: self.office.queue_send(count))
        self.office.engine.drain()
        return self.ending(lists, count, self.office.send_row(queued.id))

    def synchronise(self) -> RunDetail:
        """The list, activated and synchronised."""
        again(self.office, lambda: self.office.activated(LIST))
        return self.office.run("lists")

    def target(self) -> None:
        """Campaigns in, and the list as the target of one."""
        self.office.run("campaigns")
        again(self.office, lambda: self.office.target(self.campaign, self.newsletter.id))

    def count(self) -> TargetCount:
        """The campaign's targets, counted; once more where a list could not be looked at just now."""
        found = again(self.office, lambda: self.office.count(self.campaign))
        while any(each.reason.endswith(("_LIMIT", "_UNREACHABLE")) for each in found.lists):
            self.office.let_pass(minutes=1)
            found = again(self.office, lambda: self.office.count(self.campaign))
        return found

    @property
    def newsletter(self) -> ListRow:
        return self.office.list_named(LIST)

    @property
    def campaign(self) -> CampaignRow:
        return self.office.campaign_named(CAMPAIGN)

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


def again(office: Office, step: Callable[[], T]) -> T:
    """What a person does who is told that a system is away or at its limit: the same a little later."""
    for _ in range(60):
        try:
            return step()
        except DyntuiError as error:
            if error.exit is not Exit.UNREACHABLE and not error.code.endswith("_LIMIT"):
                raise
            office.let_pass(minutes=1)
    return step()


def make_ready_to_send(connected: Path, folder: Path) -> None:
    """Keeps a world in the folder in which the list is synchronised, and the campaign waits to be sent to it."""
    with office_from(connected, folder) as office:
        job = Job(office)
        job.synchronise()
        job.target()


def make_ready_for_histories(connected: Path, folder: Path) -> None:
    """Keeps a world in the folder that is ready to send, with more campaigns that wait for the same people."""
    with office_from(connected, folder) as office:
        job = Job(office)
        job.synchronise()
        job.target()
        new_copies(job)


def new_copies(job: Job) -> list[int]:
    """dotdigital's numbers of new campaigns for the list's people, which are copies of the one."""
    office, path = job.office, f"/v2/campaigns/{job.campaign.id}/copy"
    numbers = [int(office.in_dotdigital("POST", path)["id"]) for _ in range(_COPIES)]
    office.run("campaigns")
    for number in numbers:
        office.target(office.campaign_numbered(number), job.newsletter.id)
    return numbers


def copies_of_the_campaign(office: FrozenOffice) -> list[int]:
    """dotdigital's numbers of all campaigns but the one that the main job is about, lowest first."""
    page = office.wait(office._campaigns.page(office.context, CampaignsQuery(limit=500)))
    return sorted(row.id for row in page.rows if row.name != CAMPAIGN and row.name.endswith(CAMPAIGN))


def forget_number(sandbox: SandboxControls, sent: SendRow) -> None:
    """dotdigital's own number of a send is made by chance, and not told to whoever lost its answer."""
    forgotten = {"table": "dyntui_campaignsend", "id": sent.id, "values": {"dyntui_platformsendid": None}}
    assert sandbox.control.post("/dataverse/rows", json=forgotten).raise_for_status().json() == {"rows": 1}


def properly_mailed(sandbox: SandboxControls) -> list[dict[str, Any]]:
    """Everybody mailed, once it is certain that nobody was mailed twice or against their will."""
    mails: list[dict[str, Any]] = sandbox.control.get("/mailed").raise_for_status().json()
    assert not [mail for mail in mails if mail["suppressed_at_send"] or mail["opted_out_at_send"]]
    once = {(mail["campaign_id"], mail["address"]) for mail in mails}
    assert len(once) == len(mails), "somebody was mailed twice"
    return mails
