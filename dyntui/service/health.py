"""Looks at every part of the installation side by side, and says what is wrong; one that hangs holds up no other."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from dyntui.dataverse import kept_sign_in, security, sight
from dyntui.dataverse.credentials import is_certificate
from dyntui.dotdigital import account as dd_account
from dyntui.dotdigital import address_books
from dyntui.dotdigital.moments import moment as dotdigital_moment
from dyntui.model import solution_privileges
from dyntui.model.counted import counted
from dyntui.model.errors import DyntuiError
from dyntui.model.first_connection import differing
from dyntui.model.health import Finding, Severity, finding, worst_first, wrong
from dyntui.model.moments import moment_of, text_of
from dyntui.model.roles import Role
from dyntui.model.sends import send_of_book
from dyntui.model.sign_in import SignInBy
from dyntui.service import certificate_file, schedules
from dyntui.service.answering import answers
from dyntui.service.contract.health import HEALTH_CHECK, Health
from dyntui.service.contract.mappings import ValidateMappings
from dyntui.service.contract.session import Nothing
from dyntui.service.mappings import Mappings
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.setup import organisation_replaced, same_organisation
from dyntui.store import accounts, connection_facts, crm_columns, dialects, health, held, odd_rows, sends, watermarks
from dyntui.store import lists as list_store
from dyntui.store.accounts import EmailAccount, Organisation
from dyntui.sync import double_opt_in, installation, kept_books, send_rows
from dyntui.sync.connections import DATAVERSE_SECRET, account_secret
from dyntui.sync.sight import CONSENT_COLUMNS
from dyntui.sync.signing_in import needs_secret

# A part that hangs is named in this time; the installation's plan takes some dozens of calls.
PART_SECONDS = 2.5
PLAN_SECONDS = 20.0
_METADATA_LASTS = timedelta(days=7)
_LISTS_LAST = timedelta(days=7)
_SUPPRESSIONS_LAST = timedelta(days=1)
_ENDING = timedelta(days=30)
_CLOCKS_APART = timedelta(minutes=1)
_DISK_BYTES = 500_000_000
_MOSTLY_USED = 0.8

Found = list[Finding]


class Doctor:
    """The call of `dyntui doctor`. `keyring`: where secrets are kept; `""`: nowhere. `run_here`: whether this service
    runs schedules."""

    def __init__(self, resources: Resources, mappings: Mappings, *, keyring: str, run_here: bool) -> None:
        self._resources = resources
        self._keyring = keyring
        self._run_here = run_here
        self._mappings = mappings

    @answers(HEALTH_CHECK)
    async def check(self, context: CallContext, request: Nothing) -> Health:
        """Every part, side by side."""
        known = await self._resources.read(accounts.accounts)
        organisation = await self._resources.read(accounts.organisation)
        parts: dict[str, Coroutine[None, None, Found]] = {
            "this machine": self._within(PART_SECONDS, "this machine", self._machine()),
            "the store": self._within(PART_SECONDS, "the store", self._store()),
        }
        if organisation is None:
            parts["the organisation"] = _always([finding("NOT_CONNECTED", "the organisation", "none is connected")])
        else:
            by = f"credentials (Dynamics by {SignInBy(organisation.auth).in_words})"
            parts[by] = self._within(PART_SECONDS, "credentials", self._credentials(known))
            parts["the work"] = self._within(PART_SECONDS, "the work", self._work(known))
            parts["Dynamics"] = self._within(PART_SECONDS, "Dynamics", self._dynamics(organisation))
            parts["next steps"] = self._within(PART_SECONDS, "next steps", self._next(known))
            parts["what is installed"] = self._within(PLAN_SECONDS, "what is installed", self._installed())
        for each in known:
            name = f"email account {each.name}"
            parts[name] = self._within(PART_SECONDS, name, self._account(each, name))
            parts[f"mappings of {each.name}"] = self._within(
                PART_SECONDS, f"mappings of {each.name}", self._mapped(context, each)
            )
        async with asyncio.TaskGroup() as looking:
            looks = [looking.create_task(each) for each in parts.values()]
        found = [each for look in looks for each in look.result()]
        if not wrong(found):
            # The initial synchronisation is offered when all is well (spec section 3), and no sooner.
            found += await self._initial(known, found)
        return Health(findings=worst_first(found), looked_at=tuple(parts), as_of=self._resources.now())

    async def _within(self, seconds: float, part: str, look: Coroutine[None, None, Found]) -> Found:
        """What a look finds; an error, or no answer in time, is a finding of its own."""
        try:
            return await asyncio.wait_for(look, seconds)
        except TimeoutError:
            return [finding("NO_ANSWER", part, f"no answer within {seconds:g} seconds")]
        except DyntuiError as error:
            return [
                Finding(
                    code=error.code,
                    severity=Severity.FAILED,
                    part=part,
                    text=error.message,
                    meaning="The part cannot be used as long as that is so.",
                    remedy=error.remedy,
                )
            ]

    async def _machine(self) -> Found:
        found: Found = []
        if not self._keyring:
            found.append(finding("KEYRING_MISSING", "the keyring", "no backend works in this session"))
        free = await asyncio.to_thread(_free, self._resources.profile.data)
        if free < _DISK_BYTES:
            found.append(finding("DISK_LOW", "this machine", f"{free // 1_000_000:,} MB are free"))
        for each in await self._resources.connections.budgets.meters():
            if each.most and each.used >= _MOSTLY_USED * each.most:
                used = f"{each.used:,} of {each.most:,} {each.limit}"
                found.append(finding("BUDGET_LOW", each.account, used))
        return found

    async def _credentials(self, known: Sequence[EmailAccount]) -> Found:
        """Whether there is one for everything, and the certificate's time; what a client secret or a password has left
        of its own, no call says. Raises what the keyring refuses with."""
        organisation = await self._resources.read(accounts.organisation)
        found: Found = []
        for each in known:
            if await self._resources.secrets.get(account_secret(each.id)) is None:
                found.append(finding("CREDENTIAL_MISSING", f"email account {each.name}", "its API password is missing"))
        if organisation is None or not needs_secret(organisation):
            return found
        secret = await self._resources.secrets.get(DATAVERSE_SECRET)
        if secret is None:
            return [*found, finding("CREDENTIAL_MISSING", "Dynamics", "what the service signs in with is missing")]
        if kept_sign_in.is_one(secret):
            who = kept_sign_in.user_of(secret)
            return [
                *found,
                finding("SERVICE_ACTS_AS_PERSON", "Dynamics", f"the service signs in by device code as {who}"),
            ]
        return [*found, *self._ending(secret)]

    def _ending(self, secret: str) -> Found:
        if not is_certificate(secret):
            return []
        try:
            until = certificate_file.valid_until(secret)
        except ValueError:
            # Signing in with it says so itself.
            return []
        left = until - self._resources.clock()
        if left > _ENDING:
            return []
        code = "CREDENTIAL_ENDING" if left > timedelta() else "CREDENTIAL_ENDED"
        return [finding(code, "Dynamics", f"the certificate is valid until {text_of(until)}")]

    async def _store(self) -> Found:
        damage = await self._resources.read(dialects.damage)
        return [finding("STORE_DAMAGED", "the store", damage)] if damage else []

    async def _work(self, known: Sequence[EmailAccount]) -> Found:
        """Lists, decisions, suppressions, columns and schedules, as the store knows them."""
        now = self._resources.clock()
        told = await schedules.check(self._resources, run_here=self._run_here)

        def read(c: Connection) -> Found:
            found: Found = []
            initial = health.never_synchronised(c)
            for each in health.of_lists(c, text_of(now - _LISTS_LAST)):
                if each.status:
                    found.append(finding("LIST_TROUBLE", each.name, f"last synchronisation: {each.status}"))
                elif each.account_id not in initial:
                    found.append(
                        finding("LIST_OLD", each.name, _last("synchronised", each.last_synced), each.account_id)
                    )
            if waiting := held.waiting(c):
                found.append(
                    finding("REMOVALS_HELD", "address books", counted(waiting, "removal waits", "removals wait"))
                )
            if refused := health.refused(c):
                found.append(
                    finding("ROWS_REFUSED", "lists", counted(refused, "person was refused", "people were refused"))
                )
            if odd := len(odd_rows.known(c)):
                found.append(finding("ROWS_ODD", "suppressions", counted(odd, "row names nobody", "rows name nobody")))
            for account in known:
                read_on = watermarks.get(c, account.id, "suppressed-since")
                if not read_on or (moment_of(read_on) or now) < now - _SUPPRESSIONS_LAST:
                    found.append(
                        finding(
                            "SUPPRESSIONS_OLD",
                            account.name,
                            f"suppressions {_last('read', read_on)}",
                            account.id,
                        )
                    )
            for fact in differing(connection_facts.facts(c, now)):
                found.append(
                    finding(
                        "ASSUMED_OTHERWISE", fact.account or "Dynamics", f"{fact.id}: {fact.text} Seen: {fact.seen}"
                    )
                )
            columns = crm_columns.read_on(c)
            oldest = min(columns.values(), default="")
            if not oldest or oldest < text_of(now - _METADATA_LASTS):
                found.append(finding("COLUMNS_OLD", "Dynamics", f"columns {_last('read', oldest)}"))
            return found

        behind = [finding("SCHEDULES_BEHIND", "schedules", told.text)] if told.state != "ok" else []
        return [*behind, *await self._resources.read(read)]

    async def _next(self, known: Sequence[EmailAccount]) -> Found:
        """What is to be done before the first list and the first send, one step after the other."""
        now = self._resources.clock()

        def read(c: Connection) -> Found:
            found: Found = []
            if not connection_facts.facts(c, now):
                found.append(
                    finding(
                        "FACTS_NOT_ASKED", "first connection", "nothing that is assumed of both systems was asked yet"
                    )
                )
            for account in known:
                part = f"email account {account.name}"
                if account.double_opt_in in (double_opt_in.OFF, double_opt_in.SINGLE):
                    if not double_opt_in.shown_on(c, account.id):
                        found.append(finding("CANARY_OUTSTANDING", part, "nobody was imported yet"))
                    elif not health.sent_before(c, account.id):
                        found.append(finding("TEST_SEND_OUTSTANDING", part, "nothing was sent yet"))
            return found

        return await self._resources.read(read)

    async def _initial(self, known: Sequence[EmailAccount], found: Found) -> Found:
        lists = await self._resources.read(health.never_synchronised)
        unflown = {each.part for each in found if each.code == "CANARY_OUTSTANDING"}
        parts = {f"email account {each.name}": lists.get(each.id, 0) for each in known}
        return [
            finding("INITIAL_SYNC_OUTSTANDING", part, f"{count:,} activated lists were never synchronised")
            for part, count in parts.items()
            if count and part not in unflown
        ]

    async def _dynamics(self, organisation: Organisation) -> Found:
        dv = (await self._resources.connections.dataverse()).at_once()
        me = await security.who_am_i(dv)
        if not same_organisation(organisation, me):
            raise organisation_replaced(organisation, me)
        short, hidden, managers = await asyncio.gather(
            sight.short_rights(dv, me.user_id, solution_privileges.ROLE_PRIVILEGES[Role.SERVICE]),
            sight.hidden_columns(dv, me.user_id, CONSENT_COLUMNS),
            security.users_with_roles(dv, [Role.MANAGER]),
        )
        found: Found = []
        if short:
            found.append(finding("RIGHTS_MISSING", "Dynamics", f"not held, or for a part only: {', '.join(short)}"))
        if hidden:
            found.append(finding("COLUMNS_HIDDEN", "Dynamics", ", ".join(hidden)))
        if not managers:
            found.append(finding("NO_MANAGER", organisation.name, f"nobody holds {Role.MANAGER}"))
        return found

    async def _installed(self) -> Found:
        dv = (await self._resources.connections.dataverse()).at_once()
        steps = [step async for step in installation.install(dv, apply=False) if step.state == "missing"]
        missing = [f"{each.name} (lacks {', '.join(each.lacks)})" if each.lacks else each.name for each in steps]
        if not missing:
            return []
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        return [finding("INSTALLATION_INCOMPLETE", "Dynamics", f"missing: {', '.join(missing[:5])}{more}")]

    async def _account(self, account: EmailAccount, part: str) -> Found:
        dd = (await self._resources.connections.dotdigital(account.id)).at_once()
        told, clock, books = await asyncio.gather(
            dd_account.account_info(dd), dd_account.server_time(dd), address_books.address_books(dd)
        )
        found: Found = []
        if not account.double_opt_in:
            found.append(finding("DOUBLE_OPT_IN_UNKNOWN", part, "whom it asks to confirm is not known"))
        elif account.double_opt_in == double_opt_in.ALL:
            found.append(finding("DOUBLE_OPT_IN_ENFORCED", part, "everybody who is imported is asked to confirm"))
        endpoint = (told.endpoint or account.endpoint).rstrip("/").casefold()
        if endpoint != account.endpoint.rstrip("/").casefold():
            found.append(finding("ENDPOINT_CHANGED", part, f"{endpoint}, and not {account.endpoint}"))
        theirs = dotdigital_moment(clock)
        if theirs is not None and abs(theirs - self._resources.clock()) > _CLOCKS_APART:
            found.append(finding("CLOCK_WRONG", "this machine", f"dotdigital says {text_of(theirs)}"))
        there = {book.id for book in books}
        for each in await self._resources.read(lambda c: list_store.with_books(c, account.id)):
            if each.book_id not in there:
                found.append(
                    finding(
                        "BOOK_MISSING",
                        each.name,
                        f"address book {each.book_name} ({each.book_id}) is not in dotdigital",
                    )
                )
        if orphans := await self._orphans(account, [book.name for book in books]):
            found.append(finding("BOOK_ORPHANED", part, ", ".join(orphans)))
        return found

    async def _orphans(self, account: EmailAccount, books: Sequence[str]) -> list[str]:
        """The books of sends that nobody will remove: those that this store does not keep, and that no other one does
        either, as they are older, or Dynamics has no row of the send."""
        kept = {each.book_name for each in await self._resources.read(lambda c: sends.with_books(c, account.id))}
        strange = {name: send for name in books if name not in kept and (send := send_of_book(name))}
        if not strange:
            return []
        dv = (await self._resources.connections.dataverse()).at_once()
        since = self._resources.clock() - kept_books.KEPT - timedelta(days=1)
        young = await send_rows.made_since(dv, list(strange.values()), since)
        return [name for name, send in strange.items() if send not in young]

    async def _mapped(self, context: CallContext, account: EmailAccount) -> Found:
        checked = await self._mappings.validate(context, ValidateMappings(account=account.id))
        return [
            finding("MAPPINGS_INVALID", account.name, f"row {each.row}, {each.about}: {each.message}")
            for each in checked.findings
            if not each.warning
        ]


def _last(done: str, on: str) -> str:
    return f"last {done} {on}" if on else f"never {done}"


def _free(folder: Path) -> int:
    """Bytes that can be written below a folder, which may not exist yet."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(there).free


async def _always(found: Found) -> Found:
    return found


def use_cases(parts: Parts) -> Doctor:
    """What answers these calls."""
    mappings = Mappings(parts.resources, parts.identities)
    return Doctor(parts.resources, mappings, keyring=parts.keyring, run_here=parts.long_lived)
