"""What people do in either system between two synchronisations, by hands that are not the product's.

An edit is a name and symbols (`c3` a contact, `L1` a list, 4 an address): it can be drawn before the world exists, be
left out of a history, and played again. What is not possible at its moment does nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from dyntui.sandbox.dataverse import storage, system_rows
from dyntui.sandbox.dotdigital import contact_store, memberships, people, sends, suppressions
from dyntui.sandbox.dotdigital import storage as dd_storage
from dyntui.sandbox.state import State
from tests.oracle.addresses import spelled_in
from tests.oracle.rows import KINDS, Key

Edit = tuple[Any, ...]

TABLES = {"c": "contact", "l": "lead", "a": "account"}
DOMAINS = ("north.example", "south.example")

SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    lambda a: f"  {a}\t",
    lambda a: f"<{a}>",
    lambda a: f"mailto:{a}",
    lambda a: f"MAILTO:{a}?subject=stop",
    lambda a: f"Ann Example <{a}>",
    lambda a: f'"Example, Ann" <{a.upper()}>',
    lambda a: f"\ufeff{a}",
    lambda a: f"{a[:3]}\u200b{a[3:]}",
    lambda a: f"\u202a{a}\u202c",
    lambda a: f"{a}; someone.else@elsewhere.example",
    lambda a: f"someone.else@elsewhere.example, {a}",
    lambda a: f"someone.else@elsewhere.example {a}",
    lambda a: f"{a} (wrote on Monday)",
    lambda a: f"'{a}'",
    lambda a: f"\u00a0{a}\u00a0",
    lambda a: f"{a}.",
    lambda a: a.replace("@", "\uff20"),
    lambda a: f"no address here, {a.replace('@', ' at ')}",
)
"""How somebody who knows an address may type it; in the last one none is left."""

BAD = (
    "{0}.example.org",
    "{0}@@north.example",
    "{0}@localhost",
    "<{0}@north.example>",
    "{0}@north.example,other@north.example",
    "{0}..x@north.example",
    "{0}@ex\u00e4mple.org",
    "{0}@north_.example",
    "n/a",
)
"""What stands in a column for an address and is none."""


def address(number: int) -> str:
    """The address with a number."""
    return f"p{number}@{DOMAINS[number % 2]}"


@dataclass
class Hands:
    """Carries edits out in a sandbox's state. `list_action` does what only the product's own screens can. `gaps`: every
    second change in Dynamics is one that nothing tells of which says only what changed: neither the record's version,
    nor the list's count, nor when its row was made."""

    state: State
    list_action: Callable[[str, str], None]
    gaps: bool = False
    keys: dict[str, Key] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    typed: dict[int, str] = field(default_factory=dict)
    ever_typed: set[str] = field(default_factory=set)
    renamed: int = 0
    changes: int = 0

    def do(self, edit: Edit) -> None:
        """Carries out one edit. KeyError and the like are a mistake of the one who drew it."""
        name, *symbols = edit
        if name.startswith("email_"):
            self.list_action(name, self.lists[symbols[0]]) if symbols[0] in self.lists else None
            return
        with self.state.transaction():
            getattr(self, f"_{name}")(*symbols)

    def names(self) -> dict[Key, str]:
        """Symbols by record, for stories."""
        return {key: symbol for symbol, key in self.keys.items()}

    # -- Dynamics: records -----------------------------------------------------------------------------------------

    def _record(self, symbol: str, typed: str, minutes: int, job: str = "", **more: Any) -> None:
        table = TABLES[symbol[0]]
        row_id = _id(f"{symbol}/{len(self.keys)}" if symbol in self.keys else symbol)
        name = f"Name of {symbol}"
        person = {"name": name} if table == "account" else {"firstname": "First", "lastname": symbol, "fullname": name}
        if table != "account":
            person["jobtitle"] = job
        owner = self._one("SELECT ownerid, owneridtype, owninguser, owningbusinessunit FROM dv_list LIMIT 1")
        owned = dict(zip(("ownerid", "owneridtype", "owninguser", "owningbusinessunit"), owner, strict=True))
        made = f"2026-01-{1 + minutes // 1440:02}T{minutes // 60 % 24:02}:{minutes % 60:02}:00Z"
        values = {f"{table}id": row_id, "emailaddress1": typed or None, "createdon": made, **person, **owned, **more}
        system_rows.insert(self.state, table, values)
        self.keys[symbol] = (table, row_id)

    def _change(self, symbol: str, **values: Any) -> None:
        if symbol in self.keys:
            table, row_id = self.keys[symbol]
            told = {"versionnumber": storage.next_version(self.state), "modifiedon": storage.now(self.state)}
            row = values if self._untold() else {**values, **told}
            sets = ", ".join(f"{column} = ?" for column in row)
            self.state.db.execute(f"UPDATE dv_{table} SET {sets} WHERE {table}id = ?", (*row.values(), row_id))

    def _readdress(self, symbol: str, typed: str) -> None:
        self._change(symbol, emailaddress1=typed or None)

    def _second(self, symbol: str, place: int, typed: str) -> None:
        self._change(symbol, **{f"emailaddress{place}": typed or None})

    def _flag(self, symbol: str, column: str, value: int) -> None:
        self._change(symbol, **{column: value})

    def _rename(self, symbol: str, number: int) -> None:
        full = f"New name {number} of {symbol}"
        person = {"firstname": f"New{number}", "fullname": full}
        self._change(symbol, **({"name": full} if symbol[0] == "a" else person))

    def _job(self, symbol: str, job: str) -> None:
        if symbol[0] != "a":
            self._change(symbol, jobtitle=job)

    def _state(self, symbol: str, state: int) -> None:
        self._change(symbol, statecode=state if symbol[0] == "l" else min(state, 1))

    def _swap(self, one: str, other: str) -> None:
        first, second = (self._value(each, "emailaddress1") for each in (one, other))
        if one in self.keys and other in self.keys:
            self._change(one, emailaddress1=second)
            self._change(other, emailaddress1=first)

    def _merge(self, loser: str, survivor: str, take_address: bool) -> None:
        """Merges two records of one type: the loser is deactivated and points to the survivor."""
        if loser == survivor or {loser, survivor} - self.keys.keys() or loser[0] != survivor[0]:
            return
        if self._value(survivor, "merged") or self._value(loser, "merged") or self._value(survivor, "statecode"):
            return
        if take_address:
            self._change(survivor, emailaddress1=self._value(loser, "emailaddress1"))
        self._change(loser, merged=1, masterid=self.keys[survivor][1], statecode=2 if loser[0] == "l" else 1)

    def _delete(self, symbol: str) -> None:
        if self._value(symbol, f"{TABLES[symbol[0]]}id") is None:
            return
        table, row_id = self.keys[symbol]
        db = self.state.db
        on = db.execute("SELECT listid FROM dv_listmember WHERE entityid = ?", (row_id,)).fetchall()
        for (list_id,) in on:
            self._take_out(list_id, row_id)
        db.execute(f"DELETE FROM dv_{table} WHERE {table}id = ?", (row_id,))
        db.execute(
            "INSERT INTO dv_tombstone (table_name, id, version, deleted_on) VALUES (?, ?, ?, ?)",
            (table, row_id, storage.next_version(self.state), storage.now(self.state)),
        )

    def _anew(self, symbol: str, minutes: int) -> None:
        """Deletes a record and makes it anew: the same name, address and lists, another id, no opt-outs."""
        typed = self._value(symbol, "emailaddress1")
        if self._value(symbol, f"{TABLES[symbol[0]]}id") is None:
            return
        job = self._value(symbol, "jobtitle") if symbol[0] != "a" else ""
        row_id = self.keys[symbol][1]
        on = self.state.db.execute("SELECT listid FROM dv_listmember WHERE entityid = ?", (row_id,)).fetchall()
        self._delete(symbol)
        self._record(symbol, typed or "", minutes, job or "")
        for (list_id,) in on:
            self._put_in(list_id, self.keys[symbol])

    def _value(self, symbol: str, column: str) -> Any:
        if symbol not in self.keys:
            return None
        table, row_id = self.keys[symbol]
        row = self.state.db.execute(f"SELECT {column} FROM dv_{table} WHERE {table}id = ?", (row_id,)).fetchone()
        return row[0] if row else None

    # -- Dynamics: lists -------------------------------------------------------------------------------------------

    def _list(self, symbol: str, kind: str, query: str = "") -> None:
        code = next(each for each, name in KINDS.items() if name == kind)
        owner = self._one("SELECT ownerid, owneridtype, owninguser, owningbusinessunit FROM dv_list LIMIT 1")
        owned = dict(zip(("ownerid", "owneridtype", "owninguser", "owningbusinessunit"), owner, strict=True))
        values = {
            "listid": _id(symbol),
            "listname": f"List {symbol}",
            "createdfromcode": code,
            "membertype": code,
            "type": int(bool(query)),
            "query": query or None,
            "lockstatus": 0,
            "membercount": None if query else 0,
            **owned,
        }
        self.lists[symbol] = system_rows.insert(self.state, "list", values)

    def _join(self, of: str, symbol: str) -> None:
        if of in self.lists and symbol in self.keys:
            self._put_in(self.lists[of], self.keys[symbol])

    def _stray(self, of: str, number: int) -> None:
        """A member row whose record is not there."""
        if of in self.lists:
            (kind,) = self._one("SELECT createdfromcode FROM dv_list WHERE listid = ?", self.lists[of])
            self._put_in(self.lists[of], (KINDS[kind], _id(f"stray {kind} {number}")))

    def _leave(self, of: str, symbol: str) -> None:
        if of in self.lists and symbol in self.keys:
            self._take_out(self.lists[of], self.keys[symbol][1])

    def _mass_leave(self, of: str, percent: int) -> None:
        for symbol in sorted(self.keys):
            if of in self.lists and hashlib.blake2b(symbol.encode()).digest()[0] * 100 < percent * 256:
                self._leave(of, symbol)

    def _list_state(self, of: str, state: int) -> None:
        self._change_list(of, statecode=state, statuscode=state)

    def _list_name(self, of: str) -> None:
        self.renamed += 1
        self._change_list(of, listname=f"List {of} renamed {self.renamed}")

    def _action(self, of: str, code: int) -> None:
        self._change_list(of, dyntui_membershipaction=code)

    def _filter(self, of: str, text: str) -> None:
        self._change_list(of, dyntui_subscriptionfilter=text)

    def _opt_in(self, symbol: str, code: int) -> None:
        if symbol[0] != "a":
            self._change(symbol, dyntui_optintype=code)

    def _change_list(self, of: str, **values: Any) -> None:
        if of in self.lists:
            row = {**values, "versionnumber": storage.next_version(self.state), "modifiedon": storage.now(self.state)}
            sets = ", ".join(f"{column} = ?" for column in row)
            self.state.db.execute(f"UPDATE dv_list SET {sets} WHERE listid = ?", (*row.values(), self.lists[of]))

    def _put_in(self, list_id: str, key: Key) -> None:
        found = self.state.db.execute(
            "SELECT 1 FROM dv_listmember WHERE listid = ? AND entityid = ?", (list_id, key[1])
        ).fetchone()
        dynamic, active = self._one("SELECT type, statecode FROM dv_list WHERE listid = ?", list_id)
        if found or dynamic or active:
            return
        values = {"listid": list_id, "entityid": key[1], "entityidtype": key[0], "entitytype": key[0]}
        if self._untold():
            values["createdon"] = "2020-01-01T00:00:00Z"
        system_rows.insert(self.state, "listmember", values)
        self._count(list_id)

    def _take_out(self, list_id: str, row_id: str) -> None:
        self.state.db.execute("DELETE FROM dv_listmember WHERE listid = ? AND entityid = ?", (list_id, row_id))
        self._count(list_id)

    def _untold(self) -> bool:
        self.changes += self.gaps
        return self.changes % 2 == 1

    def _count(self, list_id: str) -> None:
        if self._untold():
            return
        self.state.db.execute(
            "UPDATE dv_list SET membercount = (SELECT count(*) FROM dv_listmember m WHERE m.listid = dv_list.listid),"
            " versionnumber = ? WHERE listid = ? AND type = 0",
            (storage.next_version(self.state), list_id),
        )

    def _one(self, query: str, *values: Any) -> Any:
        return self.state.db.execute(query, values).fetchone()

    # -- Dynamics: suppressions ------------------------------------------------------------------------------------

    def _type(self, number: int, text: str) -> None:
        self.ever_typed |= spelled_in(text)
        self.typed[number] = system_rows.insert(self.state, "dyntui_suppression", {"dyntui_address": text})

    def _untype(self, number: int) -> None:
        if number in self.typed:
            table, row_id = "dyntui_suppression", self.typed.pop(number)
            self.state.db.execute("DELETE FROM dv_dyntui_suppression WHERE dyntui_suppressionid = ?", (row_id,))
            self.state.db.execute(
                "INSERT INTO dv_tombstone (table_name, id, version, deleted_on) VALUES (?, ?, ?, ?)",
                (table, row_id, storage.next_version(self.state), storage.now(self.state)),
            )

    # -- dotdigital ------------------------------------------------------------------------------------------------

    def _contact(self, where: str) -> contact_store.Contact | None:
        return contact_store.by_email(self.state, where)

    def _make(self, where: str) -> int:
        found = self._contact(where)
        if found is not None:
            return found.id
        at = dd_storage.now(self.state)
        values = {"opt_in": "Unknown", "email_type": "Html", "status": "Subscribed", "data": {}}
        return contact_store.insert(self.state, where, at, **values)

    def _suppress(self, where: str, status: str) -> None:
        """Something happens to an address for which the platform does not mail it any more."""
        contact_store.set_status(self.state, [self._make(where)], status, dd_storage.now(self.state))

    def _resubscribe(self, where: str) -> None:
        """The platform's resubscribe. Not of an address that somebody suppressed in Dynamics, whose row still says no:
        the specification does not say which of the two counts."""
        contact = None if where in self.ever_typed else self._contact(where)
        if contact is not None and contact.suppressed and contact.status not in contact_store.CANNOT_BE_UNSUPPRESSED:
            suppressions.lift(self.state, contact.id, None, dd_storage.now(self.state))

    def _pending(self, where: str) -> None:
        self.state.db.execute(
            "UPDATE dd_contact SET status = 'PendingOptIn' WHERE id = ? AND status = 'Subscribed'", (self._make(where),)
        )

    def _opt_in_there(self, where: str, opt_in: str) -> None:
        self.state.db.execute(
            "UPDATE dd_contact SET opt_in = ?, updated = ? WHERE id = ?",
            (opt_in, dd_storage.now(self.state), self._make(where)),
        )

    def _confirm(self, where: str) -> None:
        people.confirm_opt_in(self.state, where)

    def _erase(self, where: str) -> None:
        contact = self._contact(where)
        if contact is not None:
            contact_store.delete(self.state, [contact.id], dd_storage.now(self.state))

    def _remake(self, where: str) -> None:
        """Somebody deletes a contact and makes it anew, by which nobody has subscribed to anything."""
        self._erase(where)
        self._make(where)

    def _leave_book(self, of: str, where: str) -> None:
        """The person unsubscribes from this list."""
        if book := self._book(of):
            memberships.unsubscribe(self.state, book, [self._make(where)], dd_storage.now(self.state))

    def _leave_send(self, campaign: int, where: str) -> None:
        """The person unsubscribes, by the mail just received, from the book that it was sent to."""
        contact = self._contact(where)
        for (book,) in self.state.db.execute(
            "SELECT b.id FROM dd_campaign_book c JOIN dd_book b ON b.id = c.book_id WHERE c.campaign_id = ?"
            " AND b.name LIKE 'dyntui send%' ORDER BY b.id DESC LIMIT 1",
            (campaign,),
        ).fetchall():
            if contact is not None:
                memberships.unsubscribe(self.state, book, [contact.id], dd_storage.now(self.state))

    def _rejoin_book(self, of: str, where: str) -> None:
        """The person subscribes to this list again."""
        contact, book = self._contact(where), self._book(of)
        if contact is not None and book and memberships.suppressed_in(self.state, book, contact.id):
            suppressions.lift(self.state, contact.id, book, dd_storage.now(self.state))

    def _take_out_of_book(self, of: str, where: str) -> None:
        contact, book = self._contact(where), self._book(of)
        if contact is not None and book:
            memberships.leave(self.state, book, [contact.id])

    def _put_into_book(self, of: str, where: str) -> None:
        if book := self._book(of):
            memberships.join(self.state, book, [self._make(where)], dd_storage.now(self.state))

    def _others_send(self, campaign: int, of: str) -> None:
        """Somebody sends a campaign in dotdigital to the book of a list."""
        if not (book := self._book(of)):
            return
        now, send_id = dd_storage.now(self.state), self.state.ids.guid()
        self.state.db.execute(
            "INSERT INTO dd_send (id, campaign_id, books, contacts, send_date, split, status, created)"
            " VALUES (?, ?, ?, '[]', NULL, NULL, 'NotSent', ?)",
            (send_id, campaign, f"[{book}]", now),
        )
        self.state.db.execute("INSERT INTO dd_campaign_book VALUES (?, ?) ON CONFLICT DO NOTHING", (campaign, book))
        sends.begin(self.state, send_id, now)

    def _book(self, of: str) -> int:
        row = self._one("SELECT dyntui_bookid FROM dv_list WHERE listid = ?", self.lists.get(of, ""))
        return (row and row[0]) or 0


def _id(symbol: str) -> str:
    return str(UUID(bytes=hashlib.blake2b(symbol.encode(), digest_size=16).digest(), version=4))
