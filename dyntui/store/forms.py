"""Forms and the responses to them, as dotdigital told them last, and what of it Dynamics is still to be told.

Public:
    record(c, account_id, rows)                   rows: Header; questions stay
    all_of(c, account_id) -> [Form]; get(c, account_id, form_id) -> Form | None
    asked(c, account_id, form_id, questions, changed_on); written(c, account_id, rows)
    read_to(c, account_id, form_id, moment, counted); count(c, account_id, form_id) -> int
    keep(c, account_id, form_id, rows)            rows: Response; those that say something else are news
    news(c, account_id, form_id, after, most) -> [Response]; with_news(c, account_id) -> {form id}
    told(c, account_id, form_id, rows)            rows: (response id, record's id)
    again(c, addresses)                           responses that no record was found for
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, or_, select, update
from sqlalchemy import String as Text

from dyntui.model.forms import Answer, Question
from dyntui.model.payloads import fingerprint
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import form, form_response
from dyntui.store.upserts import json_text, update_many, upsert

_f, _r = form.c, form_response.c


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """A form as it is listed. Times are ISO 8601 UTC, `""` where there is none."""

    id: int
    name: str
    state: str
    url: str
    made_on: str
    changed_on: str
    first_response: str
    last_response: str
    complete: int
    incomplete: int
    views: int

    @property
    def counted(self) -> str:
        """What tells that there are other responses than before."""
        return f"{self.complete}/{self.incomplete}/{self.last_response}"


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A form with what is known of it besides: see the table."""

    header: Header
    row_id: str
    questions: tuple[Question, ...]
    asked_as: str
    fingerprint: str
    responses_on: str
    responses_as: str

    @property
    def id(self) -> int:
        """dotdigital's."""
        return self.header.id

    @property
    def asks_as(self) -> str:
        """What `asked_as` is once the questions of now are known."""
        return self.header.changed_on or "undated"


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """A response. `address`: normalised, `""` for an anonymous one."""

    id: int
    address: str
    started_on: str
    completed_on: str
    complete: bool
    answers: tuple[Answer, ...]
    names: Mapping[str, str] = {}
    person_id: str = ""
    told: bool = False


_HEADER = Header.__struct_fields__
_SAID = ("address", "started_on", "completed_on", "complete", "answers", "names")


def record(c: Connection, account_id: str, rows: Iterable[Header]) -> None:
    """Keep forms as listed."""
    columns = ("account_id", *_HEADER, "questions")
    upsert(
        c,
        form,
        columns,
        ("account_id", "id"),
        ((account_id, *msgspec.structs.astuple(row), "[]") for row in rows),
        update=_HEADER[1:],
    )


def all_of(c: Connection, account_id: str) -> list[Form]:
    """Every form of an account, by id."""
    return [_form(row._mapping) for row in c.execute(select(form).where(_f.account_id == account_id).order_by(_f.id))]


def get(c: Connection, account_id: str, form_id: int) -> Form | None:
    """One form."""
    row = c.execute(select(form).where(_f.account_id == account_id, _f.id == form_id)).one_or_none()
    return None if row is None else _form(row._mapping)


def _form(row: Any) -> Form:
    more = {name: row[name] for name in Form.__struct_fields__ if name not in ("header", "questions")}
    questions = msgspec.convert(row["questions"], tuple[Question, ...], strict=False)
    return Form(header=Header(**{name: row[name] for name in _HEADER}), questions=questions, **more)


def asked(c: Connection, account_id: str, form_id: int, questions: Sequence[Question], changed_on: str) -> None:
    """Keep what a form asks, as it was when it had been changed last at `changed_on`."""
    c.execute(
        update(form)
        .where(_f.account_id == account_id, _f.id == form_id)
        .values(questions=msgspec.to_builtins(list(questions), str_keys=True), asked_as=changed_on)
    )


def written(c: Connection, account_id: str, rows: Iterable[tuple[int, str, str]]) -> None:
    """Dynamics has these forms now: id, fingerprint of what was written, row id."""
    statement = (
        update(form)
        .where(_f.account_id == bindparam("b_account", type_=Text), _f.id == bindparam("b_id", type_=_f.id.type))
        .values(fingerprint=bindparam("b_print", type_=Text), row_id=bindparam("b_row", type_=Text))
    )
    names = ("b_print", "b_row", "b_account", "b_id")
    update_many(c, statement, names, ((mark, row, account_id, form_id) for form_id, mark, row in rows))


def read_to(c: Connection, account_id: str, form_id: int, moment: str, counted: str) -> None:
    """Responses up to a moment are known; `""`: they are read from the beginning the next time."""
    values = {"responses_on": moment, "responses_as": counted}
    c.execute(update(form).where(_f.account_id == account_id, _f.id == form_id).values(values))


def count(c: Connection, account_id: str, form_id: int) -> int:
    """How many responses are known."""
    known = select(func.count()).where(_r.account_id == account_id, _r.form_id == form_id)
    return int(c.execute(known).scalar_one())


def keep(c: Connection, account_id: str, form_id: int, rows: Iterable[Response]) -> None:
    """Responses as they were read."""
    upsert(
        c,
        form_response,
        ("account_id", "form_id", "id", *_SAID, "fingerprint", "news"),
        ("account_id", "form_id", "id"),
        [(account_id, form_id, each.id, *(_value(each, name) for name in _SAID), _print(each), True) for each in rows],
        update=(*_SAID, "fingerprint"),
        computed=lambda new: {"news": or_(_r.news, _r.fingerprint != new.fingerprint)},
    )


def _value(each: Response, name: str) -> object:
    value = getattr(each, name)
    return json_text(msgspec.to_builtins(value)) if name in ("answers", "names") else value


def _print(each: Response) -> str:
    return fingerprint(each.address, {name: msgspec.to_builtins(getattr(each, name)) for name in _SAID})


def news(c: Connection, account_id: str, form_id: int, after: int, most: int) -> list[Response]:
    """Responses of which something is still to be told, in order, from the one `after` which they come."""
    waiting = select(*(_r[name] for name in Response.__struct_fields__)).where(
        _r.account_id == account_id, _r.form_id == form_id, _r.news.is_(True), _r.id > after
    )
    rows = c.execute(waiting.order_by(_r.id).limit(most))
    return [msgspec.convert({str(name): value for name, value in row._mapping.items()}, Response) for row in rows]


def with_news(c: Connection, account_id: str) -> set[int]:
    """The forms that have such responses."""
    waiting = select(_r.form_id).where(_r.account_id == account_id, _r.news.is_(True))
    return set(c.execute(waiting.distinct()).scalars())


def told(c: Connection, account_id: str, form_id: int, rows: Iterable[tuple[int, str]]) -> None:
    """Dynamics has these responses: id, and the record they belong to (`""`: none)."""
    statement = (
        update(form_response)
        .where(
            _r.account_id == bindparam("b_account", type_=Text),
            _r.form_id == bindparam("b_form", type_=_r.form_id.type),
            _r.id == bindparam("b_id", type_=_r.id.type),
        )
        .values(news=False, told=True, person_id=bindparam("b_person", type_=Text))
    )
    names = ("b_person", "b_account", "b_form", "b_id")
    update_many(c, statement, names, ((person, account_id, form_id, each) for each, person in rows))


def again(c: Connection, addresses: Sequence[str]) -> None:
    """Responses from these addresses for which no record was found so far are told once more."""
    for some in in_chunks(addresses):
        c.execute(update(form_response).where(_r.address.in_(some), _r.person_id == "").values(news=True))
