"""Small worlds of people, and what becomes of them by the words of the specification: plain Python, no SQL.

The reference that settling and counting are held against.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, update

from dyntui.model.people import Gate
from dyntui.model.reasons import PRECEDENCE
from dyntui.store import list_unsubscribes, opt_outs, staging
from dyntui.store import lists as store_lists
from dyntui.store.schema import list_member, list_unsubscribe, suppression

NOW = "2026-03-01T10:00:00Z"
ACCOUNT, OTHER = "account-a", "account-b"
ADDRESSES = ("ann@example.com", "bob@example.com", "cleo@example.com")
OWN = ("MERGED", "INACTIVE", "DO_NOT_EMAIL", "DO_NOT_BULK_EMAIL", "FILTERED", "VALUE_REJECTED")
SUPPRESSIONS = ("COMPLAINED", "HARD_BOUNCED", "SUPPRESSED", "PENDING_OPT_IN", "UNKNOWN")
BY_WILL = ("COMPLAINED", "SUPPRESSED")
REFUSALS = ("REJECTED", "GLOBALLY_SUPPRESSED")
# Each example takes a fifth of a second. `make test-all` tries five times as many.
GENERATED = settings(
    max_examples=settings().max_examples // 8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Somebody:
    """A member of one list: as read, and what is known from earlier synchronisations."""

    person_id: str
    address: str
    own: frozenset[str]
    created_on: str
    fingerprint: str
    sent_fingerprint: str = ""
    sent_address: str = ""
    refused_fingerprint: str = ""
    refusal: str = ""
    retry_on: str = ""
    outcome: str = ""
    channel: str = ""

    @property
    def entity(self) -> str:
        return {"p0": "lead", "p1": "account"}.get(self.person_id, "contact")

    @property
    def label(self) -> str:
        return f"{self.entity} {self.person_id} Person {self.person_id}"


# A record that was merged away.
LOSER = "merged"


@dataclass(frozen=True)
class World:
    lists: dict[str, tuple[Somebody, ...]]
    opted_out: dict[str, str]
    suppressed: dict[str, str]
    elsewhere: frozenset[str]
    unsubscribed: frozenset[tuple[str, str]]
    # Records that opted out without an address, or whose address says nothing any more.
    opted_people: dict[str, str] = field(default_factory=dict)
    # Whom a record that had opted out was merged into.
    opted_survivors: dict[str, str] = field(default_factory=dict)
    # (list, address, person) of what members had before.
    former: frozenset[tuple[str, str, str]] = frozenset()
    # Into whom the record `LOSER` was merged.
    survivor: str = ""


@dataclass
class Fate:
    """What became of somebody: reasons in order, first one first."""

    reasons: list[str] = field(default_factory=list)
    keeper: str = ""


def closed_gates(world: World, list_id: str, member: Somebody) -> set[str]:
    gates = set(member.own)
    if member.address in world.opted_out:
        gates.add(world.opted_out[member.address])
    for opted in (world.opted_people, world.opted_survivors):
        if member.person_id in opted:
            gates.add(opted[member.person_id])
    if member.address in world.suppressed:
        gates.add(world.suppressed[member.address])
    if member.address in world.elsewhere:
        gates.add("SUPPRESSED_OTHER_ACCOUNT")
    if before := suppressed_as(world, member):
        gates.add(before[0])
    if unsubscribed(world, list_id, member):
        gates.add("UNSUBSCRIBED_LIST")
    return gates


def suppressed_as(world: World, member: Somebody) -> tuple[str, str] | None:
    """The reason, and the earlier address of the member or of the record that was merged into it, for which somebody
    said no by their own will: to this account before others."""
    family = {member.person_id, *((LOSER,) if member.person_id == world.survivor else ())}
    had = sorted({address for _, address, person_id in world.former if person_id in family})
    here = [(world.suppressed[each], each) for each in had if world.suppressed.get(each) in BY_WILL]
    elsewhere = [("SUPPRESSED_OTHER_ACCOUNT", each) for each in had if each in world.elsewhere]
    return next(iter(here + elsewhere), None)


def unsubscribed(world: World, list_id: str, member: Somebody) -> bool:
    """Whether with the address of now, or as somebody else than now."""
    return (list_id, member.address) in world.unsubscribed or bool(unsubscribed_as(world, list_id, member))


def unsubscribed_as(world: World, list_id: str, member: Somebody) -> set[str]:
    """Earlier addresses of the member, or of the record that was merged into it, which unsubscribed."""
    family = {member.person_id, *((LOSER,) if member.person_id == world.survivor else ())}
    return {
        address
        for each, address, person_id in world.former
        if each == list_id and person_id in family and (list_id, address) in world.unsubscribed
    }


def keepers(world: World) -> dict[str, Somebody]:
    """Who keeps each address, over all lists: a contact before a lead before an account, the older, the smaller id."""
    found: dict[str, Somebody] = {}
    for address in ADDRESSES:
        competing = [
            each
            for list_id, people in world.lists.items()
            for each in people
            if each.address == address
            and not each.own
            and not unsubscribed(world, list_id, each)
            and not suppressed_as(world, each)
        ]
        if competing:
            kinds = ("contact", "lead", "account")
            found[address] = min(
                competing, key=lambda each: (kinds.index(each.entity), each.created_on, each.person_id)
            )
    return found


def in_order(gates: set[str]) -> list[str]:
    return sorted(gates, key=PRECEDENCE.__getitem__)


@st.composite
def somebody(draw: st.DrawFn, person_id: str) -> Somebody:
    address = draw(st.sampled_from((*ADDRESSES, "")))
    own = set(draw(st.sets(st.sampled_from(OWN), max_size=2)) if draw(st.integers(0, 3)) == 0 else ())
    if not address:
        own.add("NO_EMAIL")
    fingerprint = draw(st.sampled_from(("f1", "f2")))
    synced = draw(st.booleans())
    refused = draw(st.integers(0, 3)) == 0
    return Somebody(
        person_id=person_id,
        address=address,
        own=frozenset(own),
        created_on=draw(st.sampled_from(("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"))),
        fingerprint=fingerprint,
        sent_fingerprint=draw(st.sampled_from(("f1", "f2"))) if synced else "",
        sent_address=draw(st.sampled_from(ADDRESSES)) if synced else "",
        refused_fingerprint=draw(st.sampled_from(("f1", "f2"))) if refused else "",
        refusal=draw(st.sampled_from(REFUSALS)) if refused else "",
        retry_on=draw(st.sampled_from(("2026-02-01T00:00:00Z", "2026-04-01T00:00:00Z"))) if refused else "",
        outcome=draw(st.sampled_from(("added", "unchanged", "", "updated", "excluded", "rejected", "held"))),
        channel=draw(st.sampled_from(("", "", "", "PENDING_OPT_IN"))),
    )


@st.composite
def worlds(draw: st.DrawFn, lists: int) -> World:
    ids = [f"p{number}" for number in range(5)]
    chosen = {
        f"list-{number}": tuple(
            draw(somebody(person_id))
            for person_id in draw(st.lists(st.sampled_from(ids), unique=True, max_size=len(ids)))
        )
        for number in range(lists)
    }
    lists_of = st.sampled_from(sorted(chosen))
    pairs = st.tuples(lists_of, st.sampled_from(ADDRESSES))
    had = st.tuples(lists_of, st.sampled_from(ADDRESSES), st.sampled_from((*ids, LOSER)))
    reasons = st.sampled_from(("DO_NOT_EMAIL", "DO_NOT_BULK_EMAIL"))
    return World(
        lists=chosen,
        opted_out=draw(st.dictionaries(st.sampled_from(ADDRESSES), reasons, max_size=1)),
        opted_people=draw(st.dictionaries(st.sampled_from(ids), reasons, max_size=1)),
        opted_survivors=draw(st.dictionaries(st.sampled_from(ids), reasons, max_size=1)),
        suppressed=draw(st.dictionaries(st.sampled_from(ADDRESSES), st.sampled_from(SUPPRESSIONS), max_size=1)),
        elsewhere=draw(st.frozensets(st.sampled_from(ADDRESSES), max_size=1)),
        unsubscribed=draw(st.frozensets(pairs, max_size=2)),
        former=draw(st.frozensets(had, max_size=2)),
        survivor=draw(st.sampled_from(ids)),
    )


def opted_out(
    c: Connection, address: str, reason: str = "DO_NOT_EMAIL", person_id: str = "lead-1", entity: str = "lead"
) -> None:
    """A record opted out, and that is known; `address` may be empty."""
    reading = opt_outs.begin(c)
    row = opt_outs.OptOut(person_id=person_id, entity=entity, reason=reason, addresses=[address])
    opt_outs.stage(c, reading, [row], NOW)


def merged_into(c: Connection, person_id: str, reason: str = "DO_NOT_EMAIL") -> None:
    """A record that had opted out was merged into another one, which was merged into this one."""
    opted_out(c, "", reason, f"loser-of-{person_id}", "contact")
    chain = [(f"loser-of-{person_id}", f"between-{person_id}"), (f"between-{person_id}", person_id)]
    merges = [opt_outs.Merge(person_id=loser, entity="contact", master_id=master) for loser, master in chain]
    for merge in merges:
        opt_outs.record_merges(c, [merge], NOW)


def activate(c: Connection, *list_ids: str) -> None:
    """Lists of the account, activated for email."""
    known = {"member_type": "contact", "dynamic": False, "activated": True, "account_id": ACCOUNT}
    store_lists.put(c, [store_lists.RemoteList(id=each, name=each, **known) for each in list_ids], NOW)


def write(c: Connection, world: World, listing: str) -> None:
    """The world as a store that has just staged a listing of every list."""
    for list_id, people in world.lists.items():
        staging.stage(
            c,
            list_id,
            listing,
            [
                staging.Staged(
                    person_id=each.person_id,
                    entity=each.entity,
                    name=f"Person {each.person_id}",
                    address=each.address,
                    created_on=each.created_on,
                    fields={"FULLNAME": each.person_id},
                    fingerprint=each.fingerprint,
                    gates=[Gate(code, f"own {code}") for code in sorted(each.own)],
                )
                for each in people
            ],
        )
        for each in people:
            c.execute(
                update(list_member)
                .where(list_member.c.list_id == list_id, list_member.c.person_id == each.person_id)
                .values(
                    sent_fingerprint=each.sent_fingerprint,
                    sent_address=each.sent_address,
                    rejected_fingerprint=each.refused_fingerprint,
                    rejected_reason=each.refusal,
                    rejected_detail=each.refusal and "refused",
                    retry_on=each.retry_on,
                    outcome=each.outcome,
                    channel=each.channel,
                )
            )
    write_facts(c, world)


def write_facts(c: Connection, world: World) -> None:
    """What is known against the people of the world, besides what their records say."""
    for address, reason in world.opted_out.items():
        opted_out(c, address, reason, f"lead-{address}")
    for person_id, reason in world.opted_people.items():
        opted_out(c, "", reason, person_id, "contact")
    for person_id, reason in world.opted_survivors.items():
        merged_into(c, person_id, reason)
    for address, reason in world.suppressed.items():
        when = "2026-01-01T00:00:00Z"
        values = {"account_id": ACCOUNT, "address": address, "status": "Status", "reason": reason}
        c.execute(insert(suppression).values(**values, suppressed_on=when, **said_as(reason, when)))
    for address in world.elsewhere:
        values = {"account_id": OTHER, "address": address, "status": "Status", "reason": "SUPPRESSED"}
        c.execute(insert(suppression).values(**values, **said_as("SUPPRESSED", "")))
    for list_id, address in world.unsubscribed:
        c.execute(insert(list_unsubscribe).values(list_id=list_id, address=address, unsubscribed_on=NOW))
    list_unsubscribes.had_before(c, world.former)
    if world.survivor:
        opt_outs.record_merges(c, [opt_outs.Merge(person_id=LOSER, entity="contact", master_id=world.survivor)], NOW)


def said_as(reason: str, when: str) -> dict[str, str]:
    """What is kept of a suppression that somebody wanted."""
    return {"said_reason": reason, "said_status": "Status", "said_on": when} if reason in BY_WILL else {}
