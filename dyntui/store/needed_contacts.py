"""Contacts that an undo would delete, and that are needed by now: it takes them out of its address book alone.

What dotdigital says of a contact is as old as the reading of the book. A send may have taken it up since - whoever is
mailed has to be there to unsubscribe -, or another list's synchronisation.

Public: `keep(c, by, item, list_id, most)`.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, update

from dyntui.model.outcomes import Outcome
from dyntui.model.sends import HANDED_OVER
from dyntui.store.schema import list_member, marketing_list, planned_change, run, send, target_person
from dyntui.store.staging import PREVIEW

_p, _m, _s, _l = planned_change.c, list_member.c, send.c, marketing_list.c
# Those of a send that has ended are in its address book, as the reading of this one has shown.
_UNDER_WAY = ("Queued", "Preparing", "Sending", HANDED_OVER)


def keep(c: Connection, by: str, item: str, list_id: str, most: int) -> None:
    """Of the next ones (`most` of them) whom the run `by` takes out of a list's book no contact is deleted that is
    needed."""
    here = (_p.run_id == by, _p.item_id == item)
    following = select(_p.person_id).where(*here, _p.take_out.is_not(None)).order_by(_p.seq).limit(most)
    needed = or_(_p.address.in_(_mailed(by, list_id)), _is_elsewhere(list_id))
    deleted = (*here, _p.person_id.in_(following.scalar_subquery()), _p.deletes.is_(True))
    c.execute(update(planned_change).where(*deleted, needed).values(deletes=False, detail=""))


def _account(list_id: str) -> ColumnElement[str]:
    return select(_l.account_id).where(_l.id == list_id).scalar_subquery()


def _mailed(by: str, list_id: str) -> ColumnElement[str]:
    """The addresses of sends that are under way, or have been since the run began."""
    began = select(run.c.started_on).where(run.c.id == by).scalar_subquery()
    t = target_person.c
    return (
        select(t.address)
        .join(send, _s.count_id == t.count_id)
        .where(
            _s.account_id == _account(list_id),
            or_(_s.state.in_(_UNDER_WAY), _s.doubt != "", _s.sent_on >= began),
            t.outcome == Outcome.ADDED.value,
        )
        .scalar_subquery()
    )


def _is_elsewhere(list_id: str) -> ColumnElement[bool]:
    """Whether a member of another list of the account has the contact, or is about to be imported with its address."""
    here = select(_l.id).where(_l.account_id == _account(list_id), _l.id != list_id)
    in_hand = _m.list_id.in_(here.where(_l.held_by != ""))
    waits = and_(_m.outcome == "", _m.listing != PREVIEW, _m.has_left.is_(False), in_hand)
    other = _m.list_id.in_(here)
    has = exists().where(_m.address == _p.address, other, or_(_m.sent_address == _m.address, waits))
    had = exists().where(_m.sent_address == _p.address, _m.sent_address != _m.address, other)
    return or_(has, had)
