"""The service as a process of its own, on a profile of its own, that can be killed at any moment."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import msgspec

from dyntui.cli.demo import ROLES
from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Role
from dyntui.service.client import ServiceClient
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import CAMPAIGN_SEND, CAMPAIGNS_PAGE, CampaignRow, CampaignsQuery
from dyntui.service.contract.lists import LISTS_PAGE, ListRow, ListsQuery
from dyntui.service.contract.runs import RUN_GET, RUN_START, RunDetail, RunRef, StartRun
from dyntui.service.contract.sends import SendCampaign
from dyntui.service.contract.session import SIGN_IN, SIGN_IN_STATE, STOP, Nothing
from dyntui.service.contract.setup import SETUP_APPLY, EmailAccountInput, OrganisationInput, SetupRequest
from dyntui.service.contract.target_counts import TargetCount
from dyntui.service.lock import until_released
from dyntui.service.profile import Profile, open_profile
from dyntui.service.starting import attach_or_start
from tests.sandbox_process import SandboxProcess

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)

HOME = Path("home")
STORE = HOME / "default" / "data" / "dyntui.db"
_COMMAND = (sys.executable, str(Path(__file__).with_name("frozen_service.py")))
_LIMIT = 180.0
# Calls that are waited for take longer, and looking takes a core away from them.
_POLL = 0.02
# Each time the service waits a second for Dynamics to say what somebody may do.
_ASKED = 20


class RealService:
    """`start`, `call`, `kill`, `stop`; the profile's secrets are in its encrypted file."""

    def __init__(self, folder: Path) -> None:
        self.environment = self.environment_of(folder)
        self.profile: Profile = open_profile("default", self.environment)
        self._loop = asyncio.new_event_loop()
        self._client: ServiceClient | None = None
        self.kills = 0

    @staticmethod
    def environment_of(folder: Path) -> dict[str, str]:
        """Of everybody who works with the profile in this folder."""
        return {
            "DYNTUI_HOME": str(folder / HOME),
            "DYNTUI_KEYRING": "file",
            "DYNTUI_KEYRING_PASSPHRASE": "a passphrase for tests",
        }

    def start(self) -> None:
        """The service runs and is attached to; what it was killed in the middle of goes on by itself."""
        with mock.patch.dict(os.environ, self.environment):
            self._client = self._wait(attach_or_start(self.profile, command=_COMMAND, limit=60.0))

    def call(self, method: Call[Q, A], request: Q) -> A:
        """As a person does, who asks again where a busy machine took longer to say what they may do than it is waited
        for."""
        assert self._client is not None
        for _ in range(_ASKED):
            try:
                return self._wait(self._client.call(method, request))
            except DyntuiError as error:
                if error.code != "ROLES_UNKNOWN":
                    raise
        return self._wait(self._client.call(method, request))

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """As a power cut would: nothing of it can react; or as a crash does, which may leave a dump."""
        assert self._client is not None
        os.kill(self._client.greeting.process, number)
        self.kills += 1
        self._gone()

    def stop(self) -> None:
        """Ends it in order; nothing to do where none runs."""
        if self._client is not None:
            self.call(STOP, Nothing())
            self._gone()

    def close(self) -> None:
        """For good."""
        self.stop()
        self._loop.close()

    def _gone(self) -> None:
        assert self._client is not None
        self._wait(self._client.close())
        self._client = None
        until_released(self.profile, _LIMIT)

    def _wait(self, work: Any) -> Any:
        return self._loop.run_until_complete(work)

    # -- what the store says, whoever runs ---------------------------------------------------------------------------

    def stored(self, column: str, run_id: str) -> str:
        with closing(sqlite3.connect(f"file:{self.profile.data / 'dyntui.db'}?mode=ro", uri=True)) as db:
            return str(db.execute(f"SELECT {column} FROM run WHERE id = ?", (run_id,)).fetchone()[0])

    def ended(self, run_id: str) -> bool:
        return self.stored("status", run_id) not in ("Queued", "In process")

    # -- what people do ----------------------------------------------------------------------------------------------

    def set_up(self, sandbox: SandboxProcess) -> None:
        """Connected, installed, and signed in as the manager."""
        from dyntui.sandbox.entra.directory import find_person

        info = sandbox.info
        manager = find_person("manager")
        assert manager is not None
        organisation = OrganisationInput(
            dataverse_url=info["dataverse_url"],
            authority=info["authority"],
            client_id=info["client_id"],
            client_secret=info["client_secret"],
            ca_file=info["ca_file"],
        )
        account = EmailAccountInput(
            double_opt_in="off",
            name="Main",
            api_user=info["api_user"],
            api_password=info["api_password"],
            dotdigital_url=info["dotdigital_url"],
            ca_file=info["ca_file"],
        )
        assign = {str(ROLES["manager"]): (manager.upn,)}
        self.call(SETUP_APPLY, SetupRequest(organisation=organisation, accounts=(account,), assign=assign))
        only = {"user": "application", "roles": [str(Role.SERVICE)]}
        sandbox.control.post("/dataverse/roles", json=only).raise_for_status()
        self.sign_in(sandbox)

    def sign_in(self, sandbox: SandboxProcess) -> None:
        """As the manager, who types the code at once."""
        sandbox.control.post("/settings", json={"entra": {"device_code_interval": 1}}).raise_for_status()
        code = self.call(SIGN_IN, Nothing()).user_code
        sandbox.control.post("/device", json={"user_code": code, "as": "manager"}).raise_for_status()
        until(lambda: self.call(SIGN_IN_STATE, Nothing()).state == "signed in")

    def list_named(self, name: str) -> ListRow:
        page = self.call(LISTS_PAGE, ListsQuery(view="all"))
        return next(row for row in page.rows if row.name == name)

    def campaign_named(self, name: str) -> CampaignRow:
        page = self.call(CAMPAIGNS_PAGE, CampaignsQuery())
        return next(row for row in page.rows if row.name == name)

    def begin(self, sync_type: str) -> str:
        return self.call(RUN_START, StartRun(sync_type=sync_type)).id

    def finished(self, run_id: str) -> RunDetail:
        """The run, once it has come to its end."""
        until(lambda: self.ended(run_id))
        return self.call(RUN_GET, RunRef(run_id))

    def run(self, sync_type: str) -> RunDetail:
        return self.finished(self.begin(sync_type))

    def begin_send(self, count: TargetCount) -> tuple[str, str]:
        """The send's id and its run's."""
        sent = self.call(CAMPAIGN_SEND, SendCampaign(count=count.id, confirm=count.sendable))
        return sent.id, sent.run


@contextmanager
def real_service(folder: Path) -> Iterator[RealService]:
    """A running one; it ends with the block at the latest."""
    service = RealService(folder)
    service.start()
    try:
        yield service
    finally:
        service.close()


def until(it_is_so: Callable[[], bool]) -> None:
    """Looks again and again, for three minutes at most."""
    deadline = time.monotonic() + _LIMIT
    while not it_is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(_POLL)
