"""What support asks for, in one file: findings, status, configuration and the end of the log, addresses masked."""

from __future__ import annotations

import zipfile
from pathlib import Path

import msgspec

from dyntui import __version__
from dyntui.model.masked import masked
from dyntui.service.contract.health import Health
from dyntui.service.contract.session import Status
from dyntui.service.logfile import KEPT
from dyntui.service.profile import Profile

# Of the log: what led up to now.
_LOG_BYTES = 5_000_000


def write(bundle: Path, profile: Profile, health: Health, status: Status) -> None:
    """Writes the bundle. Raises OSError."""
    parts = {
        "version.txt": f"dyntui {__version__}\n",
        "findings.json": msgspec.json.format(msgspec.json.encode(health)).decode(),
        "status.json": msgspec.json.format(msgspec.json.encode(status)).decode(),
        "config.toml": _text(profile.config_file),
        "service.log": _log(profile.log_file),
    }
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, masked(text))


def _text(file: Path) -> str:
    return _end(file, _LOG_BYTES).decode("utf-8", "replace")


def _log(file: Path) -> str:
    """The end of the log, which a rotation may have cut a moment ago."""
    text = b""
    for part in (file, *(file.with_name(f"{file.name}.{number}") for number in range(1, KEPT + 1))):
        text = _end(part, _LOG_BYTES - len(text)) + text
    return text.decode("utf-8", "replace")


def _end(file: Path, most: int) -> bytes:
    """The end of a file; nothing where there is none."""
    if most <= 0 or not file.exists():
        return b""
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - most))
        return opened.read()
