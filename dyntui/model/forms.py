"""Forms: what they ask, what an answer says in words, and who of the respondents becomes a record.

merged(known, now) -> Definition       questions that are not asked any more are kept
answers(given, questions) -> Given     a response in words; `names`: what it says of a new record's name
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from dyntui.model import exact_json
from dyntui.model.contact_numbers import contact_number
from dyntui.model.created_records import LABELS


class NewRespondents(enum.StrEnum):
    """What becomes of a respondent whom Dynamics does not know, by the email account."""

    IGNORE = "ignore"
    CONTACT = "contact"
    LEAD = "lead"


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that a form asks. `line`: the id of a line of a table of questions, 0 for none; `choices`: by id;
    `label`: the data field that dotdigital fills with the answer; `gone`: it is not asked any more."""

    id: int
    line: int = 0
    text: str
    type: str = ""
    choices: dict[int, str] = {}
    label: str = ""
    gone: bool = False

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from the form's others."""
        return self.id, self.line


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A question and what was answered, in words."""

    question: str
    answer: str


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """What a form asks, and what has changed of it: texts of questions."""

    questions: tuple[Question, ...]
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A response in words. `unknown`: it answers something, or with a choice, that the questions do not hold."""

    answers: tuple[Answer, ...]
    names: Mapping[str, str] = {}
    unknown: bool = False


def merged(known: Sequence[Question], now: Sequence[Question]) -> Definition:
    """The questions of now in their order, then those that were asked before. Choices that were taken away are kept
    with their question."""
    before = {each.key: each for each in known}
    kept = []
    for each in now:
        was = before.get(each.key)
        kept.append(msgspec.structs.replace(each, choices={**was.choices, **each.choices}) if was else each)
    there = {each.key for each in now}
    gone = [msgspec.structs.replace(each, gone=True) for each in known if each.key not in there]
    return Definition(
        questions=(*kept, *gone),
        new=tuple(each.text for each in now if each.key not in before or before[each.key].gone) if known else (),
        gone=tuple(each.text for each in gone if not before[each.key].gone),
    )


class GivenValue(msgspec.Struct, frozen=True):
    """An answer as received: to the question `id`, in its line `line` (0: none)."""

    id: int
    line: int
    value: Any


def answers(given: Iterable[GivenValue], questions: Sequence[Question]) -> Given:
    """A response in words, in the order in which it was given; what was left empty is left out. A choice or a question
    that nobody knows is shown by its number, never dropped."""
    known = {each.key: each for each in questions}
    found: list[Answer] = []
    names: dict[str, str] = {}
    unknown = False
    for each in given:
        question = known.get((each.id, each.line)) or known.get((each.id, 0))
        values = each.value if isinstance(each.value, list) else [each.value]
        words = [_in_words(value, question) for value in values if value not in (None, "")]
        if not words:
            continue
        unknown = unknown or question is None or any(not sure for _, sure in words)
        text = ", ".join(word for word, _ in words)
        found.append(Answer(question=question.text if question else f"question {each.id}", answer=text))
        if question is not None and question.label.upper() in LABELS:
            names[question.label.upper()] = text
    return Given(answers=tuple(found), names=names, unknown=unknown)


def _in_words(value: Any, question: Question | None) -> tuple[str, bool]:
    """A value as people read it, and whether it is one that is understood."""
    if isinstance(value, bool):
        return ("Yes" if value else "No"), True
    if question is not None and question.choices:
        # What somebody typed instead of choosing may be any number of digits.
        number = value if isinstance(value, int) else contact_number(str(value))
        if number in question.choices:
            return question.choices[number], True
        return (f"choice {value}", False) if isinstance(value, int) else (_plain(value), False)
    return _plain(value), not isinstance(value, (dict, list))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else exact_json.encode_text(value)


_ANONYMOUS: Final = "anonymous"


def title(form: str, address: str) -> str:
    """What a response is called."""
    return f"{form}: {address or _ANONYMOUS}"


def text_of(found: Sequence[Answer]) -> str:
    """Answers as one text, two lines each."""
    return "\n".join(f"{each.question}\n  {each.answer}" for each in found)


def questions_text(questions: Sequence[Question]) -> str:
    """Questions as one text, with what can be chosen."""
    lines = []
    for each in questions:
        lines.append(f"{each.text}{' (no longer asked)' if each.gone else ''}")
        lines += [f"  - {choice}" for choice in each.choices.values()]
    return "\n".join(lines)
