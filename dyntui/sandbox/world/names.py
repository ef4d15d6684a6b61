"""Pools of names and addresses by country, drawn from faker once and combined afterwards.

faker knows how people, streets and towns are called in each country, but asking it for every person of a million
would take an hour; combining what it gave for a few hundred takes seconds.
"""

import functools
import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from faker import Faker

# Not it_IT: faker keeps its towns in a set, whose order differs from one process to the next.
_COUNTRIES = (
    # locale, country as the customer's records write it, share of people
    ("sv_SE", "Sweden", 26),
    ("no_NO", "Norway", 14),
    ("da_DK", "Denmark", 9),
    ("fi_FI", "Finland", 8),
    ("de_DE", "Germany", 12),
    ("en_GB", "United Kingdom", 8),
    ("nl_NL", "Netherlands", 5),
    ("fr_FR", "France", 4),
    ("de_AT", "Austria", 3),
    ("hu_HU", "Hungary", 2),
    ("es_ES", "Spain", 2),
    ("pl_PL", "Poland", 2),
    ("cs_CZ", "Czechia", 1),
    ("el_GR", "Greece", 1),
    ("uk_UA", "Ukraine", 1),
    ("ja_JP", "Japan", 1),
    ("ko_KR", "South Korea", 1),
)
NORDIC = ("Sweden", "Norway", "Denmark", "Finland")

_DOMAINS = (
    *("example.com", "example.org", "example.net", "post.example", "brevlada.example", "epost.example"),
    *(
        "mailhaus.example",
        "courrier.example",
        "inbox.example",
        "letterbox.example",
        "fjord.example",
        "nordpost.example",
    ),
    *("posti.example", "briefkasten.example", "mail.test", "webpost.test", "student.test", "postbus.test"),
)
COMPANY_DOMAINS = (
    *("alpinhandel.example", "vildmark.example", "turbutikken.example", "bergzeit-laden.example", "friluft.example"),
    *("hikehouse.example", "skihytten.example", "polarsport.example", "campaquip.example", "randonnee.example"),
)
JOBS = (
    *("Teacher", "Nurse", "Carpenter", "Software developer", "Mountain guide", "Ski instructor", "Student", "Engineer"),
    *("Accountant", "Photographer", "Chef", "Architect", "Electrician", "Physiotherapist", "Journalist", "Forester"),
    *("Shop manager", "Buyer", "Logistics coordinator", "Librarian", "Doctor", "Retired", None, None, None),
)


@dataclass(frozen=True, slots=True)
class Pool:
    """What people of one country are called and where they live. `local_parts` are names as addresses spell them."""

    country: str
    female: tuple[str, ...]
    male: tuple[str, ...]
    last: tuple[str, ...]
    local_parts: dict[str, str]
    towns: tuple[tuple[str, str], ...]
    streets: tuple[str, ...]


def pools(seed: int) -> tuple[list[Pool], list[int]]:
    """One pool per country, and the countries' shares of the people as cumulative weights."""
    made, weights, total = [], [], 0
    for locale, country, share in _COUNTRIES:
        made.append(_pool(locale, country, seed))
        total += share
        weights.append(total)
    return made, weights


def _distinct(draw: Callable[[], str], count: int) -> tuple[str, ...]:
    """What `count` draws gave, each value once, in the order of their first appearance."""
    return tuple(dict.fromkeys(draw() for _ in range(count)))


@functools.cache
def _pool(locale: str, country: str, seed: int) -> Pool:
    fake = Faker(locale)
    fake.seed_instance(f"{seed}/{locale}")
    female, male = _distinct(fake.first_name_female, 90), _distinct(fake.first_name_male, 90)
    last = _distinct(fake.last_name, 220)
    names = {*female, *male, *last}
    return Pool(
        country=country,
        female=female,
        male=male,
        last=last,
        local_parts={name: _local_part(name) for name in names},
        towns=tuple((town, fake.postcode()) for town in _distinct(fake.city, 60)),
        streets=_distinct(fake.street_name, 60),
    )


def _local_part(name: str) -> str:
    """A name in the letters of an e-mail address; empty for scripts that are not written with them."""
    plain = name.lower()
    for special, spelled in (("ø", "o"), ("æ", "ae"), ("ß", "ss"), ("ł", "l"), ("đ", "d")):
        plain = plain.replace(special, spelled)
    decomposed = unicodedata.normalize("NFKD", plain)
    return "".join(letter for letter in decomposed if letter.isascii() and letter.isalnum())


def unique_address(draw: random.Random, pool: Pool, first: str, last: str, number: int) -> str:
    """A well-formed address that no other `number` gets."""
    before, after = pool.local_parts[first], pool.local_parts[last]
    style = draw.random()
    if not before or not after:
        name = f"kund{number}"
    elif style < 0.6:
        name = f"{before}.{after}{number}"
    elif style < 0.8:
        name = f"{before[0]}{after}.{number}"
    elif style < 0.97:
        name = f"{after}_{before}{number}"
    else:
        name = f"{before}.{after}{number}+outdoor"
    return f"{name}@{draw.choice(_DOMAINS)}"
