"""Marketing lists: as last read from Dynamics, their settings, and how their synchronisation stands.

Public:
    put(c, rows, read_on); forget_unread(c, read_on) -> int        a reading of all lists, and its end
    said(c) -> {list id: what people say of it}
    take(c, list_id, run_id) -> bool; release(c, list_id, run_id)  one run at a time synchronises a list
    is_free(c, list_id, run_id) -> bool
    judged_by(c, list_id, run_id) -> bool; release_all(c, run_id)
    found_inactive(c, list_id); renamed(c, list_id, name, book_name)
    get(c, list_id) -> StoredList | None; stored(c, ids) -> list[StoredList]
    due(c, account_id, wanted) -> list[StoredList]; by_hand_only(c, account_id) -> names; of_no_account(c) -> names
    turns(c, rows)                                                 when each list is synchronised, as Dynamics says now
    bound_to(c, account_id, book_id) -> StoredList | None
    activate(c, list_id, account_id, book_id, book_name); deactivate(c, list_id)
    configure(c, list_id, settings); counted(c, list_id, members)
    everything(c) -> list[StoredList]
    record_sync(c, list_id, run_id, status, now); failed(c, list_id, run_id, text)
    as_of(c) -> str
As people look at them: `dyntui.store.list_window`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    String,
    bindparam,
    delete,
    func,
    or_,
    select,
    true,
    update,
)

from dyntui.model.list_settings import ListSettings, settings_of
from dyntui.model.outcomes import RunStatus
from dyntui.model.subscription_filters import text_of
from dyntui.store import list_unsubscribes, members
from dyntui.store.runs import ACTIVE
from dyntui.store.schema import campaign_target, email_account, list_member, marketing_list, run
from dyntui.store.upserts import update_many, upsert

_l = marketing_list.c


class RemoteList(msgspec.Struct, frozen=True, kw_only=True):
    """A marketing list as Dynamics has it, its connector settings included. `member_type`: account, contact or lead;
    `member_count` None where Dynamics keeps none; `membership_action` and `subscription_filter` as the columns spell
    them, `""` where nobody has chosen."""

    id: str
    name: str
    member_type: str
    dynamic: bool
    description: str = ""
    query: str = ""
    member_count: int | None = None
    active: bool = True
    locked: bool = False
    owner_id: str = ""
    owner: str = ""
    modified_on: str = ""
    activated: bool = False
    account_id: str = ""
    book_id: int = 0
    sync_order: int = 1000
    manual_only: bool = False
    membership_action: str = ""
    subscription_filter: str = ""
    clear_on_send: bool = False

    @property
    def settings(self) -> ListSettings:
        """The settings as last read. Raises Misfit for what Dynamics says and what is no setting."""
        return settings_of(
            action=self.membership_action,
            filter_text=self.subscription_filter,
            clear_on_send=self.clear_on_send,
            sync_order=self.sync_order,
            manual_only=self.manual_only,
            dynamic=self.dynamic,
        )


class StoredList(RemoteList, frozen=True, kw_only=True):
    """A marketing list as stored. `people`: how many members were read last and have not left since, None before the
    first reading;
    `sync_status` in words; `held_by`: the run that synchronises it, where that has not ended;
    `listing`: the run that has read all its members last, `judged_by`: the one that has asked last whom its filter
    keeps out, `doubt`: why that reading does not prove who has left."""

    book_name: str = ""
    sync_status: str = ""
    sync_problem: bool = False
    last_synced: str = ""
    last_run_id: str = ""
    held_by: str = ""
    listing: str = ""
    judged_by: str = ""
    doubt: str = ""
    read_on: str = ""
    people: int | None = None


_REMOTE = tuple(field for field in RemoteList.__struct_fields__)


def put(c: Connection, rows: Iterable[RemoteList], read_on: str) -> None:
    """Keep lists as just read; what dyntui knows of their synchronisation stays. One that another machine, or this one
    before a backup was put back, has bound to another address book begins there with nobody. One whose row names no
    account that is connected, or no book any more, stays bound as it was: its runs say what is the matter with it."""
    rows = _bound_as_before(c, rows)
    bound = {row.id: (row.account_id, row.book_id) for row in rows if row.activated and row.book_id}
    for row in c.execute(select(_l.id, _l.account_id, _l.book_id).where(_l.book_id != 0)).all():
        if bound.get(row.id, (row.account_id, row.book_id)) != (row.account_id, row.book_id):
            _begin_afresh(c, row.id)
    upsert(
        c,
        marketing_list,
        (*_REMOTE, "read_on"),
        ("id",),
        ((*(getattr(row, name) for name in _REMOTE), read_on) for row in rows),
    )


def _bound_as_before(c: Connection, rows: Iterable[RemoteList]) -> list[RemoteList]:
    here = set(c.execute(select(email_account.c.id)).scalars())
    bound = select(_l.id, _l.account_id, _l.book_id).where(_l.activated.is_(True), _l.book_id != 0)
    mine = {row.id: (row.account_id, row.book_id) for row in c.execute(bound) if row.account_id in here}

    def kept(row: RemoteList) -> RemoteList:
        account_id, book_id = mine.get(row.id, ("", 0))
        lost = row.account_id not in here or (row.account_id == account_id and not row.book_id)
        if not (row.activated and account_id and lost):
            return row
        return msgspec.structs.replace(row, account_id=account_id, book_id=book_id)

    return [kept(row) for row in rows]


def forget_unread(c: Connection, read_on: str) -> int:
    """All lists were read at `read_on`: those not among them exist no more; how many.

    Who unsubscribed from one of them stays known: a list that was only hidden for a while may come back. What is known
    of an activated one stays altogether - its address book still holds people -, but it counts as inactive.
    """
    unread = _l.read_on != read_on
    gone = select(_l.id).where(unread, _l.activated.is_(False))
    list_unsubscribes.keep_addresses(c, (list_member.c.list_id.in_(gone),))
    for column in (list_member.c.list_id, campaign_target.c.list_id):
        c.execute(delete(column.table).where(column.in_(gone)))
    hidden = update(marketing_list).where(unread, _l.activated.is_(True))
    c.execute(hidden.values(active=False, sync_problem=True, sync_status="Not found in Dynamics"))
    return c.execute(delete(marketing_list).where(unread, _l.activated.is_(False))).rowcount


def said(c: Connection) -> dict[str, tuple[object, ...]]:
    """What people say of each list, by its id: how it is bound, its settings, and what it is."""
    names = [name for name in _REMOTE if name not in ("id", "member_count", "modified_on", "active", "locked", "owner")]
    return {row[0]: tuple(row[1:]) for row in c.execute(select(_l.id, *(_l[name] for name in names)))}


def take(c: Connection, list_id: str, run_id: str) -> bool:
    """The run has the list to itself from now on, until it releases it or ends; False while another run has it."""
    taken = update(marketing_list).where(_l.id == list_id, _free_for(run_id)).values(held_by=run_id)
    return c.execute(taken).rowcount > 0


def is_free(c: Connection, list_id: str, run_id: str) -> bool:
    """Whether the run could `take` the list now; a list that is gone keeps nobody waiting."""
    taken = select(_l.id).where(_l.id == list_id, ~_free_for(run_id))
    return c.execute(taken).first() is None


def _free_for(run_id: str) -> ColumnElement[bool]:
    return or_(_l.held_by.in_(("", run_id)), _l.held_by.not_in(select(run.c.id).where(run.c.status.in_(ACTIVE))))


def release(c: Connection, list_id: str, run_id: str) -> None:
    """The run is done with the list."""
    c.execute(update(marketing_list).where(_l.id == list_id, _l.held_by == run_id).values(held_by=""))


def judged_by(c: Connection, list_id: str, run_id: str) -> bool:
    """Whether it was the run that asked last whom the list's filter keeps out."""
    return c.execute(select(_l.judged_by).where(_l.id == list_id)).scalar() == run_id


def release_all(c: Connection, run_id: str) -> None:
    """The run is done with every list that it has."""
    c.execute(update(marketing_list).where(_l.held_by == run_id).values(held_by=""))


def found_inactive(c: Connection, list_id: str) -> None:
    """Dynamics says that the list is inactive."""
    c.execute(update(marketing_list).where(_l.id == list_id).values(active=False))


def renamed(c: Connection, list_id: str, name: str, book_name: str) -> None:
    """The list has this name in Dynamics by now, and its address book that one in dotdigital."""
    differs = or_(_l.name != name, _l.book_name != book_name)
    c.execute(update(marketing_list).where(_l.id == list_id, differs).values(name=name, book_name=book_name))


def with_people() -> Select[Any]:
    """Lists with `people`: how many members were read last and have not left since, None before the first reading."""
    m = list_member.c
    read = select(func.max(m.seq) + 1).where(m.list_id == _l.id).scalar_subquery()
    # Equal to, as in the index of those few: with `IS` SQLite reads a million members instead.
    left = select(func.count()).where(m.list_id == _l.id, m.has_left == true()).scalar_subquery()
    people = (read - left).label("people")
    return select(*(_l[name] for name in StoredList.__struct_fields__ if name != "people"), people)


def _stored(row: Row[Any]) -> StoredList:
    return StoredList(**row._mapping)


_ONE = with_people().where(_l.id == bindparam("an_id"))


def get(c: Connection, list_id: str) -> StoredList | None:
    """A list by its id."""
    row = c.execute(_ONE, {"an_id": list_id}).one_or_none()
    return None if row is None else _stored(row)


def stored(c: Connection, ids: Sequence[str]) -> list[StoredList]:
    """Lists by id, in that order; unknown ids are left out."""
    found = {row.id: _stored(row) for row in c.execute(with_people().where(_l.id.in_(ids)))}
    return [found[each] for each in ids if each in found]


def everything(c: Connection) -> list[StoredList]:
    """All lists that are known, by name."""
    return [_stored(row) for row in c.execute(with_people().order_by(_l.name, _l.id))]


def due(c: Connection, account_id: str, wanted: Sequence[str] = ()) -> list[StoredList]:
    """The activated lists of an account in synchronisation order, then name: the `wanted` ones, or all that are not for
    manual synchronisation only. Inactive ones too: what Dynamics says of them is asked, and refused by name."""
    chosen = _l.id.in_(wanted) if wanted else _l.manual_only.is_(False)
    rows = c.execute(
        with_people()
        .where(_l.activated.is_(True), _l.account_id == account_id, chosen)
        .order_by(_l.sync_order, _l.name, _l.id)
    )
    return [_stored(row) for row in rows]


def by_hand_only(c: Connection, account_id: str) -> list[str]:
    """The names of the activated lists of an account that `due` leaves out unless they are wanted."""
    left_out = (_l.activated.is_(True), _l.account_id == account_id, _l.manual_only.is_(True))
    return list(c.execute(select(_l.name).where(*left_out).order_by(_l.name, _l.id)).scalars())


def of_no_account(c: Connection) -> list[str]:
    """The names of the activated lists of no email account that is connected: no run takes them in hand."""
    strange = _l.account_id.not_in(select(email_account.c.id))
    return list(c.execute(select(_l.name).where(_l.activated.is_(True), strange).order_by(_l.name, _l.id)).scalars())


def with_books(c: Connection, account_id: str) -> list[StoredList]:
    """The account's activated lists that have an address book, by id."""
    mine = (_l.account_id == account_id, _l.activated.is_(True), _l.book_id != 0)
    return [_stored(row) for row in c.execute(with_people().where(*mine).order_by(_l.id))]


def bound_to(c: Connection, account_id: str, book_id: int) -> StoredList | None:
    """The activated list that an address book belongs to."""
    row = c.execute(
        with_people().where(_l.account_id == account_id, _l.book_id == book_id, _l.activated.is_(True))
    ).first()
    return None if row is None else _stored(row)


def activate(c: Connection, list_id: str, account_id: str, book_id: int, book_name: str) -> None:
    """Bind a list to an address book. A book other than before starts without anybody in it through us, and how the
    list stood with the other one is over."""
    before = get(c, list_id)
    if before is not None and (before.account_id, before.book_id) != (account_id, book_id):
        _begin_afresh(c, list_id)
    c.execute(
        update(marketing_list)
        .where(_l.id == list_id)
        .values(activated=True, account_id=account_id, book_id=book_id, book_name=book_name)
    )


def _begin_afresh(c: Connection, list_id: str) -> None:
    members.forget_book(c, list_id)
    afresh = {"sync_status": "", "sync_problem": False, "base": "", "book_count": -1, "book_since": ""}
    c.execute(update(marketing_list).where(_l.id == list_id).values(afresh))


def deactivate(c: Connection, list_id: str) -> None:
    """Stop synchronising a list; its book stays as it is, and so does what is known of it."""
    c.execute(
        update(marketing_list).where(_l.id == list_id).values(activated=False, sync_status="", sync_problem=False)
    )


def configure(c: Connection, list_id: str, settings: ListSettings) -> None:
    """The settings of a list, as its row in Dynamics has them by now."""
    c.execute(
        update(marketing_list)
        .where(_l.id == list_id)
        .values(
            membership_action=settings.membership_action.value,
            subscription_filter=text_of(settings.subscription_filter),
            clear_on_send=settings.clear_on_send,
            sync_order=settings.sync_order,
            manual_only=settings.manual_only,
        )
    )


def counted(c: Connection, list_id: str, number: int) -> None:
    """Dynamics has so many members on the list now."""
    c.execute(update(marketing_list).where(_l.id == list_id).values(member_count=number))


def turns(c: Connection, rows: Iterable[tuple[str, int, bool]]) -> None:
    """(id, synchronisation order, by hand only) of lists as their rows in Dynamics have them by now."""
    statement = (
        update(marketing_list)
        .where(_l.id == bindparam("b_list", type_=String))
        .values(sync_order=bindparam("b_order", type_=Integer), manual_only=bindparam("b_manual", type_=Boolean))
    )
    update_many(
        c, statement, ("b_order", "b_manual", "b_list"), [(order, manual, list_id) for list_id, order, manual in rows]
    )


def record_sync(c: Connection, list_id: str, run_id: str, status: str, now: str) -> None:
    """A synchronisation of the list went through with this status (a `RunStatus`)."""
    c.execute(
        update(marketing_list)
        .where(_l.id == list_id)
        .values(
            sync_status=status,
            sync_problem=status != RunStatus.COMPLETED.value,
            active=True,
            last_synced=now,
            last_run_id=run_id,
        )
    )


def failed(c: Connection, list_id: str, run_id: str, text: str, *, status: str = "") -> None:
    """A synchronisation of the list failed, for the reason in `text`, or in a `status` with a name of its own; when it
    last went through stays."""
    c.execute(
        update(marketing_list)
        .where(_l.id == list_id)
        .values(sync_status=status or f"{RunStatus.FAILED.value}: {text}", sync_problem=True, last_run_id=run_id)
    )


def as_of(c: Connection) -> str:
    """When the lists were last read; `""` before the first time."""
    return c.execute(select(func.max(_l.read_on))).scalar() or ""
