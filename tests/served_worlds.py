"""Worlds in processes of their own, for tests that need real sockets: a sandbox with what dyntui had kept of it."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import msgspec

from dyntui.store import accounts
from dyntui.store.database import open_store, sqlite_url
from tests.sandbox_process import SandboxProcess
from tests.scenarios.worlds import NOW, PEOPLE, SEED

# A world that is opened again goes on later than it was left.
LATER = NOW + timedelta(hours=1)


@contextmanager
def served_world(
    folder: Path, *, clock: datetime = NOW, people: int = PEOPLE, audience: bool = False
) -> Iterator[SandboxProcess]:
    """The sandbox whose world is kept in the folder; a new one is built there.

    Nothing that time or chance does can tell two of them apart: they begin at one moment, and without an `audience`
    nobody reacts to mail.
    """
    kept = ["--clock", clock.isoformat(), "--state", str(folder / "world.db")]
    with SandboxProcess.start(people=people, seed=SEED, arguments=kept) as sandbox:
        sandbox.switch(dotdigital={"audience": audience})
        yield sandbox


@contextmanager
def served_copy(kept: Path, folder: Path, store: Path, *, audience: bool = False) -> Iterator[SandboxProcess]:
    """A world as it was kept, running in a folder of its own, and reached from the store `folder / store`."""
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    with served_world(folder, clock=LATER, audience=audience) as sandbox:
        _move(sandbox, folder / store)
        yield sandbox


def dotdigital_endpoint(sandbox: SandboxProcess) -> str:
    """Where the account lives, by its own word."""
    info = sandbox.info
    trusted = ssl.create_default_context(cafile=info["ca_file"])
    me = (info["api_user"], info["api_password"])
    answer = httpx.get(f"{info['dotdigital_url']}/v2/account-info", auth=me, verify=trusted, trust_env=False)
    properties = {each["name"]: each["value"] for each in answer.raise_for_status().json()["properties"]}
    return str(properties["ApiEndpoint"]).rstrip("/")


def _move(sandbox: SandboxProcess, store: Path) -> None:
    """A sandbox that is started again listens elsewhere."""
    info, endpoint = sandbox.info, dotdigital_endpoint(sandbox)
    db = open_store(sqlite_url(store))
    with db.write() as c:
        organisation = accounts.organisation(c)
        assert organisation is not None
        at = {"url": info["dataverse_url"], "authority": info["authority"], "ca_file": info["ca_file"]}
        accounts.put_organisation(c, msgspec.structs.replace(organisation, **at))
        for each in accounts.accounts(c):
            accounts.put_account(c, msgspec.structs.replace(each, endpoint=endpoint, ca_file=info["ca_file"]))
    db.close()
