"""Everything that was seen of one person, newest first: what they were sent and did, and what became of them.

Public: `window(c, asked, person_id=, address=, kinds=()) -> Page[TimelineEvent]`; `seen(c, person_id=, address=)`: all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, and_, exists, or_, select

from dyntui.model import opt_in, scores
from dyntui.model.folding import fold, sought
from dyntui.model.known_people import TimelineEvent
from dyntui.model.outcomes import Outcome
from dyntui.model.paging import Page, Window
from dyntui.model.reasons import BY_CODE
from dyntui.model.row_windows import in_order
from dyntui.model.sends import HANDED_OVER, LIVE
from dyntui.store.schema import (
    activity,
    applied_change,
    campaign,
    change_part,
    consent_lift,
    form,
    form_response,
    former_address,
    list_member,
    list_unsubscribe,
    marketing_list,
    opt_out,
    opt_out_address,
    page_visit,
    recipient,
    run,
    run_item,
    send,
    standing,
    standing_scope,
    suppression,
    target_person,
)

_OF_ACTIVITY = {"open": "opened", "click": "clicked", "page": "visited", "roi": "roi"}
# By the part of a run that wrote it: the kind of event, and the words for it.
_OF_COLUMNS = {"scoring": ("scored", scores.said), "opt-in": ("opt-in", opt_in.said)}
# As much of what somebody wrote as a line of the timeline takes.
_LONGEST = 500
_NOT_MAILED = ("Failed", "Refused", "Cancelled")


def seen(c: Connection, *, person_id: str = "", address: str = "") -> list[TimelineEvent]:
    """Every event of a record and of each address that it has or had; or of an address alone. In no order."""
    return list(_events(c, person_id, _addresses(c, person_id, address)))


def window(
    c: Connection, asked: Window, *, person_id: str = "", address: str = "", kinds: Collection[str] = ()
) -> Page[TimelineEvent]:
    """A window on the events of a record and of every address that it has or had; or of an address alone. Only these
    `kinds` where given; the search looks at where and detail. What is one person's fits into memory. Raises DyntuiError
    SORT_UNKNOWN."""
    everything = [each for each in seen(c, person_id=person_id, address=address) if not kinds or each.kind in kinds]
    wanted = sought(asked.search)
    found = [each for each in everything if wanted in fold(f"{each.where}\n{each.detail}")]
    found.sort(key=lambda each: (each.happened_on, each.kind, each.where, each.detail), reverse=True)
    rows = tuple(in_order(found, asked.sort)[asked.offset : asked.offset + asked.limit])
    return Page(rows=rows, matching=len(found), total=len(everything), offset=asked.offset)


def _addresses(c: Connection, person_id: str, address: str) -> list[str]:
    m, f = list_member.c, former_address.c
    known = {address}
    if person_id:
        known.update(c.execute(select(m.address).where(m.person_id == person_id)).scalars())
        known.update(c.execute(select(f.address).where(f.person_id == person_id)).scalars())
    return sorted(known - {""})


def _events(c: Connection, person_id: str, addresses: Collection[str]) -> Iterable[TimelineEvent]:
    yield from _mail(c, addresses)
    yield from _own_sends(c, person_id, addresses)
    yield from _consent(c, person_id, addresses)
    yield from _responses(c, person_id, addresses)
    yield from _visits(c, person_id, addresses)
    if person_id:
        yield from _lists(c, person_id)
        yield from _columns(c, person_id)


def _mail(c: Connection, addresses: Collection[str]) -> Iterable[TimelineEvent]:
    """What dotdigital shows of the mails to these addresses."""
    r, k, a = recipient.c, campaign.c, activity.c
    of_campaign = and_(k.account_id == r.account_id, k.id == r.campaign_id)
    mails = c.execute(
        select(recipient, k.name.label("campaign"))
        .join(campaign, of_campaign, isouter=True)
        .where(r.address.in_(addresses))
    ).all()
    for mail in mails:
        where = mail.campaign or f"campaign {mail.campaign_id}"
        yield TimelineEvent(happened_on=mail.sent_on, kind="sent", where=where, detail=mail.address)
        bounced = "hard" if mail.hard_bounced else "soft" if mail.soft_bounced else ""
        if bounced:
            yield TimelineEvent(happened_on=mail.sent_on, kind="bounced", where=where, detail=f"{bounced} bounce")
        if mail.unsubscribed:
            yield TimelineEvent(happened_on=mail.sent_on, kind="unsubscribed", where=where, detail="through the mail")
        if mail.replies:
            # dotdigital's listing tells how many there are, and not when they came.
            detail = "one reply" if mail.replies == 1 else f"{mail.replies} replies"
            yield TimelineEvent(happened_on=mail.sent_on, kind="replied", where=where, detail=detail)
        theirs = (a.account_id == mail.account_id, a.campaign_id == mail.campaign_id, a.contact_id == mail.contact_id)
        several = c.execute(select(a.kind, a.happened_on, a.url, a.value).where(*theirs)).all()
        for one in several:
            yield TimelineEvent(
                happened_on=one.happened_on,
                kind=_OF_ACTIVITY.get(one.kind, one.kind),
                where=where,
                detail=f"{one.url} {one.value}".strip(),
            )
        if mail.opens and not any(one.kind == "open" for one in several):
            # Single events are read at the level DETAILED only; the first and the last time are known all the same.
            for moment in dict.fromkeys(filter(None, (mail.first_opened, mail.last_opened))):
                yield TimelineEvent(happened_on=moment, kind="opened", where=where)


def _own_sends(c: Connection, person_id: str, addresses: Collection[str]) -> Iterable[TimelineEvent]:
    """Sends of dyntui: who was left out and why, and who was mailed while dotdigital has not shown it yet."""
    p, s, r = target_person.c, send.c, recipient.c
    theirs = p.person_id == person_id if person_id else p.address.in_(addresses)
    # Who is in a wave is mailed or left out by that.
    wave, of_wave = send.alias("wave"), target_person.alias("of_wave")
    in_a_wave = (
        exists()
        .select_from(wave.join(of_wave, of_wave.c.count_id == wave.c.count_id))
        .where(wave.c.waves_of == s.id, of_wave.c.person_id == p.person_id)
    )
    own = select(send, target_person).join(target_person, p.count_id == s.count_id)
    rows = c.execute(own.where(theirs, s.state.not_in((*LIVE, HANDED_OVER)), ~in_a_wave)).mappings()
    for row in rows.all():
        when = row[s.sent_on] or row[s.created_on]
        name, by = row[s.campaign_name], row[s.run_id]
        if row[p.outcome] != Outcome.ADDED.value:
            entry = BY_CODE.get(row[p.reason])
            detail = ", ".join(filter(None, (entry.title if entry else row[p.reason], row[p.detail])))
            yield TimelineEvent(happened_on=when, kind="left out", where=name, detail=detail, run=by)
            continue
        decision = row[s.decision]
        if row[s.state] in _NOT_MAILED and not decision:
            continue
        shown = select(r.address).where(
            r.account_id == row[s.account_id], r.campaign_id == row[s.campaign_id], r.address == row[p.address]
        )
        if c.execute(shown.limit(1)).first() is not None:
            continue
        if decision == "not mailed":
            detail = BY_CODE["NOT_MAILED"].title
            yield TimelineEvent(happened_on=when, kind="left out", where=name, detail=detail, run=by)
        else:
            yield TimelineEvent(happened_on=when, kind="sent", where=name, detail=row[p.address], run=by)


def _consent(c: Connection, person_id: str, addresses: Collection[str]) -> Iterable[TimelineEvent]:
    u, s, o, a, e = list_unsubscribe.c, suppression.c, opt_out.c, opt_out_address.c, consent_lift.c
    left = select(list_unsubscribe, marketing_list.c.name).join(
        marketing_list, marketing_list.c.id == u.list_id, isouter=True
    )
    for row in c.execute(left.where(u.address.in_(addresses))):
        when = row.unsubscribed_on or row.learned_on
        yield TimelineEvent(happened_on=when, kind="unsubscribed", where=row.name or row.list_id, detail=row.address)
    for row in c.execute(select(suppression).where(s.address.in_(addresses))):
        when = row.suppressed_on or row.learned_on
        yield TimelineEvent(happened_on=when, kind="suppressed", detail=f"{row.status}, {row.address}")
    with_them = select(a.person_id).where(a.address.in_(addresses))
    said = select(opt_out).where(or_(o.person_id.in_(with_them), and_(o.person_id == person_id, o.person_id != "")))
    for row in c.execute(said):
        entry = BY_CODE.get(row.reason)
        detail = f"{entry.title if entry else row.reason}, {row.entity} {row.person_id}"
        yield TimelineEvent(happened_on=row.learned_on, kind="opted out", detail=detail)
    ended = or_(and_(e.address != "", e.address.in_(addresses)), and_(e.person_id != "", e.person_id == person_id))
    for row in c.execute(select(consent_lift).where(ended)):
        detail = ", ".join(filter(None, (row.kind, row.evidence, row.lifted_by)))
        yield TimelineEvent(happened_on=row.lifted_on, kind="lifted", detail=detail)


def _responses(c: Connection, person_id: str, addresses: Collection[str]) -> Iterable[TimelineEvent]:
    """Forms that somebody answered, as somebody with the address, or as the record that Dynamics was told of."""
    r, f = form_response.c, form.c
    theirs = or_(r.address.in_(addresses), and_(r.person_id == person_id, r.person_id != ""))
    rows = c.execute(
        select(r.started_on, r.completed_on, r.complete, r.answers, f.name)
        .join(form, and_(f.account_id == r.account_id, f.id == r.form_id), isouter=True)
        .where(theirs)
    ).all()
    for row in rows:
        said = "; ".join(f"{each['question']}: {each['answer']}" for each in row.answers)
        detail = ", ".join(filter(None, ("" if row.complete else "not to the end", said)))
        happened_on = row.completed_on or row.started_on
        yield TimelineEvent(happened_on=happened_on, kind="answered", where=row.name or "", detail=detail[:_LONGEST])


def _visits(c: Connection, person_id: str, addresses: Collection[str]) -> Iterable[TimelineEvent]:
    """Pages that somebody looked at."""
    v = page_visit.c
    theirs = or_(v.address.in_(addresses), and_(v.person_id == person_id, v.person_id != ""))
    for row in c.execute(select(v.visited_on, v.url, v.title, v.times).where(theirs)):
        detail = row.url if row.times == 1 else f"{row.times} times, {row.url}"
        yield TimelineEvent(happened_on=row.visited_on, kind="visited", where=row.title, detail=detail)


def _columns(c: Connection, person_id: str) -> Iterable[TimelineEvent]:
    """Scores and opt-in types that runs brought to the record."""
    p, a = change_part.c, applied_change.c
    rows = c.execute(
        select(a.before, a.after, a.address, p.item_id, p.run_id, run.c.started_on)
        .join(change_part, p.no == a.part)
        .join(run, run.c.id == p.run_id)
        # A part is as much as one run wrote to one table: there are few, and each is asked by its key.
        .where(p.item_id.in_(_OF_COLUMNS), p.undoes == 0, a.person_id == person_id, a.begun.is_(False))
    ).all()
    for row in rows:
        kind, said = _OF_COLUMNS[row.item_id]
        happened_on = (row.after or {}).get(scores.SCORED_ON) or row.started_on
        yield TimelineEvent(
            happened_on=happened_on, kind=kind, where=row.address, detail=said(row.before, row.after), run=row.run_id
        )


def _lists(c: Connection, person_id: str) -> Iterable[TimelineEvent]:
    """Where somebody joined a list, what became of them there, and where they left it."""
    s, scope = standing.c, standing_scope.c
    began = and_(run_item.c.scope == s.scope, run_item.c.edition == s.from_edition)
    rows = c.execute(
        select(standing, run_item.c.name.label("list_name"), run_item.c.run_id, run.c.started_on)
        # Of what is older than the runs that are kept nobody knows when it was; that it was so before counts.
        .join(run_item, began, isouter=True)
        .join(run, run.c.id == run_item.c.run_id, isouter=True)
        # The index begins with the scope: there are as many as lists.
        .where(s.scope.in_(select(scope.no)), s.person_id == person_id)
        .order_by(s.scope, s.from_edition)
    ).all()
    on: set[int] = set()
    for row in rows:
        gone = row.first == Outcome.REMOVED.value
        kind = "left" if gone else "changed" if row.scope in on else "joined"
        on.discard(row.scope) if gone else on.add(row.scope)
        if row.run_id is None:
            continue
        entry = BY_CODE.get(row.reason)
        detail = ", ".join(filter(None, (row.first, entry.title if entry else row.reason, row.detail)))
        yield TimelineEvent(happened_on=row.started_on, kind=kind, where=row.list_name, detail=detail, run=row.run_id)
