"""Who must not be mailed, and why: account-wide suppressions, unsubscribes, and unsubscribes per address book.

    suppressed_since(dd, since, resume=) -> Page[Suppression]...            every reason
    unsubscribed_since(dd, since, resume=) -> Page[Suppression]...          unsubscribes only
    unsubscribed_from_book_since(dd, book_id, since, resume=) -> Page[...]  that book's own only (not in the others)
    suppress_contacts(dd, emails=, ids=) -> Suppressed                      chunked, repeatable
    unsubscribe(dd, email) -> Suppression | None      unsubscribe_from_book(dd, book_id, email)
    resubscribe(dd, email, ...) -> Resubscribed

Facts: reference/dotdigital_api.md sections 3.5, 3.6. "since" is read as inclusive: use an overlap. Feeds are read to
their empty page, and by the service's own description nearly everything in a row may be null.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from dyntui.dotdigital.errors import CONTACT_SUPPRESSED, DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.in_parts import Person, ask_for_all
from dyntui.dotdigital.moments import moment, stamp
from dyntui.dotdigital.paging import Page, skip_pages
from dyntui.dotdigital.reading import read
from dyntui.model import exact_json
from dyntui.model.mentioned import addresses_in

CHUNK: Final = 500
# The longest id that has 64 bits.
_DIGITS: Final = 19


class Suppression(msgspec.Struct, frozen=True, rename="camel"):
    """One suppression: of a person by `suppressed_contact`, an object with `id` and `email`, the address in lower case
    as dotdigital keeps it. `said` is dotdigital's reason as received. All may be missing, or be of another type: an odd
    row costs nobody else their suppression."""

    suppressed_contact: Any = None
    date_removed: Any = None
    said: Any = msgspec.field(name="reason", default=None)

    @property
    def reason(self) -> str:
        """dotdigital's word as received (`Unsubscribed`, `HardBounced`...), `""` where there is none."""
        return _text(self.said)

    @property
    def contact_id(self) -> int:
        """The contact that is suppressed; 0 where the row does not say."""
        text = _text(_member(self.suppressed_contact, "id"))
        number = int(text) if text.isdecimal() and len(text) <= _DIGITS else 0
        return number if number < 2**63 else 0

    @property
    def named(self) -> str:
        """What the row says in the place of an address, as received."""
        whose = self.suppressed_contact
        return _text(_member(whose, "email") if isinstance(whose, dict) else whose)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that the row names, normalised; it may name none."""
        return addresses_in(self.named)

    @property
    def removed_at(self) -> datetime | None:
        """When the person did it or the address failed, in UTC; None where the row does not say."""
        return moment(self.date_removed) if isinstance(self.date_removed, str) else None


def _member(whose: Any, name: str) -> Any:
    """A member of an object, however its name is spelt."""
    known = whose.items() if isinstance(whose, dict) else ()
    return next((value for each, value in known if each.lower() == name), None)


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else exact_json.encode_text(value)


class IdAndEmail(msgspec.Struct, frozen=True):
    """What `suppress_contacts` echoes: the half that was not sent is 0 or None."""

    id: int | None = None
    email: str | None = None


class Suppressed(msgspec.Struct, frozen=True, rename="camel"):
    """What became of a bulk suppression."""

    suppressed: list[IdAndEmail] = []
    not_found: list[IdAndEmail] = []


class Resubscribed(msgspec.Struct, frozen=True):
    """What a resubscribe did: `ContactAdded`, `ContactChallenged`, `ContactCannotBeUnsuppressed`, or as received."""

    status: str


def _mark(row: Suppression) -> tuple[int, str, str]:
    """With the address: what is suppressed and no contact may have the number 0."""
    return (row.contact_id, row.named, row.reason)


def _pages(
    dd: Dotdigital, path: str, resume: str | None, *, until_empty: bool = True
) -> AsyncIterator[Page[Suppression]]:
    return skip_pages(dd, path, Suppression, _mark, resume=resume, until_empty=until_empty)


def suppressed_since(
    dd: Dotdigital, since: datetime, *, resume: str | None = None, until_empty: bool = True
) -> AsyncIterator[Page[Suppression]]:
    """Every account-wide suppression since a time, whatever its reason. Without `until_empty` a short page is the last
    one, for whoever asks again soon and has few calls."""
    return _pages(dd, f"/v2/contacts/suppressed-since/{stamp(since)}", resume, until_empty=until_empty)


def unsubscribed_since(
    dd: Dotdigital, since: datetime, *, resume: str | None = None
) -> AsyncIterator[Page[Suppression]]:
    """Account-wide unsubscribes since a time."""
    return _pages(dd, f"/v2/contacts/unsubscribed-since/{stamp(since)}", resume)


def unsubscribed_from_book_since(
    dd: Dotdigital, book_id: int, since: datetime, *, resume: str | None = None, until_empty: bool = True
) -> AsyncIterator[Page[Suppression]]:
    """Unsubscribes from one address book since a time; account-wide ones are not among them. `until_empty` as for
    `suppressed_since`."""
    path = f"/v2/address-books/{book_id}/contacts/unsubscribed-since/{stamp(since)}"
    return _pages(dd, path, resume, until_empty=until_empty)


async def suppress_contacts(dd: Dotdigital, *, emails: Sequence[str] = (), ids: Sequence[int] = ()) -> Suppressed:
    """Put people on the account's do-not-contact list, 500 a call; doing it twice changes nothing. An address that
    dotdigital takes for none is among those not found."""
    people: list[dict[str, object]] = [{"email": email} for email in emails]
    people += [{"id": each} for each in ids]
    suppressed: list[IdAndEmail] = []
    not_found: list[IdAndEmail] = []

    async def ask(some: Sequence[Person]) -> None:
        reply = await dd.request("PUT", "/v2/contacts/suppress-contacts", body=some, repeatable=True, expects_json=True)
        answer = read(reply, Suppressed)
        suppressed.extend(answer.suppressed)
        not_found.extend(answer.not_found)

    refused = await ask_for_all(dd, people, CHUNK, ask)
    not_found += [IdAndEmail(email=str(each["email"])) for each in refused]
    return Suppressed(suppressed=suppressed, not_found=not_found)


async def unsubscribe(dd: Dotdigital, email: str) -> Suppression | None:
    """Unsubscribe one person from the account. None when the person was suppressed already.

    Raises DOTDIGITAL_CONTACT_NOT_FOUND for an address that is no contact.
    """
    return await _unsubscribe(dd, "/v2/contacts/unsubscribe", email)


async def unsubscribe_from_book(dd: Dotdigital, book_id: int, email: str) -> Suppression | None:
    """Unsubscribe one person from one address book; the person stays subscribed to the account."""
    return await _unsubscribe(dd, f"/v2/address-books/{book_id}/contacts/unsubscribe", email)


async def _unsubscribe(dd: Dotdigital, path: str, email: str) -> Suppression | None:
    try:
        reply = await dd.request("POST", path, body={"email": email}, repeatable=True)
    except DotdigitalError as error:
        if error.platform_code in CONTACT_SUPPRESSED:
            return None
        raise
    return read(reply, Suppression) if reply.body.strip() else None


async def resubscribe(
    dd: Dotdigital, email: str, *, book_id: int | None = None, locale: str = "", return_url: str = ""
) -> Resubscribed:
    """Ask for a person to be resubscribed, with the confirmation email that dotdigital may send.

    `ContactChallenged` means that nothing changed until the person confirms. Never repeated by itself.
    """
    where = "/v2/contacts" if book_id is None else f"/v2/address-books/{book_id}/contacts"
    reply = await dd.request(
        "POST",
        f"{where}/resubscribe",
        body={
            "unsubscribedContact": {"email": email},
            "preferredLocale": locale,
            "returnUrlToUseIfChallenged": return_url,
        },
        expects_json=True,
    )
    return read(reply, Resubscribed)
