"""What the console's tests begin with: worlds made once, by what people do, and copied for each test.

    worked     four lists are activated: Newsletter is synchronised, the run of Alpine Club has failed, for its address
               book is gone, Winter leads and Accounts in Germany have never been synchronised
    connected  dyntui is installed, and nothing else has happened
    unbound    that, and dotdigital has an address book of Newsletter's name
    targeted   besides worked, Newsletter is the target list of the email campaign Newsletter March
    few        besides worked, Winter leads is synchronised, and the target list of that campaign
    both       so is Winter leads
    doubted    targeted has been sent, and it is not known whom it reached
    held       of Newsletter and Winter leads too many have left: their removals wait for a decision
    changed    of Newsletter one has become active, one is called otherwise, one has left
    refused    dotdigital has refused three people of Newsletter
    bare       nothing is connected

The person at the console is Mira Sandahl. Her role, and what one test alone needs to be different, are levers on the
copy (`Opening`).
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import ClassVar

import msgspec

from dyntui.model.moments import text_of
from dyntui.model.outcomes import Outcome
from dyntui.model.roles import Role
from dyntui.store import accounts
from dyntui.store import sends as send_store
from dyntui.store.accounts import PersonLink
from tests.built_once import built_in
from tests.console.service import Service, serving
from tests.empty_store import lay_empty_store
from tests.scenarios.office import Office
from tests.scenarios.worlds import copied, world

LIST, NEVER, FAILED, BESIDES = "Newsletter", "Winter leads", "Alpine Club", "Accounts in Germany"
CAMPAIGN = "Newsletter March"
PERSON = "Mira Sandahl"
_STORE = Path("dyntui.db")
_PEOPLE = 300


class Opening(msgspec.Struct, frozen=True):
    """How a test finds the world: a copy of `world`, in which the person has this role in Dynamics, is signed in or
    not, and `prepare` has been done. The service ends with its last client, or it `stays`."""

    world: str = "worked"
    role: Role = Role.MANAGER
    signed_in: bool = True
    stays: bool = False
    prepare: Callable[[Service], None] = lambda service: None


class Worlds:
    """The worlds that were made so far, in the `folder` of the test run."""

    folder: ClassVar[Path]

    @classmethod
    def kept(cls, name: str) -> Path:
        """The world of this name; made where nobody has needed it yet."""
        return built_in(cls.folder, f"console-{name}", _BUILD[name])


@asynccontextmanager
async def opened(opening: Opening, folder: Path) -> AsyncIterator[Service]:
    """The service of a copy of a world, in a folder of its own."""
    # An office has a loop of its own, so it is a thread's.
    with ThreadPoolExecutor(1) as aside:
        kept = await asyncio.get_running_loop().run_in_executor(aside, Worlds.kept, opening.world)
    with copied(kept, folder, _STORE, audience=True) as sandbox:
        if opening.role is not Role.MANAGER:
            sandbox.control.post("/dataverse/roles", json={"user": "manager", "roles": [opening.role]})
        async with serving(sandbox, folder, stays=opening.stays) as service:
            if not opening.signed_in:
                with service.db.write() as c:
                    accounts.unlink_person(c, os.getuid())
            opening.prepare(service)
            yield service


def _connected(folder: Path) -> None:
    with world(folder, people=_PEOPLE, audience=True) as sandbox, closing(Office.open(sandbox, folder)) as office:
        _sign_in(office)


def _unbound(folder: Path) -> None:
    with _office("connected", folder) as office:
        in_dotdigital(office, "POST", "/v2/address-books", {"name": LIST, "visibility": "Private"})


def _worked(folder: Path) -> None:
    with _office("connected", folder) as office:
        for name in (LIST, NEVER, FAILED, BESIDES):
            office.activated(name)
        office.run("suppressions")
        office.run("lists", lists=(office.list_named(LIST).id,))
        office.run("campaigns")
        in_dotdigital(office, "DELETE", f"/v2/address-books/{office.book_of(office.list_named(FAILED).id)}")
        office.run("lists", lists=(office.list_named(FAILED).id,))


def _targeted(folder: Path) -> None:
    with _office("worked", folder) as office:
        office.target(office.campaign_named(CAMPAIGN), office.list_named(LIST).id)


def _few(folder: Path) -> None:
    with _office("worked", folder) as office:
        leads = office.list_named(NEVER)
        office.run("lists", lists=(leads.id,))
        office.target(office.campaign_named(CAMPAIGN), leads.id)


def _both(folder: Path) -> None:
    with _office("targeted", folder) as office:
        office.target(office.campaign_named(CAMPAIGN), office.list_named(NEVER).id)


def _doubted(folder: Path) -> None:
    with _office("targeted", folder) as office:
        sent = office.send(office.count(office.campaign_named(CAMPAIGN)))
        with office.db.write() as c:
            send_store.finish(c, sent.id, "Cancelled", office.resources.now())
            send_store.put_doubt(c, sent.id, "cancelled", "It was cancelled in dotdigital.")


def _held(folder: Path) -> None:
    with _office("worked", folder) as office:
        names = (LIST, NEVER)
        office.run("lists", lists=tuple(office.list_named(name).id for name in names))
        for name in names:
            row = office.list_named(name)
            there = [each.person for each in office.members(row.id) if each.contact_id is not None]
            office.leave(row.id, there[1:])
        office.run("lists", lists=tuple(office.list_named(name).id for name in names))
        assert {each.name for each in office.held()} == set(names), office.held()


def _refused(folder: Path) -> None:
    with _office("worked", folder) as office:
        newsletter = office.list_named(LIST)
        there = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
        for number, each in enumerate(there[:3]):
            address = f"someone{number or ''}@spamtrap.test"
            office.change_in_dynamics("contact", each.person, emailaddress1=address)
        office.run("lists", lists=(newsletter.id,))
        assert len(office.refused()) == 3


def _changed(folder: Path) -> None:
    with _office("worked", folder) as office:
        newsletter = office.list_named(LIST)
        members = office.members(newsletter.id)
        having = Counter(each.address for each in members)
        there = [each for each in members if each.outcome is Outcome.ADDED and having[each.address] == 1]
        joins = next(each for each in members if each.reason == "INACTIVE" and having[each.address] == 1)
        office.change_in_dynamics("contact", joins.person, statecode=0, statuscode=1)
        office.change_in_dynamics("contact", there[0].person, firstname="[b]Bob[/b]")
        office.leave(newsletter.id, [there[1].person])


def _bare(folder: Path) -> None:
    with world(folder, people=0):
        lay_empty_store(folder / _STORE)


_BUILD: dict[str, Callable[[Path], None]] = {
    "connected": _connected,
    "unbound": _unbound,
    "worked": _worked,
    "few": _few,
    "both": _both,
    "targeted": _targeted,
    "doubted": _doubted,
    "held": _held,
    "changed": _changed,
    "refused": _refused,
    "bare": _bare,
}


@contextmanager
def _office(name: str, folder: Path) -> Iterator[Office]:
    """An office that goes on with a world, and leaves another one behind."""
    with (
        copied(Worlds.kept(name), folder, _STORE, audience=True) as sandbox,
        closing(Office(sandbox, folder)) as office,
    ):
        office.take_over()
        yield office


def _sign_in(office: Office) -> None:
    office.give_roles("manager", Role.MANAGER)
    columns = "systemuserid, azureactivedirectoryobjectid"
    person = office.sandbox.state.db.execute(
        f"SELECT {columns} FROM dv_systemuser WHERE fullname = ?", (PERSON,)
    ).fetchone()
    link = PersonLink(
        os_uid=os.getuid(),
        user_id=person[0],
        object_id=person[1],
        name=PERSON,
        linked_on=text_of(office.sandbox.now()),
    )
    with office.db.write() as c:
        accounts.link_person(c, link)


def in_dotdigital(office: Office, method: str, path: str, body: object = None) -> None:
    """What somebody does in dotdigital itself."""
    info = office.sandbox.info
    with office.db.read() as c:
        url = accounts.accounts(c)[0].endpoint + path
    answer = office.sandbox.http.request(method, url, json=body, auth=(info["api_user"], info["api_password"]))
    answer.raise_for_status()
