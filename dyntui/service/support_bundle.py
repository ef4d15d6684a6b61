"""What support asks for, in one file: findings, status, configuration and the end of the log, addresses masked, and
without what is secret in the configuration: the hook's web address and arguments, a password of the store."""

from __future__ import annotations

import contextlib
import shlex
import tomllib
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from dyntui import __version__
from dyntui.model.errors import DyntuiError
from dyntui.model.masked import masked
from dyntui.service.contract.health import Health
from dyntui.service.contract.session import Status
from dyntui.service.hook_settings import HookSettings
from dyntui.service.logfile import KEPT
from dyntui.service.profile import Profile

# Of the log: what led up to now.
_LOG_BYTES = 5_000_000

HIDDEN = "[redacted]"


def _place(url: str) -> str:
    # What opens stores takes its time to load.
    from dyntui.store.dialects import place

    return place(url)


# Settings in which a secret may stand, and what is shown of one: who has a hook's web address may post there.
_SECRET: Sequence[tuple[str, str, Callable[[str], str]]] = (
    ("hook", "url", lambda url: f"{HookSettings(url=url).where}/{HIDDEN}"),
    ("hook", "command", lambda command: f"{shlex.split(command)[0]} {HIDDEN}"),
    ("store", "url", _place),
)


def write(bundle: Path, profile: Profile, health: Health, status: Status) -> None:
    """Writes the bundle. Raises OSError."""
    parts = {
        "version.txt": f"dyntui {__version__}\n",
        "findings.json": msgspec.json.format(msgspec.json.encode(health)).decode(),
        "status.json": msgspec.json.format(msgspec.json.encode(status)).decode(),
        "config.toml": _config(profile.config_file),
        "service.log": _log(profile.log_file),
    }
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, masked(text))


def _config(file: Path) -> str:
    """The settings, written anew: comments may hold anything."""
    import tomli_w

    try:
        tables = tomllib.loads(_end(file, _LOG_BYTES).decode("utf-8-sig", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return f"# It cannot be read: {error.args[0] if error.args else 'no TOML'}\n"
    for table, name, shown in _SECRET:
        settings = tables.get(table)
        if isinstance(settings, dict) and (value := settings.get(name)):
            settings[name] = HIDDEN
            with contextlib.suppress(DyntuiError, ValueError, IndexError):
                settings[name] = shown(str(value))
    return tomli_w.dumps(tables)


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
