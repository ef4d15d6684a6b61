"""Data labels: the data fields of dotdigital as dyntui knows them."""

from __future__ import annotations

import msgspec

from dyntui.model.mapping_rows import LabelRow as LabelRow
from dyntui.model.roles import Ability
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.paging import Page, Window


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
