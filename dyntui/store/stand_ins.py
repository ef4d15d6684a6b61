"""For whom else a record stands: those that were merged into it; and an account that is mailed at its primary contact's
address for that contact, with those that were merged into it. What they said counts for it as its own.

Public: `stand_ins(name) -> Subquery`: `person_id`, `entity`, `survivor_id` (the record that stands for them), `address`
(that of a record that was merged away), `how`, in words; `into(person_id)`: the record that is left of a merged one.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, ScalarSelect, String, Subquery, literal, literal_column, select, union, union_all

from dyntui.store.schema import list_member, merged_record

_m, _r = list_member.c, merged_record.c
_MERGED, _PRIMARY = literal("merged", String), literal("primary", String)


def stand_ins(name: str) -> Subquery:
    """Everybody for whom another record stands."""
    columns = (_r.person_id, _r.entity, _r.survivor_id, _r.address)
    # Written out, as the index of those few is.
    through = _m.mailed_as != literal_column("''")
    contacts = union(
        select(
            _m.mailed_as.label("person_id"),
            literal("contact", String).label("entity"),
            _m.person_id.label("survivor_id"),
            literal("", String).label("address"),
            _PRIMARY.label("how"),
        ).where(through),
        select(_r.person_id, _r.entity, _m.person_id, _r.address, _MERGED)
        .join(list_member, _m.mailed_as == _r.survivor_id)
        .where(through),
    ).subquery(f"{name}_contacts")
    return union_all(select(*columns, _MERGED.label("how")), select(*contacts.c)).subquery(name)


def into(person_id: ColumnElement[str]) -> ScalarSelect[str]:
    """`into contact <id>`; nothing where it is not known which record is left."""
    left = literal("into ", String) + _r.entity + literal(" ", String) + _r.survivor_id
    return select(left).where(_r.person_id == person_id).scalar_subquery()
