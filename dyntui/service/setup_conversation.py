"""The conversation of setup, one for terminal and console: questions in order, answers checked at once, any of them
corrected, and gone on with where it was left.

What is not secret of the answers is kept in a file of the profile until setup is done: whoever leaves and comes back
finds it offered for every question. Secrets are kept in memory alone, and asked again by another process.
"""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from dyntui.model.errors import DyntuiError
from dyntui.service import certificate_file
from dyntui.service.config import write_private
from dyntui.service.contract.setup import SetupRequest
from dyntui.service.setup_questions import (
    ADDRESS,
    FIND,
    SIGNED_IN,
    WHERE_PEOPLE_SIGN_IN,
    Answers,
    Question,
    checked,
    next_question,
    questions,
    request_of,
    without,
)

log = logging.getLogger(__name__)


class Conversation:
    """See the module. `known` is not asked, as the environment says it; `left` names the file of answers that were
    given before (None: nothing outlives the process)."""

    def __init__(self, known: Answers, left: Path | None = None) -> None:
        self.answers: dict[str, str] = dict(known)
        self._left = left
        self._before = _read(left)
        self._asked: list[str] = []
        self._finding = False

    def __repr__(self) -> str:
        return f"Conversation({len(self.answers)} answers)"

    @property
    def question(self) -> Question | None:
        """The next one, with the answer that was given before as the usual one; None when nothing is left to ask."""
        found = self._next()
        if found is None:
            return None
        before = self._before.get(found.key, "")
        fits = bool(before) and (not found.choices or before in found.choices)
        return msgspec.structs.replace(found, usual=before) if fits else found

    @property
    def given_before(self) -> bool:
        """Whether the usual answer of the question is one that was given, and not a proposal."""
        found = self._next()
        return found is not None and bool(self._before.get(found.key))

    def _next(self) -> Question | None:
        if not self._finding:
            return next_question(self.answers)
        of_sign_in = (each for each in questions(self.answers) if each.key in WHERE_PEOPLE_SIGN_IN)
        return next((each for each in of_sign_in if each.key not in self.answers), None)

    @property
    def finds(self) -> bool:
        """Whether the person wants to sign in now, and choose the organisation among their own: all that signing in
        needs is answered. `found` ends it."""
        return self._finding and self._next() is None

    def find(self) -> None:
        """The person signs in to be told where they have a user: only what that needs is asked before."""
        self._finding = ADDRESS not in self.answers

    def found(self, address: str) -> None:
        """They chose this one."""
        self._finding = False
        self.answers[ADDRESS] = address.rstrip("/")
        self._asked.append(ADDRESS)
        self._keep()

    @property
    def signs_in(self) -> bool:
        """Whether the person as whom the service acts signs in now. `take` is told what that has left."""
        found = self._next()
        return found is not None and found.key == SIGNED_IN

    @property
    def place(self) -> tuple[int, int]:
        """Which question this is, and of how many as far as that is known."""
        keys = [each.key for each in questions(self.answers)]
        return sum(key in self.answers for key in keys) + 1, len(keys)

    def check(self, text: str) -> str:
        """The answer to the question as it is kept; without a text the usual one. Raises ValueError."""
        question = self.question
        if question is None:
            raise ValueError("There is nothing left to ask.")
        if question.key == ADDRESS and text.strip() == FIND:
            return FIND
        return checked(question, text or question.usual, self.answers)

    def take(self, text: str) -> None:
        """Takes an answer. Raises ValueError, which says what is wanted instead."""
        question, answer = self.question, self.check(text)
        assert question is not None
        if answer == FIND:
            self.find()
            return
        self.answers[question.key] = answer
        self._asked.append(question.key)
        self._keep()

    def back(self) -> bool:
        """To the question before; False where this is the first one."""
        if self._finding and not any(key in WHERE_PEOPLE_SIGN_IN for key in self._asked):
            self._finding = False
            return True
        if not self._asked:
            return False
        key = self._asked.pop()
        self._before[key] = self.answers.pop(key)
        return True

    def correct(self, part: str) -> None:
        """The answers of a part are asked anew, with those given as the usual ones. `part`: of `setup_questions`."""
        self._finding = False
        self._before |= self.answers
        self.answers = without(part, self.answers)
        self._asked = [key for key in self._asked if key in self.answers]

    def request(self) -> SetupRequest:
        """What all answers make. Raises DyntuiError SETUP_INPUT_INVALID where a file has become unusable."""
        try:
            return request_of(self.answers)
        except ValueError as wrong:
            raise DyntuiError(
                "SETUP_INPUT_INVALID",
                f"The certificate cannot be used any more: {wrong}",
                not_done="Nothing was connected.",
                remedy="Correct the answers about dynamics.",
            ) from None

    def done(self) -> None:
        """Setup is done: nothing has to be gone on with."""
        if self._left is not None:
            self._left.unlink(missing_ok=True)

    def _keep(self) -> None:
        if self._left is None:
            return
        hidden = {each.key for each in questions(self.answers) if each.hidden}
        told = {
            key: value
            for key, value in {**self._before, **self.answers}.items()
            if key not in hidden and not _is_secret(key, value)
        }
        try:
            self._left.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._left, msgspec.json.encode(told))
        except OSError as error:
            # It costs the coming back alone.
            log.warning("%s cannot be written: %s", self._left, error)


def _is_secret(key: str, value: str) -> bool:
    """Whatever is asked now: of answers of an earlier turn it is not known any more which are hidden."""
    return key == SIGNED_IN or key.endswith(("password", "secret")) or certificate_file.is_text(value)


def _read(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        log.warning("%s cannot be read: %s", file, error)
        return {}
