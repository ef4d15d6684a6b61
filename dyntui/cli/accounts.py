"""`dyntui accounts`: the email accounts that are connected to the organisation."""

from __future__ import annotations

import shlex

import click

from dyntui.cli.confirming import confirm
from dyntui.cli.lazy import Group, choices, named_account
from dyntui.cli.output import moment, number, print_facts, print_json, print_table, say, yes_no
from dyntui.cli.service_call import ask
from dyntui.cli.together import require_change
from dyntui.model.campaign_results import LEVELS
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.forms import NewRespondents
from dyntui.model.suppression_flags import SuppressionFlags, in_words
from dyntui.service.contract.accounts import (
    ACCOUNT_ADD,
    ACCOUNT_DISCONNECT,
    ACCOUNT_EDIT,
    ACCOUNTS_LIST,
    AccountRow,
    DisconnectAccount,
    EditAccount,
)
from dyntui.service.contract.session import Nothing


@click.group(cls=Group)
def command() -> None:
    """The email accounts that are connected to the organisation. ACCOUNT is an id or a name."""


@command.command("list")
@click.pass_context
def list_(context: click.Context) -> int:
    """All email accounts, the default one first."""
    answer = ask(choices(context), ACCOUNTS_LIST, Nothing())
    if choices(context).json:
        print_json(answer)
        return int(Exit.DONE)
    print_table(
        ["account", "default", "dotdigital", "lists", "suppressed", "as of", "copies"],
        (
            (
                each.name,
                yes_no(each.is_default),
                f"{each.platform_id}, {each.region or each.endpoint}",
                number(each.lists),
                number(each.suppressed),
                moment(each.read_on),
                yes_no(each.copies_suppressions),
            )
            for each in answer.rows
        ),
        right=["lists", "suppressed"],
    )
    return int(Exit.DONE)


@command.command()
@click.argument("account", callback=named_account)
@click.pass_context
def show(context: click.Context, account: str) -> int:
    """One email account with its settings."""
    known = ask(choices(context), ACCOUNTS_LIST, Nothing()).rows
    found = next((each for each in known if account in (each.id, each.name)), None)
    if found is None:
        raise DyntuiError(
            "ACCOUNT_UNKNOWN",
            f"There is no email account {account!r}.",
            not_done="Nothing was read or changed.",
            remedy="See `dyntui accounts list`.",
            exit=Exit.USAGE,
        )
    _print(context, found)
    return int(Exit.DONE)


@command.command()
@click.option("--from", "source", metavar="FILE", help="TOML or JSON with the account; - is standard input.")
@click.pass_context
def add(context: click.Context, source: str | None) -> int:
    """Connect one more email account.

    Without --from the answers are asked for on the terminal; the password is typed unseen. The file has the keys of one
    [[accounts]] table of a setup: name, api_user, api_password, dotdigital_url, double_opt_in, ... A new account is the
    default one only where it says so: is_default = true.
    """
    from dyntui.cli.account_input import account_asked_for, account_in

    chosen = choices(context)
    known = ask(chosen, ACCOUNTS_LIST, Nothing()).rows
    asked = account_in(source) if source is not None else account_asked_for(known)
    row = ask(chosen, ACCOUNT_ADD, asked)
    _print(context, row)
    named = shlex.quote(row.name)
    say(f"Connected. `dyntui lists activate LIST --account {named}` gives a list its address book there.")
    return int(Exit.DONE)


@command.command()
@click.argument("account", callback=named_account)
@click.option("--name", default=None, help="Call it otherwise.")
@click.option("--description", default=None)
@click.option("--default", "make_default", is_flag=True, help="Meant wherever no account is named.")
@click.option(
    "--copy-suppressions/--no-copy-suppressions",
    "copies",
    default=None,
    help="Whether whom it suppresses is suppressed in the other accounts too.",
)
@click.option(
    "--suppression-flags",
    default=None,
    type=click.Choice([each.value for each in SuppressionFlags]),
    help="What is set in Dynamics on records whose address it suppresses: no bulk emails, no emails, both, nothing.",
)
@click.option(
    "--take-off-unsubscribed/--keep-unsubscribed",
    "takes_off",
    default=None,
    help="Whether who unsubscribes from a static list leaves it in Dynamics too.",
)
@click.option(
    "--take-off-suppressed/--keep-suppressed",
    "takes_off_suppressed",
    default=None,
    help="Whether who is suppressed leaves the static lists that a campaign is sent to.",
)
@click.option(
    "--new-respondents",
    default=None,
    type=click.Choice(["ignore", "contact", "lead"]),
    help="What becomes of who answers a form and is not known in Dynamics.",
)
@click.option(
    "--sync-level",
    default=None,
    type=click.Choice(LEVELS),
    help="Of campaigns: nothing, totals, or what every recipient did besides; of that:",
)
@click.option("--opens/--no-opens", "opens", default=None, help="who was mailed, bounced and opened,")
@click.option("--clicks/--no-clicks", "clicks", default=None, help="who clicked which link,")
@click.option("--page-views/--no-page-views", "page_views", default=None, help="who saw which page afterwards,")
@click.option("--roi/--no-roi", "roi", default=None, help="and what it brought.")
@click.option("--hold-above", "people", default=None, type=int, help="Hold removals above so many people,")
@click.option("--hold-above-percent", "percent", default=None, type=int, help="and above this share of the book.")
@click.option("--calls-percent", default=None, type=int, help="Use no more than this share of the account's calls.")
@click.option("--lead-topic", default=None, help="Of leads made of strangers; {list}, {address}, {local}; '': usual.")
@click.option("--last-name", default=None, help="Of whom dotdigital knows none; the same words; '': usual.")
@click.option("--record-owner", default=None, metavar="USER", help="Whose new records are; '': the list's owner.")
@click.pass_context
def edit(
    context: click.Context,
    account: str,
    name: str | None,
    description: str | None,
    make_default: bool,
    copies: bool | None,
    suppression_flags: str | None,
    takes_off: bool | None,
    takes_off_suppressed: bool | None,
    new_respondents: str | None,
    sync_level: str | None,
    opens: bool | None,
    clicks: bool | None,
    page_views: bool | None,
    roi: bool | None,
    people: int | None,
    percent: int | None,
    calls_percent: int | None,
    lead_topic: str | None,
    last_name: str | None,
    record_owner: str | None,
) -> int:
    """Change the settings of an email account; what is not named stays as it is."""
    require_change(context)
    asked = EditAccount(
        account=account,
        name=name,
        description=description,
        make_default=make_default,
        copies_suppressions=copies,
        suppression_flags=SuppressionFlags(suppression_flags) if suppression_flags else None,
        takes_off_unsubscribed=takes_off,
        takes_off_suppressed=takes_off_suppressed,
        new_respondents=NewRespondents(new_respondents) if new_respondents else None,
        sync_level=sync_level,
        reads_opens=opens,
        reads_clicks=clicks,
        reads_page_views=page_views,
        reads_roi=roi,
        removal_people=people,
        removal_percent=percent,
        budget_percent=calls_percent,
        lead_topic=lead_topic,
        last_name=last_name,
        record_owner=record_owner,
    )
    _print(context, ask(choices(context), ACCOUNT_EDIT, asked))
    return int(Exit.DONE)


@command.command()
@click.argument("account", callback=named_account)
@click.pass_context
def disconnect(context: click.Context, account: str) -> int:
    """Use an email account no more.

    Its password is forgotten and nothing of it runs by itself; what is known of people, opt-outs above all, stays, and
    so does its row in Dynamics. `accounts add` connects it again. Refused while lists are activated for it.
    """
    chosen = choices(context)
    confirm(chosen, f"Disconnect {account}?", not_done="The email account stays connected.")
    answer = ask(chosen, ACCOUNT_DISCONNECT, DisconnectAccount(account=account))
    if chosen.json:
        print_json(answer)
    else:
        say(f"Disconnected. Connected are: {', '.join(each.name for each in answer.rows)}.")
    return int(Exit.DONE)


def _print(context: click.Context, row: AccountRow) -> None:
    if choices(context).json:
        print_json(row)
        return
    as_of = f"as of {moment(row.read_on)}" if row.read_on else "never read"
    print_facts(
        [
            ("Account", row.name),
            ("Id", row.id),
            ("Description", row.description),
            ("Default", yes_no(row.is_default)),
            ("dotdigital", f"{row.platform_id} at {row.endpoint}"),
            ("API user", row.api_user),
            ("Sync level", row.sync_level),
            ("Sends and opens", _read(row.reads_opens)),
            ("Clicks", _read(row.reads_clicks)),
            ("Page views", _read(row.reads_page_views)),
            ("ROI", _read(row.reads_roi)),
            ("Double opt-in", row.double_opt_in or "not known"),
            ("Copies suppressions", yes_no(row.copies_suppressions)),
            ("Suppressions set in Dynamics", in_words(SuppressionFlags(row.suppression_flags).columns) or "nothing"),
            ("Who unsubscribes from a list", "leaves it in Dynamics" if row.takes_off_unsubscribed else "stays on it"),
            ("Who is suppressed", "leaves the lists sent to" if row.takes_off_suppressed else "stays on its lists"),
            ("New respondents of forms", row.new_respondents),
            ("Removals held", f"above {number(row.removal_people)} people and {row.removal_percent} % of the book"),
            ("Calls that dyntui may use", f"{row.budget_percent} %"),
            ("Topic of new leads", row.lead_topic or "as config.toml says"),
            ("Last name of new records", row.last_name or "as config.toml says"),
            ("Owner of new records", row.record_owner or "the owner of the list"),
            ("Activated lists", number(row.lists)),
            ("Suppressed", f"{number(row.suppressed)}, {as_of}"),
        ]
    )


def _read(switched_on: bool) -> str:
    return "read at the level DETAILED" if switched_on else "not read"
