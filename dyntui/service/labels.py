"""Data labels of email accounts: shown, made and deleted."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.dotdigital import data_fields
from dyntui.dotdigital.data_fields import Deleted
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.model.admin_changes import AdminChange
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.labels import DataLabel, LabelType, Visibility, canonical, default_of, fault_of_name
from dyntui.model.mapping_rows import LabelRow, label_rows
from dyntui.model.mentioned import shown
from dyntui.model.paging import Page
from dyntui.model.row_windows import window_on
from dyntui.service.answering import answers
from dyntui.service.contract.labels import (
    LABEL_CREATE,
    LABEL_DELETE,
    LABELS_PAGE,
    CreateLabel,
    DeleteLabel,
    LabelDeleted,
    LabelsQuery,
)
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import admin_changes, labels, mappings

SUBJECT = "labels"


class Labels:
    """The calls of `labels.*`."""

    def __init__(self, resources: Resources, identities: Identities) -> None:
        self._resources = resources
        self._identities = identities

    @answers(LABELS_PAGE)
    async def page(self, context: CallContext, request: LabelsQuery) -> Page[LabelRow]:
        """The labels of an email account. Raises NOT_CONFIGURED, ACCOUNT_UNKNOWN."""
        account = await chosen_account(self._resources, request.account)
        return window_on(await self._resources.read(lambda c: _rows(c, account.id)), request)

    @answers(LABEL_CREATE)
    async def create(self, context: CallContext, request: CreateLabel) -> LabelRow:
        """Makes a label. Raises LABEL_INVALID, LABEL_EXISTS."""
        account = await chosen_account(self._resources, request.account)
        label = _made(request)
        by = await self._name(context)

        def keep(c: Connection) -> LabelRow:
            if any(each.name == label.name and not each.conflict for each in labels.labels(c, account.id)):
                raise _refused(
                    "LABEL_EXISTS",
                    f"There is a data label {label.name} already; upper and lower case do not tell names apart.",
                    "Take another name. To change the type, delete the label and make it again.",
                )
            labels.put(c, account.id, [label], self._resources.now())
            _record(c, account.id, label.name, by, self._resources.now(), "", f"{label.name} {label.type.value}")
            return next(each for each in _rows(c, account.id) if each.name == label.name)

        return await self._resources.write(keep)

    @answers(LABEL_DELETE)
    async def delete(self, context: CallContext, request: DeleteLabel) -> LabelDeleted:
        """Deletes a label and its data field. Raises LABEL_UNKNOWN, LABEL_NOT_CONFIRMED, LABEL_MAPPED, LABEL_IN_USE."""
        account = await chosen_account(self._resources, request.account)
        name = canonical(request.name)
        rows = await self._resources.read(lambda c: _rows(c, account.id))
        row = next((each for each in rows if each.name == name), None)
        if row is None:
            raise _refused(
                "LABEL_UNKNOWN", f"There is no data label {shown(request.name)!r}.", "See `dyntui labels list`."
            )
        if row.mapped:
            raise _refused(
                "LABEL_MAPPED",
                f"The data label {name} is mapped: {'; '.join(row.mapped)}.",
                "Delete these mappings first: `dyntui mappings delete`.",
            )
        if canonical(request.confirm) != name:
            raise _refused(
                "LABEL_NOT_CONFIRMED",
                f"With the data field {name} everything that contacts have in it is lost, for ever.",
                f"Confirm it with the label's name: --confirm {name}.",
            )
        # What stands there under the name with another type is not this label's.
        in_dotdigital = row.synchronised and await self._delete_field(account.id, name)
        by = await self._name(context)

        def forget(c: Connection) -> None:
            labels.remove(c, account.id, name)
            _record(c, account.id, name, by, self._resources.now(), f"{name} {row.type}", "")

        await self._resources.write(forget)
        return LabelDeleted(name=name, in_dotdigital=in_dotdigital)

    async def _delete_field(self, account_id: str, name: str) -> bool:
        dd = await self._resources.connections.dotdigital(account_id)
        try:
            deleted = await data_fields.delete_data_field(dd, name)
        except DotdigitalError as error:
            if error.status == 404:
                return False
            raise
        if not deleted.done:
            raise _refused(
                "LABEL_IN_USE",
                f"The email service uses the data field {name}: {_uses(deleted)}.",
                "Take it out of these, then delete the label.",
            )
        return True

    async def _name(self, context: CallContext) -> str:
        person = await self._identities.person(context.uid)
        return person.name if person else ""


def use_cases(parts: Parts) -> Labels:
    """What answers these calls."""
    return Labels(parts.resources, parts.identities)


def _rows(c: Connection, account_id: str) -> list[LabelRow]:
    return label_rows(labels.labels(c, account_id), mappings.current(c, account_id).mappings)


def _made(request: CreateLabel) -> DataLabel:
    """Raises LABEL_INVALID with everything that is wrong."""
    wrong: list[str] = []
    if why := fault_of_name(request.name):
        wrong.append(f"{shown(request.name)!r}: {why}")
    kind = next((each for each in LabelType if each.value.lower() == request.type.lower()), None)
    if kind is None:
        wrong.append(f"{shown(request.type)!r} is no type; they are: {', '.join(LabelType)}")
    visibility = next((each for each in Visibility if each.value.lower() == request.visibility.lower()), None)
    if visibility is None:
        wrong.append(f"{shown(request.visibility)!r} is no visibility; they are: {', '.join(Visibility)}")
    if kind is not None and visibility is not None:
        label = DataLabel(
            name=canonical(request.name),
            type=kind,
            default_value=request.default_value,
            visibility=visibility,
            description=request.description,
        )
        try:
            default_of(label)
        except ValueError as error:
            wrong.append(f"the default value: {error}")
        if not wrong:
            return label
    raise _refused("LABEL_INVALID", f"The label cannot be made: {'; '.join(wrong)}.", "Correct what is named.")


def _uses(deleted: Deleted) -> str:
    named = [f"{each.type} {each.object_id}" if each.object_id else each.type for each in deleted.dependencies]
    return ", ".join(named) or "it does not say where"


def _record(c: Connection, account_id: str, name: str, by: str, now: str, before: str, after: str) -> None:
    change = AdminChange(subject=SUBJECT, thing=name, changed_by=by, changed_on=now, before=before, after=after)
    admin_changes.record(c, account_id, change)


def _refused(code: str, message: str, remedy: str) -> DyntuiError:
    return DyntuiError(code, message, not_done="Nothing was changed.", remedy=remedy, exit=Exit.USAGE)
