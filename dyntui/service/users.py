"""Which user of Dynamics a user of dotdigital is: shown with suggestions, chosen, and what it opens."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from sqlalchemy import Connection

from dyntui.dataverse import security
from dyntui.dotdigital import account as dd_account
from dyntui.model.admin_changes import AdminChange
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.mentioned import shown
from dyntui.model.people import normalise
from dyntui.model.roles import Role
from dyntui.model.user_mapping import Candidate, MappedUser, app_address, user_rows
from dyntui.service.answering import answers
from dyntui.service.contract.users import (
    STUDIO_OPEN,
    USERS_LIST,
    USERS_MAP,
    MapUsers,
    Studio,
    Users,
    UsersOf,
)
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import admin_changes, user_mapping
from dyntui.store.accounts import EmailAccount

SUBJECT = "users"
_ROLES = [each for each in Role if each is not Role.SERVICE]


class UserMapping:
    """The calls of `users.*`."""

    def __init__(self, resources: Resources, identities: Identities) -> None:
        self._resources = resources
        self._identities = identities

    @answers(USERS_LIST)
    async def list(self, context: CallContext, request: UsersOf) -> Users:
        """Raises NOT_CONFIGURED, ACCOUNT_UNKNOWN, and what either system refuses."""
        account = await chosen_account(self._resources, request.account)
        return await self._users(account, await self._candidates())

    @answers(USERS_MAP)
    async def map(self, context: CallContext, request: MapUsers) -> Users:
        """All choices, or none. Raises USER_UNKNOWN, USER_WITHOUT_ROLE, USER_MAPPED_TWICE."""
        account = await chosen_account(self._resources, request.account)
        candidates = await self._candidates()
        there = {normalise(each) for each in await self._named_by_dotdigital(account)}
        person = await self._identities.person(context.uid)
        by, now = person.name if person else "", self._resources.now()

        def keep(c: Connection) -> None:
            for each in request.choices:
                address = normalise(each.dotdigital)
                before = user_mapping.mapped(c, account.id).get(address)
                if address not in there and before is None:
                    raise _unknown_there(each.dotdigital, account)
                after = ""
                if each.to:
                    found = _chosen(each.to, candidates)
                    _require_nobodys(c, account, address, found)
                    after = found.name
                    chosen = MappedUser(
                        dotdigital=address,
                        user_id=found.id,
                        name=found.name,
                        address=found.address,
                        mapped_by=by,
                        mapped_on=now,
                    )
                    user_mapping.put(c, account.id, chosen)
                else:
                    user_mapping.forget(c, account.id, address)
                was = before.name if before else ""
                if was != after:
                    change = AdminChange(
                        subject=SUBJECT, thing=address, changed_by=by, changed_on=now, before=was, after=after
                    )
                    admin_changes.record(c, account.id, change)

        await self._resources.write(keep)
        return await self._users(account, candidates)

    @answers(STUDIO_OPEN)
    async def studio(self, context: CallContext, request: UsersOf) -> Studio:
        """Where whoever asks signs in to dotdigital. Raises USER_NOT_MAPPED, APP_ADDRESS_UNKNOWN."""
        account = await chosen_account(self._resources, request.account)
        person = await self._identities.person(context.uid)
        user_id = person.user_id if person else ""
        user = await self._resources.read(lambda c: user_mapping.of_user(c, account.id, user_id)) if user_id else ""
        if not user:
            dv = await self._resources.connections.dataverse()
            managers = [each.name or "" for each in await security.users_with_roles(dv, [Role.MANAGER])]
            raise _not_mapped(person.name if person else "Whoever asks", account, managers)
        url = app_address(account.endpoint)
        if not url:
            raise DyntuiError(
                "APP_ADDRESS_UNKNOWN",
                f"The email account {account.name} is at {account.endpoint}, which is no region of dotdigital.",
                not_done="Nothing was opened.",
                remedy="Sign in to dotdigital as ever, and choose Automation there.",
                exit=Exit.USAGE,
            )
        return Studio(url=url, user=user)

    async def _users(self, account: EmailAccount, candidates: Sequence[Candidate]) -> Users:
        there = await self._named_by_dotdigital(account)
        mapped = await self._resources.read(lambda c: user_mapping.mapped(c, account.id))
        rows = user_rows(there, mapped, candidates)
        return Users(account=account.name, rows=tuple(rows), candidates=tuple(candidates))

    async def _named_by_dotdigital(self, account: EmailAccount) -> Sequence[str]:
        dd = await self._resources.connections.dotdigital(account.id)
        return (await dd_account.account_info(dd)).users

    async def _candidates(self) -> Sequence[Candidate]:
        dv = await self._resources.connections.dataverse()
        return [
            Candidate(
                id=each.id,
                name=each.name or each.user_name or each.id,
                address=each.email or each.user_name or "",
                user_name=each.user_name or "",
            )
            for each in await security.users_with_roles(dv, _ROLES)
        ]


def use_cases(parts: Parts) -> UserMapping:
    """What answers these calls."""
    return UserMapping(parts.resources, parts.identities)


def _chosen(wanted: str, candidates: Sequence[Candidate]) -> Candidate:
    asked = wanted.strip().casefold()
    found = [
        each
        for each in candidates
        if asked in {each.id.casefold(), each.address.casefold(), each.user_name.casefold(), each.name.casefold()}
    ]
    if len(found) != 1:
        many = f"{len(found)} users who hold a role of the connector" if found else "Nobody who holds such a role"
        raise DyntuiError(
            "USER_AMBIGUOUS" if found else "USER_WITHOUT_ROLE",
            f"{many} in Dynamics can be called {shown(wanted)!r}.",
            not_done="Nobody was mapped.",
            remedy="`dyntui users list` names who can be chosen; roles are assigned in Dynamics.",
            exit=Exit.USAGE,
        )
    return found[0]


def _require_nobodys(c: Connection, account: EmailAccount, address: str, found: Candidate) -> None:
    other = user_mapping.of_user(c, account.id, found.id)
    if other not in ("", address):
        raise DyntuiError(
            "USER_MAPPED_TWICE",
            f"{found.name} is {other} in dotdigital already; a user is one and no more.",
            not_done="Nobody was mapped.",
            remedy=f"Take that away first: `dyntui users unmap {shlex.quote(other)}`.",
            exit=Exit.USAGE,
        )


def _unknown_there(wanted: str, account: EmailAccount) -> DyntuiError:
    return DyntuiError(
        "USER_UNKNOWN",
        f"dotdigital names no user {shown(wanted)!r} of the email account {account.name}.",
        not_done="Nobody was mapped.",
        remedy="See `dyntui users list`.",
        exit=Exit.USAGE,
    )


def _not_mapped(name: str, account: EmailAccount, managers: Sequence[str]) -> DyntuiError:
    who = ", ".join(managers[:5]) or "an Email Marketing Manager"
    return DyntuiError(
        "USER_NOT_MAPPED",
        f"{name} is no user of the email account {account.name} in dotdigital, as far as is known here.",
        not_done="Nothing was opened.",
        remedy=f"Ask to be mapped (`dyntui users map`): {who} can do it.",
        exit=Exit.NOT_PERMITTED,
    )
