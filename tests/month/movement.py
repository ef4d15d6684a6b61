"""What people and the network do during the month, by chance from a seed, and what of it must not be forgotten.

Everything that happens is told in `told`, the last of it. `stays_out` and `stays_flagged` are what only the same person
can take back: an address that somebody got suppressed in an account, or out of a list's book; a record that somebody
marked in Dynamics. `touched`: everybody, by record and by address, who ever had to do with consent. `had`: the
addresses that a record had before, by its id.
"""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dyntui.sandbox.dotdigital import contact_store
from dyntui.sandbox.dotdigital import storage as dd_storage
from tests.month.world import JOBS, World
from tests.oracle.addresses import plain
from tests.oracle.edits import SPELLINGS

SHOP = "https://shop.kestrel-outdoor.example"
_STATUSES = ("Unsubscribed", "Unsubscribed", "HardBounced", "SoftBounced", "IspComplained", "MailBlocked")
_LIVE = ("Subscribed", "PendingOptIn")


class Movement:
    """See the module. `happen` lets one thing happen, whatever it is; `break_something` lets calls fail."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(f"movement/{seed}")
        self.told: deque[str] = deque(maxlen=2000)
        self.edits = 0
        self.faults = 0
        self.stays_out: set[tuple[str, str]] = set()
        self.stays_out_of_book: set[tuple[str, str, str]] = set()
        self.stays_flagged: set[tuple[str, str, str]] = set()
        self.typed: dict[int, str] = {}
        self.had: dict[str, set[str]] = {}
        self.touched = set(_closed_from_the_beginning(world))
        self.contacts = sorted((each for each in self._keys if each[0] == "c"), key=lambda each: int(each[1:]))
        self.leads = sorted((each for each in self._keys if each[0] == "l"), key=lambda each: int(each[1:]))
        self.static = [each for each in world.account_of if self._dynamic(each) == 0]
        self.busy = False
        self._kinds: tuple[tuple[int, Callable[[], None]], ...] = (
            (20, self._rename),
            (12, self._join),
            (10, self._leave),
            (6, self._readdress),
            (5, self._change_of_job),
            (4, self._come),
            (2, self._go),
            (3, self._state),
            (5, self._opt_out),
            (2, self._opt_in),
            (3, self._type),
            (1, self._untype),
            (6, self._unsubscribe),
            (3, self._unsubscribe_from_a_list),
            (2, self._resubscribe),
            (12, self._change_in_dotdigital),
            (3, self._put_into_book),
            (3, self._take_out_of_book),
            (4, self._answer),
            (6, self._look_around),
            (4, self._choose),
            (3, self._score),
            (1, self._others_send),
        )

    @property
    def _keys(self) -> dict[str, tuple[str, str]]:
        return self.world.hands["Main"].keys

    def happen(self) -> None:
        """One thing, by anybody."""
        if self.busy:
            return
        self.busy = True
        try:
            (step,) = self.chance.choices([each for _, each in self._kinds], [weight for weight, _ in self._kinds])
            step()
            self.edits += 1
        finally:
            self.busy = False

    @contextmanager
    def still(self) -> Iterator[None]:
        """Nothing happens in the block."""
        self.busy = True
        try:
            yield
        finally:
            self.busy = False

    def break_something(self) -> None:
        """Some of the next calls fail."""
        name = self.chance.choice(list(self.world.accounts))
        system = self.chance.choice(("dataverse", "dotdigital")) if name == "Main" else "dotdigital"
        fault: dict[str, Any] = {
            "system": system,
            "kind": self.chance.choice(("drop_before", "drop_after", "truncate", "status", "status_after", "html")),
            "status": self.chance.choice((429, 502, 503)),
            "times": self.chance.randint(1, 6),
            "after": self.chance.randint(0, 30),
        }
        if self.chance.random() < 0.1:
            # Away for as long as somebody needs to notice.
            fault |= {"kind": "status", "status": 503, "times": 400}
        self._tell("fault", name, fault)
        self.world.accounts[name].order(fault)
        self.faults += 1

    def mend(self) -> None:
        """Nothing fails any more."""
        for each in self.world.accounts.values():
            each.control.delete("/faults").raise_for_status()

    # -- who and where -----------------------------------------------------------------------------------------------

    def _tell(self, *words: object) -> None:
        self.told.append(f"{self.world.now():%d %H:%M} {' '.join(map(str, words))}")

    def _do(self, *edit: Any, account: str = "Main") -> None:
        self._tell(account, edit)
        self.world.hands[account].do(edit)

    def _somebody(self) -> str:
        return self.chance.choice(self.leads if self.leads and self.chance.random() < 0.2 else self.contacts)

    def _list(self) -> str:
        return self.chance.choice(self.static)

    def _dynamic(self, of: str) -> int:
        list_id = self.world.hands["Main"].lists[of]
        return int(self._one("SELECT type FROM dv_list WHERE listid = ?", list_id)[0])

    def _one(self, query: str, *values: Any) -> Any:
        return self.world.state.db.execute(query, values).fetchone()

    def _row(self, symbol: str, column: str) -> Any:
        table, row_id = self._keys[symbol]
        found = self._one(f"SELECT {column} FROM dv_{table} WHERE {table}id = ?", row_id)
        return found[0] if found else None

    def _addresses(self, symbol: str) -> set[str]:
        every = (self._row(symbol, f"emailaddress{number}") for number in (1, 2, 3))
        return {plain(each) for each in every if each}

    def _account(self) -> str:
        return self.chance.choice(list(self.world.accounts))

    def _contact_of(self, account: str) -> tuple[int, str, str] | None:
        """Some contact: number, address, status."""
        db = self.world.accounts[account].state.db
        (most,) = db.execute("SELECT max(id) FROM dd_contact").fetchone()
        found = db.execute(
            "SELECT id, email, status FROM dd_contact WHERE id >= ? AND email IS NOT NULL ORDER BY id LIMIT 1",
            (self.chance.randint(1, most or 1),),
        ).fetchone()
        return found if found is None else (int(found[0]), str(found[1]), str(found[2]))

    def _in_a_book(self) -> tuple[str, str, str] | None:
        """Somebody in the book of a list: the account, the list's symbol, the address."""
        of = self.chance.choice(list(self.world.account_of))
        account = self.world.account_of[of]
        book = self.book(of)
        db = self.world.accounts[account].state.db
        (most,) = db.execute("SELECT max(id) FROM dd_contact").fetchone()
        found = db.execute(
            "SELECT c.email FROM dd_member m JOIN dd_contact c ON c.id = m.contact_id WHERE m.book_id = ?"
            " AND m.contact_id >= ? AND c.email IS NOT NULL ORDER BY m.contact_id LIMIT 1",
            (book, self.chance.randint(1, most or 1)),
        ).fetchone()
        return (account, of, str(found[0])) if found else None

    def book(self, of: str) -> int:
        """The number of a list's book."""
        found = self._one("SELECT dyntui_bookid FROM dv_list WHERE listid = ?", self.world.hands["Main"].lists[of])
        return int(found[0] or 0)

    def _touch(self, *who: str) -> None:
        self.touched |= set(who)

    # -- everyday life in Dynamics -----------------------------------------------------------------------------------

    def _rename(self) -> None:
        self._do("rename", self._somebody(), self.edits)

    def _join(self) -> None:
        of = self._list()
        kind = self._one("SELECT createdfromcode FROM dv_list WHERE listid = ?", self.world.hands["Main"].lists[of])
        self._do("join", of, self.chance.choice(self.leads if kind[0] == 4 and self.leads else self.contacts))

    def _leave(self) -> None:
        """Somebody who is on the list."""
        of = self._list()
        found = self._one(
            "SELECT entityid FROM dv_listmember WHERE listid = ? AND entityid >= ? ORDER BY entityid LIMIT 1",
            self.world.hands["Main"].lists[of],
            f"{self.chance.randrange(16):x}{self.chance.randrange(16**4):04x}",
        )
        if found is not None:
            self._tell("leaves", of, found[0])
            with self.world.state.transaction():
                self.world.hands["Main"]._take_out(self.world.hands["Main"].lists[of], found[0])

    def _readdress(self) -> None:
        somebody = self._somebody()
        before = self._addresses(somebody)
        typed = self.chance.choice(
            (
                f"moved{self.edits}@north.example",
                f"moved{self.edits}@south.example",
                f" Moved{self.edits}@North.example ",
                "",
                "n/a",
                *sorted(self._addresses(self._somebody())),
            )
        )
        row_id = self._keys[somebody][1]
        self.had.setdefault(row_id, set()).update(before)
        if row_id in self.touched or before & self.touched or plain(typed) in self.touched:
            self._touch(row_id, *before, *filter(None, [plain(typed)]))
        self._do("readdress", somebody, typed)

    def _change_of_job(self) -> None:
        self._do("job", self._somebody(), self.chance.choice((*JOBS, "")))

    def _come(self) -> None:
        symbol = f"c{len(self._keys) + 1_000_000}"
        self._do("record", symbol, f"new{self.edits}@north.example", 0)
        self.contacts.append(symbol)
        self._do("join", self._list(), symbol)

    def _go(self) -> None:
        somebody = self._somebody()
        self._touch(self._keys[somebody][1], *self._addresses(somebody))
        self._do("delete", somebody)
        if somebody in self.contacts:
            self.contacts.remove(somebody)
        else:
            self.leads.remove(somebody)

    def _state(self) -> None:
        self._do("state", self._somebody(), self.chance.choice((0, 0, 1)))

    # -- consent -----------------------------------------------------------------------------------------------------

    def _opt_out(self) -> None:
        somebody, column = self._somebody(), self.chance.choice(("donotemail", "donotbulkemail"))
        table, row_id = self._keys[somebody]
        if self._row(somebody, column) == 0:
            self.stays_flagged.add((table, row_id, column))
        self._touch(row_id, *self._addresses(somebody))
        self._do("flag", somebody, column, 1)

    def _opt_in(self) -> None:
        somebody, column = self._somebody(), self.chance.choice(("donotemail", "donotbulkemail"))
        table, row_id = self._keys[somebody]
        self.stays_flagged.discard((table, row_id, column))
        self._do("flag", somebody, column, 0)

    def _type(self) -> None:
        addresses = sorted(self._addresses(self._somebody()))
        if addresses:
            self.typed[self.edits] = addresses[0]
            self._touch(addresses[0])
            self._do("type", self.edits, self.chance.choice(SPELLINGS[:-1])(addresses[0]))

    def _untype(self) -> None:
        if self.typed:
            number = self.chance.choice(sorted(self.typed))
            del self.typed[number]
            self._do("untype", number)

    def _unsubscribe(self) -> None:
        account = self._account()
        if contact := self._contact_of(account):
            self.stays_out.add((account, contact[1]))
            self._touch(contact[1])
            self._do("suppress", contact[1], self.chance.choice(_STATUSES), account=account)

    def _unsubscribe_from_a_list(self) -> None:
        if there := self._in_a_book():
            account, of, address = there
            self.stays_out_of_book.add(there)
            self._touch(address)
            self._book_edit("leave_book", account, of, address)

    def _resubscribe(self) -> None:
        """By the platform's own form, somebody who is out."""
        out = sorted(self.stays_out)
        if out:
            account, address = self.chance.choice(out)
            contact = contact_store.by_email(self.world.accounts[account].state, address)
            if address in self.world.hands["Main"].ever_typed or contact is None:
                return
            if contact.suppressed and contact.status not in contact_store.CANNOT_BE_UNSUPPRESSED:
                self.stays_out.discard((account, address))
                self._do("resubscribe", address, account=account)

    # -- everyday life in dotdigital ---------------------------------------------------------------------------------

    def _book_edit(self, name: str, account: str, of: str, address: str) -> None:
        """Of a list's book: whose number stands in Dynamics."""
        hands = self.world.hands[account]
        book = self.book(of)
        hands._book = lambda symbol: book  # type: ignore[method-assign]
        try:
            self._do(name, of, address, account=account)
        finally:
            del hands._book  # type: ignore[attr-defined]

    def _change_in_dotdigital(self) -> None:
        account = self._account()
        if contact := self._contact_of(account):
            field = self.chance.choice(("FIRSTNAME", "LASTNAME", "CITY"))
            state, value = self.world.accounts[account].state, f"{field.title()} {self.edits}"
            self._tell(account, "data", contact[1], field, value)
            with state.transaction():
                state.db.execute(
                    "UPDATE dd_contact SET data = json_set(data, ?, ?), updated = ? WHERE id = ?",
                    (f"$.{field}", value, dd_storage.now(state), contact[0]),
                )

    def _put_into_book(self) -> None:
        of = self.chance.choice(list(self.world.account_of))
        account = self.world.account_of[of]
        if (contact := self._contact_of(account)) and (account, of, contact[1]) not in self.stays_out_of_book:
            self._book_edit("put_into_book", account, of, contact[1])

    def _take_out_of_book(self) -> None:
        if there := self._in_a_book():
            self._book_edit("take_out_of_book", *there)

    def _answer(self) -> None:
        """A form."""
        account = self._account()
        contact, state = self._contact_of(account), self.world.accounts[account].state
        now = dd_storage.now(state)
        given = json.dumps([{"fieldId": 3, "subFieldId": 0, "value": f"Answer {self.edits}"}])
        state.db.execute(
            "INSERT INTO dd_survey_response (survey_id, email, started, completed, answers)"
            " SELECT id, ?, ?, ?, ? FROM dd_survey ORDER BY id LIMIT 1",
            (contact[1] if contact else None, now, now if self.chance.random() < 0.8 else None, given),
        )

    def _look_around(self) -> None:
        """In the shop."""
        account = self._account()
        if contact := self._contact_of(account):
            state, at = self.world.accounts[account].state, f"{self.world.now():%Y-%m-%dT%H:%M:%SZ}"
            pages = [
                {"url": f"{SHOP}/{path}", "title": path, "time": at}
                for path in self.chance.sample(("tents", "boots", "sale", "stores"), self.chance.randint(1, 3))
            ]
            now = dd_storage.now(state)
            state.db.execute(
                "INSERT OR REPLACE INTO dd_insight (collection, key, contact_id, document, created, updated)"
                " VALUES ('WebInsight', ?, ?, ?, ?, ?)",
                (f"visit {self.edits}", contact[0], json.dumps({"startTime": at, "pages": pages}), now, now),
            )

    def _choose(self) -> None:
        """A marketing preference."""
        account = self._account()
        if contact := self._contact_of(account):
            state = self.world.accounts[account].state
            leaves = state.db.execute("SELECT id FROM dd_preference WHERE is_preference = 1 ORDER BY id").fetchall()
            state.db.execute(
                "INSERT OR REPLACE INTO dd_opt_in (preference_id, contact_id, opted_in, modified) VALUES (?, ?, ?, ?)",
                (self.chance.choice(leaves)[0], contact[0], self.chance.random() < 0.7, dd_storage.now(state)),
            )

    def _score(self) -> None:
        account = self._account()
        if contact := self._contact_of(account):
            state, points = self.world.accounts[account].state, self.chance.randrange(101)
            state.db.execute(
                "INSERT OR REPLACE INTO dd_score (contact_id, label, score, engagement, suitability, modified)"
                " VALUES (?, 'Warm', ?, ?, ?, ?)",
                (contact[0], points, points, points, dd_storage.now(state)),
            )

    def _others_send(self) -> None:
        """Somebody sends a campaign in dotdigital itself, to the book of a list."""
        of = self.chance.choice(list(self.world.account_of))
        account = self.world.account_of[of]
        state = self.world.accounts[account].state
        waiting = state.db.execute(
            "SELECT id FROM dd_campaign WHERE status = 'Unsent' AND type = 'Standard' AND name NOT LIKE 'Month %'"
            " ORDER BY id LIMIT 1"
        ).fetchone()
        if waiting and self.chance.random() < 0.1:
            hands, book = self.world.hands[account], self.book(of)
            hands._book = lambda symbol: book  # type: ignore[method-assign]
            try:
                self._do("others_send", waiting[0], of, account=account)
            finally:
                del hands._book  # type: ignore[attr-defined]


def _closed_from_the_beginning(world: World) -> Iterator[str]:
    """Who has opted out, or been suppressed anywhere, before dyntui came: records and addresses."""
    for table in ("contact", "lead", "account"):
        for row in world.state.db.execute(
            f"SELECT {table}id, emailaddress1, emailaddress2, emailaddress3 FROM dv_{table}"
            " WHERE donotemail = 1 OR donotbulkemail = 1"
        ):
            yield row[0]
            yield from (plain(each) for each in row[1:] if each)
    for sandbox in world.accounts.values():
        for (address,) in sandbox.state.db.execute(
            "SELECT email FROM dd_contact WHERE email IS NOT NULL AND status NOT IN (?, ?)", _LIVE
        ):
            yield address
