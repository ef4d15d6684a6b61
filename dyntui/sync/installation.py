"""Making sure that the solution `dyntui` is in Dynamics: tables, columns, keys, relationships, roles (spec section 13).

Every step looks first and creates only what is missing, in the order in which things need one another; so installing
can be planned, interrupted and repeated.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus

import msgspec

from dyntui.dataverse import customisation, metadata, rows, security
from dyntui.dataverse.customisation import Customisation
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import text
from dyntui.model import solution, solution_privileges
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Role
from dyntui.model.solution import ColumnSpec, LookupSpec, TableSpec


class Step(msgspec.Struct, frozen=True):
    """One thing to make sure of; `state`: `there`, `missing` or `done`. `lacks`: the privileges that a role which is
    there is found without."""

    kind: str
    name: str
    state: str
    lacks: tuple[str, ...] = ()


Begun = Callable[[str, str], None]
"""Is told the kind and name of everything that is about to be made."""


class _Installer:
    """Yields steps; carries them out where `apply` says so."""

    def __init__(self, dv: Dataverse, apply: bool, begun: Begun, language: int) -> None:
        self._dv = dv
        self._apply = apply
        self._begun = begun
        self._customise = Customisation(dv, solution.UNIQUE_NAME, language=language)

    async def step(self, kind: str, name: str, there: bool, make: Callable[[], Awaitable[object]]) -> Step:
        if there:
            return Step(kind, name, "there")
        if not self._apply:
            return Step(kind, name, "missing")
        self._begun(kind, name)
        try:
            await make()
        except DataverseError as error:
            if error.status != HTTPStatus.FORBIDDEN:
                raise
            raise _rights_missing(kind, name, error) from error
        return Step(kind, name, "done")

    async def solution(self) -> AsyncIterator[Step]:
        dv = self._dv
        known = f"uniquename eq {text(solution.UNIQUE_NAME)}"
        publisher = await rows.find_rows(dv, "publishers", _Publisher, filter=known, top=1)
        installed = await rows.find_rows(dv, "solutions", _Solution, filter=known, top=1)

        async def make() -> None:
            owner = await customisation.ensure_publisher(
                dv, solution.UNIQUE_NAME, solution.FRIENDLY_NAME, solution.PREFIX, solution.OPTION_PREFIX
            )
            await customisation.ensure_solution(
                dv, solution.UNIQUE_NAME, solution.FRIENDLY_NAME, solution.VERSION, owner
            )

        yield await self.step("solution", solution.FRIENDLY_NAME, bool(publisher and installed), make)

    async def table(self, spec: TableSpec) -> AsyncIterator[Step]:
        there = await metadata.column_kinds(self._dv, spec.logical_name)
        yield await self.step("table", spec.label, bool(there), lambda: self._customise.ensure_table(spec))
        async for step in self.columns(spec.logical_name, spec.label, spec.columns, spec.lookups, there):
            yield step
        if spec.key:
            async for step in self.key(spec, bool(there)):
                yield step

    async def columns(
        self,
        table: str,
        label: str,
        columns: Iterable[ColumnSpec],
        lookups: Iterable[LookupSpec],
        there: Mapping[str, str],
    ) -> AsyncIterator[Step]:
        columns, lookups = tuple(columns), tuple(lookups)
        for name, kind, of in (
            *((each.logical_name, each.kind, each.label) for each in columns),
            *((each.schema_name.lower(), "Lookup", each.label) for each in lookups),
        ):
            if not _serves(there.get(name, ""), kind):
                raise _column_taken(f"{table}.{name}", there[name], f"{label}: {of}", kind)
        for column in columns:
            yield await self.step(
                "column",
                f"{label}: {column.label}",
                column.logical_name in there,
                lambda column=column: self._customise.ensure_column(table, column),  # type: ignore[misc]
            )
        for column in columns:
            if column.options and column.logical_name in there:
                async for step in self.options(table, label, column):
                    yield step
        for lookup in lookups:
            if there and lookup.schema_name.lower() not in there:
                # The name is refused as one that exists, which is success where the answer before was lost.
                taken = await metadata.relationship(self._dv, lookup.relationship)
                if taken is not None:
                    raise _relationship_taken(lookup.relationship, taken, f"{label}: {lookup.label}")
            yield await self.step(
                "lookup",
                f"{label}: {lookup.label}",
                lookup.schema_name.lower() in there,
                lambda lookup=lookup: self._customise.ensure_lookup(table, lookup),  # type: ignore[misc]
            )

    async def options(self, table: str, label: str, column: ColumnSpec) -> AsyncIterator[Step]:
        """The values of a choice that a later version has brought, for a column that is there; nothing else is said."""
        known = await metadata.option_values(self._dv, table, column.logical_name)
        missing = {value: text for value, text in column.options.items() if value not in known}
        if missing:
            name = f"{label}: {column.label}: {', '.join(missing.values())}"
            yield await self.step(
                "options",
                name,
                False,
                lambda: self._customise.add_options(table, column.logical_name, missing),
            )

    async def key(self, spec: TableSpec, table_there: bool) -> AsyncIterator[Step]:
        dv = self._dv
        name = f"{spec.key}_key".lower()
        column = spec.key.lower()
        keys = await metadata.keys(dv, spec.logical_name) if table_there else []
        known = next((each for each in keys if each.columns == (column,)), None)
        if known is None and (taken := next((each for each in keys if each.name.lower() == name), None)) is not None:
            raise _key_taken(f"{spec.logical_name}.{taken.name}", taken, f"{spec.label}: {spec.key}", column)

        async def make() -> None:
            await self._customise.ensure_key(spec.logical_name, name, column, f"{spec.label} key")
            await customisation.wait_for_key(dv, spec.logical_name, column)

        yield await self.step("key", f"{spec.label}: {spec.key}", known is not None and known.status == "Active", make)

    async def many_to_many(self) -> AsyncIterator[Step]:
        spec = solution.CAMPAIGN_LISTS
        label = "Target marketing lists"
        found = await metadata.relationship(self._dv, spec.schema_name)
        if found is not None and not (found.many_to_many and {found.first, found.second} == {spec.first, spec.second}):
            raise _relationship_taken(spec.schema_name, found, label)
        yield await self.step(
            "relationship", label, found is not None, lambda: self._customise.ensure_many_to_many(spec)
        )

    async def wait_until_served(self) -> None:
        """What was made answers: rows are written next, and roles name the tables' privileges."""
        made = [(each.entity_set, each.columns, each.lookups) for each in solution.TABLES]
        made.append(("lists", solution.LIST_COLUMNS, solution.LIST_LOOKUPS))
        made += [(f"{table}s", solution.PERSON_COLUMNS, ()) for table in solution.PERSON_TABLES]
        for entity_set, columns, lookups in made:
            names = [each.logical_name for each in columns]
            names += [f"_{each.schema_name.lower()}_value" for each in lookups]
            await customisation.wait_until_served(self._dv, entity_set, names)

    async def roles(self) -> AsyncIterator[Step]:
        dv = self._dv
        for role, needed in solution_privileges.ROLE_PRIVILEGES.items():
            optional = await security.known_privileges(dv, solution_privileges.OPTIONAL_PRIVILEGES.get(role, ()))
            own = await security.known_privileges(dv, solution_privileges.OWN_ROWS_PRIVILEGES.get(role, ()))
            depths = dict.fromkeys((*needed, *optional), security.GLOBAL) | dict.fromkeys(own, security.BASIC)
            held = await security.role_privileges(dv, role.value)
            lacks = security.lacking(held, depths) if held is not None else {}
            there = held is not None and not lacks
            # Whoever looks at the plan sees that a role of this name is there.
            kind = "privileges of the role" if lacks else "role"
            step = await self.step(kind, role.value, there, functools.partial(self._make_role, role, depths, held))
            yield msgspec.structs.replace(step, lacks=tuple(lacks))

    async def _make_role(self, role: Role, depths: Mapping[str, str], held: Mapping[str, str] | None) -> None:
        """`held`: what the role holds, None where there is none."""
        dv, name = self._dv, role.value
        if held is not None and not await self._left_bare(role, held):
            # It may be the organisation's own: what it holds besides is nobody's to take.
            await security.add_to_role(dv, name, security.lacking(held, depths))
        else:
            await security.ensure_role(dv, name, depths, solution=solution.UNIQUE_NAME)

    async def _left_bare(self, role: Role, held: Mapping[str, str]) -> bool:
        """Whether a setup that ended there has made the role, and given it nothing yet but what every new one has."""
        if any(f"{solution.PREFIX}_" in each for each in held):
            return False
        return await security.is_made_for(self._dv, role.value, solution.UNIQUE_NAME)


def _serves(found: str, wanted: str) -> bool:
    """Whether a column of the type `found` (`""`: there is none, or it is not said) can hold what one of the type
    `wanted` does."""
    texts = {"String", "Memo"}
    return found in ("", wanted) or {found, wanted} == texts


def _column_taken(column: str, found: str, name: str, wanted: str) -> DyntuiError:
    return DyntuiError(
        "SETUP_COLUMN_TAKEN",
        f"Dynamics has a column {column} of the type {found} already, where dyntui's {name} is to be a {wanted}.",
        not_done="This and what comes after it was not installed; nothing of that column was changed.",
        remedy=(
            "Keep elsewhere what it holds, delete it in Power Apps (its type cannot be changed), and run `dyntui setup`"
            " again."
        ),
    )


def _key_taken(key: str, found: metadata.KeyIndex, name: str, column: str) -> DyntuiError:
    return DyntuiError(
        "SETUP_KEY_TAKEN",
        f"Dynamics has a key {key} over {', '.join(found.columns)} already, where dyntui's {name} is to be one over"
        f" {column}.",
        not_done="This and what comes after it was not installed; nothing of that key was changed.",
        remedy="Delete this key in Power Apps (its columns cannot be changed), and run `dyntui setup` again.",
    )


def _relationship_taken(schema_name: str, found: metadata.Relationship, name: str) -> DyntuiError:
    kind = "N:N" if found.many_to_many else "1:N"
    return DyntuiError(
        "SETUP_RELATIONSHIP_TAKEN",
        f"Dynamics has another relationship {schema_name} already ({kind}, between {found.first} and {found.second}),"
        f" where it is to be dyntui's {name}.",
        not_done="This and what comes after it was not installed; nothing of that relationship was changed.",
        remedy=(
            "Keep elsewhere what it links, delete it in Power Apps (it cannot be renamed), and run `dyntui setup`"
            " again."
        ),
    )


def _rights_missing(kind: str, name: str, error: DataverseError) -> DyntuiError:
    return DyntuiError(
        "SETUP_NEEDS_RIGHTS",
        f"Dynamics does not let the application user make the {kind} {name}: {error.message}",
        not_done="This and what comes after it was not installed; what was installed before stays.",
        remedy=(
            "Give the application user the role System Administrator in the Power Platform admin centre and run"
            f" `dyntui setup` again; afterwards the role {Role.SERVICE} is enough."
        ),
        exit=Exit.NOT_PERMITTED,
    )


class _Publisher(msgspec.Struct, frozen=True):
    publisherid: str


class _Solution(msgspec.Struct, frozen=True):
    solutionid: str


def _nobody_listens(kind: str, name: str) -> None:
    pass


async def install(dv: Dataverse, *, apply: bool, begun: Begun = _nobody_listens) -> AsyncIterator[Step]:
    """Every step in order, as found (`apply` False) or carried out. Raises DataverseError."""
    # English need not be provisioned: labels are written in the one language that is.
    spoken = await metadata.base_language(dv) if apply else None
    installer = _Installer(dv, apply, begun, spoken or customisation.ENGLISH)
    async for step in installer.solution():
        yield step
    for spec in solution.TABLES:
        async for step in installer.table(spec):
            yield step
    there = await metadata.column_kinds(dv, "list")
    async for step in installer.columns("list", "Marketing List", solution.LIST_COLUMNS, solution.LIST_LOOKUPS, there):
        yield step
    for table, label in solution.PERSON_TABLES.items():
        there = await metadata.column_kinds(dv, table)
        async for step in installer.columns(table, label, solution.PERSON_COLUMNS, (), there):
            yield step
    async for step in installer.many_to_many():
        yield step
    if apply:
        await installer.wait_until_served()
    async for step in installer.roles():
        yield step


async def give_service_role(dv: Dataverse, user_id: str, *, apply: bool) -> Step:
    """Makes sure that the application user itself holds the service role, which is all that it needs from then on."""
    found = await security.roles_of(dv, user_id)
    step = Step("user", f"the application user: {Role.SERVICE}", "there")
    if any(role.name == Role.SERVICE for role in found):
        return step
    if not apply:
        return msgspec.structs.replace(step, state="missing")
    await security.assign_role(dv, user_id, Role.SERVICE)
    return msgspec.structs.replace(step, state="done")


async def users_to_assign(dv: Dataverse, role: str, user_names: Iterable[str]) -> list[security.User]:
    """The users (by user principal name) who are to hold a connector role; asked before anything is written.

    Raises DyntuiError ROLE_UNKNOWN, USER_UNKNOWN, USER_DISABLED.
    """
    if role not in {each.value for each in Role}:
        raise DyntuiError(
            "ROLE_UNKNOWN",
            f"{role!r} is no role of the connector.",
            not_done="Nothing was connected, written or installed.",
            remedy="The roles are: " + ", ".join(each.value for each in Role) + ".",
            exit=Exit.USAGE,
        )
    users = []
    for name in user_names:
        found = await rows.find_rows(dv, "systemusers", security.User, filter=f"domainname eq {text(name)}", top=1)
        if not found:
            raise DyntuiError(
                "USER_UNKNOWN",
                f"Dynamics has no user {name!r}.",
                not_done="Nothing was connected, written or installed.",
                remedy="Write the user principal name as Dynamics shows it.",
                exit=Exit.USAGE,
            )
        if found[0].disabled:
            raise DyntuiError(
                "USER_DISABLED",
                f"The user {name!r} is disabled in Dynamics: nobody can do anything as them.",
                not_done="Nothing was connected, written or installed.",
                remedy="Name somebody else, or enable the user in the Power Platform admin centre.",
                exit=Exit.USAGE,
            )
        users.append(found[0])
    return users


async def assign(dv: Dataverse, role: str, users: Iterable[security.User], *, apply: bool) -> AsyncIterator[Step]:
    """Gives a connector role to users, where they do not hold it yet."""
    for user in users:
        roles = await security.current_roles(dv, user.object_id) if user.object_id else None
        held = {each.name for each in (roles if roles is not None else await security.roles_of(dv, user.id))}
        name = f"{user.name}: {role}"
        if role in held:
            yield Step("user", name, "there")
        elif apply:
            try:
                await security.assign_role(dv, user.id, role)
            except DataverseError as error:
                if error.status != HTTPStatus.FORBIDDEN:
                    raise
                raise _rights_missing("user", name, error) from error
            yield Step("user", name, "done")
        else:
            yield Step("user", name, "missing")
