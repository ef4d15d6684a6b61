"""Bugs that are planted one at a time. Each is a text of one file that stands there exactly once, and what it becomes.

`detectors` say which histories are to notice it, the cheapest first (`tests.planted.detectors`).
"""

from __future__ import annotations

import msgspec

WORLDS, PAGES, CONSENT = "worlds", "worlds in short pages", "worlds about consent"
SENDS, RESTLESS, DECISIONS, CROWDED = "sends", "restless", "decisions", "crowded"


class Bug(msgspec.Struct, frozen=True):
    """A bug by name: where, instead of which text, and what stands there then."""

    name: str
    path: str
    old: str
    new: str
    detectors: tuple[str, ...] = (WORLDS,)


BUGS = (
    # -- who must not be mailed is not known ----------------------------------------------------------------------
    Bug(
        "suppression pull dropped",
        "dyntui/sync/suppressions.py",
        "    window = await feeds.consent_window(ctx, account_id, FEED, until, daily=daily)\n",
        "    return\n",
    ),
    Bug(
        "opt-outs of Dynamics not read",
        "dyntui/sync/opt_outs.py",
        "    people: dict[str, str] = {}\n    sources = await",
        "    return {}\n    sources = await",
    ),
    Bug(
        "unsubscribes from a list not read",
        "dyntui/sync/list_feeds.py",
        "    feed = feed_of(chosen)\n    until",
        "    return\n    feed = feed_of(chosen)\n    until",
    ),
    Bug(
        "suppressions typed in Dynamics not carried over",
        "dyntui/sync/kinds/suppressions.py",
        "    await suppressions.tell_dotdigital(ctx, dv, dd, ctx.account_id, item)\n",
        "",
    ),
    Bug(
        "watermark moved before the feed is stored",
        "dyntui/sync/suppressions.py",
        "    seen = 0\n    odd: list[OddRow] = []\n",
        "    await feeds.advance(ctx, account_id, FEED, until, whole=window.whole)\n    seen = 0\n"
        "    odd: list[OddRow] = []\n",
        (DECISIONS,),
    ),
    Bug(
        "feed overlap removed",
        "dyntui/sync/feeds.py",
        "CONSENT_OVERLAP = timedelta(hours=48)",
        "CONSENT_OVERLAP = timedelta(0)",
        (DECISIONS,),
    ),
    Bug(
        "page 2 of a feed ignored",
        "dyntui/dotdigital/paging.py",
        "more = (whole or (until_empty and received > 0)) and not repeats",
        "more = False",
        (PAGES,),
    ),
    Bug("page 2 of a table ignored", "dyntui/dataverse/rows.py", "link = page.next_link", "link = None", (PAGES,)),
    Bug(
        "lost row of a page",
        "dyntui/sync/member_listing.py",
        "lambda found: [staged(reading, each) for each in found], page.rows)",
        "lambda found: [staged(reading, each) for each in found], page.rows[:-1])",
    ),
    Bug(
        "merged records forgotten",
        "dyntui/store/opt_outs.py",
        "    several = list(rows)\n    upsert(\n        c,\n        merged_record,\n",
        "    several = list(rows)[:0]\n    upsert(\n        c,\n        merged_record,\n",
        (CONSENT,),
    ),
    Bug(
        "former addresses forgotten",
        "dyntui/store/list_unsubscribes.py",
        '((*row, "") for row in rows),',
        '((*row, "") for row in list(rows)[:0]),',
        (CONSENT,),
    ),
    Bug(
        "email addresses compared with case",
        "dyntui/model/people.py",
        'return (address or "").strip().lower()',
        'return (address or "").strip()',
    ),
    Bug(
        "resubscribe believed without evidence",
        "dyntui/sync/suppressions.py",
        "            if named[address].in_feed and _is_still(contact, named[address])\n",
        "",
        (CONSENT,),
    ),
    Bug(
        "opt-out ends when its record is gone",
        "dyntui/sync/opt_outs.py",
        "    await settle(ctx, reading, taken_back, kept)\n",
        '    taken_back |= dict.fromkeys((each for each, why in kept.items() if why == "gone"), "gone")\n'
        "    await settle(ctx, reading, taken_back, {})\n",
    ),
    Bug(
        "donotbulkemail taken back although suppressed",
        "dyntui/sync/telling_dynamics.py",
        "    ended = await ctx.read(lambda c: suppression_store.not_known(c, account_id, addresses))\n",
        "    ended = addresses\n",
        (DECISIONS,),
    ),
    Bug(
        "donotbulkemail not set for addresses taken later",
        "dyntui/sync/telling_dynamics.py",
        "    refused = await record_flags.set_for_changed(ctx, dv, however_spelt=waiting > 0)\n",
        "    refused = {}\n",
    ),
    # -- lists and their books ------------------------------------------------------------------------------------
    Bug(
        "strangers with closed gates stay in the book",
        "dyntui/sync/book_reading.py",
        "{each: reading.strangers[each] for each in forbidden}",
        "{}",
    ),
    Bug(
        "removal guard off",
        "dyntui/model/guard.py",
        "    if going > limits.people and 100 * going > limits.percent * in_book:",
        "    if False:",
        (DECISIONS,),
    ),
    Bug(
        "held leavers removed after all",
        "dyntui/store/leaving.py",
        '        (or_(_m.sent_address == "", held), ""),',
        '        (_m.sent_address == "", ""),',
        (DECISIONS,),
    ),
    Bug(
        "consent withdrawals held",
        "dyntui/store/leaving.py",
        '        (and_(or_(left, excluded), withdrawn), "withdrawn"),\n',
        "",
        (CONSENT, DECISIONS),
    ),
    Bug(
        "approval outlives the facts",
        "dyntui/store/held.py",
        '    c.execute(update(list_member).where(*over).values(decision="", decided_by="", decided_on=""))\n',
        "",
        (DECISIONS,),
    ),
    Bug(
        "import failures taken for accepted",
        "dyntui/sync/imports.py",
        "reason = reason_of_import_failure(first.failure_code)",
        'reason = ""',
    ),
    Bug(
        "retry of a refused row each run",
        "dyntui/sync/list_imports.py",
        "_RETRY = timedelta(hours=6)",
        "_RETRY = timedelta(0)",
    ),
    Bug(
        "rename not followed",
        "dyntui/sync/lists.py",
        "note = now.note if how.plan or how.only else await _rename(ctx, dd, chosen, now, met.book)",
        "note = now.note",
    ),
    Bug(
        "cursor saved before the work",
        "dyntui/sync/list_imports.py",
        "    of = await ctx.read(lambda c: pending_members.count(c, chosen.id))\n    done = 0\n",
        "    of = await ctx.read(lambda c: pending_members.count(c, chosen.id))\n    done = 0\n"
        '    await ctx.save(replace(ctx.at(OneList), step="channels"), stage=stage)\n',
        (SENDS,),
    ),
    Bug(
        "fencing token not checked",
        "dyntui/store/runs.py",
        '            run.c.attempt == bindparam("b_token", type_=Integer),\n',
        '            bindparam("b_token", type_=Integer) >= 0,\n',
        (DECISIONS,),
    ),
    Bug(
        "a list in the hands of two runs",
        "dyntui/store/lists.py",
        "taken = update(marketing_list).where(_l.id == list_id, _free_for(run_id))",
        "taken = update(marketing_list).where(_l.id == list_id)",
        (CROWDED,),
    ),
    # -- values ---------------------------------------------------------------------------------------------------
    Bug(
        "base and remote swapped",
        "dyntui/model/merge.py",
        "    elif same_value(base, dynamics.value):\n        return Merged(dotdigital.value, Side.DYNAMICS)\n",
        "    elif same_value(base, dotdigital.value):\n        return Merged(dotdigital.value, Side.DYNAMICS)\n",
        (CROWDED,),
    ),
    Bug(
        "before-image of the wrong row",
        "dyntui/sync/before_images.py",
        "there = person.sent if held is None else held.get(person.address)",
        "there = person.sent if held is None else next(iter(held.values()), None)",
        (CROWDED,),
    ),
    # -- everybody is accounted for -------------------------------------------------------------------------------
    Bug(
        "interval of outcomes not closed",
        "dyntui/store/intervals.py",
        "_s.to_edition == OPEN, *concerned, ~same)",
        "_s.to_edition == OPEN, *concerned, ~same, _s.scope < 0)",
    ),
    Bug(
        "excluded people not counted",
        "dyntui/store/members.py",
        '    ).where(_m.outcome != "", *whom)',
        '    ).where(_m.outcome.not_in(("", "excluded")), *whom)',
    ),
    # -- plans ----------------------------------------------------------------------------------------------------
    Bug("plan that writes", "dyntui/sync/kinds/lists.py", "    if read_only:\n", "    if False:\n", (DECISIONS,)),
    Bug(
        "a plan's stale person applied",
        "dyntui/store/planned_changes.py",
        "as_planned = planned.where(_p.fingerprint == _m.fingerprint, _p.address == _m.address)",
        "as_planned = planned",
        (DECISIONS,),
    ),
    Bug(
        "a plan's unplanned leaver removed",
        "dyntui/store/planned_changes.py",
        "others = and_(_m.person_id.in_(unplanned), not_(planned.where(_p.effect == REMOVE)))",
        'others = _m.person_id == ""',
        (DECISIONS,),
    ),
    Bug(
        "a plan shows the new values as those before",
        "dyntui/store/planned_changes.py",
        "before = case((known, _m.sent_fields), else_=null())",
        "before = case((known, _m.fields), else_=null())",
        (DECISIONS,),
    ),
    # -- sends ----------------------------------------------------------------------------------------------------
    Bug(
        "duplicates: the loser is sent too",
        "dyntui/store/standing.py",
        "r.mask.bitwise_or(case((yields, duplicate), else_=0)).label",
        "r.mask.label",
    ),
    Bug(
        "ALREADY_SENT not checked",
        "dyntui/store/count_standing.py",
        '        (and_(ready, has_had), mark("ALREADY_SENT")),\n',
        "",
    ),
    Bug(
        "who left since the count is mailed",
        "dyntui/store/counts.py",
        'c.execute(gone.values(outcome=Outcome.EXCLUDED.value, reason="LEFT_LIST", detail="", also=""))',
        "pass",
    ),
    Bug(
        "last look skipped",
        "dyntui/sync/send_proof.py",
        "    slow, finds = 0, 0\n    while",
        "    return ctx.moment()\n    slow, finds = 0, 0\n    while",
        (RESTLESS,),
    ),
    Bug(
        "last look ignores list unsubscribes",
        "dyntui/sync/last_look.py",
        "for target in list_store.stored(c, this.list_ids):",
        "for target in ():",
        (RESTLESS,),
    ),
    Bug(
        "an error of a feed read as empty",
        "dyntui/sync/send_proof.py",
        "            if not await platform_send.waited(ctx, error, CREATING):\n"
        "                raise refused(error) from error\n            continue\n",
        "            return ctx.moment()\n",
        (RESTLESS,),
    ),
    Bug(
        "book proof skipped",
        "dyntui/sync/send_proof.py",
        "    if not await make_exact(ctx, dd, this):\n",
        "    if False:\n",
        (SENDS, RESTLESS),
    ),
    Bug(
        "POST of the send repeated",
        "dyntui/dotdigital/sends.py",
        "repeatable=False, expects_json=True, at_once=True",
        "repeatable=True, expects_json=True, at_once=False",
        (SENDS, RESTLESS),
    ),
    Bug(
        "POST of the send repeated after any 503",
        "dyntui/sync/platform_send.py",
        "again = unknown.platform_code == NOT_TAKEN_UP and not",
        "again = not",
        (RESTLESS,),
    ),
    Bug(
        "kept book deleted before its unsubscribes were read",
        "dyntui/sync/kept_books.py",
        "    feed, odd = feed_of(kept.id), list[OddRow]()\n",
        "    feed, odd = feed_of(kept.id), list[OddRow]()\n"
        "    if (ended := moment_of(kept.settled_on)) is not None and ctx.moment() - ended >= KEPT:\n"
        "        return True\n",
        (RESTLESS,),
    ),
)
