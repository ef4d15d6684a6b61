"""Data mappings of email accounts: shown, checked, and changed as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from dyntui.dataverse import metadata
from dyntui.model import mapping_file
from dyntui.model.admin_changes import AdminChange
from dyntui.model.columns import Columns, tables_reached
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.labels import DataLabel
from dyntui.model.mapping import DataMapping, Finding, validate
from dyntui.model.mapping_rows import ColumnRow, MappingRow, column_row, mapping_rows
from dyntui.model.mapping_versions import MappingVersion, differences
from dyntui.model.paging import Page
from dyntui.model.row_windows import window_on
from dyntui.service import backups, mapping_preview
from dyntui.service.answering import answers
from dyntui.service.contract.mappings import (
    MAPPINGS_COLUMNS,
    MAPPINGS_DIFF,
    MAPPINGS_EXPORT,
    MAPPINGS_GET,
    MAPPINGS_HISTORY,
    MAPPINGS_IMPORT,
    MAPPINGS_PAGE,
    MAPPINGS_PREVIEW,
    MAPPINGS_RESTORE,
    MAPPINGS_SAVE,
    MAPPINGS_VALIDATE,
    ColumnsQuery,
    DiffMappings,
    ImportMappings,
    MappingDifferences,
    MappingFile,
    MappingHistory,
    MappingsChecked,
    MappingSet,
    MappingsOf,
    MappingsPreview,
    MappingsQuery,
    MappingsSaved,
    PreviewMappings,
    RestoreMappings,
    SaveMappings,
    ValidateMappings,
    VersionRow,
)
from dyntui.service.identity import Identities
from dyntui.service.mapping_refusals import BasedOn, changed_meanwhile, invalid, require, require_unchanged
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import admin_changes, crm_columns, labels, mapped_people, mappings
from dyntui.store.mapped_people import Cost

SUBJECT = "mappings"


class Mappings:
    """The calls of `mappings.*`."""

    def __init__(self, resources: Resources, identities: Identities) -> None:
        self._resources = resources
        self._identities = identities

    @answers(MAPPINGS_PAGE)
    async def page(self, context: CallContext, request: MappingsQuery) -> Page[MappingRow]:
        """The mappings that count, with what is known of both sides. Raises NOT_CONFIGURED, ACCOUNT_UNKNOWN."""
        account = await chosen_account(self._resources, request.account)

        def read(c: Connection) -> Page[MappingRow]:
            current = mappings.current(c, account.id).mappings
            rows = mapping_rows(current, labels.labels(c, account.id), crm_columns.columns(c))
            return window_on(rows, request, as_of=_read_on(c))

        return await self._resources.read(read)

    @answers(MAPPINGS_GET)
    async def get(self, context: CallContext, request: MappingsOf) -> MappingSet:
        """All mappings of a version. Raises MAPPING_VERSION_UNKNOWN."""
        account = await chosen_account(self._resources, request.account)

        def read(c: Connection) -> MappingSet:
            found = _version(c, account.id, request.version)
            return MappingSet(account=account.name, version=found, columns_read_on=_read_on(c))

        return await self._resources.read(read)

    @answers(MAPPINGS_COLUMNS)
    async def columns(self, context: CallContext, request: ColumnsQuery) -> Page[ColumnRow]:
        """The columns of account, contact or lead that can be mapped, as they were read last."""

        def read(c: Connection) -> Page[ColumnRow]:
            found = [column_row(each) for each in crm_columns.of_table(c, request.entity.value)]
            as_of = crm_columns.read_on(c).get(request.entity.value, "")
            return window_on([each for each in found if each.label_type], request, as_of=as_of)

        return await self._resources.read(read)

    @answers(MAPPINGS_VALIDATE)
    async def validate(self, context: CallContext, request: ValidateMappings) -> MappingsChecked:
        """What speaks against mappings, and what they would cost."""
        account = await chosen_account(self._resources, request.account)
        wanted: Sequence[DataMapping] | None = request.mappings
        if request.file:
            wanted, unreadable = mapping_file.read(request.file)
            if unreadable:
                return MappingsChecked(findings=tuple(unreadable))
        await self._learn_tables(wanted or ())

        def check(c: Connection) -> MappingsChecked:
            version = mappings.current(c, account.id)
            current = version.mappings
            chosen = current if wanted is None else tuple(wanted)
            cost = mapped_people.cost(c, account.id, current, chosen)
            return MappingsChecked(
                findings=tuple(_findings(c, account.id, chosen)),
                changes=tuple(each.words for each in differences(current, chosen)),
                people=cost.people,
                imports=cost.imports,
                seconds=cost.seconds,
                based_on=version.version,
            )

        return await self._resources.read(check)

    @answers(MAPPINGS_SAVE)
    async def save(self, context: CallContext, request: SaveMappings) -> MappingsSaved:
        """A new version. Raises MAPPINGS_INVALID, MAPPINGS_UNACKNOWLEDGED, MAPPINGS_CHANGED."""
        return await self._save(
            context, request.account, request.mappings, request.why, request.acknowledge, BasedOn(request.based_on)
        )

    @answers(MAPPINGS_EXPORT)
    async def export(self, context: CallContext, request: MappingsOf) -> MappingFile:
        """A version as a TOML file. Raises MAPPING_VERSION_UNKNOWN."""
        account = await chosen_account(self._resources, request.account)

        def read(c: Connection) -> MappingFile:
            found = _version(c, account.id, request.version)
            origin = mapping_file.Origin(account.id, mappings.current(c, account.id).version)
            return MappingFile(
                account=account.name, version=found.version, file=mapping_file.written(found.mappings, origin)
            )

        return await self._resources.read(read)

    @answers(MAPPINGS_IMPORT)
    async def import_(self, context: CallContext, request: ImportMappings) -> MappingsSaved:
        """A file's mappings in place of all others; nothing is changed unless all of it is right. Raises as `save`."""
        found, unreadable = mapping_file.read(request.file)
        if unreadable:
            raise invalid("The file cannot be imported", unreadable)
        why = request.why or "Imported from a file"
        account = await chosen_account(self._resources, request.account)
        origin = mapping_file.origin_of(request.file)
        since = origin.based_on if origin is not None and origin.account == account.id else None
        based_on = BasedOn(request.based_on, since)
        await self._require(request.account, found, request.acknowledge, based_on)
        await backups.before(self._resources, "a mapping import")
        return await self._save(context, request.account, found, why, request.acknowledge, based_on)

    @answers(MAPPINGS_HISTORY)
    async def history(self, context: CallContext, request: MappingsOf) -> MappingHistory:
        """All versions, the newest first, with what each of them changed."""
        account = await chosen_account(self._resources, request.account)
        found = await self._resources.read(lambda c: mappings.versions(c, account.id))
        before = [*(each.mappings for each in found[1:]), ()]
        return MappingHistory(
            account=account.name,
            versions=tuple(
                VersionRow(
                    version=each.version,
                    made_by=each.made_by,
                    made_on=each.made_on,
                    why=each.why,
                    mappings=len(each.mappings),
                    changes=tuple(change.words for change in differences(earlier, each.mappings)),
                )
                for each, earlier in zip(found, before, strict=True)
            ),
        )

    @answers(MAPPINGS_DIFF)
    async def diff(self, context: CallContext, request: DiffMappings) -> MappingDifferences:
        """What leads from one version to another. Raises MAPPING_VERSION_UNKNOWN."""
        account = await chosen_account(self._resources, request.account)

        def read(c: Connection) -> tuple[MappingVersion, MappingVersion]:
            return _version(c, account.id, request.before), _version(c, account.id, request.after)

        before, after = await self._resources.read(read)
        found = differences(before.mappings, after.mappings)
        return MappingDifferences(
            before=before.version,
            after=after.version,
            changes=tuple(found),
            words=tuple(each.words for each in found),
        )

    @answers(MAPPINGS_RESTORE)
    async def restore(self, context: CallContext, request: RestoreMappings) -> MappingsSaved:
        """An earlier version counts again, as a new one. Raises MAPPING_VERSION_UNKNOWN, and as `save`."""
        account = await chosen_account(self._resources, request.account)
        found = await self._resources.read(lambda c: _version(c, account.id, request.version))
        default = "Reset to what is provisioned" if request.version == 0 else f"Restored version {request.version}"
        why = request.why or default
        based_on = BasedOn(request.based_on)
        await self._require(request.account, found.mappings, request.acknowledge, based_on)
        await backups.before(self._resources, "mappings are restored")
        return await self._save(context, request.account, found.mappings, why, request.acknowledge, based_on)

    @answers(MAPPINGS_PREVIEW)
    async def preview(self, context: CallContext, request: PreviewMappings) -> MappingsPreview:
        """What mappings make of real people. Raises what either system refuses."""
        account = await chosen_account(self._resources, request.account)
        await self._learn_tables(request.mappings or ())

        def known(c: Connection) -> tuple[Sequence[DataMapping], Sequence[DataLabel], Columns]:
            wanted = request.mappings
            chosen = mappings.current(c, account.id).mappings if wanted is None else wanted
            return chosen, labels.labels(c, account.id), crm_columns.columns(c)

        people = await mapping_preview.preview(
            self._resources,
            account.id,
            request.entity,
            *await self._resources.read(known),
            request.addresses,
            request.limit,
            await self._identities.caller(context.uid),
        )
        return MappingsPreview(people=people)

    async def _save(
        self,
        context: CallContext,
        account_name: str,
        wanted: Sequence[DataMapping],
        why: str,
        acknowledge: bool,
        based_on: BasedOn,
    ) -> MappingsSaved:
        account = await chosen_account(self._resources, account_name)
        person = await self._identities.person(context.uid)
        by, now = person.name if person else "", self._resources.now()
        await self._learn_tables(wanted)

        def keep(c: Connection) -> MappingsSaved:
            current = mappings.current(c, account.id)
            found = differences(current.mappings, wanted)
            require_unchanged(current, based_on, found)
            require(_findings(c, account.id, wanted), _findings(c, account.id, current.mappings), acknowledge)
            if not found:
                return MappingsSaved(version=current.version, changes=())
            cost: Cost = mapped_people.cost(c, account.id, current.mappings, wanted)
            made = mappings.save(c, account.id, wanted, based_on=current.version, by=by, now=now, why=why)
            if made is None:
                raise changed_meanwhile(mappings.current(c, account.id))
            for each in found:
                thing = (each.after or each.before or wanted[0]).words
                change = AdminChange(
                    subject=SUBJECT,
                    thing=thing,
                    changed_by=by,
                    changed_on=now,
                    before=f"version {current.version}",
                    after=f"version {made.version}: {each.words}",
                )
                admin_changes.record(c, account.id, change)
            return MappingsSaved(
                version=made.version,
                changes=tuple(each.words for each in found),
                people=cost.people,
                imports=cost.imports,
                seconds=cost.seconds,
            )

        return await self._resources.write(keep)

    async def _require(
        self, account_name: str, wanted: Sequence[DataMapping], acknowledge: bool, based_on: BasedOn
    ) -> None:
        """Raises what saving would: what is refused leaves no backup behind."""
        account = await chosen_account(self._resources, account_name)
        await self._learn_tables(wanted)

        def check(c: Connection) -> None:
            current = mappings.current(c, account.id)
            require_unchanged(current, based_on, differences(current.mappings, wanted))
            require(_findings(c, account.id, wanted), _findings(c, account.id, current.mappings), acknowledge)

        await self._resources.read(check)

    async def _learn_tables(self, wanted: Sequence[DataMapping]) -> None:
        """The columns of tables that mappings reach over a lookup, where they were never read. One that Dynamics does
        not describe is as if it had none."""

        def missing(c: Connection) -> set[str]:
            columns = crm_columns.columns(c)
            reached = {table for each in wanted for table in tables_reached(columns, each.entity.value, each.column)}
            return reached - crm_columns.read_on(c).keys()

        for table in sorted(await self._resources.read(missing)):
            found = await metadata.found_or_none(metadata.columns(await self._resources.connections.dataverse(), table))
            if found is not None and found.rows:
                rows = found.rows
                await self._resources.write(
                    lambda c: crm_columns.replace(c, table, rows, self._resources.now())  # noqa: B023 - awaited here
                )


def use_cases(parts: Parts) -> Mappings:
    """What answers these calls."""
    return Mappings(parts.resources, parts.identities)


def _read_on(c: Connection) -> str:
    return min(crm_columns.read_on(c).values(), default="")


def _findings(c: Connection, account_id: str, wanted: Sequence[DataMapping]) -> list[Finding]:
    return validate(wanted, labels.labels(c, account_id), crm_columns.columns(c))


def _version(c: Connection, account_id: str, number: int | None) -> MappingVersion:
    found = mappings.current(c, account_id) if number is None else mappings.version(c, account_id, number)
    if found is None:
        raise DyntuiError(
            "MAPPING_VERSION_UNKNOWN",
            f"There is no version {number} of the data mappings.",
            not_done="Nothing was changed.",
            remedy="See `dyntui mappings history`.",
            exit=Exit.USAGE,
        )
    return found
