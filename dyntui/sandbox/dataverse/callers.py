"""From a bearer token and the impersonation headers to the user for whom a request is carried out.

Sources: authenticate-oauth, impersonate-another-user-web-api; codes of the platform's table.
"""

from collections.abc import Mapping
from typing import Protocol

from dyntui.sandbox.dataverse import group_teams, privileges
from dyntui.sandbox.dataverse.access import Caller
from dyntui.sandbox.dataverse.errors import DataverseError
from dyntui.sandbox.dataverse.security import access_of
from dyntui.sandbox.state import State


class Identity(Protocol):
    """What is used of a token: the object id of who signed in and, for applications, the client id."""

    @property
    def oid(self) -> str: ...

    @property
    def app_id(self) -> str | None: ...

    @property
    def is_app(self) -> bool: ...


def resolve(state: State, token: Identity, headers: Mapping[str, str]) -> Caller:
    """The caller of a request. `headers` are looked up in lower case.

    Raises DataverseError 403: 0x80072560 no user of this organisation, 0x8004a112 disabled, 0x80042f09 without roles,
    0x8004a110 may not act for somebody else.
    """
    fresh = headers.get("consistency", "").lower() == "strong"
    real = _enter(state, _user_of(state, token), fresh)
    target = _impersonated(state, headers)
    if target is None or target == real.user_id:
        return real
    if not real.grants(privileges.ACT_ON_BEHALF):
        raise DataverseError(
            "0x8004a110",
            f"The user with id {real.user_id} cannot act on behalf of another user: "
            f"{privileges.ACT_ON_BEHALF} is missing.",
        )
    acting = _enter(state, target, fresh)
    return Caller(acting.access, on_behalf_by=real.user_id, limits=real.access)


def _user_of(state: State, token: Identity) -> str:
    if token.is_app:
        column, value = "applicationid", token.app_id or ""
    else:
        column, value = "azureactivedirectoryobjectid", token.oid
    user_id = _find(state, column, value)
    if user_id is None and not token.is_app:
        user_id = group_teams.add_user(state, value)
    if user_id is None:
        raise _not_a_member()
    return user_id


def _impersonated(state: State, headers: Mapping[str, str]) -> str | None:
    for header, column in (("callerobjectid", "azureactivedirectoryobjectid"), ("mscrmcallerid", "systemuserid")):
        value = headers.get(header, "").strip()
        if value:
            user_id = _find(state, column, value)
            if user_id is None and header == "callerobjectid":
                user_id = group_teams.add_user(state, value)
            if user_id is None:
                raise _not_a_member()
            return user_id
    return None


def _find(state: State, column: str, value: str) -> str | None:
    row = state.db.execute(
        f"SELECT systemuserid FROM dv_systemuser WHERE {column} = ?",  # noqa: S608 - a constant of this module
        (value.strip("{}").lower(),),
    ).fetchone()
    return None if row is None else str(row[0])


def _enter(state: State, user_id: str, fresh: bool) -> Caller:
    disabled = state.db.execute("SELECT isdisabled FROM dv_systemuser WHERE systemuserid = ?", (user_id,)).fetchone()[0]
    if disabled:
        raise DataverseError(
            "0x8004a112", f"The user with SystemUserId={user_id} is disabled. Consider enabling this user."
        )
    group_teams.refresh(state, user_id)
    access = access_of(state, user_id, fresh=fresh)
    if not access.role_count:
        raise DataverseError(
            "0x80042f09",
            f"The user with id {user_id} has not been assigned any roles.",
        )
    return Caller(access)


def _not_a_member() -> DataverseError:
    return DataverseError("0x80072560", "The user is not a member of the organization.")
