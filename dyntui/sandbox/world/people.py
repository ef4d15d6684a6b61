"""The people of the world: who they are, how they can be reached, and all that is wrong with their records.

A stream of values that depends on the seed and the number of people alone: nothing here knows a database or a clock.
"""

import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from dyntui.sandbox.world import hostile
from dyntui.sandbox.world.names import COMPANY_DOMAINS, JOBS, Pool, pools, unique_address

_T = TypeVar("_T")
CONTACT_SHARE = 0.88
_MISSING, _BROKEN, _SHARED, _DUPLICATE = 0.02, 0.01, 0.02, 0.04
_NO_EMAIL, _NO_BULK = 0.03, 0.04
_INACTIVE = 0.03
_HOSTILE = 0.001
_HOSTILE_EVERY = 7
_REMEMBERED = 400
_FIRST_BIRTHDAY, _BIRTHDAYS = date(1938, 1, 1), 25_000
_SHARED_NAMES = ("info", "office", "kontakt", "post", "sales")
_FEMALE, _MALE = 2, 1


@dataclass(slots=True)
class Individual:
    """One record of a person.

    `gender` is 1 (male), 2 (female) or None; `state` is active, inactive or merged for contacts, open, qualified or
    disqualified for leads; `merged_into` is the record which took over a merged one, `account` the number of the
    account that the person belongs to.
    """

    id: str
    is_lead: bool
    first: str
    last: str
    gender: int | None
    email: str | None
    second_email: str | None
    country: str
    street: str
    city: str
    postcode: str
    phone: str | None
    mobile: str | None
    job: str | None
    birthdate: date | None
    no_email: bool
    no_bulk: bool
    state: str
    merged_into: str | None
    account: int | None
    days_known: float


def guid(draw: random.Random) -> str:
    """A version 4 GUID from a generator: quicker than hashing for millions of rows."""
    text = f"{draw.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def contacts_among(people: int) -> int:
    """How many of the people are contacts; the others are leads."""
    return round(people * CONTACT_SHARE)


def generate(seed: int, people: int, accounts: int) -> Iterator[Individual]:
    """All contacts, then all leads."""
    return _Generator(seed, accounts).run(people)


class _Generator:
    """Draws one record after the other and remembers recent ones, whom later records duplicate."""

    def __init__(self, seed: int, accounts: int) -> None:
        self._draw = random.Random(f"people/{seed}")
        self._pools, self._weights = pools(seed)
        self._accounts = accounts
        self._recent: list[tuple[str, str, str, str, bool]] = []

    def run(self, people: int) -> Iterator[Individual]:
        contacts = contacts_among(people)
        for number in range(people):
            yield self._next(number, is_lead=number >= contacts)

    def _next(self, number: int, *, is_lead: bool) -> Individual:
        draw, chance, pick = self._draw, self._draw.random, self._pick
        pool = self._pools[bisect(self._weights, draw.randrange(self._weights[-1]))]
        gender = _FEMALE if chance() < 0.5 else _MALE
        first = pick(pool.female if gender == _FEMALE else pool.male)
        last = pick(pool.last)
        own_id = guid(draw)
        first, last = self._perhaps_hostile(number, first, last)
        state, merged_into = self._state(is_lead), None
        kind = chance()
        if kind < _MISSING:
            email = pick((None, None, None, ""))
        elif kind < _MISSING + _BROKEN:
            broken = pick(hostile.BROKEN_ADDRESSES)
            email = broken.format(name=f"kund{number}", domain="example.com")
        elif kind < _MISSING + _BROKEN + _SHARED:
            email = f"{pick(_SHARED_NAMES)}@{pick(COMPANY_DOMAINS)}"
        elif kind < _MISSING + _BROKEN + _SHARED + _DUPLICATE and self._recent:
            other, first_seen, last_seen, email, other_is_lead = pick(self._recent)
            email = _spelled_differently(draw, email)
            if chance() < 0.6:
                first, last = first_seen, last_seen
                # The platform merges records of one table only.
                if not is_lead and not other_is_lead and chance() < 0.3:
                    state, merged_into = "merged", other
        else:
            email = self._unique(pool, first, last, number)
            if state in {"active", "open"}:
                self._remember((own_id, first, last, email, is_lead))
        town, postcode = pick(pool.towns)
        return Individual(
            id=own_id,
            is_lead=is_lead,
            first=first,
            last=last,
            gender=gender if chance() < 0.8 else None,
            email=email,
            second_email=f"kund{number}@private.example" if chance() < 0.05 else None,
            country=pool.country,
            street=f"{pick(pool.streets)} {draw.randrange(1, 180)}",
            city=town,
            postcode=postcode,
            phone=_phone(draw) if chance() < 0.4 else None,
            mobile=_phone(draw) if chance() < 0.6 else None,
            job=pick(JOBS),
            birthdate=_FIRST_BIRTHDAY + timedelta(days=draw.randrange(_BIRTHDAYS)) if chance() < 0.55 else None,
            no_email=chance() < _NO_EMAIL,
            no_bulk=chance() < _NO_BULK,
            state=state,
            merged_into=merged_into,
            account=draw.randrange(self._accounts) if self._accounts and chance() < 0.15 else None,
            days_known=draw.random() ** 2 * 2200,
        )

    def _pick(self, choices: Sequence[_T]) -> _T:
        """Like Random.choice, in a third of its time."""
        return choices[int(self._draw.random() * len(choices))]

    def _perhaps_hostile(self, number: int, first: str, last: str) -> tuple[str, str]:
        """Every hostile name once among the first people, so that small worlds have them too; then at random."""
        index, rest = divmod(number, _HOSTILE_EVERY)
        if rest == 3 and index < len(hostile.NAMES):
            return hostile.NAMES[index]
        return self._pick(hostile.NAMES) if self._draw.random() < _HOSTILE else (first, last)

    def _unique(self, pool: Pool, first: str, last: str, number: int) -> str:
        if first in pool.local_parts and last in pool.local_parts:
            return unique_address(self._draw, pool, first, last, number)
        return f"kund{number}@example.net"

    def _state(self, is_lead: bool) -> str:
        chance = self._draw.random()
        if not is_lead:
            return "inactive" if chance < _INACTIVE else "active"
        if chance < 0.7:
            return "open"
        return "qualified" if chance < 0.88 else "disqualified"

    def _remember(self, record: tuple[str, str, str, str, bool]) -> None:
        if len(self._recent) < _REMEMBERED:
            self._recent.append(record)
        elif self._draw.random() < 0.2:
            self._recent[self._draw.randrange(_REMEMBERED)] = record


def _spelled_differently(draw: random.Random, email: str) -> str:
    """The same mailbox as another person might type it."""
    chance = draw.random()
    if chance < 0.2:
        return email.upper()
    if chance < 0.4:
        return email.title()
    if chance < 0.45:
        return f"{email} "
    return email


def _phone(draw: random.Random) -> str:
    """A number out of the ranges which the Swedish, British and American regulators keep for fiction."""
    chance = draw.random()
    if chance < 0.6:
        return f"+46 70 174 06 {draw.randrange(5, 100):02}"
    if chance < 0.8:
        return f"+44 7700 900{draw.randrange(1000):03}"
    return f"+1 202 555 01{draw.randrange(100):02}"
