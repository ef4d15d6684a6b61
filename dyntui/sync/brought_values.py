"""What becomes of one person whose contact has other values than both sides had last: merged label by label, and in the
forms in which that is planned, kept and told."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from dyntui.dataverse import bulk
from dyntui.dataverse.reading import ODD_COLUMNS
from dyntui.dotdigital.moments import moment
from dyntui.model.changes import AppliedChange, same_value
from dyntui.model.conversion import Direction, Rejected, Value, convert, unless_empty
from dyntui.model.drains import Drain, Drains
from dyntui.model.merge import Merged, Never, Read, Side, merge
from dyntui.model.moments import dated, text_of
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.plans import BRING, UPDATE, PlannedChange
from dyntui.store import conflicts
from dyntui.store.shadows import Kept, Shadowed
from dyntui.sync.mapped_fields import TYPES

ITEM = "address-books"
# As much of a value as tells what is meant.
_SHOWN = 60
# Later than anything: where the other side's own clock has said when something was changed.
_ANY = datetime.max.replace(tzinfo=UTC)


class Contact(msgspec.Struct, frozen=True):
    id: int
    address: str
    values: Mapping[str, Any]
    changed_on: str = ""


class Met(msgspec.Struct, frozen=True):
    """A person whose contact has another value than was synchronised last."""

    person: Shadowed
    contact: Contact


class Clash(msgspec.Struct, frozen=True):
    """A conflict of one label: both values in words, and whose it is."""

    label: str
    dynamics: str
    dotdigital: str
    winner: Side

    @property
    def said(self) -> str:
        """In words, for the audit."""
        return f"{self.label}: {self.dynamics} in Dynamics, {self.dotdigital} in dotdigital, {self.winner} wins"


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one person. `columns`: what is written to the record, `before`: what it has there; `etag`: as it
    was read; `written`: it was written before the run was interrupted; `rejected`: why nothing is written;
    `conflicts`: what both had changed."""

    met: Met
    columns: Mapping[str, Value] = {}
    before: Mapping[str, Any] = {}
    etag: str = ""
    labels: tuple[str, ...] = ()
    conflicts: tuple[Clash, ...] = ()
    reason: str = ""
    rejected: str = ""
    written: bool = False


def moment_text(text: str | None, latest: datetime = _ANY) -> str:
    return text_of(dated(moment(text), latest))


def differs(person: Shadowed, contact: Contact, drains: Drains) -> bool:
    """Whether the contact has a value that both sides have not had yet."""
    for each in drains.drains:
        base = person.base(each.label)
        if isinstance(base, Never) or not same_value(base, contact.values.get(each.label)):
            return True
    return False


@functools.lru_cache(maxsize=16)
def row_type(drains: Drains, key: str) -> tuple[Any, tuple[str, ...]]:
    """How the records are read, and the field of each drain's column."""
    names: dict[str, str] = {}
    columns: list[tuple[str, Any, Any]] = []
    for each in drains.drains:
        name = each.column.logical_name
        if name not in names:
            names[name] = f"mapped{len(names)}"
            columns.append((names[name], TYPES[each.column.type], msgspec.field(name=name, default=None)))
    fields = [
        ("id", str, msgspec.field(name=key)),
        ("etag", str, msgspec.field(name="@odata.etag", default="")),
        ("changed_on", str | None, msgspec.field(name="modifiedon", default=None)),
        ("odd", tuple[str, ...], msgspec.field(name=ODD_COLUMNS, default=())),
        *columns,
    ]
    made = msgspec.defstruct(f"Merged{drains.entity.title()}", fields, frozen=True, kw_only=True)
    return made, tuple(names[each.column.logical_name] for each in drains.drains)


def planned_change(entity: str, each: Decided) -> PlannedChange:
    person = each.met.person
    return PlannedChange(
        item_id=ITEM,
        person=person.person_id,
        entity=entity,
        name=person.name,
        address=person.address,
        effect=BRING,
        reason="",
        before=dict(each.before),
        after=dict(each.columns),
        detail=_conflicts_of(each),
    )


def decide(drains: Drains, fields: Sequence[str], met: Met, row: Any) -> Decided:
    if row is None:
        return Decided(met=met, reason="UNKNOWN_PERSON", rejected=f"there is no {drains.entity} any more")
    columns: dict[str, Value] = {}
    before: dict[str, Any] = {}
    labels: list[str] = []
    clashes: list[Clash] = []
    for each, field in zip(drains.drains, fields, strict=True):
        name = each.column.logical_name
        if name in row.odd:
            return _refused(met, Rejected(name, "what Dynamics gave cannot be read"))
        found = _one(each, getattr(row, field), row.changed_on or "", met)
        if isinstance(found, Rejected):
            return _refused(met, found)
        merged, value, (here, there) = found
        if merged.winner is not None:
            clashes.append(Clash(each.label, here, there, merged.winner))
        if merged.to is Side.DYNAMICS:
            columns[name], before[name] = value, getattr(row, field)
            labels.append(each.label)
    return Decided(
        met=met, columns=columns, before=before, etag=row.etag, labels=tuple(labels), conflicts=tuple(clashes)
    )


def _one(drain: Drain, column: Any, changed_on: str, met: Met) -> tuple[Merged, Value, tuple[str, str]] | Rejected:
    """The merge of one value, what the column is to hold where it is to be told, and both values in words."""
    here = convert(column, drain.column, drain.label_type, Direction.TO_DOTDIGITAL, choice=drain.choice)
    if isinstance(here, Rejected):
        return here
    # A year that stands for no date is nothing that somebody has set, and clears nothing.
    there = unless_empty(met.contact.values.get(drain.label), drain.label_type)
    base = met.person.base(drain.label)
    merged = merge(
        base if isinstance(base, Never) else unless_empty(base, drain.label_type),
        Read(here.value, moment_text(changed_on)),
        Read(there, met.contact.changed_on),
        drain.rule,
    )
    shown = (_short(here.value), _short(there))
    if merged.to is not Side.DYNAMICS:
        return merged, None, shown
    value = convert(merged.value, drain.column, drain.label_type, Direction.TO_DYNAMICS, choice=drain.choice)
    return value if isinstance(value, Rejected) else (merged, value.value, shown)


def _short(value: object) -> str:
    text = "empty" if value is None else repr(str(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _refused(met: Met, why: Rejected) -> Decided:
    return Decided(met=met, reason=why.gate.reason, rejected=why.gate.detail)


def after_writing(each: Decided, result: bulk.RowResult) -> Decided:
    if result.error is None:
        return each
    if bulk.has_moved(result):
        return msgspec.structs.replace(each, reason="STALE", rejected="changed in Dynamics meanwhile")
    return msgspec.structs.replace(each, reason="REJECTED", rejected=f"Dynamics: {result.error.message}")


def _conflicts_of(each: Decided) -> str:
    return "; ".join(clash.said for clash in each.conflicts)


def conflict_of(entity: str, each: Decided, clash: Clash) -> conflicts.Met:
    person = each.met.person
    return conflicts.Met(
        person=person.person_id,
        entity=entity,
        name=person.name,
        address=person.address,
        label=clash.label,
        dynamics=clash.dynamics,
        dotdigital=clash.dotdigital,
        winner=clash.winner.value,
    )


def image_of(drains: Drains, each: Decided) -> AppliedChange:
    return AppliedChange(
        item_id=ITEM,
        target=drains.entity.value,
        person=each.met.person.person_id,
        entity=drains.entity.value,
        name=each.met.person.name,
        address=each.met.person.address,
        effect=UPDATE,
        before=dict(each.before),
        after=dict(each.columns),
    )


def shadow_of(drains: Drains, each: Decided) -> Kept:
    """What the contact has is what was seen of it, unless something of it could not be written: then what both sides
    had stays what it was."""
    person, contact = each.met.person, each.met.contact
    seen = {drain.label: contact.values.get(drain.label) for drain in drains.drains}
    if each.rejected:
        known = {label: person.base(label) for label in seen}
        seen = {label: base for label, base in known.items() if not isinstance(base, Never)}
    return Kept(
        person_id=person.person_id,
        contact_id=contact.id,
        values={**person.seen, **seen},
        fingerprint=person.fingerprint,
        again=bool(each.rejected),
        changed_on=contact.changed_on,
    )


def outcome_of(entity: str, each: Decided) -> PersonOutcome:
    person = each.met.person
    if each.rejected:
        outcome = Outcome.EXCLUDED if each.reason == "UNKNOWN_PERSON" else Outcome.REJECTED
    else:
        outcome = Outcome.UPDATED if each.columns or each.written else Outcome.UNCHANGED
    detail = each.rejected or _conflicts_of(each) or ", ".join(each.labels)
    return PersonOutcome(
        entity=entity,
        person=person.person_id,
        name=person.name,
        address=person.address,
        outcome=outcome,
        reason=each.reason,
        detail=detail,
        also=("CONFLICT",) if each.conflicts else (),
    )
