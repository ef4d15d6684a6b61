"""Who is there: the service, the organisation, the person and what they may do."""

from __future__ import annotations

import msgspec

from dyntui.model.budgets import Meter
from dyntui.model.held import Waiting
from dyntui.model.watch import Watched
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.calls import Call
from dyntui.service.contract.console import ON_EVERYWHERE
from dyntui.service.contract.events import Event
from dyntui.service.contract.situations import Situation


class Nothing(msgspec.Struct, frozen=True):
    """A request or an answer without content."""


class Lost(msgspec.Struct, frozen=True):
    """The client was too slow for `events` of them and should ask anew for what it shows."""

    events: int


class EmailAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A dotdigital account connected to the organisation."""

    id: str
    name: str
    is_default: bool
    region: str
    endpoint: str
    sync_level: str
    description: str = ""


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """What a console needs before its first screen. `abilities` are `Ability` values; `user` is `""` until the person
    signed in; `configured` is false before `setup`. `roles_known` is false while Dynamics does not tell the person's
    roles: `roles` and `abilities` are then those last read, if any. `not_production`: the names of the email accounts
    that are marked so, `""` for the whole organisation."""

    version: str
    profile: str
    configured: bool
    demo: bool = False
    organisation: str = ""
    organisation_url: str = ""
    user: str = ""
    roles: tuple[str, ...] = ()
    abilities: tuple[str, ...] = ()
    roles_known: bool = True
    accounts: tuple[EmailAccount, ...] = ()
    not_production: tuple[str, ...] = ()


class SignInStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A device code: the person opens the address in any browser and types the code."""

    verification_uri: str
    user_code: str
    expires_in: int
    interval: int


class SignInState(msgspec.Struct, frozen=True, kw_only=True):
    """`state` is `not started`, `pending`, `signed in` (then `user` is the person's name in Dynamics), `declined`,
    `expired`, or `signed out` (`user`: who was signed in, `""` for nobody)."""

    state: str
    user: str = ""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the service's status: `ok`, `warning` (also: no answer in time) or `error`. `as_of`: when a remote
    system last answered, or refused (ISO 8601 UTC); `""` where none was asked, or none has answered yet."""

    name: str
    state: str
    text: str
    as_of: str = ""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The service at a glance. Calls are those that runs made in the last hour; `budgets` says of every limit of the
    remote systems how much of it was used, whoever used it. `watched`: the sources of opt-outs that a long-lived
    service asks all the time, and until when it knows what they say. `waiting`: what waits for a decision of a
    person; `held` are the removals among it."""

    version: str
    profile: str
    process: int
    started_on: str
    store: str
    checks: tuple[Check, ...]
    active_runs: int
    held: int
    dataverse_calls: int
    dotdigital_calls: int
    long_lived: bool = False
    budgets: tuple[Meter, ...] = ()
    watched: tuple[Watched, ...] = ()
    waiting: Waiting = Waiting()


EVENTS_LOST = Event("events.lost", Lost)

HELLO = Call("session.hello", Nothing, Hello, None)
STATUS = Call("session.status", Nothing, Status, None)
STOP = Call("session.stop", Nothing, Nothing, None)
SIGN_IN = Call("session.sign_in", Nothing, SignInStarted, None)
SIGN_IN_STATE = Call("session.sign_in_state", Nothing, SignInState, None)
SIGN_OUT = Call("session.sign_out", Nothing, SignInState, None)


ON_SIGN_IN = Scope("Sign in")


def sign_out(situation: Situation) -> str:
    """Only once somebody is signed in."""
    return "" if situation.entered else "Nobody is signed in."


ACTIONS = (
    Action(id="sign_in.copy", title="Copy the code", scopes=(ON_SIGN_IN,), keys=("y",), hint="Copy the code"),
    Action(id="sign_in.again", title="A new code", scopes=(ON_SIGN_IN,), keys=("n",), hint="New code"),
    Action(
        id="session.sign_out",
        title="Sign out",
        scopes=(ON_EVERYWHERE,),
        call=SIGN_OUT,
        command="dyntui sign-out",
        tooltip="Asks first; runs and sends go on, and your next command or console has you sign in again",
        rule=sign_out,
    ),
)
