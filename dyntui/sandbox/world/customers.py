"""The company's customers in Dataverse: accounts, contacts, leads."""

import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from dyntui.sandbox.dataverse.bulk_load import insert_rows
from dyntui.sandbox.dataverse.storage import timestamp
from dyntui.sandbox.state import State
from dyntui.sandbox.world.company import Company, Owner
from dyntui.sandbox.world.names import COMPANY_DOMAINS, pools
from dyntui.sandbox.world.people import Individual, contacts_among, generate, guid

_PEOPLE_PER_ACCOUNT = 40
_FEWEST_ACCOUNTS = 4
_TRADES = ("Sport", "Outdoor", "Bergsport", "Fjällbutik", "Friluft", "Ski & Snow", "Camping", "Expedition")
_OWNED = ("createdon", "modifiedon", "ownerid", "owneridtype", "owninguser", "owningteam", "owningbusinessunit")
_MADE_BY = ("createdby", "modifiedby")
_ADDRESS = ("address1_line1", "address1_city", "address1_postalcode", "address1_country")
_REACH = ("emailaddress1", "emailaddress2", "telephone1", "mobilephone", "donotemail", "donotbulkemail")
_NAME = ("firstname", "lastname", "fullname", "jobtitle")
_ACTIVE, _INACTIVE, _MERGED = (0, 1), (1, 2), (1, 2)
_CONTACT_STATES = {"active": _ACTIVE, "inactive": _INACTIVE, "merged": _MERGED}
_DISQUALIFIED = ((2, 4), (2, 5), (2, 6), (2, 7))
_RETAIL = 14
_SUBJECTS = ("Tent for four seasons", "Ski touring set", "Group order", "Climbing course", "Rental fleet", "Club offer")


def accounts_among(people: int) -> int:
    """How many accounts a world of so many people has."""
    return max(_FEWEST_ACCOUNTS, people // _PEOPLE_PER_ACCOUNT)


def build(state: State, company: Company, seed: int, people: int) -> None:
    """Writes all accounts, contacts and leads."""
    now = state.clock.now()
    accounts = _accounts(state, company, seed, accounts_among(people), now)
    stream = generate(seed, people, len(accounts))
    owners = _owners(company, seed)
    contacts = contacts_among(people)
    insert_rows(state, "contact", _CONTACT_COLUMNS, _contacts(stream, contacts, owners, accounts, company, now))
    insert_rows(state, "lead", _LEAD_COLUMNS, _leads(stream, owners, company, now, seed))


def _owners(company: Company, seed: int) -> Iterator[Owner]:
    """Who owns the next row: mostly marketing, some trade sales, some the team."""
    draw = random.Random(f"owners/{seed}")
    choices = [company.users["manager"], company.users["professional"], company.users["trade"], company.team]
    while True:
        yield draw.choices(choices, (55, 30, 12, 3))[0]


def _stamps(owner: Owner, company: Company, now: datetime, days_known: float) -> tuple[Any, ...]:
    """Values of _OWNED and _MADE_BY. Rows were changed once, some time between their creation and now."""
    created = now - timedelta(days=days_known)
    modified = now - timedelta(days=days_known / 3)
    user, team = (owner.id, None) if owner.table == "systemuser" else (None, owner.id)
    maker = company.users["manager"].id
    return (
        *(timestamp(created), timestamp(modified), owner.id, owner.table, user, team, owner.business_unit),
        *(maker, maker),
    )


_ACCOUNT_COLUMNS = (
    *("accountid", "name", "accountnumber", "industrycode", "emailaddress1", "telephone1", "websiteurl"),
    *("donotemail", "donotbulkemail", "statecode", "statuscode", *_ADDRESS, *_OWNED, *_MADE_BY),
)


def _accounts(state: State, company: Company, seed: int, count: int, now: datetime) -> list[str]:
    draw = random.Random(f"accounts/{seed}")
    all_pools, weights = pools(seed)
    rows: list[tuple[Any, ...]] = []
    for number in range(count):
        pool = draw.choices(all_pools, cum_weights=weights)[0]
        owner = company.users["trade"] if draw.random() < 0.6 else company.users["manager"]
        domain = COMPANY_DOMAINS[number % len(COMPANY_DOMAINS)]
        town, postcode = draw.choice(pool.towns)
        state_of = _INACTIVE if draw.random() < 0.03 else _ACTIVE
        email = None if draw.random() < 0.05 else f"order{number}@{domain}"
        rows.append(
            (
                *(guid(draw), f"{draw.choice(pool.last)} {draw.choice(_TRADES)} {number + 1}", f"A-{number + 10_000}"),
                *(_RETAIL, email, f"+44 7700 900{number % 1000:03}", f"https://{domain}/{number}"),
                *(int(draw.random() < 0.03), int(draw.random() < 0.04), *state_of),
                *(f"{draw.choice(pool.streets)} {draw.randrange(1, 90)}", town, postcode, pool.country),
                *_stamps(owner, company, now, draw.random() * 2000),
            )
        )
    insert_rows(state, "account", _ACCOUNT_COLUMNS, rows)
    return [row[0] for row in rows]


_CONTACT_COLUMNS = (
    *("contactid", *_NAME, *_REACH, "gendercode", "birthdate", *_ADDRESS, "statecode", "statuscode"),
    *("merged", "masterid", "parentcustomerid", "parentcustomeridtype", *_OWNED, *_MADE_BY),
)


def _full_name(person: Individual) -> str:
    return f"{person.first} {person.last}"


def _name_values(person: Individual) -> tuple[Any, ...]:
    return (person.first, person.last, _full_name(person), person.job)


def _reach_values(person: Individual) -> tuple[Any, ...]:
    return (
        *(person.email, person.second_email, person.phone, person.mobile),
        *(int(person.no_email), int(person.no_bulk)),
    )


def _address_values(person: Individual) -> tuple[Any, ...]:
    return (person.street, person.city, person.postcode, person.country)


def _contacts(
    stream: Iterator[Individual],
    count: int,
    owners: Iterator[Owner],
    accounts: list[str],
    company: Company,
    now: datetime,
) -> Iterable[tuple[Any, ...]]:
    for _ in range(count):
        person = next(stream)
        account = accounts[person.account] if person.account is not None else None
        yield (
            *(person.id, *_name_values(person), *_reach_values(person), person.gender),
            *(person.birthdate.isoformat() if person.birthdate else None, *_address_values(person)),
            *(*_CONTACT_STATES[person.state], int(person.merged_into is not None), person.merged_into),
            *(account, "account" if account else None),
            *_stamps(next(owners), company, now, person.days_known),
        )


_LEAD_COLUMNS = (
    *("leadid", "subject", "companyname", *_NAME, *_REACH, *_ADDRESS, "statecode", "statuscode", "leadsourcecode"),
    *("leadqualitycode", *_OWNED, *_MADE_BY),
)


def _leads(
    stream: Iterator[Individual],
    owners: Iterator[Owner],
    company: Company,
    now: datetime,
    seed: int,
) -> Iterable[tuple[Any, ...]]:
    draw = random.Random(f"leads/{seed}")
    for person in stream:
        if person.state == "open":
            state_of = (0, draw.choice((1, 1, 2)))
        else:
            state_of = (1, 3) if person.state == "qualified" else draw.choice(_DISQUALIFIED)
        employer = f"{draw.choice(_TRADES)} {person.account + 1}" if person.account is not None else None
        yield (
            *(person.id, draw.choice(_SUBJECTS), employer, *_name_values(person), *_reach_values(person)),
            *(*_address_values(person), *state_of, draw.randrange(1, 11), draw.randrange(1, 4)),
            *_stamps(next(owners), company, now, person.days_known / 3),
        )
