"""The world of a simulated month: one organisation, three email accounts, marketing lists of all kinds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from dyntui.model.conversion import Direction
from dyntui.model.mapping import PROVISIONED, DataMapping
from dyntui.model.people import Entity
from dyntui.model.schedules import Interval
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.sandbox.assembly import inhabit
from dyntui.sandbox.clock import Clock
from dyntui.sandbox.dataverse import system_rows
from dyntui.sandbox.dataverse.bulk_load import insert_rows
from dyntui.sandbox.dataverse.storage import timestamp
from dyntui.sandbox.state import State, open_state
from dyntui.service.accounts import EmailAccounts
from dyntui.service.contract import lists as lists_contract
from dyntui.service.contract.schedules import SaveSchedules, ScheduleEdit
from dyntui.service.contract.setup import EmailAccountInput
from dyntui.store import accounts as account_store
from dyntui.store import mappings
from dyntui.sync.double_opt_in import mails_nobody
from tests.oracle.edits import Hands
from tests.oracle.rows import KINDS
from tests.scenarios.office import Office
from tests.simulation.sandbox import InProcessSandbox

BEGIN = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
MAIN = "Main"
# The other accounts, with dotdigital's numbers of them.
_OTHERS = {"Second": 24_818, "Third": 31_207}
# Of the contacts or leads so many are on the first lists; on each of the others few.
_SHARES = (0.5, 0.3, 0.2, 0.1, 0.1, 0.05)
_SHARE_OF_OTHERS = 0.01
_GUIDES = (
    '<fetch version="1.0" mapping="logical" distinct="false"><entity name="{0}"><attribute name="{0}id"/>'
    '<filter type="and"><condition attribute="jobtitle" operator="eq" value="{1}"/></filter></entity></fetch>'
)
JOBS = ("guide", "buyer", "instructor")
# Data labels and columns that travel both ways.
BOTH_WAYS = (("FIRSTNAME", "firstname"), ("LASTNAME", "lastname"))
# What of everything runs by hand unless somebody says otherwise.
_BY_HAND = ("opt-in", "scoring")


@dataclass
class Peaks:
    """The most calls of any window so far, by limit; and how many of them the limits allow."""

    most: dict[str, float] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)

    def seen(self, name: str, used: float, limit: float) -> None:
        self.most[name] = max(self.most.get(name, 0.0), used)
        self.limits[name] = limit


@dataclass
class World:
    """Both systems. `accounts` by name, all on one network and one clock; `hands` change them by name, and Dynamics
    (by any of them). `account_of`: the email account of each list, by its symbol."""

    accounts: dict[str, InProcessSandbox]
    hands: dict[str, Hands]
    account_of: dict[str, str]
    peaks: Peaks
    # Who has unsubscribed from any book, by account: a book that is deleted takes that with it in dotdigital.
    have_left: dict[str, set[str]] = field(default_factory=dict)

    @property
    def dynamics(self) -> InProcessSandbox:
        """The organisation and its first account are one sandbox."""
        return self.accounts[MAIN]

    @property
    def state(self) -> State:
        """Of Dynamics and the first account."""
        return self.dynamics.state

    def now(self) -> datetime:
        return self.dynamics.now()

    def refused(self) -> int:
        """Calls that a limit has refused, over all of both systems."""
        every = (each for sandbox in self.accounts.values() for each in sandbox.control.get("/calls").json())
        return sum(each["count"] for each in every if each["route"] == "(refused by a limit)")

    def close(self) -> None:
        for each in self.accounts.values():
            each.stop()


def new_world(folder: Path, people: int, lists: int, seed: int, accounts: int = 3) -> World:
    """A world in files of the folder: what it takes is not the memory of this process."""
    state = open_state(folder / "main.world", seed, Clock.standing_at(BEGIN))
    main = InProcessSandbox(inhabit(state, people))
    there = {MAIN: main}
    for name, number in list(_OTHERS.items())[: accounts - 1]:
        other = main.beside(number, people // 4, seed, folder / f"{name}.world")
        # dotdigital numbers campaigns over all accounts of a region.
        other.state.db.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'dd_campaign'", (number * 10,))
        there[name] = other
    peaks = Peaks()
    for name, sandbox in there.items():
        # What is kept of its file in memory would grow with the world for days.
        sandbox.state.db.execute("PRAGMA cache_size = -16384")
        sandbox.switch(dotdigital={"audience": True})
        sandbox.control.post("/limits", json={"scheme": "flat"}).raise_for_status()
        _measure(name, sandbox, peaks)
    symbols, account_of = _lists(main.state, lists, seed), {}
    keys = _people(main.state)
    hands = {}
    for name, sandbox in there.items():
        hands[name] = Hands(sandbox.state, lambda name, list_id: None)
        hands[name].keys, hands[name].lists = keys, symbols
    for place, symbol in enumerate(symbols):
        account_of[symbol] = list(there)[place % len(there)]
    return World(there, hands, account_of, peaks)


def _people(state: State) -> dict[str, tuple[str, str]]:
    """Everybody by a symbol, as edits name them."""
    keys = {}
    for table in ("contact", "lead"):
        rows = state.db.execute(f"SELECT {table}id FROM dv_{table} ORDER BY rowid").fetchall()
        keys |= {f"{table[0]}{number}": (table, row_id) for number, (row_id,) in enumerate(rows)}
    return keys


def _lists(state: State, count: int, seed: int) -> dict[str, str]:
    """Their ids by symbol: mostly static ones of contacts, every fifth of leads, every eighth dynamic."""
    draw, made = random.Random(f"lists/{seed}"), {}
    owner = state.db.execute("SELECT ownerid, owneridtype, owninguser, owningbusinessunit FROM dv_list LIMIT 1")
    owned = dict(zip(("ownerid", "owneridtype", "owninguser", "owningbusinessunit"), owner.fetchone(), strict=True))
    people = state.db.execute("SELECT contactid FROM dv_contact ORDER BY rowid").fetchall()
    for job in JOBS:
        some = draw.sample(people, len(people) // 50 + 1)
        state.db.executemany("UPDATE dv_contact SET jobtitle = ? WHERE contactid = ?", [(job, row[0]) for row in some])
    for place in range(count):
        kind = "lead" if place % 5 == 4 else "contact"
        query = _GUIDES.format(kind, JOBS[place // 8 % len(JOBS)]) if place % 8 == 7 else None
        code = next(each for each, name in KINDS.items() if name == kind)
        values = {
            "listname": f"Month {place:03}",
            "createdfromcode": code,
            "membertype": code,
            "type": int(bool(query)),
            "query": query,
            "lockstatus": 0,
            "membercount": None if query else 0,
            **owned,
        }
        made[f"L{place}"] = list_id = system_rows.insert(state, "list", values)
        if query is None:
            share = _SHARES[place] if place < len(_SHARES) else _SHARE_OF_OTHERS
            insert_rows(state, "listmember", _COLUMNS, _members(state, draw, kind, list_id, share, owned["ownerid"]))
            state.db.execute(
                "UPDATE dv_list SET membercount = (SELECT count(*) FROM dv_listmember WHERE listid = ?1)"
                " WHERE listid = ?1",
                (list_id,),
            )
    return made


_COLUMNS = (
    *("listmemberid", "listid", "entityid", "entityidtype", "entitytype"),
    *("createdon", "modifiedon", "createdby", "modifiedby"),
)


def _members(
    state: State, draw: random.Random, kind: str, list_id: str, share: float, user: str
) -> Iterator[tuple[str, ...]]:
    now = timestamp(state.clock.now())
    people = state.db.execute(f"SELECT {kind}id FROM dv_{kind} ORDER BY rowid").fetchall()
    chosen = [row_id for (row_id,) in people if draw.random() < share] or [people[0][0]]
    return ((state.ids.guid(), list_id, each, kind, kind, now, now, user, user) for each in chosen)


def _measure(name: str, sandbox: InProcessSandbox, peaks: Peaks) -> None:
    """Every call is a moment at which windows may be fullest."""
    wire = sandbox._wire
    arrive, gateway = wire.arrive, wire.gateway

    def arrived(request: httpx.Request, body: bytes) -> object:
        answer = arrive(request, body)
        limits = gateway.dotdigital_limits
        peaks.seen(f"{name}: calls in an hour", len(limits._hour), limits.limits.flat_per_hour)
        if name == MAIN:
            of = gateway.dataverse_limits.limits
            for user in gateway.dataverse_limits._users.values():
                peaks.seen("Dynamics: calls in 5 minutes", len(user.arrivals), of.requests)
                peaks.seen("Dynamics: seconds in 5 minutes", user.executed, of.execution_seconds)
                peaks.seen("Dynamics: calls at once", user.running, of.concurrent)
        return answer

    wire.arrive = arrived  # type: ignore[method-assign, assignment]


def connect(office: Office, world: World, apart: str = "") -> None:
    """Everything is connected and activated, and every sync type is on a schedule. `apart`: the interval of what would
    run more often (`""`: as it is provisioned)."""
    office.set_up()
    email_accounts = EmailAccounts(office.resources, office.worker.reconnect)
    for name in [each for each in world.accounts if each != MAIN]:
        info = world.accounts[name].info
        asked = EmailAccountInput(
            name=name,
            api_user=info["api_user"],
            api_password=info["api_password"],
            dotdigital_url=info["dotdigital_url"],
            double_opt_in="off",
            is_default=False,
        )
        office.wait(email_accounts.add(office.context, asked))
    office.run("metadata")
    with office.db.write() as c:
        for each in account_store.accounts(c):
            mails_nobody(c, each.id, office.resources.now())
            version = mappings.current(c, each.id).version
            inward = tuple(
                DataMapping(label, entity, column, Direction.TO_DYNAMICS)
                for entity in (Entity.CONTACT, Entity.LEAD)
                for label, column in BOTH_WAYS
            )
            told = {"by": "somebody", "now": office.resources.now(), "why": "both ways"}
            assert mappings.save(c, each.id, (*PROVISIONED, *inward), based_on=version, **told)
    office.refresh_lists()
    for symbol, name in world.account_of.items():
        office.activate(lists_contract.Activate(id=world.hands[MAIN].lists[symbol], account=name, link=True))
    office.look_at_schedules()
    for name in world.accounts:
        edits = tuple(ScheduleEdit(sync_type=each, interval="12h") for each in _BY_HAND)
        if apart:
            least = Interval(apart).length
            often = [kind.id for kind in SYNC_TYPES.values() if kind.interval.length and kind.interval.length < least]
            edits += tuple(ScheduleEdit(sync_type=each, interval=apart) for each in often)
        office.wait(office._schedules.save(office.context, SaveSchedules(account=name, edits=edits)))
