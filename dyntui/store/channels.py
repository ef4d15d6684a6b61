"""What dotdigital itself has against mailing a contact, such as an opt-in that was not confirmed.

A contact is one of the email account, whatever address books hold it: what was read of it last is true of it, and what
the books of other lists said earlier is not.

Public:
    record_imported(c, list_id, reasons)                            of who was just imported
    would_be_mailed(c, list_id, addresses)                          what other books said against them is over
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, String, and_, bindparam, case, or_, select, update

from dyntui.model.outcomes import Outcome
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import list_member, marketing_list
from dyntui.store.upserts import update_many

_m = list_member.c


def record_imported(c: Connection, list_id: str, reasons: Mapping[str, str]) -> None:
    """What dotdigital says of people who were just imported, by address: the reason code of whom it would not mail,
    `""` for whom it would. It stands behind what became of them."""
    reason = bindparam("b_channel", type_=String)
    behind = or_(_m.outcome == Outcome.ADDED.value, _m.outcome == Outcome.UPDATED.value)
    statement = (
        update(list_member)
        .where(
            _m.list_id == bindparam("b_list", type_=String),
            _m.address == bindparam("b_address", type_=String),
            or_(_m.channel != reason, and_(behind, _m.also != reason)),
        )
        .values(channel=reason, news=True, also=case((behind, reason), else_=_m.also))
    )
    rows = [(said, list_id, address) for address, said in reasons.items()]
    update_many(c, statement, ("b_channel", "b_list", "b_address"), rows)
    would_be_mailed(c, list_id, [address for address, said in reasons.items() if not said])


def would_be_mailed(c: Connection, list_id: str, addresses: Sequence[str]) -> None:
    """dotdigital was read to mail these contacts, in the book of a list: what was read before in the books of the
    account's other lists does not hold any more, also of lists that nobody synchronises now."""
    account = select(marketing_list.c.account_id).where(marketing_list.c.id == list_id).scalar_subquery()
    others = select(marketing_list.c.id).where(marketing_list.c.account_id == account, marketing_list.c.id != list_id)
    for some in in_chunks(addresses):
        told = update(list_member).where(_m.address.in_(some), _m.list_id.in_(others), _m.channel != "")
        c.execute(told.values(channel="", news=True))
