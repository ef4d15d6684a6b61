"""A desktop's keyring for a service process: secrets in a file, and locked while another file stands beside it.

The service is started with `environment(folder)`; named by the keyring library's own variable.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import keyring.backend
import keyring.errors

_FILE = "LOCKING_KEYRING"
_LOCK = ".locked"


class DaemonGone(Exception):
    """What libraries below a backend raise, and the keyring library passes on."""


class Keyring(keyring.backend.KeyringBackend):
    """See the module. Locked it refuses as the Secret Service does, or as one whose daemon has gone."""

    priority = 5
    name = "Desktop"

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write(self._read() | {f"{service} {username}": password})

    def delete_password(self, service: str, username: str) -> None:
        kept = self._read()
        del kept[f"{service} {username}"]
        self._write(kept)

    def _read(self) -> dict[str, str]:
        file = Path(os.environ[_FILE])
        lock = file.with_suffix(_LOCK)
        if lock.exists():
            if how := lock.read_text():
                raise DaemonGone(how)
            raise keyring.errors.KeyringLocked("Failed to unlock the collection!")
        return json.loads(file.read_text()) if file.exists() else {}

    def _write(self, kept: dict[str, str]) -> None:
        Path(os.environ[_FILE]).write_text(json.dumps(kept))


def environment(folder: Path) -> dict[str, str]:
    """Of a service whose keyring this is. It finds the module beside its own program."""
    return {
        "DYNTUI_KEYRING": "system",
        "PYTHON_KEYRING_BACKEND": "locking_keyring.Keyring",
        _FILE: str(folder / "keyring.json"),
    }


def lock(folder: Path, how: str = "") -> None:
    """It refuses from now on; `how`: with this error of a daemon that has gone."""
    (folder / f"keyring{_LOCK}").write_text(how)


def unlock(folder: Path) -> None:
    """It gives its secrets again."""
    (folder / f"keyring{_LOCK}").unlink()
