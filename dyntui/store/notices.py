"""Notices: each kept once, whatever restarts, until a hook has taken it.

Public:
    collect(c, since, now) -> int                  from runs that failed, removals that are held, sends that wait
    add(c, about, Notice) -> bool                  False: known already
    waiting(c, now, most) -> list[WaitingNotice]
    told(c, key, now); refused(c, key, attempts, next_try, why)
    state(c) -> HookState
    forget_before(c, moment) -> int
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from dyntui.model.notices import Notice, NoticeEvent, without_addresses
from dyntui.model.outcomes import RunStatus
from dyntui.model.plain import plain
from dyntui.model.sync_types import SENDING
from dyntui.store import accounts, held, sends
from dyntui.store.schema import marketing_list, notice, run

_n = notice.c
# A send in waves that ended before its last one: an error code of its run.
_STOPPED = "WAVES_STOPPED"


class NoticeKey(msgspec.Struct, frozen=True):
    """What a notice is about: of one event and thing there is one."""

    event: str
    about: str


class WaitingNotice(msgspec.Struct, frozen=True):
    """A notice that no hook has taken yet, after so many `attempts`."""

    key: NoticeKey
    notice: Notice
    attempts: int


class HookState(msgspec.Struct, frozen=True):
    """When the last notice was taken (ISO 8601 UTC, `""`: none yet), how many wait, and why the last attempt at one of
    those failed."""

    told_on: str
    waiting: int
    why: str


def collect(c: Connection, since: str, now: str) -> int:
    """Keeps notices of the runs that failed since then, of the removals that are held now, and of sends in waves that
    were stopped since or wait for a person after their hour; how many are new. Of runs that fail one after the other
    for one reason the first is told, of sends each; of a list whose removals are held once, until all are decided."""
    names = accounts.names(c)
    made = 0
    plan = run.c.request["plan"].as_boolean()
    no_plan = or_(plan.is_(None), plan.is_(False))
    failed = c.execute(
        select(run)
        .where(
            or_(run.c.status == RunStatus.FAILED.value, run.c.error_code == _STOPPED),
            run.c.ended_on >= since,
            no_plan,
        )
        .order_by(run.c.ended_on, run.c.id)
    ).all()
    for row in failed:
        before = c.execute(
            select(run.c.status, run.c.error_code)
            .where(
                run.c.kind == row.kind,
                run.c.account_id == row.account_id,
                run.c.ended_on != "",
                run.c.id != row.id,
                run.c.queued_on <= row.queued_on,
                no_plan,
            )
            .order_by(run.c.queued_on.desc(), run.c.id.desc())
            .limit(1)
        ).first()
        repeated = before is not None and (before.status, before.error_code) == (RunStatus.FAILED.value, row.error_code)
        # A send is no repetition of the one before.
        if repeated and row.kind not in SENDING:
            continue
        made += add(
            c,
            row.id,
            Notice(
                event=NoticeEvent.FAILED,
                on=now,
                account=names.get(row.account_id, ""),
                title=f"{row.title}: stopped" if row.error_code == _STOPPED else f"{row.title} failed",
                text=f"{row.error} {row.not_done}".strip(),
                remedy=row.remedy,
                code=row.error_code,
                run=row.id,
            ),
        )
    waiting_lists = held.lists(c)
    # What was decided is no news any more, and is when it comes again.
    missed = [each for each in sends.held(c) if each.state == "Missed"]
    settled = _n.about.not_in([*(each.list for each in waiting_lists), *(each.id for each in missed)])
    c.execute(delete(notice).where(_n.event == NoticeEvent.HELD.value, settled))
    for each in waiting_lists:
        account_id = c.execute(select(marketing_list.c.account_id).where(marketing_list.c.id == each.list)).scalar()
        made += add(
            c,
            each.list,
            Notice(
                event=NoticeEvent.HELD,
                on=now,
                account=names.get(account_id or "", ""),
                title=f"Removals of {each.name} are held",
                text=f"{each.people:,} of {each.in_book:,} contacts would leave. {each.why}".strip(),
                remedy="A Manager decides: `dyntui held list`.",
                run=each.run,
            ),
        )
    for send in missed:
        made += add(
            c,
            send.id,
            Notice(
                event=NoticeEvent.HELD,
                on=now,
                account=names.get(send.account_id, ""),
                title=f"The send of {send.campaign_name} missed its hour",
                text=send.error,
                remedy=f"A Manager decides: `dyntui sends release {send.id}` or `dyntui sends cancel {send.id}`.",
            ),
        )
    return made


def add(c: Connection, about: str, new: Notice) -> bool:
    """Keeps a notice, unless there is one about this already: in plain text, without an address."""
    said = {name: plain(without_addresses(getattr(new, name))) for name in ("account", "title", "text", "remedy")}
    new = msgspec.structs.replace(new, **said)
    values = {"event": new.event.value, "about": about, "raised_on": new.on, "body": msgspec.json.encode(new).decode()}
    try:
        with c.begin_nested():
            c.execute(insert(notice).values(values))
    except IntegrityError:
        return False
    return True


def waiting(c: Connection, now: str, most: int) -> list[WaitingNotice]:
    """The notices that are to be delivered now, oldest first."""
    rows = c.execute(
        select(notice)
        .where(_n.told_on == "", _n.given_up.is_(False), _n.next_try <= now)
        .order_by(_n.raised_on, _n.event, _n.about)
        .limit(most)
    )
    return [
        WaitingNotice(NoticeKey(row.event, row.about), msgspec.json.decode(row.body, type=Notice), row.attempts)
        for row in rows
    ]


def told(c: Connection, key: NoticeKey, now: str) -> None:
    """A hook has taken it."""
    c.execute(update(notice).where(_n.event == key.event, _n.about == key.about).values(told_on=now, why=""))


def refused(c: Connection, key: NoticeKey, attempts: int, next_try: str, why: str) -> None:
    """It could not be delivered; `next_try` `""`: it is given up."""
    c.execute(
        update(notice)
        .where(_n.event == key.event, _n.about == key.about)
        .values(attempts=attempts, next_try=next_try, given_up=not next_try, why=why)
    )


def state(c: Connection) -> HookState:
    """How delivering is getting on."""
    told_on = c.execute(select(func.max(_n.told_on))).scalar() or ""
    untold = (_n.told_on == "", _n.attempts > 0)
    count = int(c.execute(select(func.count()).select_from(notice).where(*untold)).scalar_one())
    why = c.execute(select(_n.why).where(*untold).order_by(_n.raised_on.desc()).limit(1)).scalar() or ""
    return HookState(told_on, count, why)


def forget_before(c: Connection, moment: str) -> int:
    """Forgets notices that are older; how many it were."""
    return c.execute(delete(notice).where(_n.raised_on < moment)).rowcount
