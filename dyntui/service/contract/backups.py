"""Backups of the store: which there are, and one more. Put back they are without a service, by the command line."""

from __future__ import annotations

import msgspec

from dyntui.model.backups import Backup as Backup
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.health import ON_HEALTH
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.situations import go


class Backups(msgspec.Struct, frozen=True, kw_only=True):
    """The backups in `folder`, the newest first."""

    folder: str
    rows: tuple[Backup, ...]


class MakeBackup(msgspec.Struct, frozen=True, kw_only=True):
    """`reason`: in words, part of its name; `""`: by hand."""

    reason: Text = ""


BACKUPS_CHANGED = Event("backups.changed", Changed)

BACKUPS_LIST = Call("backups.list", Nothing, Backups, Ability.ADMINISTER)
BACKUP_MAKE = Call("backups.make", MakeBackup, Backup, Ability.ADMINISTER, changes=(BACKUPS_CHANGED,))

ON_BACKUPS = Scope("Backups")

ACTIONS = (
    Action(
        id="backups.open",
        title="Backups",
        scopes=(ON_HEALTH,),
        keys=("b",),
        call=BACKUPS_LIST,
        command="dyntui backup list",
        tooltip="Copies of the store, and one more",
        rule=go,
    ),
    Action(
        id="backups.make",
        title="Make a backup",
        scopes=(ON_BACKUPS,),
        keys=("n",),
        hint="Make one",
        call=BACKUP_MAKE,
        command="dyntui backup create",
        tooltip="Copies the store, mappings and settings as they are now; work goes on meanwhile",
    ),
)
