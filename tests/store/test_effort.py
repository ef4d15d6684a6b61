"""What is asked of a large list takes as many times the work of a small one as it has people, and no more: counted in
steps of SQLite, which are the same each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, update

from dyntui.model.preferences import Choice
from dyntui.model.scores import Score
from dyntui.store import (
    counts,
    flags,
    list_unsubscribes,
    members,
    pending_members,
    preferences,
    recipients,
    scores,
    settling,
    staging,
    strangers,
    undoing,
    why,
)
from dyntui.store.counts import NewCount
from dyntui.store.database import Database, open_store, sqlite_url
from dyntui.store.flags import FlagSet
from dyntui.store.preferences import OfContact, OfRecord
from dyntui.store.recipients import Recipient
from dyntui.store.schema import list_member, suppression
from dyntui.store.staging import Staged
from tests.empty_store import lay_empty_store

from .worlds import ACCOUNT, NOW, activate, opted_out

LIST, OTHER = "list-0", "list-1"
SMALL, LARGE = 300, 1500
# Sorting and indexes that are a level deeper.
_LEVELS = 1.4


def steps(c: Connection, work: Callable[[Connection], object]) -> int:
    """How many hundred instructions SQLite carries out meanwhile."""
    raw, done = c.connection.dbapi_connection, 0

    def hundred() -> int:
        nonlocal done
        done += 1
        return 0

    assert raw is not None
    raw.set_progress_handler(hundred, 100)
    work(c)
    raw.set_progress_handler(None, 0)
    return done


def settled(c: Connection, people: int) -> None:
    """Of whom every fifth shares an address with a lead of another list, and every tenth has opted out."""
    for list_id, entity in ((LIST, "contact"), (OTHER, "lead")):
        rows = [
            Staged(
                person_id=f"{entity}-{each}",
                entity=entity,
                name="",
                address=f"{each}@example.com",
                created_on=NOW,
                fields={},
                fingerprint="f",
            )
            for each in range(0, people, 5 if list_id == OTHER else 1)
        ]
        staging.stage(c, list_id, "run", rows)
    activate(c, LIST, OTHER)
    for each in range(0, people, 10):
        opted_out(c, f"{each}@example.com", "DO_NOT_EMAIL", f"account-{each}", "account")
    for list_id in (LIST, OTHER):
        settle(c, list_id)
    mailed = [Recipient(contact_id=each, address=f"{each}@example.com", opens=1) for each in range(people)]
    recipients.record_recipients(c, ACCOUNT, 1, mailed)


def settle(c: Connection, list_id: str = LIST, *, whole: bool = True) -> None:
    settling.settle(c, list_id, "run", ACCOUNT, NOW, whole=whole)


def count(c: Connection) -> None:
    asked = NewCount(id="count", account_id=ACCOUNT, campaign_id=1, lists=(LIST, OTHER), counted_on=NOW)
    counts.snapshot(c, asked)


def tell(c: Connection) -> None:
    """Everybody whom the campaign was sent to, some at a time."""
    after = -1
    while some := recipients.unwritten_engagements(c, ACCOUNT, 1, 20, after):
        after = some[-1].contact_id


@pytest.mark.parametrize(
    "work",
    [settle, lambda c: settle(c, whole=False), count, tell],
    ids=["settled", "settled by what is new", "counted", "told of in pages"],
)
def test_the_work_grows_with_the_list(tmp_path: Path, work: Callable[[Connection], object]) -> None:
    took = []
    for people in (SMALL, LARGE):
        lay_empty_store(tmp_path / f"{people}.db")
        with closing(open_store(sqlite_url(tmp_path / f"{people}.db"))) as db, db.write() as c:
            settled(c, people)
            took.append(steps(c, work))
    assert took[1] < _LEVELS * LARGE / SMALL * took[0], took


PAGE = [f"{each}@example.com" for each in range(0, SMALL, 3)]


def known_of(c: Connection, people: int) -> None:
    """What is kept of so many besides their places on lists."""
    everybody = [(each, f"{each}@example.com") for each in range(people)]
    preferences.keep(c, ACCOUNT, contacts_of(range(people)))
    preferences.keep_rows(
        c,
        ACCOUNT,
        [
            OfRecord(preference_id=1, person_id=f"contact-{n}", entity="contact", address=at, choice=Choice.NO)
            for n, at in everybody
        ],
    )
    scores.keep(c, ACCOUNT, [(n, Score(address=at, score=n, scored_on=NOW)) for n, at in everybody])
    flags.remember(c, flags_of(range(people)), NOW)
    list_unsubscribes.had_before(c, [(LIST, f"was-{n}@example.com", f"contact-{n}") for n, _ in everybody])
    for n in range(0, people, 7):
        said = {
            "account_id": ACCOUNT,
            "address": f"was-{n}@example.com",
            "status": "Unsubscribed",
            "reason": "SUPPRESSED",
        }
        c.execute(insert(suppression).values(**said, suppressed_on=NOW, said_reason="SUPPRESSED", said_on=NOW))
    c.execute(update(list_member).where(list_member.c.outcome == "").values(outcome="added", sent_address="x"))
    c.execute(update(list_member).values(contact_id=list_member.c.seq))


def flags_of(rows: range) -> list[FlagSet]:
    return [FlagSet("contact", f"contact-{n}", f"{n}@example.com", "donotbulkemail") for n in rows]


def contacts_of(rows: range) -> list[OfContact]:
    return [
        OfContact(preference_id=1, contact_id=n, address=f"{n}@example.com", choice=Choice.YES, chosen_on=NOW)
        for n in rows
    ]


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: preferences.yes_of(c, ACCOUNT, range(100), [1], "3000"),
        lambda c: preferences.declined(c, ACCOUNT, PAGE),
        lambda c: preferences.chose(c, ACCOUNT, PAGE),
        lambda c: preferences.contacts_seen(c, ACCOUNT, contacts_of(range(100))),
        lambda c: scores.told(c, ACCOUNT, PAGE),
        lambda c: flags.forget(c, flags_of(range(100))),
        lambda c: undoing.mailed(c, ACCOUNT, PAGE),
        lambda c: pending_members.imported_among(c, LIST, PAGE),
        lambda c: strangers.no_members(c, LIST, PAGE),
        lambda c: members.addresses_of_contacts(c, ACCOUNT, range(100)),
        lambda c: why.of_address(c, PAGE[0], account_id=ACCOUNT, campaign_id=1, lists=[LIST]),
        lambda c: why.of_address(c, PAGE[1], account_id=ACCOUNT, campaign_id=1, lists=[LIST]),
    ],
    ids=[
        "yes",
        "no",
        "choices",
        "compared",
        "told of scores",
        "flags",
        "mailed",
        "imported",
        "on the list",
        "named by id",
        "why",
        "why not",
    ],
)
def test_a_page_costs_no_more_where_there_are_more(stores: list[Database], ask: Callable[[Connection], object]) -> None:
    took = []
    for db in stores:
        with db.write() as c:
            took.append(steps(c, ask))
            c.rollback()
    assert took[0] and took[1] < 1.5 * took[0], took


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Database]]:
    """A small and a large one."""
    folder, opened = tmp_path_factory.mktemp("effort"), []
    for people in (SMALL, LARGE):
        lay_empty_store(folder / f"{people}.db")
        opened.append(open_store(sqlite_url(folder / f"{people}.db")))
        with opened[-1].write() as c:
            settled(c, people)
            known_of(c, people)
    yield opened
    for db in opened:
        db.close()
