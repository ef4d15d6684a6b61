"""The questions of setup on a terminal: answers are checked when given, and kept when others are corrected."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence

import click

from dyntui.cli import device_code
from dyntui.cli.output import say
from dyntui.model.errors import DyntuiError
from dyntui.service import setup_questions
from dyntui.service.contract.setup import EmailAccountInput
from dyntui.service.setup_conversation import Conversation
from dyntui.service.setup_environment import Said
from dyntui.service.setup_questions import (
    ACCOUNTS,
    DYNAMICS,
    MANAGER,
    NO,
    NONE,
    YES,
    Question,
    account_of,
    account_questions,
    checked,
    of_account,
    where_people_sign_in,
    where_the_service_signs_in,
)

_NOTHING, _END = "none", "end"


def ask_all(talk: Conversation) -> None:
    """Asks what is left to ask."""
    said = ""
    while (question := talk.question) is not None or talk.finds:
        if question is None:
            talk.found(_chosen_environment(talk.answers))
            continue
        if talk.signs_in:
            talk.take(device_code.signed_in(where_the_service_signs_in(talk.answers)))
            continue
        said = _hint(question, said)
        talk.take(_asked(question, talk.check, given_before=talk.given_before))


def _chosen_environment(answers: Mapping[str, str]) -> str:
    """The address of the environment that the person chose among their own: shows a code to type in a browser, and
    waits. Raises DyntuiError NO_ENVIRONMENTS, and what signing in raises."""
    from dyntui.service.finding_environments import find

    found = asyncio.run(find(*where_people_sign_in(answers), device_code.show))
    for place, each in enumerate(found, start=1):
        say(f"{place}  {each.friendly_name}  {each.url}")
    place = click.prompt("Which one", type=click.IntRange(1, len(found)), default=1, err=True)
    return found[place - 1].url


def correct(talk: Conversation, error: DyntuiError) -> bool:
    """Some answers are given anew, where the others stay; False when that is the end of it."""
    parts = click.Choice([DYNAMICS, ACCOUNTS, MANAGER, _NOTHING, _END])
    say("Your answers are kept. Which of them do you want to correct before it is tried again?")
    usual = setup_questions.about(error) or _NOTHING
    part: str = click.prompt("Correct", type=parts, default=usual, err=True)
    if part == _END:
        return False
    if part != _NOTHING:
        click.echo("Enter keeps what is there.", err=True)
        talk.correct(part)
        ask_all(talk)
    return True


def one_more_account(others: Sequence[tuple[str, str]], said: Said) -> EmailAccountInput:
    """An account beside those that are connected already (name, API user). What the environment says is of the new one,
    unless its API user is that of another."""
    answers: dict[str, str] = {}
    for number, (name, user) in enumerate(others, 1):
        answers |= {of_account(number, "name"): name, of_account(number, "user"): user}
    new = len(others) + 1
    user = said.answers.get(of_account(1, "user"), "")
    if user and user.casefold() not in {each.casefold() for _, each in others}:
        taken = tuple(each for each in said.taken if each.key.startswith(of_account(1, "")))
        show_environment(Said(answers={}, taken=taken))
        answers |= {of_account(new, each.key.rpartition(".")[2]): said.answers[each.key] for each in taken}
    for question in (*account_questions(new, answers, more=False), *_only("ca_file", answers)):
        if question.key in answers:
            continue
        _hint(question, "")
        answers[question.key] = _asked(question, lambda text, q=question: checked(q, text, answers))  # type: ignore[misc]
    ca_file = answers["ca_file"]
    return account_of(new, answers, "" if ca_file == NONE else ca_file)


def _only(key: str, answers: Mapping[str, str]) -> Iterable[Question]:
    return (each for each in setup_questions.questions(answers) if each.key == key)


def show_environment(said: Said) -> None:
    """What was taken from where; secrets by their source alone."""
    if said.taken:
        say("Taken from the environment, and not asked:")
    for each in said.taken:
        say(f"  {each.text}: {each.shown or '(a secret, not shown)'} from {each.source}")
    for source, why in said.left:
        say(f"  {source} is not used: {why}")


def _chosen(question: Question, usual: str | None) -> str:
    """One of the choices; where a line has no room for them, they stand below one another with their numbers."""
    taken = f"{question.text} ({', '.join(question.choices)}) [{usual}]: {max(question.choices, key=len)}"
    if len(taken) < shutil.get_terminal_size().columns:
        return str(click.prompt(question.text, type=click.Choice(question.choices), default=usual, err=True))
    for place, each in enumerate(question.choices, start=1):
        say(f"{place}  {each}")

    def by_number(typed: str) -> str:
        known = typed.isascii() and typed.isdecimal() and 1 <= int(typed) <= len(question.choices)
        answer = question.choices[int(typed) - 1] if known else typed
        if answer not in question.choices:
            raise click.UsageError(f"Type a number from 1 to {len(question.choices)}, or the word beside it.")
        return answer

    return str(click.prompt(question.text, default=usual, err=True, value_proc=by_number))


def _hint(question: Question, said: str) -> str:
    if question.hint and question.hint != said:
        say(question.hint)
    return question.hint or said


def _asked(question: Question, check: Callable[[str], str], *, given_before: bool = False) -> str:
    """An answer that passes the check; one that does not is asked for again at once."""

    def checked_here(answer: str) -> str:
        try:
            return check(answer)
        except ValueError as wrong:
            raise click.UsageError(str(wrong)) from None

    usual = question.usual or None
    if set(question.choices) == {YES, NO}:
        return YES if click.confirm(question.text, default=question.usual == YES, err=True) else NO
    answer: str
    if question.hidden:
        text = f"{question.text} (Enter keeps it)" if given_before else question.text
        answer = click.prompt(
            text, default=usual, show_default=False, hide_input=True, err=True, value_proc=checked_here
        )
    elif question.choices:
        answer = _chosen(question, usual)
    else:
        answer = click.prompt(question.text, default=usual, err=True, value_proc=checked_here)
    return answer
