"""How the questions that have cheap answers have done: since when they are asked, how often they were proved, what the
proofs found (`dyntui.model.trust`).

A question is asked in an email account (`""`: the organisation) about a subject, such as a list; it earns its trust in
the account, over all subjects, and each subject has a proof of its own.

Public:
    known(c, account_id, question, subject) -> Asked; all_known(c) -> [Question]
    asked(c, account_id, question, subject, now)
    proved(c, account_id, question, subject, now, differences=None, found="")
"""

from __future__ import annotations

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select, update

from dyntui.model.trust import Asked
from dyntui.store.schema import cheap_answer
from dyntui.store.upserts import upsert

_a = cheap_answer.c


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question of an account over all its subjects."""

    account_id: str
    question: str
    since: str
    proofs: int
    differences: int
    last_proof: str


def known(c: Connection, account_id: str, question: str, subject: str) -> Asked:
    """How a question has done in an account, and when it was proved last of the subject."""
    here = (_a.account_id == account_id, _a.question == question)
    begun = func.min(_a.since).filter(_a.since != "")
    row = c.execute(
        select(
            begun.label("since"), func.sum(_a.proofs).label("proofs"), func.sum(_a.differences).label("found")
        ).where(*here)
    ).one()
    last = select(_a.found).where(*here, _a.found != "").order_by(_a.differed_on.desc(), _a.subject).limit(1)
    proof = c.execute(select(_a.last_proof).where(*here, _a.subject == subject)).scalar()
    return Asked(
        since=row.since or "",
        proofs=int(row.proofs or 0),
        differences=int(row.found or 0),
        found=c.execute(last).scalar() or "",
        last_proof=proof or "",
    )


def all_known(c: Connection) -> list[Question]:
    """All questions that are asked, by account and name."""
    begun = func.coalesce(func.min(_a.since).filter(_a.since != ""), "")
    rows = c.execute(
        select(
            _a.account_id,
            _a.question,
            begun.label("since"),
            func.sum(_a.proofs).label("proofs"),
            func.sum(_a.differences).label("differences"),
            func.max(_a.last_proof).label("last_proof"),
        )
        .group_by(_a.account_id, _a.question)
        .order_by(_a.account_id, _a.question)
    )
    return [
        Question(**{**row._mapping, "proofs": int(row.proofs), "differences": int(row.differences)}) for row in rows
    ]


def asked(c: Connection, account_id: str, question: str, subject: str, now: str) -> None:
    """The question was asked; the first time counts."""
    _put(c, account_id, question, subject)
    c.execute(update(cheap_answer).where(*_of(account_id, question, subject), _a.since == "").values(since=now))


def proved(
    c: Connection,
    account_id: str,
    question: str,
    subject: str,
    now: str,
    differences: int | None = None,
    found: str = "",
) -> None:
    """Everything was read. `differences`: what the cheap answer before had not said (`found` in words); None where none
    had been asked for."""
    _put(c, account_id, question, subject)
    values: dict[str, object] = {"last_proof": now}
    if differences is not None:
        values |= {"proofs": _a.proofs + 1, "differences": _a.differences + differences}
    if differences:
        values |= {"found": found, "differed_on": now}
    c.execute(update(cheap_answer).where(*_of(account_id, question, subject)).values(values))


def _put(c: Connection, account_id: str, question: str, subject: str) -> None:
    key = ("account_id", "question", "subject")
    upsert(c, cheap_answer, key, key, [(account_id, question, subject)], update=())


def _of(account_id: str, question: str, subject: str) -> tuple[ColumnElement[bool], ...]:
    return (_a.account_id == account_id, _a.question == question, _a.subject == subject)
