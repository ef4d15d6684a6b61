"""Whether this is production, and who may be mailed if it is not."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from dyntui.model.admin_changes import AdminChange
from dyntui.model.environment import entry
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.mentioned import shown
from dyntui.service.answering import answers
from dyntui.service.contract.environment import (
    ENVIRONMENT_ALLOW,
    ENVIRONMENT_GET,
    ENVIRONMENT_MARK,
    ChangeAllowList,
    Environment,
    MarkEnvironment,
)
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.setup import OrganisationInput
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import admin_changes, environment

_BY_SETUP = "setup"
# The subject under which it is kept who changed what of the environment.
SUBJECT = "environment"
_MARK, _ALLOW_LIST = "production", "allow list"
_PRODUCTION, _NOT_PRODUCTION = "production", "not production"


class EnvironmentGuard:
    """The calls of `environment.*`."""

    def __init__(self, resources: Resources, identities: Identities) -> None:
        self._resources = resources
        self._identities = identities

    @answers(ENVIRONMENT_GET)
    async def get(self, context: CallContext, request: Nothing) -> Environment:
        """What is marked, and the allow list."""
        return await self._resources.read(_environment)

    @answers(ENVIRONMENT_MARK)
    async def mark(self, context: CallContext, request: MarkEnvironment) -> Environment:
        """Marks the organisation or an email account, or ends the mark. Raises ACCOUNT_UNKNOWN, NOT_MARKED."""
        account_id = (await chosen_account(self._resources, request.account)).id if request.account else ""
        by, now = await self._by(context), self._resources.now()

        def keep(c: Connection) -> Environment:
            if not request.production:
                _mark(c, account_id, by, now)
            elif not environment.unmark(c, account_id):
                raise _refused(
                    "NOT_MARKED",
                    f"{request.account or 'The organisation'} is not marked as not production.",
                    "See `dyntui environment show`.",
                )
            else:
                _record(c, account_id, by, now, _MARK, _NOT_PRODUCTION, _PRODUCTION)
            return _environment(c)

        return await self._resources.write(keep)

    @answers(ENVIRONMENT_ALLOW)
    async def allow(self, context: CallContext, request: ChangeAllowList) -> Environment:
        """Adds to the allow list and takes away from it. Raises ALLOW_LIST_ENTRY_INVALID, ALLOW_LIST_ENTRY_UNKNOWN."""
        adding, going = entries(request.add), entries(request.remove)
        by, now = await self._by(context), self._resources.now()

        def keep(c: Connection) -> Environment:
            known = {each.entry for each in environment.allow_list(c)}
            for each in going:
                if each not in known:
                    raise _refused(
                        "ALLOW_LIST_ENTRY_UNKNOWN",
                        f"{shown(each)} is not on the allow list.",
                        "See `dyntui environment show`.",
                    )
            _allow(c, adding, by, now)
            if environment.disallow(c, going):
                _record(c, "", by, now, _ALLOW_LIST, ", ".join(dict.fromkeys(going)), "")
            return _environment(c)

        return await self._resources.write(keep)

    async def _by(self, context: CallContext) -> str:
        person = await self._identities.person(context.uid)
        return person.name if person else ""


def use_cases(parts: Parts) -> EnvironmentGuard:
    """What answers these calls."""
    return EnvironmentGuard(parts.resources, parts.identities)


def entries(given: Iterable[str]) -> tuple[str, ...]:
    """Entries of the allow list as they are kept. Raises DyntuiError ALLOW_LIST_ENTRY_INVALID."""
    kept: list[str] = []
    for each in given:
        try:
            kept.append(entry(each))
        except ValueError:
            raise _refused(
                "ALLOW_LIST_ENTRY_INVALID",
                f"{shown(each)!r} is neither an e-mail address nor @ and a domain.",
                "Give addresses, or @example.org for everybody of a domain.",
            ) from None
    return tuple(kept)


def keep_as_set_up(c: Connection, asked: OrganisationInput, now: str) -> None:
    """What setup was told of the environment; a mark that is there stays."""
    if asked.not_production:
        _mark(c, "", _BY_SETUP, now)
    _allow(c, entries(asked.allow), _BY_SETUP, now)


def _mark(c: Connection, account_id: str, by: str, now: str) -> None:
    if account_id not in {each.account_id for each in environment.marks(c)}:
        _record(c, account_id, by, now, _MARK, _PRODUCTION, _NOT_PRODUCTION)
    environment.mark(c, account_id, by, now)


def _allow(c: Connection, entries: Iterable[str], by: str, now: str) -> None:
    known = {each.entry for each in environment.allow_list(c)}
    new = [each for each in dict.fromkeys(entries) if each not in known]
    if new:
        _record(c, "", by, now, _ALLOW_LIST, "", ", ".join(new))
    environment.allow(c, new, by, now)


def _record(c: Connection, account_id: str, by: str, now: str, thing: str, before: str, after: str) -> None:
    """It is kept who let everybody be mailed, and whom: nothing else tells it once a mark or an entry is gone."""
    change = AdminChange(subject=SUBJECT, thing=thing, changed_by=by, changed_on=now, before=before, after=after)
    admin_changes.record(c, account_id, change)


def _environment(c: Connection) -> Environment:
    return Environment(marks=tuple(environment.marks(c)), allowed=tuple(environment.allow_list(c)))


def _refused(code: str, message: str, remedy: str) -> DyntuiError:
    return DyntuiError(code, message, not_done="Nothing was changed.", remedy=remedy, exit=Exit.USAGE)
