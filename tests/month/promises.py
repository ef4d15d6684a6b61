"""The promises of spec.md 15 as the two systems themselves show them, whatever dyntui says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from dyntui.model.outcomes import RunStatus
from dyntui.store.runs import Run
from tests.month.movement import Movement
from tests.month.world import MAIN, World
from tests.oracle.addresses import plain, sendable, spelled_in
from tests.oracle.rows import KINDS
from tests.scenarios.office import Office

# What is a defect of dyntui, whatever happens to the systems.
DEFECTS = ("ACCOUNTING", "INTERNAL_ERROR", "PLAN_WRITES")
_NAMES = ("firstname", "lastname")
_LIVE = ("Subscribed", "PendingOptIn")


def broken_by(run: Run) -> str:
    """What an ended run alone shows to be broken; `""`: nothing."""
    if run.error_code in DEFECTS:
        return f"run {run.kind} {run.id}: {run.error_code} {run.error}"
    if run.status is not RunStatus.FAILED and not run.tally.adds_up:
        return f"run {run.kind} {run.id} does not account for everybody: {run.tally}"
    return "" if run.status.ended else f"run {run.kind} {run.id} has not ended: {run.status}"


def must_not_be_mailed(world: World) -> set[str]:
    """Every address that somebody has opted out with by now, in Dynamics or in any of the accounts."""
    closed = set[str]()
    for sandbox in world.accounts.values():
        closed |= {
            row[0]
            for row in sandbox.state.db.execute(
                "SELECT email FROM dd_contact WHERE email IS NOT NULL AND status NOT IN (?, ?)", _LIVE
            )
        }
    db = world.state.db
    for table in ("contact", "lead", "account"):
        for row in db.execute(
            f"SELECT emailaddress1, emailaddress2, emailaddress3 FROM dv_{table}"
            " WHERE donotemail = 1 OR donotbulkemail = 1"
        ):
            closed |= {each for text in row if text for each in spelled_in(text)}
    return closed | _typed(world)


def _typed(world: World) -> set[str]:
    rows = world.state.db.execute("SELECT dyntui_address FROM dv_dyntui_suppression WHERE statecode = 0")
    return {each for (text,) in rows if text for each in spelled_in(text)}


def left(world: World, account: str, book: int) -> set[str]:
    """Who unsubscribed from a book."""
    rows = world.accounts[account].state.db.execute(
        "SELECT c.email FROM dd_list_suppression s JOIN dd_contact c ON c.id = s.contact_id"
        " WHERE s.book_id = ? AND c.email IS NOT NULL",
        (book,),
    )
    return {row[0] for row in rows}


def remember_who_left(world: World) -> None:
    """Who has unsubscribed from a book that is there now, also once it is deleted: those of sends are, after two
    weeks."""
    for account in world.accounts:
        world.have_left.setdefault(account, set()).update(_left_any(world, account))


def _left_any(world: World, account: str) -> set[str]:
    """Who unsubscribed from any book of an account that is there."""
    rows = world.accounts[account].state.db.execute(
        "SELECT DISTINCT c.email FROM dd_list_suppression s JOIN dd_contact c ON c.id = s.contact_id"
        " WHERE c.email IS NOT NULL"
    )
    return {row[0] for row in rows}


def mails(world: World, account: str, campaign: int) -> list[str]:
    """The addresses that a campaign was sent to, with repetitions."""
    world.accounts[account].control.get("/state").raise_for_status()  # whatever is due happens first
    rows = (
        world.accounts[account]
        .state.db.execute("SELECT address FROM dd_mail WHERE campaign_id = ?", (campaign,))
        .fetchall()
    )
    return [row[0] for row in rows]


def consent_is_kept(world: World, movement: Movement) -> Iterator[str]:
    """Nobody is subscribed again, taken into a book again, or unmarked, who did not do so themselves."""
    for account, address in sorted(movement.stays_out):
        found = (
            world.accounts[account]
            .state.db.execute("SELECT status FROM dd_contact WHERE email = ?", (address,))
            .fetchone()
        )
        if found is not None and found[0] in _LIVE:
            yield f"{address} was subscribed again in {account}"
    for account, of, address in sorted(movement.stays_out_of_book):
        if address in in_book(world, account, movement.book(of)):
            yield f"{address} is back in the book of {of}"
    for table, row_id, column in sorted(movement.stays_flagged):
        found = world.state.db.execute(
            f"SELECT {column} FROM dv_{table} WHERE {table}id = ?",
            (row_id,),
        ).fetchone()
        if found is not None and not found[0]:
            yield f"{column} of {table} {row_id} was taken back"


def in_book(world: World, account: str, book: int) -> dict[str, dict[str, Any]]:
    """Who is in a book, with status and data."""
    rows = world.accounts[account].state.db.execute(
        "SELECT c.email, c.status, json_extract(c.data, '$.FIRSTNAME'), json_extract(c.data, '$.LASTNAME')"
        " FROM dd_member m JOIN dd_contact c ON c.id = m.contact_id WHERE m.book_id = ? AND c.email IS NOT NULL",
        (book,),
    )
    return {row[0]: {"status": row[1], "firstname": row[2] or "", "lastname": row[3] or ""} for row in rows}


def everybody_has_one_outcome(world: World, office: Office) -> Iterator[str]:
    """The members that a list shows are those of Dynamics, each once and each with an outcome."""
    for symbol in world.account_of:
        list_id = world.hands[MAIN].lists[symbol]
        shown = Counter(each.person for each in office.members(list_id) if each.outcome)
        there = {row_id for _, row_id in _members(world, list_id)}
        if twice := [each for each, times in shown.items() if times > 1]:
            yield f"{symbol}: {len(twice)} have two outcomes: {twice[:3]}"
        if without := sorted(there - shown.keys()):
            yield f"{symbol}: {len(without)} of {len(there)} members have no outcome: {without[:3]}"


def both_sides_agree(world: World, movement: Movement, office: Office, compared: Counter[str]) -> Iterator[str]:
    """Once nothing moves any more: who is closed is in no book, whoever is not is in it with the same values. Counts in
    `compared` the members whom it has looked up in their books."""
    closed, twice = must_not_be_mailed(world), _shared(world)
    blocked = {
        name: set(each.state.db.execute("SELECT pattern FROM dd_vendor_block")) for name, each in world.accounts.items()
    }
    for symbol, account in world.account_of.items():
        list_id = world.hands[MAIN].lists[symbol]
        book = movement.book(symbol)
        inside = in_book(world, account, book)
        out = left(world, account, book)
        if there := sorted((closed | out) & inside.keys()):
            yield f"{symbol}: {len(there)} closed addresses are in the book of {account}: {there[:3]}"
        missing, other = [], []
        kind = KINDS[_list(world, list_id)[0]]
        said = {each.person: each for each in office.members(list_id)}
        # The mail of a send is sent from a book of its own: who unsubscribes from that has left the list.
        gone = closed | world.have_left[account] | twice
        for table, row_id in _members(world, list_id):
            row = _record(world, table, row_id)
            if table != kind or row is None or row["statecode"] or row["merged"]:
                continue
            address = plain(row["emailaddress1"] or "")
            if row_id in movement.touched or address in movement.touched or address in gone:
                continue
            # Who moves to another address has left the list all the same: an unsubscribe is a person's.
            if movement.had.get(row_id, set()) & world.have_left[account]:
                continue
            if not sendable(address) or _is_blocked(address, blocked[account]):
                continue
            if row_id in said and said[row_id].outcome == "held":
                continue
            compared[symbol] += 1
            if address not in inside:
                missing.append(f"{row_id} {address} {said.get(row_id)}")
            elif any((row[name] or "").strip() != inside[address][name].strip() for name in _NAMES):
                other.append(f"{address}: {row['firstname']} {row['lastname']}, {inside[address]}")
        if missing:
            yield f"{symbol}: {len(missing)} members are not in the book of {account}: {missing[:3]}"
        if other:
            yield f"{symbol}: {len(other)} have other values in {account}: {other[:3]}"


def _is_blocked(address: str, patterns: set[tuple[str]]) -> bool:
    local, _, domain = address.partition("@")
    return any((each,) in patterns for each in (address, f"@{domain}", f"{local}@"))


def _shared(world: World) -> set[str]:
    """Addresses that several records have, in any of their columns."""
    found: Counter[str] = Counter()
    for table in ("contact", "lead", "account"):
        for row in world.state.db.execute(f"SELECT emailaddress1, emailaddress2, emailaddress3 FROM dv_{table}"):
            found.update({plain(each) for each in row if each})
    return {address for address, times in found.items() if times > 1}


def _record(world: World, table: str, row_id: str) -> dict[str, Any] | None:
    names = ("firstname", "lastname", "emailaddress1", "statecode", "merged")
    row = world.state.db.execute(
        f"SELECT {', '.join(names)} FROM dv_{table} WHERE {table}id = ?",
        (row_id,),
    ).fetchone()
    return None if row is None else dict(zip(names, row, strict=True))


def _list(world: World, list_id: str) -> tuple[int, str | None]:
    """The member type's code, and the query of a dynamic list."""
    row = world.state.db.execute("SELECT createdfromcode, query FROM dv_list WHERE listid = ?", (list_id,)).fetchone()
    return row[0], row[1]


def _members(world: World, list_id: str) -> Sequence[tuple[str, str]]:
    """Of a static list, or whom the query of a dynamic one finds."""
    db, (kind, query) = world.state.db, _list(world, list_id)
    if query is None:
        return list(db.execute("SELECT entityidtype, entityid FROM dv_listmember WHERE listid = ?", (list_id,)))
    table, job = KINDS[kind], query.partition('value="')[2].partition('"')[0]
    rows = db.execute(f"SELECT {table}id FROM dv_{table} WHERE jobtitle = ?", (job,))
    return [(table, row_id) for (row_id,) in rows]
