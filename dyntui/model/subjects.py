"""The subjects of dyntui, in the order in which people meet them. This is the one list of them.

A subject has a module of its name in `dyntui.service.contract`; from that come its calls, events, scopes, actions and
its section of the console. What answers its calls is made in its modules of `dyntui.service`, its commands are in
`dyntui.cli`. Plain names: nothing is imported before it is wanted.
"""

from __future__ import annotations

import msgspec


class Command(msgspec.Struct, frozen=True):
    """A command, or a group of them: the line about it that `dyntui --help` shows, and the module of `dyntui.cli` that
    holds it under the name `command`."""

    name: str
    summary: str
    module: str


class Subject(msgspec.Struct, frozen=True):
    """A subject. `services`: the modules of `dyntui.service` whose use cases answer its calls."""

    name: str
    services: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()


SUBJECTS = (
    Subject("console"),
    Subject(
        "setup",
        ("setup",),
        (
            Command("canary", "Find out whether the email account mails everybody who is imported.", "canary"),
            Command("setup", "Connect Dynamics and dotdigital, and install what dyntui needs.", "setup"),
        ),
    ),
    Subject(
        "accounts",
        ("accounts",),
        (Command("accounts", "Email accounts: show, add, settings.", "accounts"),),
    ),
    Subject(
        "users",
        ("users",),
        (
            Command("users", "Which user of Dynamics a user of dotdigital is.", "users"),
            Command("automation-studio", "The address of dotdigital's Automation Studio, for mapped users.", "studio"),
        ),
    ),
    Subject(
        "credentials",
        ("credentials",),
        (
            Command(
                "credentials", "What the service signs in with: until when, and another in its place.", "credentials"
            ),
        ),
    ),
    Subject(
        "session",
        ("session",),
        (
            Command("sign-in", "Sign in as a Dynamics user, with a code typed in any browser.", "sign_in"),
            Command("sign-out", "Sign out: the next command or console has you sign in again.", "sign_out"),
            Command("roles", "The security roles: what each lets somebody do, and which you hold.", "roles"),
        ),
    ),
    Subject(
        "lists",
        ("lists",),
        (Command("lists", "Marketing lists: show, activate, settings, members, report.", "lists"),),
    ),
    Subject(
        "plans",
        ("plans",),
        (
            Command("plan", "What a synchronisation would change, without changing anything.", "plan"),
            Command("diff", "Compare a list with its address book, members and fields.", "diff"),
            Command("apply", "Carry out a plan, and nothing else.", "apply"),
        ),
    ),
    Subject("members", ("members",)),
    Subject(
        "campaigns",
        ("campaigns", "trial_sends"),
        (Command("campaigns", "Email campaigns: targets, count, send, report.", "campaigns"),),
    ),
    Subject("target_counts"),
    Subject("results", ("results",)),
    Subject("archive", ("archive",)),
    Subject("campaign_changes", ("campaign_changes",)),
    Subject(
        "sends",
        ("sending", "send_decisions", "held_sends", "send_pages"),
        (Command("sends", "Sends of all campaigns, and those that wait for their hour.", "sends"),),
    ),
    Subject(
        "runs",
        ("runs",),
        (
            Command("sync", "Synchronise now, or cancel a run.", "sync"),
            Command("audit", "Runs, and what became of everybody.", "audit"),
        ),
    ),
    Subject("administration", ("administration",)),
    Subject(
        "changes",
        ("changes",),
        (Command("undo", "Put back what a run changed, its plan first.", "undo"),),
    ),
    Subject(
        "labels",
        ("labels",),
        (Command("labels", "Data labels: the data fields of dotdigital.", "labels"),),
    ),
    Subject(
        "mappings",
        ("mappings",),
        (Command("mappings", "Data mappings: which columns feed which data labels.", "mappings"),),
    ),
    Subject(
        "people",
        ("people", "subject_requests"),
        (
            Command("people", "People by name or address, and everything that was seen of them.", "people"),
            Command("why", "Why somebody is mailed, or not.", "why"),
        ),
    ),
    Subject(
        "schedules",
        ("schedules",),
        (Command("schedules", "When sync types run by themselves: show, edit, pause, export.", "schedules"),),
    ),
    Subject(
        "budgets",
        ("budgets",),
        (Command("budgets", "What is left of the calls, what the next 24 hours need, what slows first.", "budgets"),),
    ),
    Subject(
        "health",
        ("health", "first_connection"),
        (Command("doctor", "What is wrong with the installation, and how it is mended.", "doctor"),),
    ),
    Subject(
        "backups",
        ("backups",),
        (Command("backup", "Backups of the store: make, list, put back.", "backup"),),
    ),
    Subject(
        "environment",
        ("environment",),
        (Command("environment", "Whether this is production, and who may be mailed if it is not.", "environment"),),
    ),
    Subject(
        "suppressions",
        ("suppressions",),
        (Command("suppressions", "Addresses that are never mailed.", "suppressions"),),
    ),
    Subject(
        "held",
        ("held",),
        (Command("held", "Removals that wait for a decision: let them go, or keep the contacts.", "held"),),
    ),
    Subject(
        "quarantine",
        ("quarantine",),
        (Command("quarantine", "Refused rows: look at them, offer them again, let them rest.", "quarantine"),),
    ),
    Subject(
        "conflicts",
        ("conflicts",),
        (Command("conflicts", "Values that both sides changed: look at them, agree with the winner.", "conflicts"),),
    ),
)
