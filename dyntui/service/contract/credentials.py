"""What the service signs in with to Dynamics and dotdigital: until when, and another in its place."""

from __future__ import annotations

import msgspec

from dyntui.model.roles import Ability
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.session import Nothing

# What stands for the organisation where an email account could be named.
DYNAMICS = "dynamics"


class CredentialRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the service signs in with, never the secret itself. `of`: `dynamics`, or an email account's name; `kind`:
    `client secret`, `certificate` or `API password`; `user`: the client id or the API user; `valid_until` (ISO 8601
    UTC): `""` where nobody knows, as of secrets and passwords; `kept_in`: in words; `trouble`: why it is unreadable."""

    of: str
    kind: str
    user: str
    valid_until: str = ""
    kept_in: str = ""
    trouble: str = ""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, that of Dynamics first."""

    rows: tuple[CredentialRow, ...]


class ReplaceCredential(msgspec.Struct, frozen=True, kw_only=True):
    """Another secret for `dynamics` (`client_secret`, or `certificate`: PEM with key), or for an email account by id or
    name (`api_password`, and `api_user` where that is another one too). Secrets go from here to the keyring."""

    of: Text
    client_secret: Text = ""
    certificate: str = ""
    api_password: Text = ""
    api_user: Text = ""


CREDENTIALS_CHANGED = Event("credentials.changed", Changed)

CREDENTIALS_LIST = Call("credentials.list", Nothing, Credentials, Ability.ADMINISTER)
# The service asks for ADMINISTER itself, over the new connection where the old secret is not taken any more.
CREDENTIAL_REPLACE = Call("credentials.replace", ReplaceCredential, CredentialRow, None, changes=(CREDENTIALS_CHANGED,))

ACTIONS = ()
