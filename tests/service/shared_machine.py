"""A machine with one service for everybody, and users of its own, made by useradd.

`python -m tests.service.shared_machine`, run as root in a mount namespace (`unshare --mount`): what is written to /etc,
/home and /run stays there, and ends with the process. Prints what each of the users met, as one line of JSON.

    python -m tests.service.shared_machine NAME      # in here: NAME at work, told by lines on standard input
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from dyntui.cli.sign_in import signed_in
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.model.roles import Role, abilities
from dyntui.service.client import ServiceClient, attach
from dyntui.service.contract.environment import ENVIRONMENT_MARK, MarkEnvironment
from dyntui.service.contract.lists import LIST_ACTIVATE, LISTS_PAGE, Activate, ListsQuery
from dyntui.service.contract.runs import RUN_CHANGED, RUN_START, StartRun
from dyntui.service.contract.session import SIGN_IN, STOP, Nothing
from dyntui.service.contract.setup import SETUP_APPLY, EmailAccountInput, OrganisationInput, SetupRequest
from dyntui.service.contract.subjects import CALLS
from dyntui.service.profile import SHARED, SOCKET_DIRECTORY, open_profile

SERVICE, GROUP = "dyntui", "dyntui"
# The user of the machine, whom they are in Dynamics, and their role; the last one is in no group of the service.
PEOPLE = {"mira": Role.MANAGER, "jonas": Role.PROFESSIONAL, "noor": Role.VIEWER}
PARTS = {"mira": "manager", "jonas": "professional", "noor": "viewer"}
STRANGER = "sam"
LIST = "Newsletter"


# -- the machine ------------------------------------------------------------------------------------------------------


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)


def _of_its_own(folder: Path) -> None:
    """/etc, /home and /run as they are, and what is written there kept apart."""
    _run("mount", "-t", "tmpfs", "tmpfs", str(folder))
    for name in ("etc", "home", "run"):
        upper, work = folder / f"{name}.upper", folder / f"{name}.work"
        upper.mkdir()
        work.mkdir()
        options = f"lowerdir=/{name},upperdir={upper},workdir={work}"
        _run("mount", "-t", "overlay", "overlay", "-o", options, f"/{name}")


def _reachable(*wanted: Path) -> None:
    """Whoever is not root reaches these too: folders on the way that are closed to others are replaced by open ones
    which hold nothing else."""
    for path in wanted:
        closed = next((each for each in reversed(path.parents) if not each.stat().st_mode & stat.S_IXOTH), None)
        if closed is None:
            continue
        with tempfile.TemporaryDirectory() as aside:
            _run("mount", "--bind", str(path), aside)
            _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(closed))
            path.mkdir(parents=True)
            _run("mount", "--move", aside, str(path))


def _add_users() -> None:
    _run("groupadd", "--system", GROUP)
    _run("useradd", "--system", "--gid", GROUP, "--home-dir", "/var/lib/dyntui", SERVICE)
    for name in (*PEOPLE, STRANGER):
        groups = ["--groups", GROUP] if name in PEOPLE else []
        _run("useradd", "--create-home", *groups, name)


@contextmanager
def _serving(home: Path) -> Iterator[None]:
    """`dyntui serve` as the unit of systemd would run it; until it has said that it is ready."""
    sockets = SHARED / "default"
    for folder, mode in ((home, 0o700), (sockets, 0o750)):
        folder.mkdir(parents=True, mode=mode)
        folder.chmod(mode)
        _run("chown", f"{SERVICE}:{GROUP}", str(folder))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind("\0dyntui-shared-machine")
        told.settimeout(60)
        environ = {
            "PATH": os.environ["PATH"],
            "DYNTUI_HOME": str(home),
            SOCKET_DIRECTORY: str(sockets),
            "DYNTUI_KEYRING": "file",
            "DYNTUI_KEYRING_PASSPHRASE": "of this test alone",
            "NOTIFY_SOCKET": "@dyntui-shared-machine",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "dyntui.cli.main", "serve"],
            user=SERVICE, group=GROUP, extra_groups=[], env=environ, cwd="/",
        )  # fmt: skip
        try:
            assert told.recv(100) == b"READY=1"
            yield
        finally:
            process.terminate()
            assert process.wait(30) == 0


class _Person:
    """A user of the machine at work in a process of their own."""

    def __init__(self, stack: ExitStack, name: str) -> None:
        environ = {"PATH": os.environ["PATH"], "HOME": f"/home/{name}"}
        groups = [GROUP] if name in PEOPLE else []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.service.shared_machine", name],
            user=name, group=name, extra_groups=groups, env=environ,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        stack.callback(self._process.kill)

    def tell(self, **told: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        self._process.stdin.flush()

    def hear(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


def _machine() -> dict[str, Any]:
    from tests.sandbox_process import SandboxProcess

    folder = Path(tempfile.mkdtemp())
    _of_its_own(folder)
    _reachable(Path(sys.base_prefix), Path(__file__).parents[2])
    _add_users()
    with ExitStack() as stack:
        sandbox = stack.enter_context(SandboxProcess.start(people=60))
        ca_file = folder / "ca.pem"
        ca_file.write_bytes(Path(sandbox.info["ca_file"]).read_bytes())
        ca_file.chmod(0o644)
        folder.chmod(0o755)
        stack.enter_context(_serving(folder / "home"))
        people = {name: _Person(stack, name) for name in (*PEOPLE, STRANGER)}
        for person in people.values():
            assert person.hear() == "ready"
        told: dict[str, Any] = {"before": {}, "at_once": {}}
        people[STRANGER].tell()
        told["stranger"] = people[STRANGER].hear()
        people["mira"].tell(setup={**sandbox.info, "ca_file": str(ca_file)})
        told["installed"] = people["mira"].hear()
        sandbox.control.post("/settings", json={"entra": {"device_code_interval": 1}}).raise_for_status()
        for name in PEOPLE:
            people[name].tell()
            told["before"][name], code = people[name].hear()
            answer = {"user_code": code, "as": PARTS[name]}
            sandbox.control.post("/device", json=answer).raise_for_status()
            told["before"][name] = [told["before"][name], people[name].hear()]
        for name in PEOPLE:
            people[name].tell()
        for name in PEOPLE:
            told["at_once"][name] = people[name].hear()
        return told


# -- a person ---------------------------------------------------------------------------------------------------------


def _say(said: Any) -> None:
    print(json.dumps(said), flush=True)  # noqa: T201 - for who started it


def _told(stream: IO[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stream.readline())
    return found


async def _code(client: ServiceClient, name: str) -> str:
    """How a call with nothing in it is refused; who may do it is asked before what is asked for."""
    try:
        await client.call(CALLS[name], Nothing())
    except DyntuiError as error:
        return error.code
    return ""


def _setup(info: dict[str, Any]) -> SetupRequest:
    known = {key: info[key] for key in ("dataverse_url", "authority", "client_id", "client_secret", "ca_file")}
    account = {key: info[key] for key in ("dotdigital_url", "api_user", "api_password", "ca_file")}
    upn = {name: f"{first}@skarnfjall.example" for name, first in (
        ("mira", "mira.sandahl"), ("jonas", "jonas.brattli"), ("noor", "noor.vandermeer"))}  # fmt: skip
    return SetupRequest(
        organisation=OrganisationInput(**known),
        accounts=(EmailAccountInput(name="Main", double_opt_in="off", **account),),
        assign={role.value: (upn[name],) for name, role in PEOPLE.items()},
    )


async def _at_work(name: str) -> None:
    _say("ready")
    told = await asyncio.to_thread(_told, sys.stdin)
    try:
        client = await attach(open_profile("default"))
    except DyntuiError as error:
        _say([error.code, error.remedy])
        return
    async with client:
        if "setup" in told:
            report = await client.call(SETUP_APPLY, _setup(told["setup"]))
            _say([len(report.steps), list(report.managers)])
            await asyncio.to_thread(_told, sys.stdin)
        before = await _code(client, LISTS_PAGE.name)
        _say([before, (await client.call(SIGN_IN, Nothing())).user_code])
        _say((await signed_in(client, 0.2)).user)
        await asyncio.to_thread(_told, sys.stdin)
        held = abilities((PEOPLE[name].value,))
        others = [each.name for each in CALLS.values() if each.ability is not None and each.ability not in held]
        work = asyncio.create_task(_work(client, PEOPLE[name]))
        refused = await asyncio.gather(*(_code(client, each) for each in others))
        stopped = "" if PEOPLE[name] is Role.MANAGER else await _code(client, STOP.name)
        _say({"asked": len(others), "refused": sorted({*refused}), "stop": stopped, "did": await work})


async def _work(client: ServiceClient, role: Role) -> str:
    """What people with the role do all day."""
    if role is Role.MANAGER:
        marked = await client.call(ENVIRONMENT_MARK, MarkEnvironment(production=False))
        return marked.marks[0].marked_by
    found = await client.call(LISTS_PAGE, ListsQuery(search=LIST))
    if role is Role.VIEWER:
        return f"{len(found.rows)} list"
    async with client.subscribe(RUN_CHANGED.name, RUN_CHANGED.value) as changes:
        await client.call(LIST_ACTIVATE, Activate(id=found.rows[0].id))
        run = await client.call(RUN_START, StartRun(sync_type="lists"))
        async for change in changes:
            if change.run.id == run.id and change.run.status not in (RunStatus.IN_PROCESS, RunStatus.QUEUED):
                return f"{change.run.status} by {msgspec.to_builtins(change.run)['started_by']}"
    return "the service went away"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(_at_work(sys.argv[1]))
    else:
        # Whoever started this may keep what it writes to itself; here others are to reach it.
        os.umask(0o022)
        _say(_machine())
