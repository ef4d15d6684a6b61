"""`dyntui doctor --first`: what both systems answer to what is assumed of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

from dyntui import __version__
from dyntui.cli.lazy import Choices
from dyntui.cli.out_file import writing
from dyntui.cli.output import moment, print_json, print_table, say
from dyntui.cli.service_call import ask
from dyntui.cli.setup_input import request_in, with_person
from dyntui.cli.setup_questions import show_environment
from dyntui.model import first_connection
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.first_connection import Fact, Holds
from dyntui.service.contract.health import FACTS_ASK, FACTS_BEFORE, FACTS_LIST
from dyntui.service.contract.session import Nothing
from dyntui.service.new_files import NewFile
from dyntui.service.setup_environment import said_by


def command(chosen: Choices, *, anew: bool, report: NewFile | None, before: str | None = None) -> Exit:
    """Asks them, or (not `anew`) tells what they answered last; with what setup would be told in the file `before`,
    where nothing is connected yet. HELD where somebody should act on an answer."""
    if before is None:
        answer = ask(chosen, FACTS_ASK if anew else FACTS_LIST, Nothing())
    else:
        request, taken = request_in(before, said_by(os.environ))
        show_environment(taken)
        answer = ask(chosen, FACTS_BEFORE, with_person(request))
    if report is not None:
        _write(report, answer.facts)
    if chosen.json:
        print_json(answer)
    else:
        _print(answer.facts, connected=before is None)
    return Exit.HELD if first_connection.differing(answer.facts) else Exit.DONE


def _print(facts: Sequence[Fact], *, connected: bool) -> None:
    print_table(
        ["id", "of", "assumed", "answer", "seen", "asked on"],
        (
            [
                each.id,
                each.account or "Dynamics",
                each.text,
                "too old" if each.old else str(each.holds),
                each.seen,
                moment(each.asked_on),
            ]
            for each in facts
        ),
        whole=["id"],
    )
    counted = Counter(each.holds for each in facts)
    say(", ".join(f"{counted[each]} {each}" for each in Holds) + ".")
    for each in facts:
        if each.holds is Holds.NO:
            say(f"{each.id}: {each.safe}{' Somebody has to act: see `dyntui doctor`.' if each.by_hand else ''}")
    if not connected:
        say("Nothing was installed or kept. Next: `dyntui setup` with the same file.")
    elif facts:
        say("Next, before the first list: `dyntui canary ADDRESS`, with an address of your own.")
        say("Before the first send: `dyntui campaigns test CAMPAIGN ADDRESS` sends a copy to you alone.")
    else:
        say("Nothing was asked yet: `dyntui doctor --first`.")


def _write(file: NewFile, facts: Sequence[Fact]) -> None:
    """Raises DyntuiError FILE_EXISTS, REPORT_NOT_WRITTEN."""
    try:
        with writing(file) as part:
            part.write_text(first_connection.report(facts, __version__), encoding="utf-8")
    except OSError as error:
        raise DyntuiError(
            "REPORT_NOT_WRITTEN",
            f"{file.path} cannot be written: {error.strerror}.",
            not_done="The answers are kept; the report was not written.",
            remedy="Name another file: `dyntui doctor --report FILE`.",
            exit=Exit.USAGE,
        ) from error
    say(f"Written: {file.path}. It names no person, list, campaign or account.")
