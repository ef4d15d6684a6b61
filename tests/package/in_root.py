"""In a bare root without network: the package is installed, and dyntui set up with it, headless and by hand.

Run by packaging/deb/try.sh with the system's Python. Fails where something is not as it should be; ends with one line
of JSON: seconds, commands, and the keys that were pressed by hand.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import pwd
import re
import select
import ssl
import struct
import subprocess
import sys
import termios
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
    for _ in range(3):
        done = subprocess.run(["dyntui", "doctor"], capture_output=True, check=False, **run)
        # As below.
        if "NO_ANSWER" not in done.stdout:
            break
    shown += ["$ dyntui doctor", *done.stdout.splitlines(), *done.stderr.splitlines()]
    say("\n".join(shown))
    assert done.returncode == 0, done.returncode
    return {"commands": 3, "seconds": round(time.monotonic() - began, 1)}


class Hand:
    """Somebody at a terminal of 80 columns and 24 rows, who reads a question before answering it."""

    def __init__(self, user: str) -> None:
        self.user = pwd.getpwnam(user)
        self.commands = 0
        self.keys = 0
        # What was on the screen, and where in it the answer to come was not yet asked for.
        self.shown = ""
        self._read = 0
        self._terminal = -1
        self._process = 0

    def run(self, *words: str) -> None:
        """Types a command."""
        self.commands += 1
        self.keys += len(" ".join(words)) + 1
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            os.chdir("/")
            os.setgid(self.user.pw_gid)
            os.setgroups([])
            os.setuid(self.user.pw_uid)
            os.execvpe(words[0], words, environ_of(self.user.pw_name))
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.shown += f"$ {' '.join(words)}\n"
        self._read = len(self.shown)

    def see(self, pattern: str, limit: float = 60) -> str:
        """Waits until it is shown, from where was answered last; what its group is, or it."""
        until = time.monotonic() + limit
        while (found := re.search(pattern, self.shown[self._read :])) is None:
            assert time.monotonic() < until and self._more(until), (pattern, self.shown[-3000:])
        self._read += found.end()
        return found.group(found.re.groups)

    def answer(self, question: str, typed: str = "") -> None:
        """Waits for the question, and answers with Enter."""
        self.see(question)
        self.keys += len(typed) + 1
        os.write(self._terminal, f"{typed}\r".encode())

    def end(self) -> int:
        """Waits until the command has ended; its exit code."""
        while self._more(time.monotonic() + 60):
            pass
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])

    def _more(self, until: float) -> bool:
        """Reads on; False at the command's end."""
        if not select.select([self._terminal], [], [], max(0.0, until - time.monotonic()))[0]:
            return False
        try:
            some = os.read(self._terminal, 65536)
        except OSError:
            return False
        self.shown += some.decode(errors="replace")
        return bool(some)


def by_hand(sandbox: Sandbox, user: str) -> dict[str, Any]:
    """Every question of setup is answered at a terminal, in the order in which it is asked."""
    began = time.monotonic()
    hand, said = Hand(user), sandbox.info
    hand.run("dyntui", "setup")
    for question, answer in (
        ("Dynamics 365 address", said["dataverse_url"]),
        ("Tenant", said["authority"]),
        ("Client id", said["client_id"]),
        ("Signs in by", ""),
        ("Client secret:", said["client_secret"]),
        ("certificate authority", said["ca_file"]),
        ("production organisation", ""),
        ("Name of the email account", ""),
        ("dotdigital address", said["dotdigital_url"]),
        ("API user", said["api_user"]),
        ("API password:", said["api_password"]),
        ("Double opt-in of the account", "off"),
        ("Another email account", ""),
        ("User name in Dynamics", MANAGER),
        (r"Apply it\?", "y"),
    ):
        hand.answer(question, answer)
    hand.see(r"Connected\.")
    assert hand.end() == 0, hand.shown
    hand.run("dyntui", "sign-in")
    sandbox.approve(hand.see(r"Enter the code: +(\S+)"))
    assert hand.end() == 0, hand.shown
    hand.run("dyntui", "doctor")
    # Where the machine is busy a part does not answer in time; the remedy is to try again.
    while (ended := hand.end()) != 0 and hand.commands < 6 and "NO_ANSWER" in hand.shown:
        hand.run("dyntui", "doctor")
    assert ended == 0, hand.shown
    say(re.sub(r"[^\n]*\r(?=\x1b\[K)|\x1b\[[0-9;?]*[A-Za-z]", "", hand.shown.replace("\r\n", "\n")))
    for secret in (said["client_secret"], said["api_password"]):
        assert secret not in hand.shown
    return {"commands": hand.commands, "keys": hand.keys, "seconds": round(time.monotonic() - began, 1)}


def main() -> int:
    told: dict[str, Any] = {"installed_in_seconds": round(system("dpkg", "--install", "/root/dyntui.deb"), 1)}
    for user in ("headless", "hand"):
        system("useradd", "--create-home", user)
    for place in (
        "/usr/lib/systemd/system/dyntui.service",
        "/usr/lib/sysusers.d/dyntui.conf",
        "/usr/share/man/man1/dyntui-setup.1.gz",
        "/usr/share/bash-completion/completions/dyntui",
    ):
        assert Path(place).is_file(), place
    # There is no way out of here: what is installed came with the package.
    assert subprocess.run(["dyntui", "--version"], capture_output=True, check=False).returncode == 0
    for way in (headless, by_hand):
        sandbox = Sandbox()
        try:
            told[way.__name__] = way(sandbox, "headless" if way is headless else "hand")
        finally:
            sandbox.process.terminate()
            sandbox.process.wait(30)
    system("dpkg", "--remove", "dyntui")
    assert not Path("/usr/lib/dyntui").exists() and not Path("/usr/bin/dyntui").exists()
    assert told["headless"]["seconds"] <= 60, told
    assert told["by_hand"]["seconds"] <= 300, told
    say(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
