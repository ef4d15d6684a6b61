"""Nobody is imported before it is known that the email account does not mail whoever is.

An account can enforce double opt-in "for all signups, including bulk uploads": every new contact then gets a mail that
asks for confirmation (support article 8198818), and no call of the API tells. Known it is by an administrator's answer
in setup, or by a canary: one import of one address of theirs, whose status tells. The status of a new contact of each
import is looked at too: the first that waits for confirmation stops what would follow.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from sqlalchemy import Connection

from dyntui.dotdigital import address_books, contacts, imports
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.imports import ImportResult
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.people import normalise
from dyntui.store import accounts
from dyntui.store.accounts import EmailAccount
from dyntui.sync.connections import account_unknown
from dyntui.sync.imports import POLL_SECONDS, row
from dyntui.sync.run_context import RunContext

CANARY_BOOK = "dyntui canary"
# What an administrator answers, or a canary shows: of "single" bulk imports are not concerned.
OFF, SINGLE, ALL = "off", "single", "all"
ANSWERS = ("", OFF, SINGLE, ALL)
_PENDING = "pendingoptin"


async def require_known(ctx: RunContext, account_id: str) -> None:
    """Raises DOUBLE_OPT_IN_UNKNOWN or DOUBLE_OPT_IN_ENFORCED unless imports of the account mail nobody."""
    known = await ctx.read(lambda c: accounts.account(c, account_id))
    if known is None:
        raise account_unknown(account_id)
    if known.double_opt_in == ALL:
        raise _enforced(known)
    if known.double_opt_in not in (OFF, SINGLE):
        raise DyntuiError(
            "DOUBLE_OPT_IN_UNKNOWN",
            f"It is not known whether the email account {known.name!r} mails everybody who is imported, to confirm.",
            not_done="Nobody was imported; who had to leave the address book has left it.",
            remedy="Run `dyntui canary ADDRESS` with an address of your own that the account does not know yet.",
        )


async def look_at_new(ctx: RunContext, dd: Dotdigital, account_id: str, result: ImportResult) -> None:
    """Raises DOUBLE_OPT_IN_ENFORCED, and remembers it, when a contact that an import made waits for confirmation."""
    if not result.created:
        return
    made = await contacts.person_by(dd, "email", result.created[0].email)
    if made is None or made.email_status.lower() != _PENDING:
        return
    known = await ctx.write(lambda c: remember(c, account_id, ALL))
    raise _enforced(known)


def remember(c: Connection, account_id: str, answer: str) -> EmailAccount:
    """Keeps what is known now; the account with it."""
    known = accounts.account(c, account_id)
    if known is None:
        raise account_unknown(account_id)
    changed = msgspec.structs.replace(known, double_opt_in=answer)
    accounts.put_account(c, changed)
    return changed


async def fly(dd: Dotdigital, address: str, pause: Callable[[float], Awaitable[None]]) -> str:
    """One import of one address into the book `dyntui canary`: `all` when its contact waits for confirmation, else
    `off`. `pause` waits for so many seconds.

    Raises CANARY_KNOWN for an address that dotdigital knows already, for it would tell nothing; CANARY_REFUSED.
    """
    wanted = normalise(address)
    if not wanted or await contacts.person_by(dd, "email", wanted) is not None:
        raise DyntuiError(
            "CANARY_KNOWN",
            f"{address!r} is no address, or dotdigital knows it already.",
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


def _enforced(known: EmailAccount) -> DyntuiError:
    return DyntuiError(
        "DOUBLE_OPT_IN_ENFORCED",
        f"The email account {known.name!r} enforces double opt-in: everybody who is imported gets a mail to confirm.",
        not_done="Nobody else was imported; who had to leave the address book has left it.",
        remedy=(
            "Switch it off for bulk uploads in dotdigital (Account settings, Double opt-in), then run "
            "`dyntui canary ADDRESS` with an address that the account does not know yet."
        ),
    )
