"""What `dyntui setup` asks, and what it does not take for an answer."""

from __future__ import annotations

import click
from click.testing import CliRunner

from dyntui.cli import setup_questions
from dyntui.service import setup_questions as questions
from dyntui.service.setup_conversation import Conversation


def test_an_account_that_was_given_already_is_asked_for_again() -> None:
    @click.command()
    def ask() -> None:
        known = {each.key: "-" for each in questions.questions({}) if each.about != questions.ACCOUNTS}
        talk = Conversation(known)
        setup_questions.ask_all(talk)
        for number in (1, 2):
            each = questions.account_of(number, talk.answers, "")
            click.echo(f"{each.name} {each.api_user} {each.is_default}")

    first = ["Main", "", "apiuser-1@x", "password", "off"]
    second = ["main", "Outlet", "", "APIUSER-1@x", "apiuser-2@x", "password", "off"]
    done = CliRunner().invoke(ask, input="\n".join([*first, "y", *second, "n", ""]))
    assert done.exit_code == 0, done.output
    assert done.output.count("Another email account has that already.") == 2
    assert done.output.splitlines()[-2:] == ["Main apiuser-1@x True", "Outlet apiuser-2@x False"]
