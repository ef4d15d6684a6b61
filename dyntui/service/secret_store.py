"""Where secrets live: the operating system's keyring, or what stands in for it where there is none.

Read first, never written: systemd's credentials directory (`$CREDENTIALS_DIRECTORY/dyntui.<name>`, systemd.exec(5)) and
environment variables (`DYNTUI_SECRET_<NAME>`, in capitals, everything but letters and digits as `_`). Written: the
keyring; or a file encrypted under `DYNTUI_KEYRING_PASSPHRASE` or systemd's credential `dyntui.passphrase`; or, for
tests, memory. Plain text never. `DYNTUI_KEYRING` (`system`, `file`, `memory`) goes before the configuration's choice.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

from dyntui.dataverse import kept_sign_in
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.config import Config
from dyntui.service.encrypted_file import EncryptedFile
from dyntui.service.handing_over import ENVIRONMENT, PASSPHRASE, PROVIDED
from dyntui.service.profile import Profile
from dyntui.service.redaction import hide
from dyntui.service.system_keyring import PROBE, SystemKeyring
from dyntui.service.unit import PASSPHRASE_CREDENTIAL

T = TypeVar("T")

CHOICE = "DYNTUI_KEYRING"


class Backend(Protocol):
    """A place for secrets. Calls may block; they are made in a thread. `label` says in words where it is. Where `set`
    is told another secret, it does nothing unless that is the one that is kept."""

    label: str

    def get(self, name: str) -> str | None: ...

    def set(self, name: str, secret: str, instead_of: str | None = None) -> None: ...

    def delete(self, name: str) -> None: ...


class Memory:
    """Secrets that last as long as the process. For tests."""

    label = "memory, until the service ends"

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self._secrets.get(name)

    def set(self, name: str, secret: str, instead_of: str | None = None) -> None:
        if instead_of in (None, self._secrets.get(name)):
            self._secrets[name] = secret

    def delete(self, name: str) -> None:
        self._secrets.pop(name, None)


class SecretStore:
    """The profile's secrets by name (`organisation/client-secret`). Every secret that passes is masked in the log.

    `refusal`: what the backend said when it was found, where it gave nothing."""

    def __init__(self, backend: Backend | None, environ: Mapping[str, str], refusal: DyntuiError | None = None) -> None:
        self._backend = backend
        self._environ = environ
        self._refusal = refusal
        # The service and its runs ask on event loops of their own: a lock of asyncio belongs to one.
        self._turn = threading.Lock()

    @property
    def label(self) -> str:
        """Where secrets are kept, in words; `""` where they cannot be kept."""
        return self._backend.label if self._backend is not None else ""

    async def get(self, name: str) -> str | None:
        """The secret; None where there is none. Raises DyntuiError when the backend refuses (KEYRING_...)."""
        secret = await asyncio.to_thread(self._provided, name)
        if secret is None and self._backend is not None:
            secret = await self._asked(self._backend.get, name)
        if secret is not None:
            _hide(secret)
        return secret

    async def check(self, name: str, secret: str) -> None:
        """Raises what `set` would, as far as that can be known without keeping the secret."""
        _hide(secret)
        provided = await asyncio.to_thread(self._provided, name)
        if provided is not None and provided != secret:
            raise _provided_otherwise(name)
        if provided is None and self._backend is None:
            raise unavailable(name)
        await self.get(name)

    async def set(self, name: str, secret: str, *, instead_of: str | None = None) -> None:
        """Keeps a secret; `instead_of`: only where this one is kept still. One that the environment already provides
        needs no keeping.

        Raises DyntuiError KEYRING_UNAVAILABLE where there is no place for it, SECRET_PROVIDED where the environment
        provides another one.
        """
        await self.check(name, secret)
        if self._backend is not None and await asyncio.to_thread(self._provided, name) is None:
            await self._asked(self._backend.set, name, secret, *([] if instead_of is None else [instead_of]))

    async def delete(self, name: str) -> None:
        """Forgets a secret, also one that is not there."""
        if self._backend is not None:
            await self._asked(self._backend.delete, name)

    async def answers(self) -> None:
        """Raises what the backend refused the last time with, unless it answers now. One that gave its answer is not
        asked: a desktop's may ask the person for a password."""
        if self._backend is not None and self._refusal is not None:
            await self._asked(self._backend.get, PROBE)

    async def _asked(self, work: Callable[..., T], *arguments: str) -> T:
        return await asyncio.to_thread(self._in_turn, work, *arguments)

    def _in_turn(self, work: Callable[..., T], *arguments: str) -> T:
        with self._turn:
            try:
                answer = work(*arguments)
            except DyntuiError as error:
                self._refusal = error
                raise
            self._refusal = None
            return answer

    def _provided(self, name: str) -> str | None:
        given = _of_systemd(self._environ, f"dyntui.{_simple(name).lower()}")
        return self._environ.get(variable(name)) if given is None else given


def _hide(secret: str) -> None:
    """It, and what a person's sign-in is made of."""
    for each in kept_sign_in.secrets_in(secret):
        hide(each)


def _of_systemd(environ: Mapping[str, str], credential: str) -> str | None:
    """What systemd hands over under a name; None where it hands over nothing of that name."""
    directory = environ.get("CREDENTIALS_DIRECTORY", "")
    if not directory:
        return None
    try:
        return Path(directory, credential).read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError:
        return None


def variable(name: str) -> str:
    """The environment variable that provides a secret."""
    return f"{PROVIDED}{_simple(name).upper()}"


def open_secrets(profile: Profile, config: Config, environ: Mapping[str, str] = ENVIRONMENT) -> SecretStore:
    """The secrets of a profile. Where no backend works the store still reads what the environment provides.

    Looking for the system's keyring can block while it asks to be unlocked: call this in a thread.
    """
    choice = environ.get(CHOICE) or config.keyring.backend
    passphrase = environ.get(PASSPHRASE, "") or _of_systemd(environ, PASSPHRASE_CREDENTIAL) or ""
    backend: Backend | None
    refusal: DyntuiError | None = None
    if choice == "memory":
        backend = Memory()
    elif choice == "file" or (choice == "auto" and passphrase):
        backend = EncryptedFile(profile.secrets_file, passphrase) if passphrase else None
    else:
        backend = found = SystemKeyring.find(f"dyntui/{profile.name}")
        refusal = found.refusal if found is not None else None
    return SecretStore(backend, environ, refusal)


def unavailable(name: str) -> DyntuiError:
    """No place for a secret: says what can be done about it."""
    return DyntuiError(
        "KEYRING_UNAVAILABLE",
        "This session has no keyring that works, so secrets cannot be kept.",
        not_done="Nothing was stored; secrets are never written as plain text.",
        remedy=(
            f"One of these: unlock the system's keyring; set {PASSPHRASE} for an encrypted file; or provide the secret "
            f"as {variable(name)} or, with systemd, as the credential dyntui.{_simple(name).lower()}."
        ),
        exit=Exit.FAILED,
    )


def _provided_otherwise(name: str) -> DyntuiError:
    return DyntuiError(
        "SECRET_PROVIDED",
        f"The environment of the service provides another secret than the one given: {variable(name)}, or with systemd"
        f" the credential dyntui.{_simple(name).lower()}, goes before everything else.",
        not_done="The secret was not kept; it would never be read.",
        remedy="Correct what the environment provides or take it away, and start the service again.",
        exit=Exit.USAGE,
    )


def _simple(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", name)
