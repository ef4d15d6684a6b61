"""What a worker notices of other settings and replaced secrets while it carries out runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from dyntui.model.errors import DyntuiError
from dyntui.model.sign_in import SignInBy
from dyntui.service.worker_settings import WorkerSettings
from dyntui.store import accounts
from dyntui.store.accounts import EmailAccount, Organisation
from dyntui.store.database import Database, open_store, sqlite_url
from dyntui.sync.connections import DATAVERSE_SECRET, account_secret
from tests.empty_store import lay_empty_store

ORGANISATION = Organisation(
    url="https://kestrel.crm4.dynamics.com",
    name="Kestrel",
    organisation_id="o",
    authority="https://login.microsoftonline.com/t",
    client_id="c",
    auth=SignInBy.SECRET.value,
    service_user_id="u",
)
MAIN = EmailAccount(id="a", name="Main", api_user="apiuser-1", endpoint="https://r1", region="r1", platform_id=1)


class Held:
    """Secrets of the machine."""

    def __init__(self) -> None:
        self.now = {DATAVERSE_SECRET: "one", account_secret("a"): "two"}

    async def get(self, name: str) -> str | None:
        return self.now.get(name)


class Told:
    """What a worker was told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def reconnect(self) -> None:
        self.heard.append("reconnect")

    def renew(self) -> None:
        self.heard.append("renew")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    lay_empty_store(tmp_path / "dyntui.db")
    opened = open_store(sqlite_url(tmp_path / "dyntui.db"))
    with opened.write() as c:
        accounts.put_organisation(c, ORGANISATION)
        accounts.put_account(c, MAIN)
    yield opened
    opened.close()


def test_a_replaced_secret_is_heard_of_without_a_restart_and_a_missing_one_ends_the_worker(db: Database) -> None:
    held, worker, ended = Held(), Told(), []
    settings = WorkerSettings(db, held, worker, lambda: ended.append(True))
    look = lambda: asyncio.run(settings.look())  # noqa: E731 - said often
    look()
    look()
    assert worker.heard == []
    held.now[DATAVERSE_SECRET] = "another"
    look()
    look()
    held.now[account_secret("a")] = "another"
    look()
    assert worker.heard == ["renew", "renew"]
    with db.write() as c:
        accounts.put_account(c, replace(MAIN, endpoint="https://r2"))
    look()
    assert worker.heard == ["renew", "renew", "reconnect"] and not ended
    del held.now[account_secret("a")]
    look()
    assert ended and settings.failure is not None and settings.failure.code == "WORKER_SECRET_MISSING"
    with pytest.raises(DyntuiError, match="no secret"):
        asyncio.run(WorkerSettings(db, held, worker, lambda: None).look())
