"""A send, what disturbs it, and what is to be seen of it afterwards."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from dyntui.model.outcomes import Outcome
from dyntui.service.contract.sends import SendRow
from dyntui.service.contract.target_counts import TargetCount
from dyntui.store import accounts
from dyntui.store import sends as send_store
from tests.faults.job import FrozenOffice, properly_mailed
from tests.scenarios.office import Office

NOT_TAKEN_UP = {"status": 503, "body": '{"message": "Error: ERROR_SYSTEM_SERVICETEMPORARILYUNAVAILABLE"}'}

SEND = r"^/v2/campaigns/send$"
READ_BACK = r"^/v2/address-books/\d+/campaigns$"


class _Row(msgspec.Struct, frozen=True):
    dyntui_state: str


def lose(office: Office, route: str, kind: str, **how: object) -> None:
    office.sandbox.order({"system": "dotdigital", "method": "*", "route": route, "kind": kind, **how})


def begins_after(office: Office, seconds: float) -> None:
    """How long dotdigital takes from now on until it begins with a send."""
    settings = {"dotdigital": {"send_start_seconds": seconds}}
    office.sandbox.control.post("/settings", json=settings).raise_for_status()


def sends_there(office: Office) -> int:
    """How many sends dotdigital has carried out."""
    return len({mail["send_id"] for mail in office.sandbox.control.get("/mailed").json()})


def leftovers(office: Office) -> list[str]:
    """The books of sends that are in dotdigital still, but for those kept for two weeks after a send was sent."""
    with office.db.read() as c:
        known = [each for account in accounts.accounts(c) for each in send_store.with_books(c, account.id)]
    kept = {each.book_name for each in known if each.settled_on}
    return [name for name in office.book_names() if name.startswith("dyntui send") and name not in kept]


def members_of(office: FrozenOffice, name: str) -> int:
    """How many people are in an address book, once it tells."""
    office.until_told()
    books = office.in_dotdigital("GET", "/v2/address-books")
    return int(next(each["contacts"] for each in books if each["name"] == name))


def shown(office: Office, count: TargetCount) -> list[str]:
    return sorted(each.address for each in office.count_people(count.id, sendable=True))


def mailed(office: Office) -> list[str]:
    return sorted(mail["address"] for mail in properly_mailed(office.sandbox))


def error_of(office: Office, sent: SendRow) -> str:
    return office.detail(sent.run).run.error_code


def told_dynamics(office: Office, sent: SendRow) -> str:
    """The state that the send's row in Dynamics says."""

    async def ask() -> str:
        dv = await office.resources.connections.dataverse()
        return (await dv.get(f"dyntui_campaignsends({sent.id})?$select=dyntui_state", _Row)).dyntui_state

    return office.wait(ask())


def everybody_accounted_for(office: Office, sent: SendRow) -> bool:
    """Whether the run of the send holds an outcome for each of its people, and as many mailed as were."""
    people = office.people(sent.run)
    run = office.detail(sent.run).run
    return len(people) == run.tally.read == sent.potential > 0 and run.tally.adds_up


def when(office: Office, queued: SendRow, stage: str, happens: Callable[[], None]) -> SendRow:
    """Carries a queued send out; `happens` once, while it waits in a stage."""
    left = [happens]

    def during() -> None:
        if left and office.run_of(queued.run).stage == stage:
            left.pop()()

    office.during_sleep = during
    office.engine.drain()
    office.during_sleep = lambda: None
    assert not left, f"nothing was waited for in the stage {stage!r}"
    return office.send_row(queued.id)


def gathering(office: FrozenOffice, count: TargetCount, happens: Callable[[], None]) -> SendRow:
    """Sends; `happens` once, while the send's address book is being filled."""
    return when(office, office.queue_send(count), "Gathering the recipients", happens)


def excluded(office: FrozenOffice, sent: SendRow, person: str) -> str:
    (outcome,) = [each for each in office.people(sent.run) if each.person == person]
    assert outcome.outcome is Outcome.EXCLUDED
    return outcome.reason
