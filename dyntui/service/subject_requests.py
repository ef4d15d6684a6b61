"""Subject requests: everything that is known of a person, on both sides and here, for whoever has to answer them."""

from __future__ import annotations

import operator
from collections.abc import AsyncIterator, Callable
from typing import Any

from sqlalchemy import Connection

from dyntui.dataverse import everything_of
from dyntui.dotdigital import contacts
from dyntui.model.admin_changes import AdminChange
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.guids import guid_of
from dyntui.model.known_people import KnownPerson, TimelineEvent
from dyntui.model.mentioned import addresses_in, shown
from dyntui.model.paging import MOST_ROWS, Page, Window
from dyntui.model.people import is_address, normalise
from dyntui.model.subject_requests import DOTDIGITAL, DYNAMICS, HERE, SubjectExport, SubjectPart
from dyntui.service.answering import answers
from dyntui.service.contract.people import PEOPLE_EXPORT, PEOPLE_REQUESTS, PersonRef, RequestsQuery
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.store import accounts, admin_changes, everything_known, known_people, timeline
from dyntui.store.everything_known import Subject
from dyntui.sync.having_address import pages_having

SUBJECT = "people"
THING = "subject request"
# Of rows of Dynamics about somebody: `dv, ids=, addresses=, caller=`.
Reading = Callable[..., AsyncIterator[everything_of.Rows]]


class SubjectRequests:
    """The calls `people.export` and `people.requests`."""

    def __init__(self, resources: Resources, identities: Identities) -> None:
        self._resources = resources
        self._identities = identities

    @answers(PEOPLE_EXPORT)
    async def export(self, context: CallContext, request: PersonRef) -> SubjectExport:
        """Everything known of who has an address, or of a record. Who asked is kept before anything is read; what a
        system does not tell just now is named. Raises NO_ADDRESS."""
        person = _named(request.person)
        asking = await self._identities.person(context.uid)
        by, now = (asking.name if asking else ""), self._resources.now()
        change = AdminChange(subject=SUBJECT, thing=THING, changed_by=by, changed_on=now, before="", after=person)
        await self._resources.write(lambda c: admin_changes.record(c, "", change))

        about = await self._resources.read(lambda c: _subject(c, person))
        not_read: list[str] = []
        about = await self._spelt_otherwise(context, about, not_read)
        parts = [each async for each in self._in_dynamics(context, DYNAMICS, everything_of.records, about, not_read)]
        about = _with_records(about, parts)
        rows = self._in_dynamics(context, f"{DYNAMICS}, rows about them", everything_of.rows_about, about, not_read)
        parts += [each async for each in rows]
        parts += [each async for each in self._in_dotdigital(about, not_read)]

        def stored(c: Connection) -> tuple[Subject, list[SubjectPart], list[TimelineEvent], list[KnownPerson]]:
            them = everything_known.subject(c, records=about.records, addresses=about.addresses)
            tables = [_part(HERE, name, rows) for name, rows in everything_known.known(c, them)]
            return them, tables, _events(c, them), _others(c, them)

        them, tables, events, others = await self._resources.read(stored)
        return SubjectExport(
            person=person,
            asked_by=by,
            asked_on=now,
            records=them.records,
            addresses=them.addresses,
            shared_with=tuple(others),
            parts=tuple(each for each in (*parts, *tables) if each.rows),
            timeline=tuple(events),
            not_read=tuple(dict.fromkeys(not_read)),
        )

    @answers(PEOPLE_REQUESTS)
    async def requests(self, context: CallContext, request: RequestsQuery) -> Page[AdminChange]:
        """Who asked for everything known of whom, newest first."""
        return await self._resources.read(lambda c: admin_changes.window(c, request, subject=SUBJECT, account_id=""))

    async def _spelt_otherwise(self, context: CallContext, about: Subject, not_read: list[str]) -> Subject:
        """With the records that have one of the addresses in another spelling, which equality does not find."""
        found = set(about.records)
        for table, key in everything_of.RECORDS:
            try:
                dv = await self._resources.connections.dataverse()
                caller = await self._identities.caller(context.uid)
                for column in everything_of.ADDRESSES:
                    pages = pages_having(
                        self._resources,
                        dv,
                        table,
                        dict[str, Any],
                        about.addresses,
                        operator.itemgetter(column),
                        column=column,
                        select=(key, column),
                        caller=caller,
                    )
                    found.update([str(row[key]).lower() async for page in pages for row in page])
            except DyntuiError as error:
                not_read.append(f"{DYNAMICS}, {table}: {error.message} ({error.code})")
        return Subject(records=tuple(sorted(found)), addresses=about.addresses)

    async def _in_dynamics(
        self, context: CallContext, what: str, read: Reading, about: Subject, not_read: list[str]
    ) -> AsyncIterator[SubjectPart]:
        """The rows that a reading of Dynamics finds, asked in the person's name; `what` is said where it fails."""
        try:
            dv = await self._resources.connections.dataverse()
            caller = await self._identities.caller(context.uid)
            async for each in read(dv, ids=about.records, addresses=about.addresses, caller=caller):
                if each.not_read:
                    not_read.append(f"{DYNAMICS}, {each.table}: {each.not_read}")
                yield _part(DYNAMICS, each.table, each.rows)
        except DyntuiError as error:
            not_read.append(f"{what}: {error.message} ({error.code})")

    async def _in_dotdigital(self, about: Subject, not_read: list[str]) -> AsyncIterator[SubjectPart]:
        for account in await self._resources.read(accounts.accounts):
            held: list[dict[str, Any]] = []
            try:
                dd = await self._resources.connections.dotdigital(account.id)
                for address in about.addresses:
                    if (contact := await contacts.contact_as_received(dd, address)) is not None:
                        held.append(contact)
            except DyntuiError as error:
                not_read.append(f"{DOTDIGITAL}, {account.name}: {error.message} ({error.code})")
            yield _part(DOTDIGITAL, account.name, held)


def use_cases(parts: Parts) -> SubjectRequests:
    """What answers these calls."""
    return SubjectRequests(parts.resources, parts.identities)


def _named(text: str) -> str:
    """A record's id, or one address. Raises NO_ADDRESS."""
    exactly = normalise(text)
    if is_address(exactly):
        return exactly
    if record := guid_of(exactly):
        return record
    found = addresses_in(text)
    if len(found) == 1:
        return found[0]
    raise DyntuiError(
        "NO_ADDRESS",
        f"{shown(text)!r} is neither one e-mail address nor the id of a record.",
        not_done="Nothing was read.",
        remedy="Search by name: `dyntui people search TEXT`.",
        exit=Exit.USAGE,
    )


def _subject(c: Connection, person: str) -> Subject:
    """Of an address everybody who has it; of a record that record alone, with its addresses."""
    if guid_of(person):
        return everything_known.subject(c, records=(person,), addresses=())
    records = {each.person for each in known_people.with_address(c, person)}
    return everything_known.subject(c, records=records, addresses=(person,))


def _with_records(about: Subject, parts: list[SubjectPart]) -> Subject:
    """With the records that Dynamics names for their addresses, and the addresses that it names for their record."""
    records, addresses = set(about.records), set(about.addresses)
    for row in (row for part in parts for row in part.rows):
        records.update(str(row[key]).lower() for key in ("contactid", "leadid", "accountid") if key in row)
        if row.keys() & {"contactid", "leadid", "accountid"}:
            named = (row.get(f"emailaddress{number}") for number in (1, 2, 3))
            addresses.update(normalise(str(each)) for each in named if each)
    return Subject(records=tuple(sorted(records)), addresses=tuple(sorted(addresses - {""})))


def _events(c: Connection, about: Subject) -> list[TimelineEvent]:
    everything = Window(limit=MOST_ROWS)
    pages = [timeline.window(c, everything, person_id=each) for each in about.records]
    pages += [timeline.window(c, everything, address=each) for each in about.addresses]
    seen = {each: None for page in pages for each in page.rows}
    return sorted(seen, key=lambda each: each.happened_on, reverse=True)


def _others(c: Connection, about: Subject) -> list[KnownPerson]:
    found = {one.person: one for each in about.addresses for one in known_people.with_address(c, each)}
    return [one for person, one in sorted(found.items()) if person not in about.records]


def _part(system: str, what: str, rows: Any) -> SubjectPart:
    kept = ({name: value for name, value in row.items() if value not in (None, "")} for row in rows)
    return SubjectPart(system=system, what=what, rows=tuple(kept))
