"""In a bare root without network: the package is installed, and dyntui set up with it.

Run by packaging/deb/try.sh with the system's Python. Fails where something is not as it should be; ends with one line
of JSON: seconds and commands.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

MANAGER = "mira.sandahl@skarnfjall.example"
PASSPHRASE = {"DYNTUI_KEYRING_PASSPHRASE": "of this trial alone"}


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is a program's answer


def environ_of(user: str) -> dict[str, str]:
    return {**os.environ, "HOME": f"/home/{user}", "USER": user, **PASSPHRASE}


def system(*words: str) -> float:
    """Runs it as root; the seconds that it took."""
    began = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stdout[-2000:], done.stderr[-2000:])
    return time.monotonic() - began


class Sandbox:
    """`dyntui sandbox`, as the package has it."""

    def __init__(self) -> None:
        words = ["dyntui", "sandbox", "--people", "200"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        assert self.process.stdout is not None
        self.info: dict[str, Any] = json.loads(self.process.stdout.readline())
        # Everybody in this root trusts it.
        ca_file = Path(f"/srv/sandbox-{self.process.pid}.pem")
        ca_file.write_bytes(Path(self.info["ca_file"]).read_bytes())
        ca_file.chmod(0o644)
        self.info["ca_file"] = str(ca_file)

    def approve(self, code: str) -> None:
        """Somebody types the code into a browser, as Mira."""
        request = urllib.request.Request(
            f"{self.info['control_url']}/device",
            json.dumps({"user_code": code, "as": "manager"}).encode(),
            {"Content-Type": "application/json"},
        )
        trusted = ssl.create_default_context(cafile=self.info["ca_file"])
        urllib.request.urlopen(request, context=trusted).close()


def headless(sandbox: Sandbox, user: str) -> dict[str, Any]:
    """All that is asked, on standard input, and nobody there."""
    began = time.monotonic()
    line = json.dumps({**sandbox.info, "assign": {"Email Marketing Manager": [MANAGER]}})
    run = {"user": user, "group": user, "extra_groups": [], "env": environ_of(user), "cwd": "/", "text": True}
    done = subprocess.run(["dyntui", "setup", "--from", "-"], input=line, capture_output=True, check=False, **run)
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-2000:])
    shown = ["$ dyntui setup --from -", *done.stdout.splitlines()]
    signing = subprocess.Popen(["dyntui", "sign-in"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **run)
    assert signing.stdout is not None
    shown.append("$ dyntui sign-in")
    for told in signing.stdout:
        shown.append(told.rstrip())
        if told.startswith("Enter the code:"):
            sandbox.approve(told.split()[-1])
    assert signing.wait(30) == 0, shown
    done = subprocess.run(["dyntui", "doctor"], capture_output=True, check=False, **run)
    shown += ["$ dyntui doctor", *done.stdout.splitlines(), *done.stderr.splitlines()]
    say("\n".join(shown))
    assert done.returncode == 0, done.returncode
    return {"commands": 3, "seconds": round(time.monotonic() - began, 1)}


def main() -> int:
    told: dict[str, Any] = {"installed_in_seconds": round(system("dpkg", "--install", "/root/dyntui.deb"), 1)}
    system("useradd", "--create-home", "headless")
    for place in (
        "/usr/lib/systemd/system/dyntui.service",
        "/usr/lib/sysusers.d/dyntui.conf",
        "/usr/share/man/man1/dyntui-setup.1.gz",
        "/usr/share/bash-completion/completions/dyntui",
    ):
        assert Path(place).is_file(), place
    # There is no way out of here: what is installed came with the package.
    assert subprocess.run(["dyntui", "--version"], capture_output=True, check=False).returncode == 0
    sandbox = Sandbox()
    try:
        told["headless"] = headless(sandbox, "headless")
    finally:
        sandbox.process.terminate()
        sandbox.process.wait(30)
    system("dpkg", "--remove", "dyntui")
    assert not Path("/usr/lib/dyntui").exists() and not Path("/usr/bin/dyntui").exists()
    assert told["headless"]["seconds"] <= 60, told
    say(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
