"""All business data of the simulated dotdigital in a form that two runs of the same world share.

Left out: ids, those in the names of books too, times made by the server, and whatever depends on the order of calls.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from dyntui.sandbox.dotdigital import codec, life
from dyntui.sandbox.state import State

Row = tuple[Any, ...]
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NAMING_BOOKS = frozenset({"book", "member", "list_suppression"})


def digest_rows(state: State) -> Iterator[Row]:
    """Rows of plain values, each starting with its kind, in an order that depends on their content alone.

    contact: address, status, opt-in type, e-mail type, data fields; book: name, kind, visibility, member count; member:
    book, address; list_suppression: book, address; field: name, type, visibility, default; campaign: name, subject,
    status; send: campaign, status, number of recipients, their addresses; mail: campaign, address, times mailed.
    """
    life.tick(state)
    yield from _contacts(state)
    for kind, query in _QUERIES:
        rows = state.db.execute(query)
        yield from _without_guids(kind, rows) if kind in _NAMING_BOOKS else ((kind, *row) for row in rows)
    yield from _sends(state)


def _without_guids(kind: str, rows: Iterable[Row]) -> Iterator[Row]:
    """A book that somebody named by a random id has another name in every run: what is compared is that it is there."""
    for name, *more in sorted((_GUID.sub("{id}", row[0]), *row[1:]) for row in rows):
        yield kind, name, *more


def _contacts(state: State) -> Iterator[Row]:
    rows = state.db.execute("SELECT email, status, opt_in, email_type, data FROM dd_contact ORDER BY email, id")
    for email, status, opt_in, email_type, data in rows:
        fields = codec.decode(data)
        fields.pop("LASTSUBSCRIBED", None)
        yield "contact", email, status, opt_in, email_type, codec.text(dict(sorted(fields.items())))


_QUERIES = (
    (
        "book",
        "SELECT name, kind, visibility, (SELECT count(*) FROM dd_member m WHERE m.book_id = b.id) FROM dd_book b"
        " ORDER BY name_key, kind",
    ),
    (
        "member",
        "SELECT b.name, c.email FROM dd_book b JOIN dd_member m ON m.book_id = b.id JOIN dd_contact c"
        " ON c.id = m.contact_id WHERE b.kind <> 'segment' ORDER BY b.name_key, c.email",
    ),
    (
        "list_suppression",
        "SELECT b.name, c.email FROM dd_list_suppression s JOIN dd_book b ON b.id = s.book_id JOIN dd_contact c"
        " ON c.id = s.contact_id ORDER BY b.name_key, c.email",
    ),
    ("field", "SELECT name, type, visibility, default_value FROM dd_data_field ORDER BY name"),
    ("campaign", "SELECT name, subject, status FROM dd_campaign ORDER BY name, subject, status"),
    (
        "mail",
        "SELECT coalesce(c.name, ''), m.address, count(*) FROM dd_mail m LEFT JOIN dd_campaign c"
        " ON c.id = m.campaign_id GROUP BY 1, 2 ORDER BY 1, 2",
    ),
)


def _sends(state: State) -> Iterator[Row]:
    """Sends by campaign and the set of their recipients; the books they went to may be gone and do not count."""
    sends = state.db.execute(
        "SELECT coalesce(c.name, ''), s.status, s.id FROM dd_send s LEFT JOIN dd_campaign c ON c.id = s.campaign_id"
    ).fetchall()
    rows = []
    for campaign, status, send_id in sends:
        addresses = state.db.execute("SELECT address FROM dd_mail WHERE send_id = ? ORDER BY address", (send_id,))
        rows.append(("send", campaign, status, [address for (address,) in addresses]))
    rows.sort()
    for kind, campaign, status, people in rows:
        yield kind, campaign, status, len(people), "\n".join(people)
