"""Every action of the console, once: its title, keys, contract call, command, and why it cannot be taken just now.

Bindings, key hints, help, command palette and the docs' key tables are generated from this table, so that none of them
can say something else than the others. Plain values: nothing here knows the console.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable

import msgspec

from dyntui.model.roles import Ability, roles_with
from dyntui.service.contract import methods, situations
from dyntui.service.contract.situations import Situation


class Scope(enum.StrEnum):
    """Where an action can be taken. The value is the heading of its help section."""

    EVERYWHERE = "Everywhere"
    GRID = "In a grid"
    FILTER = "While filtering"
    CHOICES = "In a chart or a list of choices"
    TEXT = "In a text"
    HOME = "Home"
    LISTS = "Marketing Lists"
    LIST = "Marketing List"
    CAMPAIGNS = "Email Campaigns"
    CAMPAIGN = "Email Campaign"
    COUNT = "Email Campaign Targets Counts"
    WIZARD = "Send Email Campaign"
    REPORT = "Email Campaign report"
    AUDIT = "Synchronisation Audit"
    RUN = "Run"
    PEOPLE = "People"
    SUPPRESSIONS = "Suppressions"
    SOURCES = "Where people opt out"
    SIGN_IN = "Sign in"
    SETUP = "Not configured"
    PICKER = "Choosing"
    DIALOG = "In a dialog"
    QUESTION = "In a question"
    FIELD = "In a field"
    ERROR = "Error"


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One action. `id` is stable (a keymap may name it); `keys` in Textual's notation, the first is the one shown;
    `method` the contract call it ends in, `command` the same on the command line; `hint` is the word in the key hints
    (`""`: only in help and palette); `row` says that it concerns the selected row. `rule` gives the reason why it
    cannot be taken, `""` when it can. `hinted` says whether its hint is shown: not where it will never make sense
    again."""

    id: str
    title: str
    scope: Scope
    keys: tuple[str, ...] = ()
    method: str = ""
    command: str = ""
    tooltip: str = ""
    hint: str = ""
    row: bool = False
    palette: bool = True
    rule: Callable[[Situation], str] = situations.always
    hinted: Callable[[Situation], bool] = situations.at_all_times

    @property
    def ability(self) -> Ability | None:
        """What the person needs: that of the contract call."""
        return methods.ALL[self.method].ability if self.method else None


def disabled_reason(action: Action, situation: Situation) -> str:
    """Why the action cannot be taken just now, as a sentence for the person; `""` when it can."""
    if action.method and not situation.connected:
        return "The service does not answer just now."
    if action.ability is not None and action.ability.value not in situation.abilities:
        if not situation.roles_known:
            return "Dynamics does not say which roles you have; r asks again."
        roles = " or ".join(role.value for role in roles_with(action.ability))
        return f"{action.title} needs the role {roles}. A Dynamics administrator can assign it."
    return action.rule(situation)


_E, _G, _C = Scope.EVERYWHERE, Scope.GRID, Scope.CHOICES

ACTIONS: tuple[Action, ...] = (
    # Everywhere
    Action(
        id="go.home",
        title="Home",
        scope=_E,
        keys=("1",),
        tooltip="Status, active runs and first steps",
        rule=situations.go,
    ),
    Action(
        id="go.lists",
        title="Marketing Lists",
        scope=_E,
        keys=("2",),
        tooltip="Lists, members, synchronisation",
        rule=situations.go,
    ),
    Action(
        id="go.campaigns",
        title="Email Campaigns",
        scope=_E,
        keys=("3",),
        tooltip="Campaigns, sends, results",
        rule=situations.go,
    ),
    Action(
        id="go.audit",
        title="Synchronisation Audit",
        scope=_E,
        keys=("4",),
        tooltip="Every run, down to people",
        rule=situations.go,
    ),
    Action(
        id="go.suppressions",
        title="Suppressions",
        scope=_E,
        keys=("5",),
        tooltip="Who must not be mailed, and why",
        rule=situations.go,
    ),
    Action(
        id="app.back",
        title="Back",
        scope=_E,
        keys=("escape",),
        hint="Back",
        palette=False,
        tooltip="One step out; on a top-level screen there is nothing to leave",
    ),
    Action(id="app.refresh", title="Refresh", scope=_E, keys=("r", "f5"), tooltip="Ask the service again"),
    Action(
        id="app.trouble",
        title="What went wrong",
        scope=_E,
        keys=("e",),
        tooltip="What could not be read, what was not done, and what to do",
        rule=situations.trouble,
    ),
    Action(
        id="app.palette",
        title="Commands",
        scope=_E,
        keys=("colon", "ctrl+p"),
        hint="Commands",
        palette=False,
        tooltip="Every command by name, those about the selected row first",
    ),
    Action(
        id="app.help",
        title="Help",
        scope=_E,
        keys=("question_mark", "f1"),
        hint="Help",
        tooltip="The keys that work here, and what they do",
    ),
    Action(id="app.theme", title="Next theme", scope=_E, tooltip="Dark, light, and the terminal's own colours"),
    Action(id="app.screenshot", title="Save a screenshot", scope=_E, tooltip="The screen as an SVG file"),
    Action(
        id="app.quit",
        title="Quit",
        scope=_E,
        keys=("f10", "ctrl+q"),
        tooltip="Asks first; runs go on in the service",
    ),
    Action(
        id="app.quit_at_top",
        title="Quit",
        scope=_E,
        keys=("q",),
        palette=False,
        tooltip="The same, on a top-level screen: a q too many further down does nothing",
        rule=situations.quit_at_top,
    ),
    Action(
        id="app.suspend",
        title="Back to the shell",
        scope=_E,
        keys=("ctrl+z",),
        tooltip="The console waits; `fg` brings it back, and runs go on meanwhile",
    ),
    # In a grid
    Action(id="grid.up", title="Up", scope=_G, keys=("k", "up"), palette=False),
    Action(id="grid.down", title="Down", scope=_G, keys=("j", "down"), palette=False),
    Action(id="grid.page_up", title="Page up", scope=_G, keys=("ctrl+u", "pageup"), palette=False),
    Action(id="grid.page_down", title="Page down", scope=_G, keys=("ctrl+d", "pagedown"), palette=False),
    Action(id="grid.first", title="First row", scope=_G, keys=("g", "home"), palette=False),
    Action(id="grid.last", title="Last row", scope=_G, keys=("G", "end"), palette=False),
    Action(id="grid.previous_view", title="View to the left", scope=_G, keys=("h", "left"), palette=False),
    Action(id="grid.next_view", title="View to the right", scope=_G, keys=("l", "right"), palette=False),
    Action(id="grid.open", title="Open", scope=_G, keys=("enter",), hint="Open", row=True, palette=False),
    Action(id="grid.mark", title="Mark", scope=_G, keys=("space",), row=True, tooltip="Marks or unmarks the row"),
    Action(id="grid.filter", title="Filter", scope=_G, keys=("slash",), hint="Filter", tooltip="Filters as you type"),
    Action(id="grid.sort", title="Sort by the next column", scope=_G, keys=("o",), tooltip="Moves to the next column"),
    Action(id="grid.reverse", title="Reverse the order", scope=_G, keys=("O",)),
    Action(
        id="grid.copy",
        title="Copy",
        scope=_G,
        keys=("y",),
        row=True,
        tooltip="Sends the row, or the marked rows, to your terminal's clipboard",
    ),
    # While filtering
    Action(id="filter.keep", title="To the rows", scope=Scope.FILTER, keys=("down",), palette=False, hint="Rows"),
    Action(
        id="filter.clear", title="Clear the filter", scope=Scope.FILTER, keys=("escape",), palette=False, hint="Clear"
    ),
    # In a chart or a list of choices
    Action(id="choices.up", title="Up", scope=_C, keys=("k", "up"), palette=False),
    Action(id="choices.down", title="Down", scope=_C, keys=("j", "down"), palette=False),
    Action(id="choices.first", title="First", scope=_C, keys=("g", "home"), palette=False),
    Action(id="choices.last", title="Last", scope=_C, keys=("G", "end"), palette=False),
    Action(id="choices.open", title="Open", scope=_C, keys=("enter",), hint="Open", row=True, palette=False),
    # In a text
    Action(id="text.up", title="Up", scope=Scope.TEXT, keys=("k", "up"), palette=False),
    Action(id="text.down", title="Down", scope=Scope.TEXT, keys=("j", "down"), palette=False),
    Action(id="text.page_up", title="Page up", scope=Scope.TEXT, keys=("ctrl+u", "pageup"), palette=False),
    Action(id="text.page_down", title="Page down", scope=Scope.TEXT, keys=("ctrl+d", "pagedown"), palette=False),
    Action(id="text.first", title="Top", scope=Scope.TEXT, keys=("g", "home"), palette=False),
    Action(id="text.last", title="End", scope=Scope.TEXT, keys=("G", "end"), palette=False),
    # Marketing Lists
    Action(
        id="lists.activate",
        title="Activate for Email",
        scope=Scope.LISTS,
        keys=("a",),
        hint="Activate",
        method="lists.activate",
        command="dyntui lists activate LIST",
        tooltip="Binds the list to an address book, so that it can be synchronised and mailed",
        row=True,
        rule=situations.activate,
        hinted=situations.not_activated,
    ),
    Action(
        id="lists.deactivate",
        title="Deactivate for Email",
        scope=Scope.LISTS,
        keys=("d",),
        method="lists.deactivate",
        command="dyntui lists deactivate LIST",
        tooltip="Stops synchronising; the address book is kept",
        row=True,
        rule=situations.deactivate,
    ),
    Action(
        id="lists.synchronise",
        title="Synchronise",
        scope=Scope.LISTS,
        keys=("s",),
        hint="Synchronise",
        method="runs.start",
        command="dyntui sync lists --list LIST",
        tooltip="Suppressions first, then the members of this list, or of every marked one",
        row=True,
        rule=situations.synchronise_list,
    ),
    Action(
        id="lists.reread",
        title="Read from Dynamics again",
        scope=Scope.LISTS,
        keys=("R",),
        method="lists.refresh",
        command="dyntui lists list --refresh",
    ),
    # Marketing List
    Action(
        id="list.activate",
        title="Activate for Email",
        scope=Scope.LIST,
        keys=("a",),
        hint="Activate",
        method="lists.activate",
        command="dyntui lists activate LIST",
        tooltip="Binds the list to an address book, so that it can be synchronised and mailed",
        row=True,
        rule=situations.activate,
        hinted=situations.not_activated,
    ),
    Action(
        id="list.deactivate",
        title="Deactivate for Email",
        scope=Scope.LIST,
        keys=("d",),
        method="lists.deactivate",
        command="dyntui lists deactivate LIST",
        tooltip="Stops synchronising; the address book is kept",
        row=True,
        rule=situations.deactivate,
    ),
    Action(
        id="list.synchronise",
        title="Synchronise",
        scope=Scope.LIST,
        keys=("s",),
        hint="Synchronise",
        method="runs.start",
        command="dyntui sync lists --list LIST",
        tooltip="Suppressions first, then the members of this list",
        row=True,
        rule=situations.synchronise_list,
    ),
    Action(
        id="list.panes",
        title="Overview or members",
        scope=Scope.LIST,
        keys=("m",),
        hint="Members",
        method="lists.members",
        command="dyntui lists members LIST",
        tooltip="Changes between the overview and the members",
    ),
    # Email Campaigns
    Action(
        id="campaigns.synchronise",
        title="Synchronise",
        scope=Scope.CAMPAIGNS,
        keys=("s",),
        hint="Synchronise",
        method="runs.start",
        command="dyntui sync campaigns",
        tooltip="New and changed campaigns, and the results of those sent",
    ),
    Action(
        id="campaigns.send",
        title="Send Email Campaign",
        scope=Scope.CAMPAIGNS,
        keys=("w",),
        hint="Send",
        method="campaigns.send",
        command="dyntui campaigns send CAMPAIGN",
        tooltip="Opens the send wizard; nothing is sent before its last step",
        row=True,
        rule=situations.send,
    ),
    Action(
        id="campaigns.count",
        title="Email Campaign Targets Counts",
        scope=Scope.CAMPAIGNS,
        keys=("c",),
        method="campaigns.count",
        command="dyntui campaigns count CAMPAIGN",
        tooltip="Who would be mailed, who not, and why; nothing is sent",
        row=True,
        rule=situations.count,
    ),
    Action(
        id="campaigns.report",
        title="Report",
        scope=Scope.CAMPAIGNS,
        keys=("v",),
        hint="Report",
        method="campaigns.report",
        command="dyntui campaigns report CAMPAIGN",
        tooltip="Opens, clicks, bounces, links and recipients",
        row=True,
        rule=situations.report,
    ),
    # Email Campaign
    Action(
        id="campaign.send",
        title="Send Email Campaign",
        scope=Scope.CAMPAIGN,
        keys=("w",),
        hint="Send",
        method="campaigns.send",
        command="dyntui campaigns send CAMPAIGN",
        tooltip="Opens the send wizard; nothing is sent before its last step",
        rule=situations.send,
    ),
    Action(
        id="campaign.add_targets",
        title="Add Existing Marketing List",
        scope=Scope.CAMPAIGN,
        keys=("t", "plus"),
        hint="Add targets",
        method="campaigns.change_targets",
        command="dyntui campaigns targets add CAMPAIGN LIST",
        tooltip="Chooses among the marketing lists activated for email",
        rule=situations.campaign,
    ),
    Action(
        id="campaign.remove_target",
        title="Remove target list",
        scope=Scope.CAMPAIGN,
        keys=("d", "minus"),
        method="campaigns.change_targets",
        command="dyntui campaigns targets remove CAMPAIGN LIST",
        tooltip="The list itself stays as it is",
        row=True,
        rule=situations.remove_target,
    ),
    Action(
        id="campaign.synchronise",
        title="Synchronise",
        scope=Scope.CAMPAIGN,
        keys=("s",),
        hint="Synchronise",
        method="runs.start",
        command="dyntui sync campaigns --campaign CAMPAIGN",
        tooltip="Content and results of this campaign",
        rule=situations.campaign,
    ),
    Action(
        id="campaign.count",
        title="Email Campaign Targets Counts",
        scope=Scope.CAMPAIGN,
        keys=("c",),
        hint="Count",
        method="campaigns.count",
        command="dyntui campaigns count CAMPAIGN",
        tooltip="Who would be mailed, who not, and why; nothing is sent",
        rule=situations.count,
    ),
    Action(
        id="campaign.report",
        title="Report",
        scope=Scope.CAMPAIGN,
        keys=("v",),
        hint="Report",
        method="campaigns.report",
        command="dyntui campaigns report CAMPAIGN",
        tooltip="Opens, clicks, bounces, links and recipients",
        rule=situations.report,
    ),
    Action(
        id="campaign.panes",
        title="Targets, text or sends",
        scope=Scope.CAMPAIGN,
        keys=("m",),
        hint="Next pane",
        tooltip="Changes between target lists, text preview and sends",
    ),
    Action(
        id="campaign.settle",
        title="Say what became of a send",
        scope=Scope.CAMPAIGN,
        keys=("x",),
        hint="Settle",
        method="sends.settle",
        command="dyntui campaigns settle SEND --was-mailed|--was-not-mailed",
        tooltip="For a send of which nobody knows whom it reached: what dotdigital's outbox says",
        rule=situations.settle,
        hinted=situations.in_doubt,
    ),
    # Counts
    Action(
        id="count.again",
        title="Count again",
        scope=Scope.COUNT,
        keys=("c",),
        hint="Count again",
        method="campaigns.count",
        command="dyntui campaigns count CAMPAIGN",
        tooltip="The count before stays as it was made",
    ),
    # Send Email Campaign
    Action(
        id="wizard.next",
        title="Next",
        scope=Scope.WIZARD,
        keys=("n",),
        hint="Next",
        tooltip="The next step of the wizard; on the last one to the button that sends",
        rule=situations.blocked,
    ),
    Action(
        id="wizard.previous",
        title="Previous step",
        scope=Scope.WIZARD,
        keys=("b",),
        tooltip="The step before; what you chose is kept",
        rule=situations.first_step,
    ),
    Action(
        id="wizard.synchronise",
        title="Synchronise the list",
        scope=Scope.WIZARD,
        keys=("s",),
        method="runs.start",
        command="dyntui sync lists --list LIST",
        tooltip="For a list that cannot take part yet",
        row=True,
        rule=situations.synchronise_list,
    ),
    # Report
    Action(
        id="report.synchronise",
        title="Synchronise results",
        scope=Scope.REPORT,
        keys=("s",),
        hint="Synchronise",
        method="runs.start",
        command="dyntui sync campaigns --campaign CAMPAIGN",
        tooltip="Reads the newest results from dotdigital",
        rule=situations.campaign,
    ),
    Action(
        id="report.panes",
        title="Overview, charts or recipients",
        scope=Scope.REPORT,
        keys=("m",),
        hint="Recipients",
        method="campaigns.recipients",
        command="dyntui campaigns report CAMPAIGN --recipients",
        tooltip="Changes between the overview (on a low screen its charts) and the recipients",
    ),
    # Audit and runs
    Action(
        id="audit.cancel",
        title="Cancel run",
        scope=Scope.AUDIT,
        keys=("c",),
        method="runs.cancel",
        command="dyntui sync cancel RUN",
        tooltip="Stops at the next safe point; what is done stays done",
        row=True,
        rule=situations.cancel,
    ),
    Action(
        id="run.people",
        title="People of the run",
        scope=Scope.RUN,
        keys=("p",),
        hint="People",
        method="runs.people",
        command="dyntui audit show RUN --people",
        tooltip="Everybody with their outcome",
        rule=situations.run_people,
    ),
    Action(
        id="run.cancel",
        title="Cancel run",
        scope=Scope.RUN,
        keys=("c",),
        hint="Cancel run",
        method="runs.cancel",
        command="dyntui sync cancel RUN",
        tooltip="Stops at the next safe point; what is done stays done",
        rule=situations.cancel,
        hinted=situations.runs,
    ),
    # Suppressions
    Action(
        id="suppressions.synchronise",
        title="Synchronise",
        scope=Scope.SUPPRESSIONS,
        keys=("s",),
        hint="Synchronise",
        method="runs.start",
        command="dyntui sync suppressions",
        tooltip="Reads the suppression lists of every email account",
    ),
    Action(
        id="suppressions.lift",
        title="Lift a suppression",
        scope=Scope.SUPPRESSIONS,
        keys=("L",),
        method="suppressions.lift",
        command="dyntui suppressions lift ADDRESS",
        tooltip="Ends what only dyntui still knows against an address, with a reason",
        row=True,
    ),
    Action(
        id="suppressions.odd",
        title="Rows without an address",
        scope=Scope.SUPPRESSIONS,
        keys=("n",),
        method="suppressions.odd",
        command="dyntui suppressions odd",
        tooltip="Rows that ask for somebody not to be mailed and name nobody",
    ),
    Action(
        id="suppressions.sources",
        title="Where people opt out in Dynamics",
        scope=Scope.SUPPRESSIONS,
        keys=("f",),
        method="suppressions.sources",
        command="dyntui suppressions sources",
        tooltip="Columns and tables besides donotemail and donotbulkemail, and whether they count",
    ),
    Action(
        id="sources.change",
        title="Count it, or not",
        scope=Scope.SOURCES,
        keys=("a",),
        hint="Count it or not",
        method="suppressions.answer_sources",
        command="dyntui suppressions sources --count SOURCE",
        tooltip="Whether opting out there is an opt-out; asks first",
        row=True,
        rule=situations.source,
    ),
    Action(
        id="sources.confirm",
        title="Leave it as it is",
        scope=Scope.SOURCES,
        keys=("c",),
        hint="Leave it as it is",
        method="suppressions.answer_sources",
        command="dyntui suppressions sources --count SOURCE",
        tooltip="Answers that what counts now is what should count",
        rule=situations.source,
    ),
    # Sign in, not configured
    Action(id="sign_in.copy", title="Copy the code", scope=Scope.SIGN_IN, keys=("y",), hint="Copy the code"),
    Action(id="sign_in.again", title="A new code", scope=Scope.SIGN_IN, keys=("n",), hint="New code"),
    Action(id="setup.copy", title="Copy the command", scope=Scope.SETUP, keys=("y",), hint="Copy the command"),
    # Dialogs
    Action(id="picker.done", title="Take the choice", scope=Scope.PICKER, keys=("enter",), hint="Take", palette=False),
    Action(id="dialog.yes", title="Yes", scope=Scope.QUESTION, keys=("y",), hint="Yes", palette=False),
    Action(id="dialog.no", title="No", scope=Scope.QUESTION, keys=("n",), hint="No", palette=False),
    Action(id="dialog.close", title="Close", scope=Scope.DIALOG, keys=("escape",), hint="Close", palette=False),
    Action(id="dialog.left", title="Button to the left", scope=Scope.DIALOG, keys=("left",), palette=False),
    Action(id="dialog.right", title="Button to the right", scope=Scope.DIALOG, keys=("right",), palette=False),
    Action(
        id="field.take", title="Take what was typed", scope=Scope.FIELD, keys=("enter",), hint="Take", palette=False
    ),
    Action(id="field.leave", title="Leave the field", scope=Scope.FIELD, keys=("escape",), hint="Back", palette=False),
    Action(id="error.copy", title="Copy the message", scope=Scope.ERROR, keys=("y",), hint="Copy", palette=False),
    Action(id="error.close", title="Close", scope=Scope.ERROR, keys=("escape", "enter"), hint="Close", palette=False),
)

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}

_KEY_NAMES = {
    "escape": "Esc",
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "plus": "+",
    "minus": "-",
    "enter": "Enter",
    "space": "Space",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
}


def key_name(key: str) -> str:
    """A key as people write it: `escape` -> Esc, `ctrl+d` -> Ctrl+d, `f1` -> F1."""
    if key.startswith("ctrl+"):
        return f"Ctrl+{key.removeprefix('ctrl+')}"
    if len(key) > 1 and key[0] == "f" and key[1:].isdigit():
        return key.upper()
    return _KEY_NAMES.get(key, key)


def is_typed(key: str) -> bool:
    """Whether the key writes a character where something is typed, so that it cannot be a command there."""
    return len(key) == 1 or key in {"question_mark", "slash", "colon", "plus", "minus", "space"}


def of(*scopes: Scope) -> tuple[Action, ...]:
    """The actions of these scopes, scope by scope as given."""
    return tuple(action for scope in scopes for action in ACTIONS if action.scope is scope)


def key_tables(scopes: Iterable[Scope] = tuple(Scope)) -> str:
    """The key tables of the documentation, as Markdown."""
    lines: list[str] = []
    for scope in scopes:
        actions = of(scope)
        if not actions:
            continue
        lines += [f"### {scope.value}", "", "| keys | action | what it does | command |", "|---|---|---|---|"]
        for action in actions:
            keys = " ".join(f"`{key_name(key)}`" for key in action.keys) or "palette"
            command = f"`{action.command}`" if action.command else ""
            lines.append(f"| {keys} | {action.title} | {action.tooltip} | {command} |")
        lines.append("")
    return "\n".join(lines)
