"""Synchronising data labels with dotdigital's data fields (`dyntui.model.label_comparison` decides)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection

from dyntui.dotdigital import data_fields
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.cursors import LabelsCursor
from dyntui.model.errors import DyntuiError
from dyntui.model.label_comparison import DELETED, Comparison, Field, compare
from dyntui.model.labels import DataLabel, default_of
from dyntui.model.outcomes import RunStatus
from dyntui.store import labels, mappings, missed_fields
from dyntui.sync import parts
from dyntui.sync.run_context import RunContext


class Synchronised(msgspec.Struct, frozen=True):
    """How it went: what the audit is to say, and whether something is left for a person."""

    note: str
    status: RunStatus


async def synchronise(ctx: RunContext, dd: Dotdigital, account_id: str) -> Synchronised:
    """Both sides as they should be, as far as that goes: a field that dotdigital refuses is named, and its label waits.

    Raises DyntuiError where dotdigital is away.
    """
    rows, unread = await data_fields.listed(dd)
    fields = [_field(each) for each in rows]
    found = await _found(ctx, account_id, fields, whole=bool(rows) and not unread)
    notes = [f"a data field cannot be read ({each.reason}); received: {each.received}" for each in unread]
    if not rows and not unread:
        notes.append("dotdigital lists no data field at all")
    if notes:
        notes.append("no label was taken for deleted")
        found = msgspec.structs.replace(found, odd=(*found.odd, *notes))
    refused: dict[str, str] = {}
    for label in found.create:
        try:
            await _create(dd, label)
        except DyntuiError as error:
            if await parts.is_of_the_run(error, dd=dd):
                raise
            refused[label.name] = f"{label.name}: {error.code}: {error.message} {error.remedy}"
        else:
            now = msgspec.structs.replace(label, synchronised=True)
            await ctx.write(lambda c: labels.put(c, account_id, [now], ctx.now()))  # noqa: B023 - awaited here
    return Synchronised(*_told(found, ctx.at(LabelsCursor), refused))


async def _found(ctx: RunContext, account_id: str, fields: list[Field], *, whole: bool) -> Comparison:
    """What is still to be done. What an interrupted run has learned, and was to create, is in its cursor: once it is
    stored no comparison finds it."""
    at = ctx.at(LabelsCursor)
    if not at.compared:
        first = await ctx.read(lambda c: _compare(c, account_id, fields, whole=whole))
        create = tuple(each.name for each in first.create)
        at = LabelsCursor(compared=True, learned=first.learned, removed=first.removed, create=create)
    found: list[Comparison] = []

    def compared(c: Connection) -> None:
        found[:] = [_compared(c, account_id, fields, ctx.now(), whole=whole)]

    await ctx.save(at, stage="Comparing data labels", work=compared)
    return found[0]


def _field(field: data_fields.DataField) -> Field:
    default = field.default_value
    text = "" if default is None else str(default).lower() if isinstance(default, bool) else str(default)
    return Field(name=field.name, type=field.type, visibility=field.visibility, default_value=text)


def _compared(c: Connection, account_id: str, fields: list[Field], now: str, *, whole: bool) -> Comparison:
    """What follows from the labels of this moment is kept; what dotdigital still has to be told is left."""
    if not labels.known(c, account_id):
        labels.put(c, account_id, labels.labels(c, account_id), now)
    found = _compare(c, account_id, fields, whole=whole)
    labels.put(c, account_id, found.labels, now)
    for name in found.removed:
        labels.remove(c, account_id, name)
    missed_fields.miss(c, account_id, [each.name for each in found.conflicts if each.conflict == DELETED])
    return found


def _compare(c: Connection, account_id: str, fields: list[Field], *, whole: bool) -> Comparison:
    mapped = {each.label for each in mappings.current(c, account_id).mappings}
    return compare(labels.labels(c, account_id), fields, mapped, whole=whole)


async def _create(dd: Dotdigital, label: DataLabel) -> None:
    """The data field of a label. One that somebody has made meanwhile is compared by the next run."""
    try:
        await data_fields.create_data_field(
            dd,
            label.name,
            label.type.value,
            visibility=label.visibility.value,
            default_value=default_of(label),
        )
    except DotdigitalError as error:
        if error.code == "DOTDIGITAL_FIELD_EXISTS":
            raise DotdigitalError(
                "DOTDIGITAL_FIELD_EXISTS",
                f"A data field {label.name} was made in the email service a moment ago.",
                not_done="It was left as it is.",
                remedy="Synchronise the labels again.",
                detail=error.detail,
                status=error.status,
            ) from error
        raise


def _told(found: Comparison, at: LabelsCursor, refused: Mapping[str, str]) -> tuple[str, RunStatus]:
    created = [each for each in at.create if each not in refused]
    conflicts = [
        f"{each.name}: the data field was deleted in the email service, and mappings use it"
        if each.conflict == DELETED
        else f"{each.name}: {each.type} here, {each.conflict} in the email service; neither was changed"
        for each in found.conflicts
    ]
    parts_ = [
        *(
            f"{word}: {', '.join(names)}"
            for word, names in (
                ("learned", at.learned),
                ("created in the email service", created),
                ("deleted there and here", at.removed),
            )
            if names
        ),
        *conflicts,
        *refused.values(),
        *found.odd,
    ]
    troubled = bool(conflicts or refused or found.odd)
    status = RunStatus.COMPLETED_WITH_ERRORS if troubled else RunStatus.COMPLETED
    return "; ".join(parts_) or "nothing new", status
