"""Sends: one dispatch of an email campaign each, over the people of one target count.

Public:
    create(c, NewSend) -> Send; get(c, send_id) -> Send | None
    of_count(c, count_id) -> Send | None; with_books(c, account_id) -> list[Kept]
    not_sent(c, account_id, campaign_id | None) -> list[State]; in_doubt(c, account_id, doubt) -> [id]
    set_state(c, send_id, state, error=""); put_run(c, send_id, run_id); set_book(c, send_id, book_id, book_name)
    set_platform_send(c, send_id, platform_send_id); take_counts(c, send_id) -> int
    put_doubt(c, send_id, doubt, error); decide(c, send_id, decision, who, now) -> bool; found_by(c, send_id)
    finish(c, send_id, state, now, error="") -> Send; ended_by_person, settled_by_person(c, send_id) -> bool
    held(c) -> list[Send]; coming(c, account_id, start, end) -> list[Send]; ids_beginning(c, text) -> [id]
    begun, in_waves, missed, released, cancelled(c, send_id, ...) -> bool    sends that wait for their hour
    left_out(c, count_id) -> (ReasonCount, ...); split_of(row) -> SplitTest | None
As people look at them: `dyntui.store.send_window`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, insert, or_, select, update

from dyntui.model.outcomes import ReasonCount
from dyntui.model.sends import HANDED_OVER, HELD, LIVE
from dyntui.model.split_tests import SplitTest
from dyntui.store import counts, send_changes
from dyntui.store.schema import campaign, send, send_waves
from dyntui.store.windows import shown

_s = send.c


class NewSend(msgspec.Struct, frozen=True, kw_only=True):
    """A send to be. `lists`: names, as shown; `list_ids` likewise. `send_at`: when it is to go out, `""`: at once.
    `waves_of`, `wave`: which wave it is of which send. `state`: where it begins in another one than Queued, or
    Scheduled where it has a time. `sender_id`: the user in Dynamics who confirmed it; `confirmed_as`: what the campaign
    and the lists were then (`dyntui.sync.as_confirmed`), nothing where nobody asks again. `handed_for` and `split` as
    in `SendRow`."""

    id: str
    account_id: str
    campaign_id: int
    campaign_name: str
    count_id: str
    created_by: str
    created_on: str
    lists: Sequence[str]
    list_ids: Sequence[str]
    run_id: str = ""
    send_at: str = ""
    waves_of: str = ""
    wave: int = 0
    state: str = ""
    sender_id: str = ""
    confirmed_as: Mapping[str, str] = {}
    handed_for: str = ""
    split: SplitTest | None = None


class Send(msgspec.Struct, frozen=True, kw_only=True):
    """A send as it stands. `state`: as in `SendRow`. `excluded`: by reason; `potential` == `sendable` + their sum.
    `campaign_row_id`: the campaign's row in Dynamics, `""` before. `sender_id` and `confirmed_as` as in `NewSend`,
    `handed_for`, `split` and `out_by` as in `SendRow`. `tended_on`: when it was last looked after while dotdigital has
    it; `tended_news`: what had been learned of opt-outs by then.

    `doubt`: why it is not known who was mailed - it was `cancelled` in dotdigital, taken back by having its book
    `emptied`, it is `unproved` whether dotdigital has it, it was sent or `stopped` - or `""`; `decision`: `mailed` or
    `not mailed`, as somebody found out, or `""`.
    """

    id: str
    account_id: str
    campaign_id: int
    campaign_name: str
    count_id: str
    run_id: str
    state: str
    created_by: str
    created_on: str
    sent_on: str
    lists: tuple[str, ...]
    list_ids: tuple[str, ...]
    potential: int
    sendable: int
    book_id: int
    book_name: str
    platform_send_id: str
    error: str
    doubt: str
    decision: str
    excluded: tuple[ReasonCount, ...]
    campaign_row_id: str
    send_at: str
    confirmed: int
    waves_of: str
    wave: int
    sender_id: str
    confirmed_as: Mapping[str, str]
    handed_for: str
    split: SplitTest | None
    out_by: str
    tended_on: str
    tended_news: int


def create(c: Connection, new: NewSend) -> Send:
    """A send of a count, with the count's numbers. Raises `KeyError` for an unknown count."""
    counted = counts.get(c, new.count_id)
    if counted is None:
        raise KeyError(new.count_id)
    state = new.state or ("Scheduled" if new.send_at else "Queued")
    values = msgspec.structs.asdict(new) | {
        "lists": list(new.lists),
        "list_ids": list(new.list_ids),
        "confirmed_as": dict(new.confirmed_as),
        "split": msgspec.to_builtins(new.split) if new.split is not None else {},
        "state": state,
        "potential": counted.potential,
        "sendable": counted.sendable,
        "confirmed": counted.sendable,
        "counted": [[each.outcome.value, each.reason, each.people] for each in counted.counts],
    }
    c.execute(insert(send).values(values))
    send_changes.confirm(c, new.count_id)
    return _known(c, new.id)


def _select() -> Select[Any]:
    row_id = (
        select(campaign.c.row_id)
        .where(and_(campaign.c.account_id == _s.account_id, campaign.c.id == _s.campaign_id))
        .scalar_subquery()
    )
    return select(send, func.coalesce(row_id, "").label("campaign_row_id"))


def _send(c: Connection, row: Row[Any]) -> Send:
    lists = {"lists": tuple(row.lists), "list_ids": tuple(row.list_ids)}
    return shown(Send, row, **lists, split=split_of(row), excluded=left_out(c, row.count_id))


def split_of(row: Row[Any]) -> SplitTest | None:
    """The split test that a row of the table is sent as; None for none."""
    return msgspec.convert(row.split, SplitTest) if row.split else None


def get(c: Connection, send_id: str) -> Send | None:
    """A send by its id."""
    row = c.execute(_select().where(_s.id == send_id)).one_or_none()
    return None if row is None else _send(c, row)


def _known(c: Connection, send_id: str) -> Send:
    found = get(c, send_id)
    if found is None:
        raise KeyError(send_id)
    return found


def ids_beginning(c: Connection, text: str) -> list[str]:
    """Ids that begin with `text`, in any letter case: at most two, which is enough to know whether it names one."""
    found = select(_s.id).where(_s.id.istartswith(text, autoescape=True)).order_by(_s.id).limit(2)
    return list(c.execute(found).scalars())


def left_out(c: Connection, count_id: str) -> tuple[ReasonCount, ...]:
    """Who of a send's count is not mailed, by reason."""
    return tuple(each for each in counts.counts(c, count_id) if each.outcome.value != "added")


class State(msgspec.Struct, frozen=True):
    """How a send stands, without its numbers: those are counted person by person."""

    id: str
    run_id: str
    state: str
    book_id: int
    doubt: str
    decision: str


def not_sent(c: Connection, account_id: str, campaign_id: int | None) -> list[State]:
    """The account's sends, of one campaign or of all, that are not known as sent though they were begun."""
    scope = [_s.account_id == account_id, _s.state.in_(("Sending", "Failed", "Refused", "Cancelled"))]
    if campaign_id is not None:
        scope.append(_s.campaign_id == campaign_id)
    return _states(c, *scope)


def _states(c: Connection, *scope: ColumnElement[bool]) -> list[State]:
    rows = c.execute(
        select(*(_s[name] for name in State.__struct_fields__)).where(*scope).order_by(_s.created_on, _s.id)
    ).all()
    return [State(*row) for row in rows]


def in_doubt(c: Connection, account_id: str, doubt: str) -> list[str]:
    """The account's sends with a doubt that nobody has decided, by id."""
    scope = (_s.account_id == account_id, _s.doubt == doubt, _s.decision == "")
    return list(c.execute(select(_s.id).where(*scope).order_by(_s.created_on, _s.id)).scalars())


def ended_since(c: Connection, account_id: str, since: str) -> list[State]:
    """The account's sends made since a moment that are under way no longer; of one in waves only the waves are."""
    in_waves = select(send_waves.c.send_id)
    over = and_(_s.state.in_(("Sent", "Failed", "Refused", "Cancelled")), _s.id.not_in(in_waves))
    return _states(c, _s.account_id == account_id, _s.created_on >= since, over)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A send that has its own address book still. `settled_on`: since when it is certain that nothing refers to the
    book any more but the mails that went to it, `""` as long as something may."""

    id: str
    account_id: str
    book_id: int
    book_name: str
    list_ids: tuple[str, ...]
    settled_on: str


def with_books(c: Connection, account_id: str) -> list[Kept]:
    """The account's sends that have an address book, the oldest first."""
    columns = (*(name for name in Kept.__struct_fields__ if name != "settled_on"), "state", "created_on")
    times = ("sent_on", "doubt", "decided_on")
    rows = c.execute(
        select(*(_s[name] for name in (*columns, *times)))
        .where(_s.account_id == account_id, _s.book_id != 0)
        .order_by(_s.created_on, _s.id)
    )
    return [
        Kept(
            id=row.id,
            account_id=row.account_id,
            book_id=row.book_id,
            book_name=row.book_name,
            list_ids=tuple(row.list_ids),
            settled_on=_settled_on(row),
        )
        for row in rows
    ]


def _settled_on(row: Row[Any]) -> str:
    if row.doubt:
        return str(row.decided_on)
    # What ended without being asked for is referred to by nothing.
    return str(row.created_on if row.state in ("Failed", "Refused", "Cancelled") else row.sent_on)


def of_count(c: Connection, count_id: str) -> Send | None:
    """The send that took a count: there is at most one."""
    row = c.execute(_select().where(_s.count_id == count_id)).first()
    return None if row is None else _send(c, row)


# -- sends that wait for their hour ----------------------------------------------------------------------------------


def held(c: Connection) -> list[Send]:
    """The sends that wait for their hour, the next one first, those that have missed it, and those in waves."""
    return where(c, _s.state.in_(LIVE), order=(_s.send_at, _s.created_on, _s.id))


def where(c: Connection, *scope: ColumnElement[bool], order: Sequence[ColumnElement[Any]]) -> list[Send]:
    """The sends of a scope."""
    return [_send(c, row) for row in c.execute(_select().where(*scope).order_by(*order)).all()]


def coming(c: Connection, account_id: str, start: str, end: str) -> list[Send]:
    """The account's sends that are to go out from `start` until before `end`."""
    held_here = and_(_s.state == "Scheduled", _s.send_at >= start, _s.send_at < end)
    handed = and_(_s.state == HANDED_OVER, _s.handed_for >= start, _s.handed_for < end)
    return where(c, _s.account_id == account_id, or_(held_here, handed), order=(_s.send_at, _s.handed_for, _s.id))


def begun(c: Connection, send_id: str, run_id: str) -> bool:
    """A send that was held begins as a run. False: somebody has cancelled it, or begun it, meanwhile."""
    return _from(c, send_id, ("Scheduled",), state="Queued", run_id=run_id)


def in_waves(c: Connection, send_id: str) -> bool:
    """A send that was held begins in waves. False: somebody has cancelled it, or begun it, meanwhile."""
    return _from(c, send_id, ("Scheduled",), state="In waves")


def missed(c: Connection, send_id: str, why: str) -> bool:
    """A send, or its next wave, did not begin in time: it waits for a person. False: it is not held any more."""
    return _from(c, send_id, ("Scheduled", "In waves"), state="Missed", error=why)


def released(c: Connection, send_id: str, **becomes: object) -> bool:
    """A send that has missed its hour goes on as it `becomes`. False: it has not, or somebody was first."""
    return _from(c, send_id, ("Missed",), error="", **becomes)


def cancelled(c: Connection, send_id: str, why: str) -> bool:
    """A send that is held will not go out. False: it is not held any more."""
    return _from(c, send_id, HELD, state="Cancelled", error=why)


def _from(c: Connection, send_id: str, states: Sequence[str], **values: object) -> bool:
    return c.execute(update(send).where(_s.id == send_id, _s.state.in_(states)).values(values)).rowcount == 1


# -- what becomes of a send ------------------------------------------------------------------------------------------


def set_state(c: Connection, send_id: str, state: str, error: str = "") -> None:
    """How far the send is."""
    _set(c, send_id, state=state, error=error)


def put_run(c: Connection, send_id: str, run_id: str) -> None:
    """The run in which everybody's outcome stands."""
    _set(c, send_id, run_id=run_id)


def set_book(c: Connection, send_id: str, book_id: int, book_name: str) -> None:
    """The send's own address book."""
    _set(c, send_id, book_id=book_id, book_name=book_name)


def set_platform_send(c: Connection, send_id: str, platform_send_id: str) -> None:
    """dotdigital's number of the send."""
    _set(c, send_id, platform_send_id=platform_send_id)


def put_doubt(c: Connection, send_id: str, doubt: str, error: str) -> None:
    """Who was mailed by the send is not known (`doubt`, see `Send`; `""`: it is); `error` says it to people."""
    _set(c, send_id, doubt=doubt, error=error)


def decide(c: Connection, send_id: str, decision: str, who: str, now: str) -> bool:
    """Keep what somebody found in dotdigital's outbox; False: somebody else was first."""
    open_still = and_(_s.id == send_id, _s.decision == "")
    values = {"decision": decision, "decided_by": who, "decided_on": now}
    return c.execute(update(send).where(open_still).values(values)).rowcount == 1


def found_by(c: Connection, send_id: str) -> str:
    """How it is known what became of a send of which somebody has said it."""
    who = c.execute(select(_s.decided_by).where(_s.id == send_id)).scalar()
    return f"as {who or 'somebody'} found later"


def take_counts(c: Connection, send_id: str) -> int:
    """Bring the send's numbers up to its count; how many are sendable."""
    counted = counts.get(c, _known(c, send_id).count_id)
    if counted is None:
        raise KeyError(send_id)
    _set(c, send_id, potential=counted.potential, sendable=counted.sendable)
    return counted.sendable


def finish(c: Connection, send_id: str, state: str, now: str, error: str = "") -> Send:
    """The send ended as `state`; `Sent` ones get their time. Not one that a person has ended meanwhile, which stays as
    it is: the send as it stands then."""
    if state != "Sent" or not ended_by_person(c, send_id):
        _set(c, send_id, state=state, error=error, **({"sent_on": now} if state == "Sent" else {}))
    take_counts(c, send_id)
    return _known(c, send_id)


def ended_by_person(c: Connection, send_id: str) -> bool:
    """Whether somebody has taken the send back or said that it was not mailed: whatever dotdigital shows of it later
    does not change that."""
    taken_back = and_(_s.state == "Cancelled", _s.doubt == "emptied")
    by_person = and_(_s.id == send_id, or_(taken_back, _s.decision == "not mailed"))
    return c.execute(select(_s.id).where(by_person)).first() is not None


def settled_by_person(c: Connection, send_id: str) -> bool:
    """Whether somebody has ended the send, or said that it was mailed: nobody is to be asked about it again."""
    said = and_(_s.id == send_id, _s.decision != "")
    return ended_by_person(c, send_id) or c.execute(select(_s.id).where(said)).first() is not None


def _set(c: Connection, send_id: str, **values: object) -> None:
    c.execute(update(send).where(_s.id == send_id).values(values))
