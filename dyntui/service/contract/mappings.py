"""Data mappings: which column of Dynamics feeds which data label, or is fed by it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from dyntui.model.counted import counted
from dyntui.model.mapping import DataMapping as DataMapping
from dyntui.model.mapping import Finding as Finding
from dyntui.model.mapping_rows import ColumnRow as ColumnRow
from dyntui.model.mapping_rows import MappingRow as MappingRow
from dyntui.model.mapping_versions import MappingChange as MappingChange
from dyntui.model.mapping_versions import MappingVersion as MappingVersion
from dyntui.model.people import Entity
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.console import ON_EVERYWHERE
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RUN_START
from dyntui.service.contract.situations import Situation, go

# So many mappings nobody has; a data field takes a few at most.
Mappings = Annotated[tuple[DataMapping, ...], msgspec.Meta(max_length=5000)]
File = Annotated[str, msgspec.Meta(max_length=2_000_000)]
Version = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class MappingsQuery(Window, frozen=True, kw_only=True):
    """A window on the mappings of an email account (id or name; `""`: the default one), in their order."""

    account: Text = ""


class ColumnsQuery(Window, frozen=True, kw_only=True):
    """A window on the columns of a table that can be mapped, by label."""

    entity: Entity


class MappingsOf(msgspec.Struct, frozen=True, kw_only=True):
    """The mappings of an email account in a version; None: those that count."""

    account: Text = ""
    version: Version | None = None


class MappingSet(msgspec.Struct, frozen=True, kw_only=True):
    """All mappings of an email account. `account`: its name; `columns_read_on`: when the columns of Dynamics were read
    last (ISO 8601 UTC), `""` for never."""

    account: str
    version: MappingVersion
    columns_read_on: str


class ValidateMappings(msgspec.Struct, frozen=True, kw_only=True):
    """Mappings that are to be checked, or a TOML file of them (`file`); neither: those that count."""

    account: Text = ""
    mappings: Mappings | None = None
    file: File = ""


class MappingsChecked(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks against a set of mappings; `changes` from those that count, in words. What saving it costs: `people`
    who are sent again, `imports` of them, `seconds` as expected. `based_on`: the version that counted then."""

    findings: tuple[Finding, ...]
    changes: tuple[str, ...] = ()
    people: int = 0
    imports: int = 0
    seconds: int = 0
    based_on: Version | None = None

    @property
    def cost(self) -> str:
        """What saving it costs, in words; `""` where nobody is sent again."""
        if not self.people:
            return ""
        how_long = counted(self.seconds, "second") if self.seconds < 120 else f"{-(-self.seconds // 60):,} minutes"
        imports = "one import" if self.imports == 1 else f"{self.imports:,} imports"
        return f"{counted(self.people, 'person is', 'people are')} sent again, in {imports} of some {how_long}"


class SaveMappings(msgspec.Struct, frozen=True, kw_only=True):
    """The mappings that are to count from now on. `based_on`: the version that was edited; where somebody has saved
    another since, nothing is saved. `why` is kept. `acknowledge`: warnings are known."""

    account: Text = ""
    based_on: Version
    mappings: Mappings
    why: Text = ""
    acknowledge: bool = False


class ImportMappings(msgspec.Struct, frozen=True, kw_only=True):
    """A TOML file that takes the place of all mappings, or of none. `based_on`: the version that it was compared with,
    None for whichever counts; where somebody has saved another since, or since the file was written (it says so
    itself), nothing is saved."""

    account: Text = ""
    file: File
    based_on: Version | None = None
    why: Text = ""
    acknowledge: bool = False


class RestoreMappings(msgspec.Struct, frozen=True, kw_only=True):
    """A version that is to count again, as a new one; 0: what is provisioned. `based_on`: the version that it was
    compared with, None for whichever counts; where somebody has saved another since, nothing is saved."""

    account: Text = ""
    version: Version
    based_on: Version | None = None
    why: Text = ""
    acknowledge: bool = False


class MappingsSaved(msgspec.Struct, frozen=True, kw_only=True):
    """`version` counts now; `changes` from the one before, in words: none where nothing differed, and no version was
    made. The rest as in `MappingsChecked`."""

    version: int
    changes: tuple[str, ...]
    people: int = 0
    imports: int = 0
    seconds: int = 0


class MappingFile(msgspec.Struct, frozen=True, kw_only=True):
    """A version as a TOML file."""

    account: str
    version: int
    file: str


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version in one line: how many mappings it has, and what it changed."""

    version: int
    made_by: str
    made_on: str
    why: str
    mappings: int
    changes: tuple[str, ...]


class MappingHistory(msgspec.Struct, frozen=True, kw_only=True):
    """All versions, the newest first."""

    account: str
    versions: tuple[VersionRow, ...]


class DiffMappings(msgspec.Struct, frozen=True, kw_only=True):
    """Two versions; None: the one that counts."""

    account: Text = ""
    before: Version
    after: Version | None = None


class MappingDifferences(msgspec.Struct, frozen=True, kw_only=True):
    """What leads from one version to the other; `words` are the same in lines."""

    before: int
    after: int
    changes: tuple[MappingChange, ...]
    words: tuple[str, ...]


class PreviewMappings(msgspec.Struct, frozen=True, kw_only=True):
    """What mappings (or those that count) make of people of a table: of those with the `addresses`, or of `limit` on
    activated lists."""

    account: Text = ""
    entity: Entity
    mappings: Mappings | None = None
    addresses: Annotated[tuple[Text, ...], msgspec.Meta(max_length=100)] = ()
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 5


class PreviewValue(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping's value: as the sending side has it (`given`), and as the receiving side has it `before` and `after`;
    `""` where it is empty. `changes`: they differ. `rejected`: why it cannot be carried, and stays as it is."""

    label: str
    column: str
    direction: str
    given: str
    before: str
    after: str
    changes: bool
    rejected: str = ""


class PreviewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A record, and what the mappings make of it."""

    person: str
    entity: str
    name: str
    address: str
    in_dotdigital: bool
    values: tuple[PreviewValue, ...]


class MappingsPreview(msgspec.Struct, frozen=True, kw_only=True):
    """Real people, as both systems have them at this moment; nothing is written."""

    people: tuple[PreviewPerson, ...]


MAPPINGS_CHANGED = Event("mappings.changed", Changed)
_CHANGES = (MAPPINGS_CHANGED,)

MAPPINGS_PAGE = Call("mappings.page", MappingsQuery, Page[MappingRow], Ability.SEE)
MAPPINGS_GET = Call("mappings.get", MappingsOf, MappingSet, Ability.SEE)
MAPPINGS_COLUMNS = Call("mappings.columns", ColumnsQuery, Page[ColumnRow], Ability.SEE)
MAPPINGS_VALIDATE = Call("mappings.validate", ValidateMappings, MappingsChecked, Ability.SEE)
MAPPINGS_SAVE = Call("mappings.save", SaveMappings, MappingsSaved, Ability.ADMINISTER, changes=_CHANGES)
MAPPINGS_EXPORT = Call("mappings.export", MappingsOf, MappingFile, Ability.SEE)
MAPPINGS_IMPORT = Call("mappings.import", ImportMappings, MappingsSaved, Ability.ADMINISTER, changes=_CHANGES)
MAPPINGS_HISTORY = Call("mappings.history", MappingsOf, MappingHistory, Ability.SEE)
MAPPINGS_DIFF = Call("mappings.diff", DiffMappings, MappingDifferences, Ability.SEE)
MAPPINGS_RESTORE = Call("mappings.restore", RestoreMappings, MappingsSaved, Ability.ADMINISTER, changes=_CHANGES)
MAPPINGS_PREVIEW = Call("mappings.preview", PreviewMappings, MappingsPreview, Ability.SEE)


def in_hand(situation: Situation) -> str:
    """One mapping is in hand."""
    if len(situation.marks(MappingRow)) > 1:
        return "One mapping at a time: take the other marks away."
    return "" if situation.one(MappingRow) else "No mapping is selected."


def version_in_hand(situation: Situation) -> str:
    """A version is in hand."""
    return "" if situation.one(VersionRow) else "No version is selected."


ON_MAPPINGS = Scope("Data Mappings")
ON_MAPPING_VERSIONS = Scope("Versions of data mappings")

ACTIONS = (
    Action(
        id="mappings.open",
        title="Data Mappings",
        known_as=("Email Data Mappings",),
        scopes=(ON_EVERYWHERE,),
        keys=("M",),
        call=MAPPINGS_PAGE,
        command="dyntui mappings list",
        tooltip="Which columns of Dynamics feed which data labels",
        rule=go,
    ),
    Action(
        id="mappings.create",
        title="New mapping",
        scopes=(ON_MAPPINGS,),
        keys=("n",),
        hint="New",
        call=MAPPINGS_SAVE,
        command="dyntui mappings create LABEL contact COLUMN",
        tooltip="Label, table, column and direction; checked before it counts",
    ),
    Action(
        id="mappings.edit",
        title="Edit the mapping",
        scopes=(ON_MAPPINGS,),
        keys=("E",),
        aside="Edit",
        call=MAPPINGS_SAVE,
        command="dyntui mappings edit LABEL contact",
        tooltip="Another column, rule for conflicts, or switched off",
        row=True,
        rule=in_hand,
    ),
    Action(
        id="mappings.delete",
        title="Delete the mapping",
        scopes=(ON_MAPPINGS,),
        keys=("D",),
        hint="Delete",
        call=MAPPINGS_SAVE,
        command="dyntui mappings delete LABEL contact",
        tooltip="What the data field or the column holds stays there; asks first",
        row=True,
        rule=in_hand,
    ),
    Action(
        id="mappings.validate",
        title="Check all mappings",
        scopes=(ON_MAPPINGS,),
        keys=("c",),
        hint="Check",
        call=MAPPINGS_VALIDATE,
        command="dyntui mappings validate",
        tooltip="Against the labels and columns as they were read last",
    ),
    Action(
        id="mappings.preview",
        title="See what they make of people",
        scopes=(ON_MAPPINGS,),
        keys=("p",),
        hint="Preview",
        call=MAPPINGS_PREVIEW,
        command="dyntui mappings preview contact",
        tooltip="Real people: the value given, and before and after on the other side, both ways",
    ),
    Action(
        id="mappings.columns",
        title="Read the columns anew",
        scopes=(ON_MAPPINGS,),
        keys=("s",),
        hint="Read columns",
        call=RUN_START,
        command="dyntui sync metadata",
        tooltip="What columns account, contact and lead have in Dynamics now",
    ),
    Action(
        id="mappings.history",
        title="Versions",
        scopes=(ON_MAPPINGS,),
        keys=("v",),
        call=MAPPINGS_HISTORY,
        command="dyntui mappings history",
        tooltip="Who saved the mappings when and why, what differs; any of them can count again",
        rule=go,
    ),
    Action(
        id="mappings.import",
        title="Import a file",
        scopes=(ON_MAPPINGS,),
        keys=("i",),
        hint="Import",
        call=MAPPINGS_IMPORT,
        command="dyntui mappings import FILE",
        tooltip="In place of all mappings; all of it is checked first, and shown",
    ),
    Action(
        id="mappings.export",
        title="Export to a file",
        scopes=(ON_MAPPINGS, ON_MAPPING_VERSIONS),
        keys=("x",),
        hint="Export TOML",
        call=MAPPINGS_EXPORT,
        command="dyntui mappings export FILE",
        tooltip="TOML, with columns by their logical names",
    ),
    Action(
        id="mappings.restore",
        title="Let the version count again",
        scopes=(ON_MAPPING_VERSIONS,),
        keys=("R",),
        hint="Restore",
        call=MAPPINGS_RESTORE,
        command="dyntui mappings restore VERSION",
        tooltip="As a new version; says what changes and what it costs before it counts",
        row=True,
        rule=version_in_hand,
    ),
)
