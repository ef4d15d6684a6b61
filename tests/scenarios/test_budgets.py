"""No limit of either system is ever exceeded, whoever calls; shown by the sandbox's own counters."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from sqlalchemy import update

from dyntui.dataverse import security
from dyntui.dotdigital import account as dd_account
from dyntui.model.budgets import DYNAMICS_LIMITS, Meter
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.session import STATUS, Nothing
from dyntui.store import accounts
from dyntui.store.schema import email_account
from dyntui.sync.budgets import Budgets
from dyntui.sync.connections import OF_RUNS, Connections
from dyntui.sync.leases import SPENDER
from tests.scenarios.office import Office
from tests.scenarios.test_role_self_test import Desk, with_roles
from tests.thorough import keeping


def limits(office: Office, scheme: str, **numbers: dict[str, int]) -> None:
    office.sandbox.control.post("/limits", json={"scheme": scheme, **numbers}).raise_for_status()


def refused(office: Office) -> int:
    """How many calls a limit has refused."""
    calls = office.sandbox.control.get("/calls").json()
    return sum(each["count"] for each in calls if each["route"] == "(refused by a limit)")


def account_of(office: Office) -> str:
    with office.db.read() as c:
        return accounts.accounts(c)[0].id


def budgets_of(desk: Desk) -> dict[str, Meter]:
    return {f"{each.account}: {each.limit}": each for each in desk.ask(STATUS, Nothing()).budgets}


def worker(office: Office) -> Connections:
    """The connections of one more worker on the same store."""
    around = office.sandbox.surroundings(sleep=office._pass_time)
    return Connections(office.db, office.secrets, around, OF_RUNS)


def hammer(office: Office, *callers: Callable[[], Awaitable[object]], each: int) -> None:
    """Everybody calls so many times, a dozen at once."""

    async def one(caller: Callable[[], Awaitable[object]], room: asyncio.Semaphore) -> None:
        async with room:
            await caller()

    async def all_of_them() -> None:
        rooms = [asyncio.Semaphore(12) for _ in callers]
        await asyncio.gather(
            *(one(caller, room) for caller, room in zip(callers, rooms, strict=True) for _ in range(each))
        )

    office.wait(all_of_them())


def caller_of_dotdigital(connections: Connections, account_id: str, spender: str) -> Callable[[], Awaitable[object]]:
    async def call() -> object:
        SPENDER.set(spender)
        return await dd_account.server_time(await connections.dotdigital(account_id))

    return call


def test_two_workers_share_the_hour_of_an_account_and_never_exceed_it(office: Office) -> None:
    with_roles(office)
    desk = Desk(office, "manager")
    limits(office, "flat", dotdigital={"flat_per_hour": 200})
    # The limit is told by account-info.
    assert budgets_of(desk)["Main: calls in an hour"].most == 200
    account_id, began = account_of(office), office.sandbox.now()
    one, other = worker(office), worker(office)
    hammer(
        office,
        caller_of_dotdigital(one, account_id, "lists"),
        caller_of_dotdigital(other, account_id, "campaigns"),
        each=230,
    )
    hours = (office.sandbox.now() - began).total_seconds() / 3600
    assert refused(office) == 0
    # 460 calls of which 180 fit into an hour: two hours and a little are waited, and no more than is needed.
    assert 2 < hours < 2.3
    office.wait(one.budgets.settle())
    office.wait(other.budgets.settle())
    shown = budgets_of(desk)["Main: calls in an hour"]
    in_the_sandbox, _ = office.sandbox.gateway.dotdigital_limits.usage(office.sandbox.now())
    assert in_the_sandbox <= shown.used <= in_the_sandbox + 10
    assert {share.kind for share in shown.shares} >= {"lists", "campaigns", "people"}
    assert shown.frees_on and shown.used_up_on


def test_lists_leave_sends_a_reserve(office: Office) -> None:
    limits(office, "flat", dotdigital={"flat_per_hour": 100})
    account_id = account_of(office)
    office.wait(office.resources.connections.budgets.heard(account_id, 0, 100))
    runs, hasty = worker(office), office.resources.connections

    async def everything_that_lists_may_use() -> int:
        SPENDER.set("lists")
        dd = (await runs.dotdigital(account_id)).at_once()
        made = 0
        while True:
            try:
                await dd_account.server_time(dd)
            except DyntuiError as error:
                assert error.code == "DOTDIGITAL_BUDGET"
                assert "calls in an hour" in error.message
                return made
            made += 1

    async def a_send() -> None:
        SPENDER.set("send")
        for _ in range(10):
            await dd_account.server_time((await hasty.dotdigital(account_id)).at_once())

    def may_use(percent: int) -> None:
        with office.db.write() as c:
            c.execute(update(email_account).values(budget_percent=percent))

    # The send's share is the last tenth: of all, or of as much as dyntui may use.
    may_use(50)
    assert office.wait(everything_that_lists_may_use()) == 45
    may_use(100)
    assert office.wait(everything_that_lists_may_use()) == 45
    office.wait(a_send())
    assert refused(office) == 0


def test_two_workers_share_what_dynamics_allows_in_five_minutes(office: Office) -> None:
    scaled = DYNAMICS_LIMITS._replace(
        requests=msgspec.structs.replace(DYNAMICS_LIMITS.requests, most=120),
        execution=msgspec.structs.replace(DYNAMICS_LIMITS.execution, most=10_000),
    )
    limits(office, "flat", dataverse={"requests": 120, "execution_seconds": 10.0})
    workers = [worker(office), worker(office)]
    most = 0
    for each in workers:
        each.budgets = Budgets(office.db, each.surroundings.wall, scaled)
    began = office.sandbox.now()

    def who_am_i(connections: Connections) -> Callable[[], Awaitable[object]]:
        async def call() -> object:
            nonlocal most
            most = max(most, 0, *(each.running for each in office.sandbox.gateway.dataverse_limits._users.values()))
            return await security.who_am_i(await connections.dataverse())

        return call

    hammer(office, *map(who_am_i, workers), each=200)
    assert refused(office) == 0
    assert 900 <= (office.sandbox.now() - began).total_seconds() < 1500
    assert 4 < most < 52


def test_the_calls_that_run_at_once_are_shared_and_given_back(office: Office) -> None:
    from dyntui.model.budgets import AT_ONCE
    from dyntui.store import budgets

    def grant(sharer: str, under_way: int = 0) -> int:
        with office.db.write() as c:
            return budgets.grant(c, "", sharer, under_way, AT_ONCE, office.sandbox.now().timestamp())

    office.let_pass(minutes=5)
    assert grant("one") == 47
    # The first gives up its share when it asks next: until then a second one has to do with one.
    assert grant("two") == 1
    assert grant("one", under_way=30) == 23
    assert grant("two") == 17
    assert grant("one") == 23
    assert grant("two") == 23
    # Whoever has not called for long has nothing under way.
    office.let_pass(minutes=5)
    assert grant("one") == 47


@pytest.mark.parametrize("scheme", keeping(["flat", "tiered"], "tiered"))
def test_whole_runs_under_tight_limits_end_well_and_are_never_refused(office: Office, scheme: str) -> None:
    tight = {"flat_per_hour": 60, "low_per_minute": 35, "medium_per_minute": 20, "high_per_minute": 20}
    limits(office, scheme, dotdigital=tight)
    office.wait(office.resources.connections.budgets.heard(account_of(office), 30, 30))
    newsletter = office.activated("Newsletter")
    stages = set[str]()
    for sync_type in ("suppressions", "lists", "campaigns", "lists"):
        run_id = office.start(sync_type)
        office.during_sleep = lambda run_id=run_id: stages.add(office.run_of(run_id).stage.partition(" until ")[0])  # type: ignore[misc]
        office.engine.drain()
        assert office.run_of(run_id).status is RunStatus.COMPLETED
    assert refused(office) == 0
    assert office.members(newsletter.id)
    if scheme == "flat":
        assert "Waits for the limit of dotdigital" in stages


def test_the_meter_says_what_each_kind_of_work_used_and_that_others_used_the_rest(office: Office) -> None:
    with_roles(office)
    desk = Desk(office, "manager")
    office.activated("Newsletter")
    office.let_pass(hours=30)  # what setting up used is over
    run = office.run("lists").run
    for _ in range(40):  # another program with the same account
        office.sandbox.http.get(
            f"{office.sandbox.info['dotdigital_url']}/v2/account-info",
            auth=(office.sandbox.info["api_user"], office.sandbox.info["api_password"]),
        ).raise_for_status()
    shown = budgets_of(desk)
    hour = {share.kind: share.used for share in shown["Main: calls in an hour"].shares}
    assert hour["lists"] == run.dotdigital_reads + run.dotdigital_writes
    assert hour["others"] == 40
    assert shown["Main: calls in an hour"].used == sum(hour.values())
    asked = {share.kind: share.used for share in shown["Dynamics: calls in 5 minutes"].shares}
    assert asked["lists"] == run.dataverse_reads + run.dataverse_writes
    assert shown["Dynamics: calls in 5 minutes"].most == 6000
    # In 24 hours every row of a bulk message counts.
    a_day = {share.kind: share.used for share in shown["Dynamics: operations in 24 hours"].shares}
    assert a_day["lists"] >= asked["lists"]
