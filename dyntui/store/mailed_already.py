"""Who has had an email campaign: by our own sends, and by what dotdigital shows of its recipients.

people(...), addresses(...) -> Select                        for the standing of a count's people
of_people(person_ids, addresses, account_id, campaign_id) -> Select      by which of our own sends people had it
as_contacts(account_id, campaign_id, *columns) -> Select                 as whom dotdigital shows the recipients
seen(account_id, campaign_id) -> Select                                  the addresses that dotdigital shows as mailed
before(c, account_id, campaign_id, count_id) -> int; not_seen(c, account_id, campaign_id, count_id) -> int
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal_column, or_, select, union

from dyntui.model.outcomes import Outcome
from dyntui.model.sends import HANDED_OVER
from dyntui.store.among import Among, address_in, person_in
from dyntui.store.bound import Value
from dyntui.store.chunks import beside
from dyntui.store.schema import list_member, marketing_list, recipient, send, suppression, target_person

_p, _m = target_person.c, list_member.c
_SENDABLE = Outcome.ADDED.value


def _by_other_sends(count_id: Value, account_id: str, campaign_id: int, *columns: ColumnElement[Any]) -> Select[Any]:
    """Of the people of the campaign's other sends whom those mailed, are mailing, or may have mailed.

    Of a send that was cancelled nobody can tell whom it reached before: all have had it, until somebody has found out
    otherwise.
    """
    return (
        select(*columns)
        .select_from(target_person)
        .join(send, send.c.count_id == _p.count_id)
        .where(
            send.c.account_id == account_id,
            send.c.campaign_id == campaign_id,
            send.c.count_id != count_id,
            or_(
                send.c.state.in_((HANDED_OVER, "Sending", "Sent")),
                send.c.doubt.in_(("cancelled", "emptied")),
                send.c.decision == "mailed",
            ),
            send.c.decision != "not mailed",
            _p.outcome == _SENDABLE,
        )
    )


def people(count_id: Value, account_id: str, campaign_id: int, among: Among | None = None) -> Select[Any]:
    """The records that had the campaign, whatever their address is by now: those that its other sends mailed, contacts
    at whose address an account was, and those whose contact dotdigital names as a recipient with another address."""
    mailed, through = (
        _by_other_sends(count_id, account_id, campaign_id, column).where(person_in(among, column))
        for column in (_p.person_id, _p.mailed_as)
    )
    moved = as_contacts(account_id, campaign_id, _m.person_id).where(
        person_in(among, _m.person_id), _m.address != recipient.c.address
    )
    return select(union(mailed, through.where(_THROUGH), moved).subquery("had_as_records"))


def as_contacts(account_id: str, campaign_id: int, *columns: ColumnElement[Any]) -> Select[Any]:
    """Of the members of the account's lists whose contact dotdigital names as a recipient of the campaign."""
    r, of = recipient.c, marketing_list.c
    return (
        select(*columns)
        .select_from(list_member)
        .join(recipient, and_(r.contact_id == _m.contact_id, r.account_id == account_id, r.campaign_id == campaign_id))
        # Another account has other contacts with the same ids.
        .where(beside(_m.list_id).in_(select(of.id).where(of.account_id == account_id)))
    )


# Written out, as the index of those few is.
_THROUGH = _p.mailed_as != literal_column("''")


def of_people(person_ids: Sequence[str], addresses: Sequence[str], account_id: str, campaign_id: int) -> Select[Any]:
    """The sends of ours by which the records, or whoever had the addresses, had the campaign, or may have had it:
    `id`, `unknown` (nobody has said whom it mailed), `sent_on`, `created_by`, `address`, `person_id` and `mailed_as`;
    those that are known before the others, the first one first."""
    unknown = case((and_(send.c.doubt != "", send.c.decision == ""), 1), else_=0)
    columns = (
        *(send.c.id, unknown.label("unknown"), send.c.sent_on, send.c.created_by),
        *(_p.address, _p.person_id, _p.mailed_as),
    )
    had = _by_other_sends("", account_id, campaign_id, *columns)
    through = and_(_THROUGH, _p.mailed_as.in_(person_ids))
    return had.where(or_(_p.person_id.in_(person_ids), through, _p.address.in_(addresses))).order_by(
        unknown, send.c.sent_on
    )


def addresses(count_id: Value, account_id: str, campaign_id: int, among: Among | None = None) -> Select[Any]:
    """The addresses that had the campaign already, by its other sends and by what dotdigital says of its recipients."""
    earlier = _by_other_sends(count_id, account_id, campaign_id, _p.address).where(address_in(among, _p.address))
    shown = seen(account_id, campaign_id).where(address_in(among, recipient.c.address))
    return select(earlier.union(shown).subquery("had"))


def seen(account_id: str, campaign_id: int) -> Select[Any]:
    """The addresses that dotdigital shows as mailed the campaign, as far as that was read. Its feed names recipients
    and nobody else (dotdigital_api.md 7.6): one without a date that can be read was mailed as well."""
    of_campaign = (recipient.c.account_id == account_id, recipient.c.campaign_id == campaign_id)
    return select(recipient.c.address).where(*of_campaign, recipient.c.address != "")


def before(c: Connection, account_id: str, campaign_id: int, count_id: str) -> int:
    """How many dotdigital shows as mailed the campaign, as far as that was read, who are not to be mailed by a send to
    the count."""
    own = select(_p.address).where(_p.count_id == count_id, _p.outcome == _SENDABLE)
    others = seen(account_id, campaign_id).where(recipient.c.address.not_in(own)).subquery("others")
    return int(c.execute(select(func.count()).select_from(others)).scalar_one())


def not_seen(c: Connection, account_id: str, campaign_id: int, count_id: str) -> int:
    """How many of those whom a send to the count was to mail dotdigital does not show as mailed, without those who are
    suppressed by now: it has left them out."""
    banned = select(suppression.c.address).where(suppression.c.account_id == account_id)
    unseen = (
        _p.count_id == count_id,
        _p.outcome == _SENDABLE,
        _p.address.not_in(seen(account_id, campaign_id)),
        _p.address.not_in(banned),
    )
    return int(c.execute(select(func.count()).select_from(target_person).where(*unseen)).scalar_one())
