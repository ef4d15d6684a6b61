"""The service as one of the machine's: what systemd is given, what it thinks of it, and who reaches it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dyntui.cli import paths
from dyntui.cli.main import run
from dyntui.model.errors import DyntuiError
from dyntui.service import profile as profiles
from dyntui.service import readiness
from dyntui.service.client import _check_owner
from dyntui.service.config import Config
from dyntui.service.profile import SOCKET_DIRECTORY, open_profile
from dyntui.service.secret_store import open_secrets
from dyntui.service.server import Server
from dyntui.service.unit import PACKAGED_UNITS, PASSPHRASE_CREDENTIAL, Unit

# A hardened unit scores 1.5 or less on systemd's scale of 0 to 10, on which less is better.
GOAL = 15


def _score(file: Path) -> subprocess.CompletedProcess[str]:
    words = ["systemd-analyze", "security", "--offline=yes", f"--threshold={GOAL}", "--no-pager", str(file)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("profile", ["default", "shop-2"])
def test_the_unit_is_hardened_and_systemd_knows_every_line_of_it(tmp_path: Path, profile: str) -> None:
    program = tmp_path / "100% mine" / "dyntui" if profile != "default" else Path("/bin/true")
    if profile != "default":
        program.parent.mkdir()
        program.symlink_to("/bin/true")
    unit = Unit(profile=profile, executable=str(program), root=tmp_path / "root")
    file = unit.unit_file
    file.path.parent.mkdir(parents=True)
    file.path.write_text(file.content)
    scored = _score(file.path)
    assert scored.returncode == 0, scored.stdout[-2000:]
    environ = {**os.environ, "SYSTEMD_UNIT_PATH": f"{file.path.parent}:"}
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file.path)],
        capture_output=True,
        text=True,
        check=False,
        env=environ,
    )
    assert not [line for line in verified.stderr.splitlines() if unit.name in line], verified.stderr
    # The measure can fail: without the restrictions it does.
    plain = "\n".join(line for line in file.content.splitlines() if not line.startswith(("Protect", "System", "Cap")))
    file.path.write_text(plain)
    assert _score(file.path).returncode != 0


@pytest.mark.parametrize("profile", ["default", "shop"])
def test_all_that_the_service_writes_lies_where_its_unit_may_write(profile: str) -> None:
    lines = Unit(profile=profile, executable="/usr/bin/dyntui").unit_file.content.splitlines()
    said = dict(line.split("=", 1) for line in lines if "=" in line)
    environment = dict(each.split("=", 1) for each in said["Environment"].split())
    serves = open_profile(profile, environment)
    state, runtime = Path("/var/lib") / said["StateDirectory"], Path("/run") / said["RuntimeDirectory"]
    kept = (serves.config, serves.data, serves.state, serves.lock_file, serves.log_file, serves.secrets_file)
    assert all(state in each.parents for each in (*kept, Path(serves.store_url.removeprefix("sqlite:///"))))
    assert (serves.shared, serves.socket.parent) == (True, runtime)
    assert (said["ProtectSystem"], said["ProtectHome"], said["PrivateTmp"]) == ("strict", "yes", "yes")


def test_print_shows_every_file_and_command_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: pytest.fail("nothing is run"))
    monkeypatch.setattr(Path, "write_text", lambda *a, **k: pytest.fail("nothing is written"))
    assert run(["service", "install", "--print"]) == 0
    shown = capsys.readouterr().out
    for path in (
        "/etc/systemd/system/dyntui.service",
        "/etc/sysusers.d/dyntui.conf",
        "/etc/credstore.encrypted/dyntui.passphrase",
    ):
        assert f"# {path} (mode " in shown
    assert f"LoadCredentialEncrypted={PASSPHRASE_CREDENTIAL}:/etc/credstore.encrypted/dyntui.passphrase" in shown
    assert "$ systemctl enable --now dyntui.service" in shown
    assert run(["service", "uninstall", "--print"]) == 0
    assert "rm /etc/systemd/system/dyntui.service" in capsys.readouterr().out
    assert run(["service", "install", "--user", "x\nExecStart=/bin/sh", "--print"]) == 2
    assert "SERVICE_USER_INVALID" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["/opt/it's/dyntui"])
    monkeypatch.setattr(shutil, "which", lambda name: name)
    assert run(["service", "install", "--print"]) == 2
    assert "SERVICE_PATH_UNUSABLE" in capsys.readouterr().err


def test_install_hands_the_passphrase_over_by_a_pipe_and_keeps_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dyntui.cli import service_unit

    ran: list[tuple[tuple[str, ...], str | None]] = []

    def pretend(words: tuple[str, ...], *, input: str | None, env: dict[str, str], **_: object) -> object:
        ran.append((words, input))
        assert not {name for name in env if name not in ("PATH", "LANG", "LC_ALL", "TERM")}
        if words[0] == "systemd-creds":
            Path(words[-1]).write_text("encrypted")
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(service_unit.subprocess, "run", pretend)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    unit = Unit(profile="default", executable="/opt/dyntui/bin/dyntui", root=tmp_path)
    monkeypatch.setattr(service_unit, "_unit", lambda profile, user: unit)
    assert run(["service", "install"]) == 0
    assert run(["service", "install"]) == 0
    by_pipe = [text for words, text in ran if text]
    assert len(by_pipe) == 1 and len(by_pipe[0]) > 40
    assert by_pipe[0] not in str([words for words, _ in ran]) + "".join(capsys.readouterr())
    assert [words[0] for words, _ in ran[:2]] == ["systemd-sysusers", "systemd-creds"]
    assert all(each.path.exists() for each in unit.files)
    assert stat.S_IMODE(unit.credential_file.path.stat().st_mode) == 0o600
    other = unit.unit_file.path.with_name("dyntui-shop.service")
    other.write_text("")
    assert run(["service", "uninstall"]) == 0
    # The other profile's service has the same user; the passphrase stays as long as there are secrets.
    assert [each.path.exists() for each in unit.files] == [True, True, False]
    other.unlink()
    assert run(["service", "uninstall"]) == 0
    assert [each.path.exists() for each in unit.files] == [False, True, False]

    # A package of the system has brought unit and user, and replaces them itself.
    packaged = tmp_path / PACKAGED_UNITS / unit.name
    packaged.parent.mkdir(parents=True)
    packaged.write_text("")
    ran.clear()
    assert run(["service", "install"]) == run(["service", "uninstall"]) == 0
    assert [each.path.name for each in unit.files] == [PASSPHRASE_CREDENTIAL] and packaged.exists()
    assert not unit.unit_file.path.exists() and not unit.user_file.path.exists()
    assert ran[0][0] == ("systemd-sysusers", "dyntui.conf") and ("systemctl", "disable", "--now", unit.name) in [
        words for words, _ in ran
    ]
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert run(["service", "install"]) == 5


def test_the_passphrase_that_systemd_hands_over_opens_the_secrets(tmp_path: Path) -> None:
    (tmp_path / "creds").mkdir()
    (tmp_path / "creds" / PASSPHRASE_CREDENTIAL).write_text("hush-passphrase\n")
    environ = {
        "DYNTUI_HOME": str(tmp_path / "home"),
        SOCKET_DIRECTORY: str(tmp_path),
        "DYNTUI_KEYRING": "file",
        "CREDENTIALS_DIRECTORY": str(tmp_path / "creds"),
    }
    profile = open_profile("default", environ)
    profile.prepare()
    assert profile.socket == tmp_path / "service.sock" and profile.shared
    assert open_secrets(profile, Config(), environ).label == f"the encrypted file {profile.secrets_file}"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the machine's services listen."""
    shared = tmp_path / "run"
    (shared / "default").mkdir(parents=True)
    (shared / "default").chmod(0o750)
    monkeypatch.setattr(profiles, "SHARED", shared)
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    yield shared


def test_a_persons_own_dyntui_finds_the_machines_service_unless_they_have_an_installation(machine: Path) -> None:
    found = open_profile("default", {})
    assert found.shared and found.socket == machine / "default" / "service.sock"
    found.prepare_own()
    assert found.state.is_dir() and stat.S_IMODE((machine / "default").stat().st_mode) == 0o750
    assert not open_profile("other", {}).shared
    assert not open_profile("default", {"DYNTUI_HOME": str(machine)}).shared
    (found.data / "dyntui.db").write_text("")
    assert not open_profile("default", {}).shared


@pytest.fixture
def kept(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the machine's service of another user keeps everything."""
    home, units = tmp_path / "kept", tmp_path / "units"
    home.mkdir()
    units.mkdir()
    (units / "dyntui.service").write_text("")
    monkeypatch.setattr(profiles, "MACHINE_HOME", home)
    monkeypatch.setattr(profiles, "UNIT_FOLDERS", (units,))
    monkeypatch.setattr(paths, "MACHINE_HOME", home)
    monkeypatch.delenv("DYNTUI_HOME", raising=False)
    monkeypatch.delenv("DYNTUI_PROFILE", raising=False)
    return home


@pytest.mark.parametrize("running", [True, False])
def test_who_works_with_the_machines_store_as_another_user_is_told_so(
    kept: Path, machine: Path, running: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # These files are ours, the service is not.
    monkeypatch.setattr(profiles, "_home_of_the_machines_service", lambda: "")
    if not running:
        (machine / "default").rmdir()
    for words in (
        ("store", "show"),
        ("store", "move", "elsewhere.db", "--yes"),
        ("backup", "restore", "backup.zip", "--yes"),
    ):
        assert run(words) == 5
        said = capsys.readouterr().err
        assert "SERVICE_SHARED" in said and f"`sudo -u {kept.owner()}`" in said
    # Nobody is cut off from the machine's service by having looked.
    assert open_profile().shared is running and open_profile().kept_by_another
    assert run(("paths", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["log"] == str(kept / "default/state/service.log") and told["data"] == str(kept / "default/data")
    # One of their own is theirs.
    assert run(("--profile", "mine", "store", "show")) == 0


def test_the_services_own_user_reaches_its_store_and_its_socket(kept: Path, machine: Path) -> None:
    found = open_profile()
    assert found.data == kept / "default/data" and found.socket == machine / "default/service.sock"
    found.prepare_store()
    (found.data / "dyntui.db").write_text("")
    assert open_profile() == found
    (machine / "default").rmdir()
    stopped = open_profile()
    assert stopped.data == found.data and not stopped.kept_by_another


def test_looking_at_a_store_makes_none(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(("--profile", "mine", "store", "show", "--json")) == 0
    assert json.loads(capsys.readouterr().out)["size"] == 0
    assert not (open_profile("mine").data / "dyntui.db").exists()


def test_no_second_service_is_started_beside_the_machines(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = open_profile("default", {})
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    found_uid = os.getuid()
    for each in (found.config, found.data, found.state):
        each.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(profiles, "_make_private", lambda directory: None)
    with pytest.raises(DyntuiError) as refused:
        found.prepare()
    assert refused.value.code == "SERVICE_SHARED" and found_uid


class _Writer:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def get_extra_info(self, name: str) -> socket.socket:
        return self._connection


async def test_a_shared_service_serves_others_and_a_persons_own_serves_nobody_else(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dyntui.service.peer import Peer

    async def nothing(uid: int) -> None:
        return None

    said = {}
    for shared in (True, False):
        path = machine / "default" / f"{shared}.sock"
        server = Server(
            path,
            version="1",
            handlers={},
            abilities_of=nothing,
            peer=lambda connection: Peer(1, 4711),
            shared=shared,
        )
        await server.open()
        import asyncio

        reader, writer = await asyncio.open_unix_connection(str(path))
        said[shared] = await reader.readline()
        assert stat.S_IMODE(path.stat().st_mode) == (0o660 if shared else 0o600)
        writer.close()
        await server.close(0.1)
    assert b"PEER_REFUSED" in said[False] and b"PEER_REFUSED" not in said[True]

    # Whoever listens in the machine's directory has to be whom root made it for.
    ours, theirs = socket.socketpair()
    profile = open_profile("default", {})
    _check_owner(profile, _Writer(ours))  # type: ignore[arg-type]
    monkeypatch.setattr("dyntui.service.client.peer_of", lambda connection: Peer(1, 4711))
    with pytest.raises(DyntuiError) as refused:
        _check_owner(profile, _Writer(ours))  # type: ignore[arg-type]
    assert refused.value.code == "SERVICE_NOT_YOURS"
    ours.close()
    theirs.close()


@pytest.mark.parametrize("address", [lambda folder: str(folder / "notify"), lambda folder: f"@dyntui-{os.getpid()}"])
def test_systemd_is_told_where_it_wants_to_be_told(tmp_path: Path, address: Callable[[Path], str]) -> None:
    path = address(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + path[1:] if path.startswith("@") else path)
        listening.settimeout(5)
        readiness.tell(readiness.READY, {"NOTIFY_SOCKET": path})
        assert listening.recv(100) == b"READY=1"
    readiness.tell(readiness.READY, {})
    readiness.tell(readiness.READY, {"NOTIFY_SOCKET": path})
