"""Whom a change of a marketing list's members is about, as Dynamics has them now: records that a query finds, records
named by id or address, people that a screen shows. Page by page, never a call for one person."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from dyntui.dataverse import list_queries
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.member_tables import MemberTable
from dyntui.dataverse.query import is_guid
from dyntui.model.errors import DyntuiError
from dyntui.model.mentioned import shown
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import normalise
from dyntui.model.sync_types import MembersOf
from dyntui.store import people_slices
from dyntui.store.people_slices import ShownPerson
from dyntui.sync.having_address import pages_having
from dyntui.sync.list_state import is_about_the_query
from dyntui.sync.run_context import RunContext

_PAGE = 5000
_ACTIVE = 0


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A record that is named."""

    id: str
    name: str
    address: str
    active: bool


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A page of those who are named: the records, and whoever is none that could be on the list, with why. `perhaps`:
    ids of records that have a named address as well, so that it may be they who are meant: they are not put on the list
    for it, and not taken off because somebody else is to stay."""

    records: list[Candidate]
    others: list[PersonOutcome] = []
    perhaps: list[str] = []


def record_type(table: MemberTable) -> Any:
    """What is read of a record. Fields have defaults: FetchXML leaves empty columns out."""
    name = "name" if table.logical_name == "account" else "fullname"
    return msgspec.defstruct(
        f"Named{table.logical_name.title()}",
        [
            ("id", str, msgspec.field(name=table.key, default="")),
            ("name", str | None, msgspec.field(name=name, default=None)),
            ("address", str | None, msgspec.field(name="emailaddress1", default=None)),
            ("state", int | None, msgspec.field(name="statecode", default=None)),
        ],
        frozen=True,
        kw_only=True,
    )


def candidate(row: Any) -> Candidate:
    """A row of `record_type`."""
    return Candidate(
        id=row.id.lower(),
        name=row.name or "",
        address=normalise(row.address),
        active=row.state in (None, _ACTIVE),
    )


async def named(ctx: RunContext, dv: Dataverse, table: MemberTable, asked: MembersOf) -> AsyncIterator[Named]:
    """Everybody the change is about. Raises QUERY_REFUSED."""
    caller = asked.caller or None
    if asked.query:
        try:
            async for rows in list_queries.found(dv, table, asked.query, record_type(table), caller=caller):
                yield Named(records=[candidate(row) for row in rows])
        except DataverseError as error:
            if not is_about_the_query(error):
                raise
            raise _refused(asked.view, error) from error
        return
    if asked.shown is not None:
        slice = asked.shown
        found = await ctx.read(lambda c: list(people_slices.everybody(c, slice)))
        everybody = [each for each in found if each.entity or not each.address]
        addresses = [normalise(each.address) for each in found if not each.entity and each.address]
    else:
        ids, addresses = _told_apart(asked.people)
        everybody = [ShownPerson(each, table.logical_name, "", "") for each in ids]
    async for page in _by_address(ctx, dv, table, addresses, caller):
        yield page
    for start in range(0, len(everybody), _PAGE):
        yield await _by_id(dv, table, everybody[start : start + _PAGE], caller)


def _told_apart(people: Iterable[str]) -> tuple[list[str], list[str]]:
    """Ids of records, and addresses; each once."""
    once = list(dict.fromkeys(each.strip().lower() for each in people if each.strip()))
    return [each for each in once if is_guid(each)], [each for each in once if not is_guid(each)]


async def _by_id(dv: Dataverse, table: MemberTable, people: Sequence[ShownPerson], caller: str | None) -> Named:
    wanted = {each.person.lower(): each for each in people if each.entity == table.logical_name}
    others = [_of_another_kind(each, table) for each in people if each.entity != table.logical_name]
    records: list[Candidate] = []
    kind = record_type(table)
    async for page in dv_rows.pages_where_any(
        dv, table.entity_set, kind, table.key, sorted(wanted), orderby=(table.key,), caller=caller
    ):
        records += [candidate(row) for row in page.rows]
    there = {each.id for each in records}
    others += [
        _named(each, Outcome.REJECTED, "UNKNOWN_PERSON", f"no such {table.logical_name}, or you may not read it")
        for key, each in wanted.items()
        if key not in there
    ]
    return Named(records=records, others=others)


def _of_another_kind(each: ShownPerson, table: MemberTable) -> PersonOutcome:
    if not each.entity:
        return _named(each, Outcome.REJECTED, "UNKNOWN_PERSON", "nobody with a record or an address")
    detail = f"{'an' if each.entity == 'account' else 'a'} {each.entity}; the list holds {table.logical_name}s"
    return _named(each, Outcome.EXCLUDED, "WRONG_TYPE", detail)


async def _by_address(
    ctx: RunContext, dv: Dataverse, table: MemberTable, addresses: Sequence[str], caller: str | None
) -> AsyncIterator[Named]:
    kind = record_type(table)
    for start in range(0, len(addresses), _PAGE):
        some = addresses[start : start + _PAGE]
        found: dict[str, list[Candidate]] = {each: [] for each in some}
        async for page in pages_having(
            ctx, dv, table.entity_set, kind, some, lambda row: row.address, orderby=(table.key,), caller=caller
        ):
            for row in page:
                found.setdefault(normalise(row.address), []).append(candidate(row))
        records = list(_matches(found))
        certain = {each.id for each in records}
        perhaps = [each.id for same in found.values() for each in same if each.id not in certain]
        yield Named(records=records, others=list(_unmatched(found, some, table)), perhaps=perhaps)


def _chosen(records: Sequence[Candidate]) -> Sequence[Candidate]:
    """Active records before inactive ones: an address is theirs."""
    return [each for each in records if each.active] or records


def _matches(found: dict[str, list[Candidate]]) -> Iterator[Candidate]:
    return (_chosen(records)[0] for records in found.values() if len(_chosen(records)) == 1)


def _unmatched(
    found: dict[str, list[Candidate]], addresses: Sequence[str], table: MemberTable
) -> Iterator[PersonOutcome]:
    for address in addresses:
        number = len(_chosen(found[address]))
        if number == 1:
            continue
        of = ShownPerson(address, "", "", address)
        if number:
            what = f"{number} active {table.logical_name}s have the address; name one by its id"
            yield _named(of, Outcome.REJECTED, "AMBIGUOUS_MATCH", what)
        else:
            what = f"no {table.logical_name} that you may read has the address {shown(address)}"
            yield _named(of, Outcome.REJECTED, "UNKNOWN_PERSON", what)


def _named(each: ShownPerson, outcome: Outcome, reason: str, detail: str) -> PersonOutcome:
    return PersonOutcome(
        entity=each.entity,
        person=each.person,
        name=each.name,
        address=each.address,
        outcome=outcome,
        reason=reason,
        detail=detail,
    )


def _refused(view: str, error: DataverseError) -> DyntuiError:
    return DyntuiError(
        "QUERY_REFUSED",
        f"{f'The saved view {view!r}' if view else 'The query'} cannot be run: {error.message}",
        not_done="The members of the list are as they were.",
        remedy="Write FetchXML whose columns exist, or choose a saved view.",
        detail=error.detail,
    )
