"""What a list's subscription filter has against its members, kept beside what their records say themselves.

Public:
    places(c, list_id, person_ids) -> [int]                        the members' places in the list
    would_keep_out(c, list_id) -> {part: people}                   what each part of a filter comes to
    judge(c, list_id, run_id, asked, found, view)                    after each reading of the members
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, String, bindparam, func, or_, select, update

from dyntui.model.opt_in import OptIn
from dyntui.model.subscription_filters import SubscriptionFilter, against
from dyntui.store import unsettled
from dyntui.store.chunks import in_chunks
from dyntui.store.gate_marks import join, split
from dyntui.store.schema import list_member, marketing_list
from dyntui.store.upserts import update_many

_m = list_member.c
_NO_RECORD = frozenset({"WRONG_TYPE", "UNKNOWN_PERSON", "NO_ACCESS"})


def places(c: Connection, list_id: str, person_ids: Sequence[str]) -> list[int]:
    """Where those of these people who are known as members stand in the list (`seq`)."""
    found: list[int] = []
    for some in in_chunks(person_ids):
        found += c.execute(select(_m.seq).where(_m.list_id == list_id, _m.person_id.in_(some))).scalars()
    return found


def would_keep_out(c: Connection, list_id: str) -> dict[str, int]:
    """How many of the members as last read each part of a filter concerns; of saved views the one that is chosen."""
    said = _m.own_reasons
    parts = {
        "bulk": said.contains("DO_NOT_BULK_EMAIL"),
        "email": or_(said == "DO_NOT_EMAIL", said.contains(",DO_NOT_EMAIL"), said.contains("DO_NOT_EMAIL,")),
        "active": or_(*(said.contains(each) for each in ("INACTIVE", "LEAD_QUALIFIED", "MERGED"))),
        **{f"opt-in:{each.title}": _m.opt_in < each.value for each in OptIn if each},
        "view": _m.filtered.contains("FILTERED"),
    }
    counted = [func.count().filter(holds).label(part) for part, holds in parts.items()]
    row = c.execute(select(*counted).where(_m.list_id == list_id, _m.has_left.is_(False))).one()
    return dict(zip(parts, row, strict=True))


def judge(c: Connection, list_id: str, run_id: str, asked: SubscriptionFilter, found: bytes, view: str) -> None:
    """Name everybody whom the filter keeps out, as the run has asked it. `found`: a byte for each place of the list, 1
    where the view found the person; `view`: its name. Of a row without a record to be filtered its own reason is all
    there is to say."""
    c.execute(update(marketing_list).where(marketing_list.c.id == list_id).values(judged_by=run_id))
    if not asked.opt_in and not asked.view:
        past = (_m.list_id == list_id, unsettled.is_one(list_id), or_(_m.filtered != "", _m.filtered_detail != ""))
        c.execute(update(list_member).where(*past).values(filtered="", filtered_detail="", news=True))
        return
    rows = c.execute(
        select(_m.person_id, _m.seq, _m.opt_in, _m.own_reasons, _m.filtered, _m.filtered_detail).where(
            _m.list_id == list_id
        )
    )
    differ: list[tuple[str, str, str, str]] = []
    for row in rows:
        gates = against(asked, row.opt_in, in_view=row.seq < len(found) and bool(found[row.seq]), view=view)
        if not _NO_RECORD.isdisjoint(split(row.own_reasons)):
            gates = []
        codes, detail = join(each.reason for each in gates), gates[0].detail if gates else ""
        if (codes, detail) != (row.filtered, row.filtered_detail):
            differ.append((codes, detail, list_id, row.person_id))
    statement = (
        update(list_member)
        .where(_m.list_id == bindparam("b_list", type_=String), _m.person_id == bindparam("b_person", type_=String))
        .values(
            filtered=bindparam("b_codes", type_=String),
            filtered_detail=bindparam("b_detail", type_=String),
            news=True,
        )
    )
    update_many(c, statement, ("b_codes", "b_detail", "b_list", "b_person"), differ)
