"""Telling somebody who is not looking: a notice is handed to a command, or posted to a web address, as JSON."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import tempfile
from typing import IO

import httpx
import msgspec

from dyntui import __version__
from dyntui.model.errors import DyntuiError
from dyntui.model.notices import Notice
from dyntui.remote.network import options_to
from dyntui.service.hook_settings import HookSettings
from dyntui.service.setup_environment import without_secrets

# Seconds that a command or a web address may take.
_PATIENCE = 30.0
_SHOWN = 200
# Besides its own variables: the password of the store's server, what asks the platform for the machine's identity, and
# where systemd has put the service's secrets.
_OF_THE_SERVICE = ("PGPASSWORD", "IDENTITY_HEADER", "CREDENTIALS_DIRECTORY")


class NotDelivered(Exception):
    """Why nobody has taken a notice, in words."""


async def deliver(settings: HookSettings, notice: Notice) -> None:
    """Hands a notice over. Raises NotDelivered."""
    body = msgspec.json.encode(notice)
    if settings.command:
        await _run(shlex.split(settings.command), body)
    else:
        await _post(settings.url, body)


async def _run(command: list[str], body: bytes) -> None:
    # The service's own settings, a passphrase among them, are not for others.
    ours = without_secrets(os.environ)
    environment = {
        name: value for name, value in ours.items() if not name.startswith("DYNTUI_") and name not in _OF_THE_SERVICE
    }
    # No pipe: what a command leaves running behind it holds that open, and it has ended all the same.
    with _set_aside() as said:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=said,
                env=environment,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise NotDelivered(f"{command[0]} cannot be started: {error}") from error
        try:
            async with asyncio.timeout(_PATIENCE):
                await process.communicate(body)
        except TimeoutError as error:
            raise NotDelivered(f"{command[0]} took longer than {_PATIENCE:g} s") from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode:
            text = _end_of(said)
            raise NotDelivered(f"{command[0]} ended with {process.returncode}{': ' if text else ''}{text}")


def _set_aside() -> IO[bytes]:
    """A file without a name: in memory where the system has such, as the disk may be what is to be told of."""
    make = getattr(os, "memfd_create", None)
    return tempfile.TemporaryFile() if make is None else os.fdopen(make("hook"), "w+b")


def _end_of(said: IO[bytes]) -> str:
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - 4 * _SHOWN))
    return said.read().decode(errors="replace").strip()[-_SHOWN:]


async def _post(url: str, body: bytes) -> None:
    parts = httpx.URL(url)
    headers = {"Content-Type": "application/json", "User-Agent": f"dyntui/{__version__}"}
    try:
        origin = f"{parts.scheme}://{parts.netloc.decode('ascii')}"
        async with httpx.AsyncClient(**options_to(origin), timeout=_PATIENCE) as client:
            answer = await client.post(url, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL, DyntuiError) as error:
        raise NotDelivered(f"{parts.host} does not answer: {type(error).__name__}") from error
    if not answer.is_success:
        raise NotDelivered(f"{parts.host} answered {answer.status_code}")
