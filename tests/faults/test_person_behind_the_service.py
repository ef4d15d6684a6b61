"""The service acts as a person who signed in by device code, in real processes, on a terminal of 80x24."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from dyntui.cli.demo import ROLES
from dyntui.model.errors import Exit
from dyntui.sandbox.entra.directory import find_person
from tests.faults.real_service import real_service
from tests.sandbox_process import SandboxProcess
from tests.terminal.terminal import Terminal

pytestmark = [pytest.mark.xdist_group("real service"), pytest.mark.thorough]

_DYNTUI = (sys.executable, "-m", "dyntui.cli.main")
_CODE = re.compile(r"Enter the code: +(\S+)")
_LINK = re.compile(r"^Open in any browser: (https://\S+/devicelogin)\s*$", re.MULTILINE)


def setup_file(folder: Path, sandbox: SandboxProcess) -> Path:
    manager = find_person("manager")
    assert manager is not None
    said = sandbox.info
    names = ("dataverse_url", "authority", "client_id", "ca_file")
    account = ("dotdigital_url", "api_user", "api_password", "ca_file")
    request = {
        "organisation": {**{each: said[each] for each in names}, "sign_in": "device-code"},
        "accounts": [{"name": "Main", "double_opt_in": "off", **{each: said[each] for each in account}}],
        "assign": {str(ROLES["manager"]): [manager.upn]},
    }
    file = folder / "setup.json"
    file.write_text(json.dumps(request))
    return file


def by_hand(
    sandbox: SandboxProcess, environment: Mapping[str, str], arguments: Sequence[str], part: str, *answers: str
) -> bytes:
    """What was shown to somebody who types the code as soon as it is there, and then answers."""
    with Terminal([*_DYNTUI, *arguments], environment) as terminal:
        terminal.until(lambda: _CODE.search(terminal.text) is not None)
        # The link stands on a line of its own, whole.
        assert _LINK.search(terminal.text) is not None, terminal.text
        code = _CODE.search(terminal.text)
        assert code is not None
        sandbox.control.post("/device", json={"user_code": code[1], "as": part}).raise_for_status()
        sandbox.advance(5)
        for question in answers:
            terminal.until(question)
            terminal.type("y\r")
        assert terminal.ended() == 0, terminal.text
        return terminal.raw


def test_from_setup_by_a_code_to_a_revoked_sign_in_and_back(tmp_path: Path) -> None:
    with SandboxProcess.start(people=30) as sandbox, real_service(tmp_path) as service:
        environment = {**os.environ, "DYNTUI_HOME": service.environment["DYNTUI_HOME"]}
        file = setup_file(tmp_path, sandbox)

        def dyntui(*arguments: str, code: int = 0) -> str:
            done = subprocess.run(
                [*_DYNTUI, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=180,
                check=False,
            )
            assert done.returncode == code, (done.stdout, done.stderr)
            return done.stdout + done.stderr

        assert "SIGN_IN_NEEDS_A_PERSON" in dyntui("setup", "--from", str(file), code=2)
        shown = by_hand(sandbox, environment, ("setup", "--from", str(file)), "admin", "Apply it?")
        assert b"Signed in as astrid.holmvik@skarnfjall.example" in shown
        shown += by_hand(sandbox, environment, ("sign-in",), "manager")
        assert "device code" in dyntui("credentials", "list")
        # The sandbox's clock is ahead by the waits.
        assert "SERVICE_ACTS_AS_PERSON" in dyntui("doctor", code=int(Exit.HELD))

        sandbox.control.post("/sessions/revoke").raise_for_status()
        sandbox.advance(2 * 3600)
        assert "DATAVERSE_SERVICE_SIGNED_OUT" in dyntui("doctor", code=1)
        shown += by_hand(sandbox, environment, ("credentials", "replace", "dynamics"), "admin")
        assert "DATAVERSE_SERVICE_SIGNED_OUT" not in dyntui("doctor", code=int(Exit.HELD))
        assert b"RefreshToken" not in shown
        for each in tmp_path.rglob("*"):
            if each.is_file():
                content = each.read_bytes()
                assert b"RefreshToken" not in content and b"dyntui-sign-in:" not in content, each
