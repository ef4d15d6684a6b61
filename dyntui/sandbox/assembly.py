"""Puts the simulated systems, a world and the gateway together."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from dyntui.sandbox.clock import Clock
from dyntui.sandbox.control import Truth
from dyntui.sandbox.dataverse import digest as dataverse_digest
from dyntui.sandbox.dataverse import installation as dataverse_installation
from dyntui.sandbox.dataverse import routes as dataverse
from dyntui.sandbox.dotdigital import digest as dotdigital_digest
from dyntui.sandbox.dotdigital import life as dotdigital_life
from dyntui.sandbox.dotdigital import routes as dotdigital
from dyntui.sandbox.dotdigital import storage as dotdigital_storage
from dyntui.sandbox.dotdigital import truth as dotdigital_truth
from dyntui.sandbox.entra import routes as entra
from dyntui.sandbox.entra import storage as entra_storage
from dyntui.sandbox.gateway import Handler
from dyntui.sandbox.levers import LEVERS
from dyntui.sandbox.request import Request, Response
from dyntui.sandbox.state import Membership, State, open_state
from dyntui.sandbox.world import build as world

_COUNTED = {
    "contacts": "dv_contact",
    "leads": "dv_lead",
    "accounts": "dv_account",
    "marketing_lists": "dv_list",
    "list_members": "dv_listmember",
    "dotdigital_contacts": "dd_contact",
    "address_books": "dd_book",
    "book_members": "dd_member",
    "campaigns": "dd_campaign",
    "mails": "dd_mail",
}


def open_world(path: Path | None, people: int, seed: int, start: datetime | None = None) -> State:
    """The stored world of the file `path` as it was left, or a new one of `people` contacts and leads.

    `start` sets the clock. Raises sqlite3.DatabaseError when the file is no stored world or is in use.
    """
    return inhabit(open_state(path, seed, Clock.starting_at(start) if start else None), people)


def inhabit(state: State, people: int) -> State:
    """Installs both systems in a state, and a world of `people` contacts and leads where there is none yet."""
    world.dress(state)
    entra_storage.install(state)
    dataverse_installation.install(state)
    dotdigital_storage.install(state)
    state.membership = lambda oid: _membership(state, oid)
    if not world.is_built(state):
        world.build(state, people)
    state.save()
    return state


def _membership(state: State, oid: str) -> Membership | None:
    row = state.db.execute(
        "SELECT EXISTS (SELECT 1 FROM dv_systemuserroles h JOIN dv_role r USING (roleid)"
        " WHERE h.systemuserid = u.systemuserid AND r.name = 'System Administrator')"
        " FROM dv_systemuser u WHERE azureactivedirectoryobjectid = ? AND isdisabled = 0",
        (oid,),
    ).fetchone()
    if row is None:
        return None
    return "administrator" if row[0] else "member"


def _dotdigital(state: State, request: Request) -> Response:
    return dotdigital.handle(state, request, request.host)


HANDLERS: Mapping[str, Handler] = {
    "dataverse": dataverse.handle,
    "dotdigital": _dotdigital,
    "entra": entra.handle,
}


def _counts(state: State) -> dict[str, int]:
    query = "SELECT count(*) FROM "
    return {name: int(state.db.execute(query + table).fetchone()[0]) for name, table in _COUNTED.items()}


def _dataverse_rows(state: State) -> Iterator[tuple[Any, ...]]:
    return dataverse_digest.digest_rows(state)


def _dotdigital_rows(state: State) -> Iterator[tuple[Any, ...]]:
    return dotdigital_digest.digest_rows(state)


TRUTH = Truth(
    settle=dotdigital_life.tick,
    mailed=dotdigital_truth.mailed,
    counts=_counts,
    digest_rows={"dataverse": _dataverse_rows, "dotdigital": _dotdigital_rows},
    levers=LEVERS,
)
"""What the control address tells of a world opened by `open_world`."""
