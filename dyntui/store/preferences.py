"""Marketing preferences, what people chose on either side, and what is still to be compared.

Public:
    all_of(c, account_id) -> [Known]; record(c, account_id, rows); written(c, account_id, rows)
    keep(c, account_id, rows, news=True)               rows: (preference id, Contacts); not_chosen(c, account_id, rows)
    yes_of(c, account_id, contact_ids, among, before) -> {contact id: {preference id: address}}
    count_yes(c, account_id, among, before)
    no_of(c, account_id, contact_id) -> {preference id}
    contact_news(c, account_id, most) -> [(preference id, Contacts)]; contacts_seen(c, account_id, rows)
    readdress(c, account_id, addresses)                contacts that have another address: contact id -> address
    keep_rows(c, rows)                                 rows of Dynamics: RecordRow
    make(c, account_id, rows)                          rows: (preference id, Records) that may be new
    record_news(c, account_id, after, most) -> [Pair]
    declined(c, account_id, addresses) -> {(preference id, address): record}
    chose(c, account_id, addresses) -> {(preference id, record)}
    settled(c, account_id, rows); told_dotdigital(c, account_id, rows); set_aside(c, account_id, rows)
    moved(c, people); again(c, addresses); wake(c, account_id, preference_ids)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy import String as Text

from dyntui.model.preferences import Choice, Preference, Said
from dyntui.store.chunks import beside, in_chunks
from dyntui.store.schema import contact_choice, preference, record_choice
from dyntui.store.upserts import Excluded, update_many, upsert
from dyntui.store.windows import shown

_p, _c, _r = preference.c, contact_choice.c, record_choice.c


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A preference with its row in Dynamics."""

    preference: Preference
    row_id: str
    fingerprint: str


class OfContact(msgspec.Struct, frozen=True, kw_only=True):
    """What a contact chose."""

    preference_id: int
    contact_id: int
    address: str
    choice: Choice
    chosen_on: str


class OfRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a record chose, by its row in Dynamics; `choice` NONE and no `row_id` where it has none yet."""

    preference_id: int
    person_id: str
    entity: str
    name: str = ""
    address: str
    choice: Choice = Choice.NONE
    chosen_on: str = ""
    row_id: str = ""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A record's choice beside that of the contact with its address."""

    record: OfRecord
    base: Choice
    dotdigital: Said


def all_of(c: Connection, account_id: str) -> list[Known]:
    """Every preference that an account has or had, by id."""
    rows = c.execute(select(preference).where(_p.account_id == account_id).order_by(_p.id))
    return [Known(preference=shown(Preference, row), row_id=row.row_id, fingerprint=row.fingerprint) for row in rows]


def record(c: Connection, account_id: str, rows: Iterable[Preference]) -> None:
    """Keep preferences as they are offered."""
    names = Preference.__struct_fields__
    values = [(account_id, *msgspec.structs.astuple(row)) for row in rows]
    upsert(c, preference, ("account_id", *names), ("account_id", "id"), values, update=names[1:])


def written(c: Connection, account_id: str, rows: Iterable[tuple[int, str, str]]) -> None:
    """Dynamics has these preferences now: id, fingerprint of what was written, row id."""
    statement = (
        update(preference)
        .where(_p.account_id == bindparam("b_account", type_=Text), _p.id == bindparam("b_id", type_=_p.id.type))
        .values(fingerprint=bindparam("b_print", type_=Text), row_id=bindparam("b_row", type_=Text))
    )
    names = ("b_print", "b_row", "b_account", "b_id")
    update_many(c, statement, names, ((mark, row, account_id, key) for key, mark, row in rows))


_SAID = ("address", "choice", "chosen_on")
# Instead of a choice: dotdigital says no of what nobody chose.
_NOT_CHOSEN = "not chosen"


def keep(c: Connection, account_id: str, rows: Iterable[OfContact], *, news: bool = True) -> None:
    """Choices as dotdigital told them; those that say something else than before are `news`. A no that nobody chose is
    none, as long as it is not said anew; one that is older than what is known says only that the feed is late."""
    upsert(
        c,
        contact_choice,
        ("account_id", "preference_id", "contact_id", *_SAID, "news"),
        ("account_id", "preference_id", "contact_id"),
        [
            (account_id, each.preference_id, each.contact_id, each.address, each.choice.value, each.chosen_on, news)
            for each in rows
        ],
        update=("address",),
        computed=_as_told,
    )


def _as_told(new: Excluded) -> Mapping[str, ColumnElement[Any]]:
    not_anew = and_(_c.choice == _NOT_CHOSEN, new.choice == Choice.NO.value, new.chosen_on <= _c.chosen_on)
    # What dyntui has told dotdigital itself is no news, and counts whatever was known.
    older = and_(new.news, new.chosen_on != "", new.chosen_on < _c.chosen_on)
    passed = or_(not_anew, and_(older, _c.choice != _NOT_CHOSEN, _c.choice != new.choice))
    other = or_(and_(~passed, _c.choice != new.choice), and_(~not_anew, _c.address != new.address))
    return {
        "choice": case((passed, _c.choice), else_=new.choice),
        "chosen_on": case((and_(passed, ~not_anew), _c.chosen_on), else_=new.chosen_on),
        "news": or_(_c.news, and_(new.news, other)),
    }


def not_chosen(c: Connection, account_id: str, rows: Iterable[OfContact]) -> None:
    """dotdigital says no for these, which nobody chose: it is not brought to Dynamics."""
    upsert(
        c,
        contact_choice,
        ("account_id", "preference_id", "contact_id", *_SAID, "news"),
        ("account_id", "preference_id", "contact_id"),
        [
            (account_id, each.preference_id, each.contact_id, each.address, _NOT_CHOSEN, each.chosen_on, False)
            for each in rows
        ],
    )


def yes_of(
    c: Connection, account_id: str, contact_ids: Sequence[int], among: Sequence[int], before: str
) -> dict[int, dict[int, str]]:
    """Of these contacts the preferences `among` some that they are known to have said yes to `before` a time, each with
    the contact's address."""
    found: dict[int, dict[int, str]] = {}
    wanted = frozenset(among)
    for some in in_chunks(contact_ids):
        rows = select(_c.contact_id, _c.preference_id, _c.address).where(
            beside(_c.account_id) == account_id, _c.contact_id.in_(some), *_yes(before)
        )
        for row in c.execute(rows):
            if row.preference_id not in wanted:
                continue
            found.setdefault(row.contact_id, {})[row.preference_id] = row.address
    return found


def no_of(c: Connection, account_id: str, contact_id: int) -> set[int]:
    """The preferences of which dotdigital is known to say no for a contact."""
    rows = select(_c.preference_id).where(
        _c.account_id == account_id, _c.contact_id == contact_id, _c.choice.in_((Choice.NO.value, _NOT_CHOSEN))
    )
    return set(c.execute(rows).scalars())


def _yes(before: str) -> tuple[ColumnElement[bool], ...]:
    return _c.choice == Choice.YES.value, _c.chosen_on < before


def count_yes(c: Connection, account_id: str, among: Sequence[int], before: str) -> int:
    """How many such choices are known."""
    known = select(func.count()).where(_c.account_id == account_id, *_yes(before))
    return sum(int(c.execute(known.where(_c.preference_id.in_(some))).scalar_one()) for some in in_chunks(among))


def contact_news(c: Connection, account_id: str, most: int) -> list[OfContact]:
    """Choices that were not compared with Dynamics yet."""
    rows = (
        select(*(_c[name] for name in OfContact.__struct_fields__))
        .where(_c.account_id == account_id, _c.news.is_(True))
        .order_by(_c.preference_id, _c.contact_id)
        .limit(most)
    )
    return [shown(OfContact, row, choice=Choice(row.choice)) for row in c.execute(rows)]


def readdress(c: Connection, account_id: str, addresses: Mapping[int, str]) -> None:
    """These contacts (id -> address) have another address than they chose with: all they chose is compared anew."""
    statement = (
        update(contact_choice)
        .where(
            _c.account_id == bindparam("b_account", type_=Text),
            _c.contact_id == bindparam("b_contact", type_=_c.contact_id.type),
        )
        .values(address=bindparam("b_address", type_=Text), news=_c.choice != _NOT_CHOSEN)
    )
    values = ((account_id, contact_id, address) for contact_id, address in addresses.items())
    update_many(c, statement, ("b_account", "b_contact", "b_address"), values)


def _compared(choices: Table, whose: Column[Any]) -> Update:
    """Choices are news no more: told for each by account, preference and whose it is."""
    of = choices.c
    return (
        update(choices)
        .values(news=False)
        .where(
            of.account_id == bindparam("b_account", type_=Text),
            of.preference_id == bindparam("b_preference", type_=of.preference_id.type),
            whose == bindparam("b_whose", type_=whose.type),
        )
    )


_CONTACTS_COMPARED, _RECORDS_COMPARED = (
    _compared(contact_choice, _c.contact_id),
    _compared(record_choice, _r.person_id),
)
_ONE = ("b_account", "b_preference", "b_whose")


def contacts_seen(c: Connection, account_id: str, rows: Sequence[OfContact]) -> None:
    """These choices have been compared."""
    update_many(c, _CONTACTS_COMPARED, _ONE, ((account_id, each.preference_id, each.contact_id) for each in rows))


_RECORD = OfRecord.__struct_fields__


def keep_rows(c: Connection, account_id: str, rows: Iterable[OfRecord]) -> None:
    """Rows of Dynamics as they were read; those that say something else than before are news. A row that says what is
    known already, such as one that dyntui wrote itself, was chosen when it was known to be: it may have been changed
    otherwise since."""
    upsert(
        c,
        record_choice,
        ("account_id", *_RECORD, "news"),
        ("account_id", "preference_id", "person_id"),
        [(account_id, *_values(each), True) for each in rows],
        update=("choice", "row_id", "name", "entity"),
        computed=lambda new: {
            "news": or_(_r.news, _r.choice != new.choice),
            "chosen_on": case((_r.choice == new.choice, _r.chosen_on), else_=new.chosen_on),
        },
    )


def make(c: Connection, account_id: str, rows: Iterable[OfRecord]) -> None:
    """These records are to be compared; those of which nothing was known are made, without a choice of their own."""
    upsert(
        c,
        record_choice,
        ("account_id", *_RECORD, "news"),
        ("account_id", "preference_id", "person_id"),
        [(account_id, *_values(each), True) for each in rows],
        update=("name", "address", "news"),
        # At another address nothing was ever the same on both sides.
        computed=lambda new: {"base": case((_r.address == new.address, _r.base), else_="")},
    )


def _values(each: OfRecord) -> tuple[object, ...]:
    return tuple(getattr(each, name) for name in _RECORD)


def record_news(c: Connection, account_id: str, after: tuple[int, str], most: int) -> list[Pair]:
    """Records whose choice was not compared with dotdigital yet, in order, from the one `after` which they come: each
    with what the contact with its address chose last."""
    first = (
        select(*(_r[name] for name in _RECORD), _r.base)
        .where(_r.account_id == account_id, _r.news.is_(True))
        .where(tuple_(_r.preference_id, _r.person_id) > tuple_(*after))
        .order_by(_r.preference_id, _r.person_id)
        .limit(most)
        .subquery("first")
    )
    f = first.c
    place = func.row_number().over(
        partition_by=(f.preference_id, f.person_id), order_by=(_c.chosen_on.desc(), _c.contact_id.desc())
    )
    there = and_(
        _c.address == f.address, _c.account_id == account_id, _c.preference_id == f.preference_id, f.address != ""
    )
    waiting = (
        select(
            first,
            case((_c.choice == _NOT_CHOSEN, ""), else_=func.coalesce(_c.choice, "")).label("there"),
            func.coalesce(_c.chosen_on, "").label("there_on"),
            place.label("place"),
        )
        .join_from(first, contact_choice, there, isouter=True)
        .subquery("waiting")
    )
    w = waiting.c
    rows = c.execute(select(waiting).where(w.place == 1).order_by(w.preference_id, w.person_id)).mappings()
    return [
        Pair(
            record=OfRecord(**{name: row[name] for name in _RECORD if name != "choice"}, choice=Choice(row["choice"])),
            base=Choice(row["base"]),
            dotdigital=Said(Choice(row["there"]), row["there_on"]),
        )
        for row in rows
    ]


def declined(c: Connection, account_id: str, addresses: Sequence[str]) -> dict[tuple[int, str], str]:
    """Which record said no, by preference and address; of several the last by its id."""
    found: dict[tuple[int, str], str] = {}
    columns = select(_r.preference_id, _r.address, _r.person_id).order_by(_r.person_id)
    for some in in_chunks(addresses):
        said = (beside(_r.account_id) == account_id, _r.address.in_(some), _r.choice == Choice.NO.value)
        found.update(((row.preference_id, row.address), row.person_id) for row in c.execute(columns.where(*said)))
    return found


def chose(c: Connection, account_id: str, addresses: Sequence[str]) -> set[tuple[int, str]]:
    """What records with these addresses have chosen: preference and record."""
    found: set[tuple[int, str]] = set()
    for some in in_chunks(addresses):
        said = (beside(_r.account_id) == account_id, _r.address.in_(some), _r.choice != Choice.NONE.value)
        rows = c.execute(select(_r.preference_id, _r.person_id).where(*said))
        found.update((row.preference_id, row.person_id) for row in rows)
    return found


def told_dotdigital(c: Connection, account_id: str, rows: Sequence[tuple[OfRecord, int, str]]) -> None:
    """dotdigital has these choices of records, in the contact with this id, since a time."""
    keep(
        c,
        account_id,
        [
            OfContact(
                preference_id=each.preference_id,
                contact_id=contact_id,
                address=each.address,
                choice=each.choice,
                chosen_on=since,
            )
            for each, contact_id, since in rows
        ],
        news=False,
    )
    settled(c, account_id, [each for each, *_ in rows])


def settled(c: Connection, account_id: str, rows: Iterable[OfRecord]) -> None:
    """Both sides have these choices."""
    choice = bindparam("b_choice", type_=Text)
    statement = (
        update(record_choice)
        .where(
            _r.account_id == bindparam("b_account", type_=Text),
            _r.preference_id == bindparam("b_preference", type_=_r.preference_id.type),
            _r.person_id == bindparam("b_person", type_=Text),
        )
        .values(
            news=False,
            choice=choice,
            base=choice,
            chosen_on=bindparam("b_on", type_=Text),
            row_id=bindparam("b_row", type_=Text),
        )
    )
    names = ("b_choice", "b_on", "b_row", "b_account", "b_preference", "b_person")
    values = (
        (each.choice.value, each.chosen_on, each.row_id, account_id, each.preference_id, each.person_id)
        for each in rows
    )
    update_many(c, statement, names, values)


def moved(c: Connection, people: Mapping[str, str]) -> None:
    """Records (id -> address) that changed: those with another address than before keep what they chose, and that is
    compared with what was chosen at the new one."""
    for some in in_chunks(sorted(people)):
        known = select(_r.person_id, _r.address).where(_r.person_id.in_(some)).distinct()
        other = [row.person_id for row in c.execute(known) if row.address != people[row.person_id]]
        for person in other:
            c.execute(
                update(record_choice)
                .where(_r.person_id == person, _r.address != people[person])
                .values(address=people[person], base="", news=True)
            )


def again(c: Connection, addresses: Sequence[str]) -> None:
    """What contacts with these addresses chose is compared once more, where no record has it yet; a `no` always, as it
    counts for each record that has the address."""
    there = exists().where(
        _r.account_id == _c.account_id, _r.preference_id == _c.preference_id, _r.address == _c.address
    )
    for some in in_chunks(addresses):
        due = or_(~there, _c.choice == Choice.NO.value)
        chosen = _c.choice != _NOT_CHOSEN
        c.execute(update(contact_choice).where(_c.address.in_(some), due, chosen).values(news=True))


def set_aside(c: Connection, account_id: str, rows: Sequence[OfRecord]) -> None:
    """These are not compared until something of them changes: their preference is not offered any more."""
    update_many(c, _RECORDS_COMPARED, _ONE, ((account_id, each.preference_id, each.person_id) for each in rows))


def wake(c: Connection, account_id: str, preference_ids: Sequence[int]) -> None:
    """These preferences are offered again: everybody's choice of them is compared."""
    for some in in_chunks(preference_ids):
        here = (_r.account_id == account_id, _r.preference_id.in_(some))
        c.execute(update(record_choice).where(*here).values(news=True))
