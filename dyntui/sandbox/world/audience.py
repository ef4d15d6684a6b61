"""The company's dotdigital account: data fields, contacts old and strange, suppressions, address books.

About three of ten people of Dynamics are contacts here already, some with other values than Dynamics has; besides
there are strangers whom Dynamics does not know.
"""

import random
from collections.abc import Iterator
from typing import Any
from zlib import crc32

from dyntui.sandbox.dotdigital import bulk_load
from dyntui.sandbox.dotdigital.addresses import normal, valid
from dyntui.sandbox.dotdigital.bulk_load import Contact
from dyntui.sandbox.dotdigital.dates import DAY, milliseconds
from dyntui.sandbox.state import State
from dyntui.sandbox.world.names import pools, unique_address

_KNOWN_PERCENT = 30
_STRANGERS = 0.03
_SUPPRESSED_OF_KNOWN = 0.10
_PENDING = 0.005
_DIFFERING = 0.15

_REASONS = (
    ("Unsubscribed", 54),
    ("HardBounced", 15),
    ("SoftBounced", 8),
    ("Suppressed", 7),
    ("IspComplained", 4),
    ("MailBlocked", 4),
    ("DirectComplaint", 2),
    ("NotAllowed", 2),
    ("DomainSuppression", 2),
    ("SharedSuppression", 1),
    ("NoMxRecord", 1),
)

_FIELDS = (
    ("COUNTRY", "String", "Public", None),
    ("CITY", "String", "Public", None),
    ("FAVOURITE_ACTIVITY", "String", "Public", "hiking"),
    ("CUSTOMER_SINCE", "Date", "Private", None),
    ("LOYALTY_POINTS", "Numeric", "Private", 0),
    ("GUIDE_MEMBER", "Boolean", "Private", False),
)
_ACTIVITIES = ("hiking", "ski touring", "climbing", "paddling", "trail running", "fishing")

_BOOKS = (
    # name, visibility, per cent of the account's contacts, per cent of its members who left it themselves
    ("Webshop customers", "Private", 40, 1.0),
    ("Newsletter 2022 (old)", "Private", 25, 2.0),
    ("Winter competition", "Public", 6, 0.5),
    ("Store opening Umeå", "Public", 2, 0.0),
    ("Staff and friends", "Private", 0.5, 0.0),
)

_GLOBAL_PERCENT = 0.05
_BLOCKED = (("noreply@", "blocked"), ("postmaster@", "blocked"), ("@spamtrap.test", "domain"))
_SEGMENTS = (
    ("Engaged readers", {"engaged": True}),
    ("Climbers", {"field": "FAVOURITE_ACTIVITY", "equals": "climbing"}),
)

_PEOPLE = """
SELECT emailaddress1, firstname, lastname, gendercode, address1_postalcode, address1_city, address1_country
  FROM dv_contact WHERE emailaddress1 <> '' ORDER BY rowid
"""
_LEADS = """
SELECT emailaddress1, firstname, lastname, NULL, address1_postalcode, address1_city, address1_country
  FROM dv_lead WHERE emailaddress1 <> '' ORDER BY rowid
"""


def build(state: State, seed: int, people: int) -> None:
    """Writes the account's contacts and books; customers must be in Dataverse already."""
    for name, kind, visibility, default in _FIELDS:
        bulk_load.data_field(state, name, kind, visibility, default)
    draw = random.Random(f"audience/{seed}")
    bulk_load.contacts(state, _contacts(state, draw, seed, people))
    _books(state, draw)
    bulk_load.vendor_blocks(state, _blocks(state, seed))


def _contacts(state: State, draw: random.Random, seed: int, people: int) -> Iterator[Contact]:
    now = milliseconds(state.clock.now())
    suppressed = 0
    for email, first, last, gender, postcode, city, country in _addressed(state, seed, 0, _KNOWN_PERCENT):
        data = _data(draw, (first, last, postcode, city, country), gender)
        if draw.random() < _DIFFERING:
            _let_differ(draw, data)
        status = "Subscribed"
        chance = draw.random()
        if chance < _SUPPRESSED_OF_KNOWN:
            status = _reason(draw, suppressed)
            suppressed += 1
        elif chance < _SUPPRESSED_OF_KNOWN + _PENDING:
            status = "PendingOptIn"
        yield _row(draw, now, email, status, data)
    yield from _strangers(draw, seed, max(3, round(people * _STRANGERS)), now)


def _addressed(state: State, seed: int, low: float, high: float) -> Iterator[tuple[Any, ...]]:
    """People of Dynamics with a valid address that falls between two per cents, by a hash of the address alone."""
    reader = state.db.cursor()
    for query in (_PEOPLE, _LEADS):
        for row in reader.execute(query):
            email = normal(row[0])
            if low * 100 <= crc32(f"{seed}/{email}".encode()) % 10_000 < high * 100 and valid(email):
                yield (email, *row[1:])


def _blocks(state: State, seed: int) -> Iterator[tuple[str, str]]:
    """What the vendor itself refuses: some local parts, a domain, and a few people on its own global list."""
    yield from _BLOCKED
    for row in _addressed(state, seed, 100 - _GLOBAL_PERCENT, 100):
        yield (row[0], "global")


def _strangers(draw: random.Random, seed: int, count: int, now: int) -> Iterator[Contact]:
    all_pools, weights = pools(seed)
    for number in range(count):
        pool = draw.choices(all_pools, cum_weights=weights)[0]
        first, last = draw.choice(pool.female), draw.choice(pool.last)
        town, postcode = draw.choice(pool.towns)
        email = "s-" + unique_address(draw, pool, first, last, number)
        status = _reason(draw, number) if draw.random() < 0.05 else "Subscribed"
        yield _row(draw, now, email, status, _data(draw, (first, last, postcode, town, pool.country), None))


def _reason(draw: random.Random, number: int) -> str:
    """Every reason once first, so that small worlds have them all; then as often as in life."""
    if number < len(_REASONS):
        return _REASONS[number][0]
    return draw.choices([name for name, _ in _REASONS], [weight for _, weight in _REASONS])[0]


def _row(draw: random.Random, now: int, email: str, status: str, data: dict[str, Any]) -> Contact:
    created = now - int(draw.random() * 1800 * DAY)
    left = None if status in {"Subscribed", "PendingOptIn"} else created + int((now - created) * draw.random())
    opt_in = draw.choices(("Unknown", "Single", "Double"), (40, 40, 20))[0]
    email_type = "PlainText" if draw.random() < 0.05 else "Html"
    return Contact(email, data, created, status, opt_in, email_type, left)


def _data(draw: random.Random, person: tuple[Any, ...], gender: int | None) -> dict[str, Any]:
    first, last, postcode, city, country = person
    data: dict[str, Any] = {"FIRSTNAME": first, "LASTNAME": last, "FULLNAME": f"{first} {last}"}
    if gender is not None:
        data["GENDER"] = "Female" if gender == 2 else "Male"
    data |= {"POSTCODE": postcode, "CITY": city, "COUNTRY": country}
    if draw.random() < 0.4:
        data["LOYALTY_POINTS"] = draw.randrange(0, 5000)
    if draw.random() < 0.3:
        data["FAVOURITE_ACTIVITY"] = draw.choice(_ACTIVITIES)
    if draw.random() < 0.2:
        data["GUIDE_MEMBER"] = draw.random() < 0.3
    return data


def _let_differ(draw: random.Random, data: dict[str, Any]) -> None:
    """Values of another time: before a move, a marriage, a correction."""
    kind = draw.randrange(4)
    if kind == 0:
        data["POSTCODE"] = f"{draw.randrange(10_000, 99_999)}"
    elif kind == 1:
        data["LASTNAME"] = draw.choice(("Lind", "Berg", "Nordahl", "Sunde"))
    elif kind == 2:
        data["FIRSTNAME"] = str(data["FIRSTNAME"]).upper()
    else:
        del data["CITY"]


def _books(state: State, draw: random.Random) -> None:
    now = milliseconds(state.clock.now())
    contacts = [row[0] for row in state.db.execute("SELECT email FROM dd_contact ORDER BY id")]
    for name, visibility, share, left_share in _BOOKS:
        members = [email for email in contacts if draw.random() * 100 < share] or contacts[:1]
        left = [(email, now) for email in members if draw.random() * 100 < left_share]
        book = bulk_load.book(state, name, members, visibility)
        bulk_load.list_unsubscribes(state, book, left)


def add_segments(state: State) -> None:
    """Writes the segments, whose members depend on what the audience has done so far."""
    for name, rule in _SEGMENTS:
        bulk_load.segment(state, name, rule)
