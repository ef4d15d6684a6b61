"""What somebody deleted, or put out of use, while a list or a send was at work: it fails by that name, and not by what
one of its calls was answered. Whoever has failed asks once more what is there still.

Public:
    of_list(dv, dd, chosen, error) -> DyntuiError           LIST_GONE, LIST_INACTIVE, ..., BOOK_GONE; else the error
    of_send(dd, this, targets, error) -> DyntuiError        SEND_BOOK_GONE, CAMPAIGN_GONE, BOOK_GONE; else the error
    send_book_gone(this) -> DyntuiError
"""

from __future__ import annotations

from collections.abc import Iterable

from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import address_books
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.errors import DyntuiError
from dyntui.store.lists import StoredList
from dyntui.store.sends import Send
from dyntui.sync import as_confirmed, list_state

# What a system answers of something that is not there, or does not take a change any more.
_SAYS_SO = (400, 403, 404, 409, 412)


async def of_list(dv: Dataverse, dd: Dotdigital, chosen: StoredList, error: DyntuiError) -> DyntuiError:
    """Why a list fails: it, or its address book, is gone or out of use; else the error itself."""
    if not _may_be_gone(error):
        return error
    try:
        await list_state.as_it_is(dv, chosen)
        await list_state.book_as_it_is(dd, chosen)
    except (DataverseError, DotdigitalError):
        return error
    except DyntuiError as gone:
        return DyntuiError(
            gone.code,
            gone.message,
            not_done="It happened while the list was synchronised: what had not been done by then was not done.",
            remedy=gone.remedy,
            exit=gone.exit,
            detail=error.message,
        )
    return error


async def of_send(dd: Dotdigital, this: Send, targets: Iterable[StoredList], error: DyntuiError) -> DyntuiError:
    """Why a send fails of which nothing has left: what it goes to, or what it sends, is gone; else the error itself."""
    if not _may_be_gone(error):
        return error
    try:
        if this.book_id and await address_books.address_book(dd, this.book_id) is None:
            # As the send knew it: it is forgotten by the time that it is known to be gone.
            return send_book_gone(this)
        await as_confirmed.campaign_now(dd, this.campaign_id)
        for each in targets:
            await list_state.book_as_it_is(dd, each)
    except DotdigitalError:
        return error
    except DyntuiError as gone:
        return as_confirmed.not_sent(gone)
    return error


def _may_be_gone(error: DyntuiError) -> bool:
    return isinstance(error, (DataverseError, DotdigitalError)) and error.status in _SAYS_SO


def send_book_gone(this: Send) -> DyntuiError:
    """Somebody deleted, or renamed, the address book of a send."""
    return DyntuiError(
        "SEND_BOOK_GONE",
        f"The address book of the send, {this.book_name!r}, is not in dotdigital any more.",
        not_done="Nothing was sent: a send without its address book might go to everybody.",
        remedy="Somebody deleted or renamed it in dotdigital: send again.",
    )
