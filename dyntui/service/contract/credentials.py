"""What the service signs in with to Dynamics and dotdigital: until when, and another in its place."""

from __future__ import annotations

import msgspec

from dyntui.model.roles import Ability
from dyntui.service.contract.accounts import ON_ACCOUNTS
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.health import ON_HEALTH
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.situations import Situation, go

# What stands for the organisation where an email account could be named.
DYNAMICS = "dynamics"


class CredentialRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the service signs in with, never the secret itself. `of`: `dynamics`, or an email account's name; `kind`:
    `client secret`, `certificate`, `device code`, ... or `API password`; `user`: the client id, the person's user
    name or the API user; `valid_until` (ISO 8601 UTC): `""` where nobody knows, as of secrets and passwords; `kept_in`:
    in words; `trouble`: why it is unreadable."""

    of: str
    kind: str
    user: str
    valid_until: str = ""
    kept_in: str = ""
    trouble: str = ""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, that of Dynamics first."""

    rows: tuple[CredentialRow, ...]


class SignInPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where the person signs in as whom the service acts: the organisation's address, the tenant's, the client id, and
    the file of a certificate authority (`""`: none). `by_person`: whether one has to, as things are."""

    url: str
    authority: str
    client_id: str
    ca_file: str = ""
    by_person: bool = True


class ReplaceCredential(msgspec.Struct, frozen=True, kw_only=True):
    """Another secret for `dynamics` (`client_secret`, `certificate`: PEM with key, or `signed_in`: what the sign-in of
    the person has left as whom the service acts), or for an email account by id or name (`api_password`, and `api_user`
    where that is another one too). Secrets go from here to the keyring."""

    of: Text
    client_secret: Text = ""
    certificate: str = ""
    signed_in: str = ""
    api_password: Text = ""
    api_user: Text = ""


CREDENTIALS_CHANGED = Event("credentials.changed", Changed)

CREDENTIALS_LIST = Call("credentials.list", Nothing, Credentials, Ability.ADMINISTER)
# The service asks for ADMINISTER itself, over the new connection where the old secret is not taken any more.
CREDENTIAL_REPLACE = Call("credentials.replace", ReplaceCredential, CredentialRow, None, changes=(CREDENTIALS_CHANGED,))
# Open, like the sign-in of a person: it says nothing that a sign-in page would not, and who could be asked for more may
# be away because the sign-in has ended.
CREDENTIAL_PLACE = Call("credentials.place", Nothing, SignInPlace, None)

ON_CREDENTIALS = Scope("What the service signs in with")
ON_CODE = Scope("While somebody signs in with a code")


def in_hand(situation: Situation) -> str:
    """One of them."""
    return "" if situation.one(CredentialRow) else "Nothing is selected."


ACTIONS = (
    # The way to it stays open where Dynamics does not say who may what, as the sign-in has ended.
    Action(
        id="credentials.open",
        title="What the service signs in with",
        scopes=(ON_ACCOUNTS, ON_HEALTH),
        keys=("i",),
        hint="Sign-ins",
        call=CREDENTIAL_PLACE,
        command="dyntui credentials list",
        tooltip="To Dynamics and to every email account: what it is, whose, and until when",
        rule=go,
    ),
    Action(
        id="credentials.replace",
        title="Replace it",
        scopes=(ON_CREDENTIALS,),
        keys=("R",),
        aside="Replace",
        call=CREDENTIAL_REPLACE,
        command="dyntui credentials replace OF",
        tooltip="Another secret, certificate or password, or a person signs in again; it is proved before it counts",
        row=True,
        rule=in_hand,
    ),
    Action(
        id="credentials.copy",
        title="Copy the address",
        scopes=(ON_CODE,),
        keys=("y",),
        hint="Copy the address",
        palette=False,
    ),
)
