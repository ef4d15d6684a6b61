"""Connecting both systems and installing what dyntui needs in Dynamics."""

from __future__ import annotations

import msgspec

from dyntui.model.forms import NewRespondents
from dyntui.model.roles import Ability
from dyntui.model.sign_in import SignInBy
from dyntui.model.suppression_flags import SuppressionFlags
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.events import Event


class OrganisationInput(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach the organisation. Exactly one of `client_secret`, `certificate` (PEM with key), `signed_in` (of the
    person as whom the service acts: what their sign-in by device code has left, `kept_sign_in`), or `sign_in` for a
    service whose platform says who it is; with a managed identity, `managed_identity` is the client id of the
    user-assigned one (`""`: the machine's own), and `client_id` still the app registration by which people sign in.
    Secrets go from here to the keyring, nowhere else. `not_production` marks the organisation: then sends mail only
    whom the allow list names, to which `allow` adds addresses, or `@` and a domain; false leaves a mark as it is."""

    dataverse_url: Text
    authority: Text
    client_id: Text
    client_secret: Text = ""
    certificate: str = ""
    signed_in: str = ""
    sign_in: SignInBy | None = None
    managed_identity: Text = ""
    ca_file: Text = ""
    not_production: bool = False
    allow: tuple[Text, ...] = ()


class EmailAccountInput(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach one email account; any region's address will do, the right one is discovered. `name`: of a new one;
    one that is connected keeps its own. `double_opt_in`: whom the account asks to confirm by mail, as an administrator
    knows it: `off`, `single` (one-at-a-time sign-ups), `all` (bulk uploads too), or `""`; nobody is imported before
    that is known. `is_default` None, `sync_level` and `description` `""`: as they are, here or in its row in Dynamics;
    a new account is the default one where no other is, and everything is read of its campaigns' results.
    `copies_suppressions`: whom this account suppresses is suppressed in the others too; None: as before, and yes for a
    new one. `suppression_flags`: what is set on their records in Dynamics; None: as before, and `bulk` for a new
    account. `new_respondents`: what becomes of who answers a form and is not known in Dynamics; None: as before, and
    `ignore` for a new account."""

    name: Text
    api_user: Text
    api_password: Text
    dotdigital_url: Text = "https://r1-api.dotdigital.com"
    ca_file: Text = ""
    is_default: bool | None = None
    sync_level: Text = ""
    description: Text = ""
    double_opt_in: Text = ""
    copies_suppressions: bool | None = None
    suppression_flags: SuppressionFlags | None = None
    new_respondents: NewRespondents | None = None


class SetupRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The whole setup. `assign` gives connector roles (by name) to Dynamics users (by user principal name)."""

    organisation: OrganisationInput
    accounts: tuple[EmailAccountInput, ...]
    assign: dict[Text, tuple[Text, ...]] = {}


class SetupStep(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that setup makes sure of. `state`: `there` (nothing to do), `missing` (plan), `done` (applied)."""

    kind: str
    name: str
    state: str


class SetupReport(msgspec.Struct, frozen=True, kw_only=True):
    """The plan, or what was applied, in order. `managers`: who holds the role Email Marketing Manager, or gets it by
    this setup; nobody can administer dyntui while it is empty."""

    organisation: str
    organisation_url: str
    accounts: tuple[str, ...]
    steps: tuple[SetupStep, ...]
    applied: bool
    managers: tuple[str, ...] = ()


class Canary(msgspec.Struct, frozen=True, kw_only=True):
    """An address of the administrator's, unknown to the email account (by id or name; `""`: the default one)."""

    address: Text
    account: Text = ""


class CanaryReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it. `double_opt_in`: `off` or `all`."""

    account: str
    address: str
    double_opt_in: str


# As each step of `setup.apply` is taken.
SETUP_STEP = Event("setup.step", SetupStep)

# Setup is open until an organisation is connected; after that the service asks for ADMINISTER itself.
SETUP_PLAN = Call("setup.plan", SetupRequest, SetupReport, None)
SETUP_APPLY = Call("setup.apply", SetupRequest, SetupReport, None)
CANARY = Call("setup.canary", Canary, CanaryReport, Ability.ADMINISTER)


ON_SETUP = Scope("Not configured")


ACTIONS = (
    Action(
        id="setup.go",
        title="Set up",
        scopes=(ON_SETUP,),
        keys=("enter",),
        call=SETUP_APPLY,
        command="dyntui setup",
        hint="Set up",
        palette=False,
        tooltip="The questions, then the plan, then the installation; each is confirmed with Enter",
    ),
    Action(id="setup.copy", title="Copy the command", scopes=(ON_SETUP,), keys=("y",), hint="Copy the command"),
)
