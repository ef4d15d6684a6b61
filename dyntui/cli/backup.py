"""`dyntui backup`: copies of the store, and one put back."""

from __future__ import annotations

import click

from dyntui.cli.confirming import confirm
from dyntui.cli.lazy import Choices, Group, choices
from dyntui.cli.output import moment, number, print_json, print_table, say
from dyntui.cli.service_call import ask
from dyntui.model.counted import counted
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.contract.backups import BACKUP_MAKE, BACKUPS_LIST, Backups, MakeBackup
from dyntui.service.contract.session import Nothing
from dyntui.service.profile import open_profile


@click.group(cls=Group)
def command() -> None:
    """Copies of the store with its mappings and settings. They hold no secret: those stay in the keyring."""


@command.command()
@click.option("--reason", default="", help="In words; part of its name.")
@click.pass_context
def create(context: click.Context, reason: str) -> None:
    """Copy the store as it is now; work goes on meanwhile."""
    made = ask(choices(context), BACKUP_MAKE, MakeBackup(reason=reason))
    if choices(context).json:
        print_json(made)
    else:
        say(f"Made: {made.name}, {made.size / 1e6:,.1f} MB. `dyntui backup list` says where.")


@command.command("list")
@click.pass_context
def list_(context: click.Context) -> None:
    """The backups there are, the newest first."""
    answer = _known(choices(context))
    if choices(context).json:
        print_json(answer)
        return
    print_table(
        ["name", "made", "reason", "by", "MB"],
        (
            [
                each.name,
                moment(each.made_on),
                each.reason,
                "dyntui itself" if each.automatic else "hand",
                f"{each.size / 1e6:,.1f}",
            ]
            for each in answer.rows
        ),
        right=["MB"],
        whole=["name"],
    )
    count = len(answer.rows)
    say(f"{number(count)} {'backup' if count == 1 else 'backups'} in {answer.folder}.")


# What a service says that cannot open the store, or finds none: there are the backups all the same.
_WITHOUT_A_STORE = ("STORE_CORRUPT", "STORE_FOREIGN", "STORE_NEWER", "NOT_CONFIGURED")


def _known(chosen: Choices) -> Backups:
    try:
        return ask(chosen, BACKUPS_LIST, Nothing())
    except DyntuiError as error:
        if error.code not in _WITHOUT_A_STORE:
            raise
        from dyntui.service.backups import beside

        found = beside(open_profile(chosen.profile))
        if not found.rows:
            raise
        return found


# What a store that is gone or damaged cannot tell, and what is to be done about it.
_UNREAD = {
    "environment": "what is marked as not production since, and whom that mails. Is this a copy of an organisation? "
    "Say so before anything is sent: `dyntui environment not-production`, and `dyntui environment allow`.",
    "opt-outs": "what counts as an opt-out since besides donotemail and donotbulkemail: `dyntui suppressions sources` "
    "shows what will.",
    "handed sends": "which sends dotdigital has since and mails later. Whoever opts out is not taken out of those that "
    "the backup does not know: look in dotdigital, under Campaigns > Email > Outbox, and cancel them there.",
}


def _say_what_is_lost(unread: tuple[str, ...]) -> None:
    if unread:
        say(
            "There is no store in place, or it cannot be read as a whole. Not known, and as in the backup from then on:"
        )
    for each in unread:
        say(f"- {_UNREAD[each]}")


@command.command()
@click.argument("backup", metavar="NAME|FILE")
@click.option("--settings", is_flag=True, help="Put config.toml back too.")
@click.pass_context
def restore(context: click.Context, backup: str, settings: bool) -> int:
    """Put a backup in place of the store. No service of the profile may run.

    The store so far becomes a backup; one that is damaged is kept beside it under another name, and what it cannot tell
    any more is said before. Runs that were under way when the backup was made are ended, and sends that were held are
    called off: they have gone out since, or were cancelled.
    """
    from dyntui.service.backups import restore as put_back
    from dyntui.service.backups import unread

    chosen = choices(context)
    _say_what_is_lost(unread(open_profile(chosen.profile)))
    confirm(
        chosen,
        f"Put {backup} in place of the store? What was learnt since then is read from both systems again.",
        not_done="Nothing was put back.",
    )
    done = put_back(open_profile(chosen.profile), backup, settings=settings)
    if chosen.json:
        print_json(done)
        return int(Exit.DONE)
    say(f"The store is as it was on {moment(done.backup.made_on)} ({done.backup.reason}).")
    ended = counted(done.at_rest.runs, "run was ended", "runs were ended")
    say(f"{ended}, {counted(done.at_rest.sends, 'send')} called off or in doubt.")
    if done.still_marked:
        say("It is marked as not production, as until now: `dyntui environment show` says what, and whom it mails.")
    if done.aside:
        say(f"What was in its place is no store that can be read; it is kept as {done.aside}.")
    if done.kept:
        say(f"Until now it was as in {done.kept}: `dyntui backup restore {done.kept}` goes back.")
    if done.unread:
        say("First what is said above of what is not known; nothing is sent by itself meanwhile.")
    say("Next: `dyntui sync suppressions`, then `dyntui doctor`.")
    return int(Exit.DONE)
