"""Data labels: the data fields of dotdigital as dyntui knows them."""

from __future__ import annotations

import msgspec

from dyntui.model.mapping_rows import LabelRow as LabelRow
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.console import ON_EVERYWHERE
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RUN_START
from dyntui.service.contract.situations import Situation, go


class LabelsQuery(Window, frozen=True, kw_only=True):
    """A window on the labels of an email account (id or name; `""`: the default one), by name."""

    account: Text = ""


class CreateLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A new label. `type`: `String`, `Numeric`, `Date` or `Boolean`; `visibility`: `Private` or `Public`. It becomes a
    data field of dotdigital when labels are synchronised."""

    account: Text = ""
    name: Text
    type: Text
    default_value: Text = ""
    visibility: Text = "Private"
    description: Text = ""


class DeleteLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A label that is to go, with the data field and everything that contacts have in it. `confirm`: its name again."""

    account: Text = ""
    name: Text
    confirm: Text


class LabelDeleted(msgspec.Struct, frozen=True, kw_only=True):
    """`in_dotdigital`: the data field was deleted there, too; it may not have existed."""

    name: str
    in_dotdigital: bool


LABELS_CHANGED = Event("labels.changed", Changed)

LABELS_PAGE = Call("labels.page", LabelsQuery, Page[LabelRow], Ability.SEE)
LABEL_CREATE = Call("labels.create", CreateLabel, LabelRow, Ability.ADMINISTER, changes=(LABELS_CHANGED,))
LABEL_DELETE = Call("labels.delete", DeleteLabel, LabelDeleted, Ability.ADMINISTER, changes=(LABELS_CHANGED,))


def deletable(situation: Situation) -> str:
    """A label that nothing maps."""
    if len(situation.marks(LabelRow)) > 1:
        return "One label at a time is deleted: take the other marks away."
    row = situation.one(LabelRow)
    if row is None:
        return "No label is selected."
    return f"{row.name} is mapped: delete the mappings first." if row.mapped else ""


ON_LABELS = Scope("Data Labels")

ACTIONS = (
    Action(
        id="labels.open",
        title="Data Labels",
        known_as=("Email Data Labels",),
        scopes=(ON_EVERYWHERE,),
        keys=("B",),
        call=LABELS_PAGE,
        command="dyntui labels list",
        tooltip="The data fields of dotdigital, and where they are mapped",
        rule=go,
    ),
    Action(
        id="labels.synchronise",
        title="Synchronise",
        scopes=(ON_LABELS,),
        keys=("s",),
        hint="Synchronise",
        call=RUN_START,
        command="dyntui labels synchronise",
        tooltip="Unknown data fields become labels, new labels become data fields",
    ),
    Action(
        id="labels.create",
        title="New label",
        scopes=(ON_LABELS,),
        keys=("n",),
        hint="New",
        call=LABEL_CREATE,
        command="dyntui labels create NAME String",
        tooltip="It becomes a data field when labels are synchronised",
    ),
    Action(
        id="labels.delete",
        title="Delete the label",
        scopes=(ON_LABELS,),
        keys=("D",),
        hint="Delete",
        call=LABEL_DELETE,
        command="dyntui labels delete NAME",
        tooltip="With the data field and what contacts have in it; asks first",
        row=True,
        rule=deletable,
    ),
)
