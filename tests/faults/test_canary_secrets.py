"""Secrets that appear nowhere else are used for everything: they are in nothing that is written, shown or logged, and
in no process's command line or environment."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from dyntui.cli.demo import ROLES
from dyntui.model.outcomes import RunStatus
from dyntui.sandbox.entra.directory import find_person
from dyntui.service.contract.campaigns import CAMPAIGN_CHANGE_TARGETS, ChangeTargets
from dyntui.service.contract.lists import LIST_ACTIVATE, LISTS_REFRESH, Activate
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.target_counts import CAMPAIGN_COUNT, CountTargets
from tests import certificates
from tests.faults.job import CAMPAIGN, LIST
from tests.faults.real_service import RealService
from tests.sandbox_process import SandboxProcess
from tests.scenarios.worlds import NOW
from tests.terminal.terminal import Terminal

pytestmark = pytest.mark.xdist_group("canary secrets")

_DYNTUI = (sys.executable, "-m", "dyntui.cli.main")
# Headers as they would stand in a log of requests, whatever token they carry.
_SIGNED_IN = re.compile(rb"(?:Bearer|Basic) +(?!\[redacted\])[A-Za-z0-9\-._~+/]{20,}=*")


def forms(secret: str, *, user: str = "") -> list[bytes]:
    """How a secret may stand somewhere: as it is, escaped, encoded, or in the header that it signs in with."""
    found = [secret, quote(secret, safe=""), json.dumps(secret)[1:-1], secret.encode().hex()]
    found += [base64.b64encode(secret.encode()).decode().rstrip("=")]
    if user:
        found.append(base64.b64encode(f"{user}:{secret}".encode()).decode())
    return [each.encode() for each in dict.fromkeys(found)] + [secret.encode("utf-16-le")]


def hits(canaries: Mapping[str, Sequence[bytes]], content: bytes) -> set[str]:
    """The names of the secrets that are in it."""
    return {name for name, texts in canaries.items() if any(text in content for text in texts)}


class Watch:
    """Looks at the command line and the environment of every process that has to do with a folder, again and again."""

    def __init__(self, folder: Path, canaries: Mapping[str, Sequence[bytes]]) -> None:
        self._of_ours, self._canaries = str(folder).encode(), canaries
        self._ending = threading.Event()
        self.seen: set[bytes] = set()
        self.found: set[tuple[str, bytes]] = set()

    @contextmanager
    def looking(self) -> Iterator[None]:
        looks = threading.Thread(target=self._look_on)
        looks.start()
        try:
            yield
        finally:
            self._ending.set()
            looks.join()

    def _look_on(self) -> None:
        while not self._ending.wait(0.15):
            self.look()

    def look(self) -> None:
        """Once, now."""
        for process in Path("/proc").iterdir():
            if not process.name.isdigit() or int(process.name) == os.getpid():
                continue
            try:
                line, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
            except OSError:
                continue  # it has ended
            if self._of_ours in environment:
                self.seen.add(line)
                self.found |= {(name, line) for name in hits(self._canaries, line + environment)}


def test_a_secret_is_found_in_whatever_form_it_stands(tmp_path: Path) -> None:
    canaries = {"one": forms("c@nary/1 é", user="api@x.example")}
    header = base64.b64encode("api@x.example:c@nary/1 é".encode()).decode()
    for text in ("c@nary/1 é", "x=c%40nary%2F1%20%C3%A9&", f"Basic {header}", '"c@nary/1 \\u00e9"', "é"):
        assert hits(canaries, text.encode()) == ({"one"} if len(text) > 1 else set()), text
    # It says back what it is told once it stands: between `exec` and that, its environment reads as empty.
    with subprocess.Popen(
        ["cat"],
        env={"DYNTUI_HOME": str(tmp_path), "SECRET": "c@nary/1 é"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(b"!")
        assert child.stdout.read(1) == b"!"
        watch = Watch(tmp_path, canaries)
        watch.look()
        assert {name for name, _ in watch.found} == {"one"}


def test_no_secret_is_written_shown_logged_or_handed_to_a_process(tmp_path: Path) -> None:
    """From setup to a send, with refusals and a crash on the way, while everything is logged."""
    mine, given = tmp_path / "mine", tmp_path / "given"
    given.mkdir()
    password, wrong, passphrase, of_the_key = (f"canary-{secrets.token_hex(12)}" for _ in range(4))
    key = certificates.pem(now=NOW)
    (given / "key.pem").write_bytes(certificates.pem(password=of_the_key, now=NOW))
    said: list[bytes] = []
    with SandboxProcess.start(people=60, arguments=["--clock", NOW.isoformat()]) as sandbox:
        line = {**sandbox.info, "api_password": password}
        canaries = {
            "API password": forms(password, user=line["api_user"]),
            "wrong password": forms(wrong, user=line["api_user"]),
            "client secret": forms(line["client_secret"]),
            "passphrase": forms(passphrase),
            "password of the key": forms(of_the_key),
            "key of the certificate": key.split(b"\n")[1:4],
        }
        sandbox.switch(dotdigital={"api_password": password})
        public = key[key.index(b"-----BEGIN CERT") :].decode()
        sandbox.control.post("/certificate", json={"pem": public}).raise_for_status()
        service = _logging_everything(mine, passphrase)
        environment = {**os.environ, "DYNTUI_HOME": service.environment["DYNTUI_HOME"]}

        def dyntui(*arguments: str, typed: str = "", code: int = 0) -> None:
            done = subprocess.run(
                [*_DYNTUI, *arguments],
                env=environment,
                input=typed.encode(),
                capture_output=True,
                timeout=180,
                check=False,
            )
            said.extend((done.stdout, done.stderr))
            assert done.returncode == code, (done.stdout, done.stderr)

        watch = Watch(mine, canaries)
        with watch.looking(), closing(service):
            service.start()
            manager = find_person("manager")
            assert manager is not None
            asked = {**line, "assign": {str(ROLES["manager"]): [manager.upn]}}
            dyntui("setup", "--from", "-", "--yes", typed=json.dumps(asked))
            service.sign_in(sandbox)
            dyntui("credentials", "replace", "Sandbox", "--from", "-", typed=wrong, code=5)
            replace = ("credentials", "replace", "dynamics", "--certificate", str(given / "key.pem"))
            with Terminal([*_DYNTUI, *replace], environment) as terminal:
                terminal.until("Password of the certificate's key")
                terminal.type(f"{of_the_key}\r")
                assert terminal.ended() == 0, terminal.text
                said.append(terminal.raw)
            _work(service)
            refuses = {"system": "dotdigital", "method": "GET", "route": "", "kind": "status", "status": 401}
            sandbox.order(refuses)
            assert service.run("suppressions").run.status is RunStatus.FAILED
            dyntui("doctor", "--bundle", str(mine / "bundle.zip"), code=1)
    assert len(watch.seen) >= 4, watch.seen
    assert watch.found == set()
    written = dict(_written(mine))
    assert any(name.endswith("service.log") and b" DEBUG " in content for name, content in written.items())
    assert any(name.startswith("bundle.zip!") for name in written), sorted(written)
    for name, content in [*written.items(), *(("shown", each) for each in said)]:
        assert hits(canaries, content) == set(), name
        assert _SIGNED_IN.search(content) is None, name


def _logging_everything(folder: Path, passphrase: str) -> RealService:
    """A service that writes the log which tells most, and whose secrets are in a file under this passphrase."""
    service = RealService(folder)
    service.environment = {**service.environment, "DYNTUI_KEYRING_PASSPHRASE": passphrase}
    service.profile.prepare()
    service.profile.config_file.write_text('[service]\nlog_level = "debug"\n')
    return service


def _work(service: RealService) -> None:
    """A list is synchronised, with a crash in the middle, and a campaign is sent to it."""
    service.call(LISTS_REFRESH, Nothing())
    newsletter = service.list_named(LIST)
    service.call(LIST_ACTIVATE, Activate(id=newsletter.id, link=True))
    run_id = service.begin("lists")
    service.kill(signal.SIGABRT)
    service.start()
    assert service.finished(run_id).run.status is RunStatus.COMPLETED
    service.run("campaigns")
    campaign = service.campaign_named(CAMPAIGN)
    service.call(CAMPAIGN_CHANGE_TARGETS, ChangeTargets(id=campaign.id, add=(newsletter.id,)))
    _, run_id = service.begin_send(service.call(CAMPAIGN_COUNT, CountTargets(id=campaign.id)))
    assert service.finished(run_id).run.status is RunStatus.COMPLETED


def _written(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder by its name, and what archives hold."""
    for file in sorted(folder.rglob("*")):
        if file.is_symlink() or not file.is_file():
            continue
        name = str(file.relative_to(folder))
        yield name, file.read_bytes()
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                yield from ((f"{name}!{each}", archive.read(each)) for each in archive.namelist())
