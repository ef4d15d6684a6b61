"""The address book of a marketing list that is activated for email: its own, a free one of its name, or a new one."""

from __future__ import annotations

from dyntui.dataverse.errors import DataverseError
from dyntui.dotdigital import address_books
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.counted import counted
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.resources import Resources
from dyntui.store import lists as list_store
from dyntui.store.accounts import EmailAccount
from dyntui.store.lists import StoredList

# dotdigital's own reserved names (dotdigital_api.md 4).
_RESERVED = frozenset({"test", "all contacts"})


async def book_of(
    resources: Resources, dd: Dotdigital, known: StoredList, account: EmailAccount, *, link: bool
) -> tuple[address_books.AddressBook, bool]:
    """The list's address book: its own from before, a free one that is linked on request, or a new one; and whether
    it was made now."""
    if known.book_id and known.account_id == account.id:
        before = await address_books.address_book(dd, known.book_id)
        if before is not None:
            await _require_free(resources, known, account, before)
            return before, False
    name = known.name.strip()
    if name.casefold() in _RESERVED:
        raise refused(known, "BOOK_NAME_RESERVED", "has a name that dotdigital reserves.", _rename(known))
    if len(name) > address_books.LONGEST_NAME:
        raise refused(
            known,
            "BOOK_NAME_TOO_LONG",
            f"has a name of more than {address_books.LONGEST_NAME} characters.",
            _rename(known),
        )
    book = await address_books.book_by_name(dd, name)
    if book is None:
        if any(each.name.strip().casefold() == name.casefold() for each in await address_books.segments(dd)):
            raise refused(known, "BOOK_NAME_IS_A_SEGMENT", "has the name of a segment in dotdigital.", _rename(known))
        return await address_books.create_address_book(dd, name), True
    await _require_free(resources, known, account, book)
    if not link:
        raise refused(
            known,
            "BOOK_EXISTS",
            f"has the name of an address book that exists already, with {counted(book.contacts, 'contact')}.",
            f"Confirm that it is to be linked (`--link`). Otherwise: {_rename(known)}",
        )
    return book, False


async def undone(dd: Dotdigital, book: address_books.AddressBook, error: DataverseError) -> DyntuiError:
    """What to raise when Dynamics did not take the activation: the book that was made for it goes again."""
    gone = await address_books.delete_address_book(dd, book.id)
    rest = "was taken away again" if gone else "is gone already"
    return DyntuiError(
        error.code,
        error.message,
        not_done=f"The list was not activated for email; the address book {book.name!r} made for it {rest}.",
        remedy=error.remedy,
        exit=error.exit,
        detail=error.detail,
    )


async def _require_free(
    resources: Resources, known: StoredList, account: EmailAccount, book: address_books.AddressBook
) -> None:
    owner = await resources.read(lambda c: list_store.bound_to(c, account.id, book.id))
    if owner is not None and owner.id != known.id:
        raise refused(
            known,
            "BOOK_TAKEN",
            f"would get the address book {book.name!r}, which belongs to the marketing list {owner.name!r}.",
            f"Deactivate that list for email. Otherwise: {_rename(known)}",
        )


def _rename(known: StoredList) -> str:
    return f"Rename the list: `dyntui lists edit {known.id} --name NAME`, or `E` on the list in the console."


def refused(known: StoredList, code: str, what: str, remedy: str) -> DyntuiError:
    """A list that cannot be activated, and why."""
    return DyntuiError(
        code,
        f"The marketing list {known.name!r} {what}",
        not_done="The list was not activated for email.",
        remedy=remedy,
        exit=Exit.USAGE,
    )
