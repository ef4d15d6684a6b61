"""Nobody is imported before it is known that the email account does not mail whoever is.

An account can enforce double opt-in "for all signups, including bulk uploads": every new contact then gets a mail that
asks for confirmation (support article 8198818), and no call of the API tells. Known it is by an administrator's answer
in setup, or by a canary: one import of one address of theirs, whose status tells. An answer may be wrong: until an
import has shown that it mails nobody, one person whom dotdigital does not know yet is imported alone. The status of a
new contact of each import is looked at: the first that waits for confirmation stops what would follow.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dotdigital import address_books, contacts, imports
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.imports import ImportResult
from dyntui.model.cursors import OneList
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.moments import moment_of
from dyntui.model.people import is_address, normalise
from dyntui.store import accounts, pending_members, watermarks
from dyntui.store.accounts import EmailAccount
from dyntui.store.pending_members import Pending
from dyntui.sync.connections import account_unknown
from dyntui.sync.imports import POLL_SECONDS, row
from dyntui.sync.run_context import RunContext

CANARY_BOOK = "dyntui canary"
# What an administrator answers, or a canary shows: of "single" bulk imports are not concerned.
OFF, SINGLE, ALL = "off", "single", "all"
ANSWERS = ("", OFF, SINGLE, ALL)
_PENDING = "pendingoptin"
# When an import last showed that the account mails nobody who is imported, kept beside the marks of the feeds.
_SHOWN = "imports-mail-nobody"
# What was shown counts so long: nobody tells when somebody changes the account's setting.
_LASTS = timedelta(days=30)
# So many imports of one person may show nothing, because each was refused, before an administrator has to help.
_MOST_ALONE = 3


async def require_known(ctx: RunContext, account_id: str) -> None:
    """Raises DOUBLE_OPT_IN_UNKNOWN or DOUBLE_OPT_IN_ENFORCED unless imports of the account mail nobody."""
    known = await _account(ctx, account_id)
    if known.double_opt_in == ALL:
        raise _enforced(known)
    if known.double_opt_in not in (OFF, SINGLE):
        raise _unknown(known)


async def one_first(
    ctx: RunContext, dd: Dotdigital, account_id: str, batch: Sequence[Pending], stage: str
) -> Sequence[Pending]:
    """Whom of a batch to import now. Everybody, where it was shown that imports of the account mail nobody, or where
    dotdigital knows them all; else one whom it does not know. An import that is under way goes on with whom it began.
    Nobody: those are to be asked for again, without who was refused before and is not offered this time.

    Raises DOUBLE_OPT_IN_UNKNOWN when several imports of one person have shown nothing, and somebody was never refused.
    """
    at = ctx.at(OneList)
    if at.importing:
        return [each for each in batch if at.alone in ("", each.address)]
    alone = "" if len(batch) == 1 or await _shown(ctx, account_id) else await _new_one(dd, batch)
    if alone and at.alone_so_far >= _MOST_ALONE:
        if await ctx.write(lambda c: pending_members.stay_refused(c, at.list)):
            return []
        raise _unknown(await _account(ctx, account_id))
    if alone or at.alone:
        await ctx.save(replace(at, alone=alone, alone_so_far=at.alone_so_far + bool(alone)), stage=stage)
    return [each for each in batch if alone in ("", each.address)]


def shown_on(c: Connection, account_id: str) -> str:
    """When an import or a canary last showed that the account mails nobody who is imported; `""` before the first."""
    return watermarks.get(c, account_id, _SHOWN)


async def _shown(ctx: RunContext, account_id: str) -> bool:
    last = moment_of(await ctx.read(lambda c: shown_on(c, account_id)))
    return last is not None and ctx.moment() - last <= _LASTS


async def _new_one(dd: Dotdigital, batch: Sequence[Pending]) -> str:
    """The first address that dotdigital does not know; `""` where it knows them all. Whom it refused before shows
    something last of all."""
    addresses = [each.address for each in sorted(batch, key=lambda each: each.refused)]
    for start in range(0, len(addresses), contacts.CHUNK):
        some = addresses[start : start + contacts.CHUNK]
        found = await contacts.retrieve_contacts(dd, emails=some)
        known = {normalise(each.email) for each in found.contacts}
        new = next((each for each in some if each not in known), "")
        if new:
            return new
    return ""


async def look_at_new(ctx: RunContext, dd: Dotdigital, account_id: str, result: ImportResult) -> None:
    """What a contact that an import made shows of the account. Raises DOUBLE_OPT_IN_ENFORCED, and remembers it, when it
    waits for confirmation."""
    if not result.created:
        return
    made = await contacts.person_by(dd, "email", result.created[0].email)
    if made is None:
        return
    if made.email_status.lower() != _PENDING:
        await ctx.write(lambda c: mails_nobody(c, account_id, ctx.now()))
        return
    known = await ctx.write(lambda c: remember(c, account_id, ALL))
    raise _enforced(known)


def mails_nobody(c: Connection, account_id: str, now: str) -> None:
    """An import has just shown it. `now`: ISO 8601 UTC."""
    watermarks.put(c, account_id, _SHOWN, now)


def remember(c: Connection, account_id: str, answer: str) -> EmailAccount:
    """Keeps what is known now; the account with it."""
    known = accounts.account(c, account_id)
    if known is None:
        raise account_unknown(account_id)
    changed = replace(known, double_opt_in=answer)
    accounts.put_account(c, changed)
    watermarks.put(c, account_id, _SHOWN, "")
    return changed


def flown(c: Connection, account_id: str, answer: str, now: str) -> EmailAccount:
    """Keeps what a canary has shown. `now`: ISO 8601 UTC."""
    known = remember(c, account_id, answer)
    if answer == OFF:
        mails_nobody(c, account_id, now)
    return known


async def fly(dd: Dotdigital, address: str, pause: Callable[[float], Awaitable[None]]) -> str:
    """One import of one address into the book `dyntui canary`: `all` when its contact waits for confirmation, else
    `off`. `pause` waits for so many seconds.

    Raises CANARY_ADDRESS_INVALID; CANARY_KNOWN for an address that dotdigital knows already, for it would tell nothing;
    CANARY_REFUSED.
    """
    wanted = normalise(address)
    if not is_address(wanted):
        raise DyntuiError(
            "CANARY_ADDRESS_INVALID",
            f"{address!r} is no address that can be mailed.",
            not_done="Nothing was asked, and nothing was imported.",
            remedy="Give an address of your own, such as name+canary@your.example.",
            exit=Exit.USAGE,
        )
    if await contacts.person_by(dd, "email", wanted) is not None:
        raise DyntuiError(
            "CANARY_KNOWN",
            f"dotdigital knows {address!r} already.",
            not_done="Nothing was imported.",
            remedy="Give an address of your own that the account has never had, such as name+canary@your.example.",
            exit=Exit.USAGE,
        )
    book = await address_books.book_by_name(dd, CANARY_BOOK)
    if book is None:
        book = await address_books.create_address_book(dd, CANARY_BOOK)
    started = await imports.start_import(dd, [row(wanted, {}, book.id)])
    turn = 0
    while not (result := await imports.import_result(dd, started)).finished:
        await pause(POLL_SECONDS[min(turn, len(POLL_SECONDS) - 1)])
        turn += 1
    made = await contacts.person_by(dd, "email", wanted)
    if made is None:
        raise DyntuiError(
            "CANARY_REFUSED",
            f"dotdigital did not take {address!r}: the import ended as {result.status!r}.",
            not_done="What the account does with new people is still not known.",
            remedy="Try another address of your own.",
        )
    return ALL if made.email_status.lower() == _PENDING else OFF


async def _account(ctx: RunContext, account_id: str) -> EmailAccount:
    known = await ctx.read(lambda c: accounts.account(c, account_id))
    if known is None:
        raise account_unknown(account_id)
    return known


def _canary(known: EmailAccount) -> str:
    """The command, which is about the default account where it names none."""
    return "dyntui canary ADDRESS" + ("" if known.is_default else f" --account {shlex.quote(known.name)}")


def _unknown(known: EmailAccount) -> DyntuiError:
    return DyntuiError(
        "DOUBLE_OPT_IN_UNKNOWN",
        f"It is not known whether the email account {known.name!r} mails everybody who is imported, to confirm.",
        not_done="Nobody else was imported; who had to leave the address book has left it.",
        remedy=f"Run `{_canary(known)}` with an address of your own that the account does not know yet.",
    )


def _enforced(known: EmailAccount) -> DyntuiError:
    return DyntuiError(
        "DOUBLE_OPT_IN_ENFORCED",
        f"The email account {known.name!r} enforces double opt-in: everybody who is imported gets a mail to confirm.",
        not_done="Nobody else was imported; who had to leave the address book has left it.",
        remedy=(
            "Switch it off for bulk uploads in dotdigital (Account settings, Double opt-in), then run "
            f"`{_canary(known)}` with an address that the account does not know yet."
        ),
    )
