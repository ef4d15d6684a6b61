"""The operating system's keyring (Secret Service, KWallet, macOS Keychain, ...) through the keyring library."""

from __future__ import annotations

import logging
import os

import keyring
import keyring.backend
import keyring.errors

from dyntui.model.errors import DyntuiError

# A name under which nothing is kept: asking for it shows whether there is an answer.
PROBE = "probe"

log = logging.getLogger(__name__)


class SystemKeyring:
    """Secrets of one service name in a keyring backend. `refusal`: why it gave nothing when it was found, if so."""

    def __init__(self, backend: keyring.backend.KeyringBackend, service: str) -> None:
        self.label = f"the system's keyring ({backend.name})"
        self.refusal: DyntuiError | None = None
        self._backend = backend
        self._service = service

    @classmethod
    def find(cls, service: str) -> SystemKeyring | None:
        """The keyring of this session, also one that is locked: it is asked again whenever a secret is needed. None
        where none works (no desktop session, no D-Bus).

        Raises DyntuiError KEYRING_UNUSABLE where the environment or keyring's own configuration names another one that
        cannot be loaded.
        """
        try:
            backend = keyring.get_keyring()
        except (ImportError, AttributeError, ValueError, TypeError, RuntimeError) as error:
            raise _unusable(error) from error
        # The `fail` and `null` backends and an empty chain are the library's ways to say that there is none.
        if backend.priority <= 0:
            return None
        found = cls(backend, service)
        try:
            backend.get_password(service, PROBE)
        except keyring.errors.KeyringLocked as error:
            found.refusal = _refused(found.label, error)
        except Exception as error:  # noqa: BLE001 - whatever the library below raises, it does not work here
            log.warning("%s does not work here: %s", found.label, type(error).__name__)
            return None
        return found

    def get(self, name: str) -> str | None:
        """Raises DyntuiError KEYRING_REFUSED."""
        try:
            return self._backend.get_password(self._service, name)
        except Exception as error:  # the libraries below have errors of their own, and pass on those of the bus
            raise _refused(self.label, error) from error

    def set(self, name: str, secret: str, instead_of: str | None = None) -> None:
        """Raises DyntuiError KEYRING_REFUSED."""
        try:
            if instead_of is None or self._backend.get_password(self._service, name) == instead_of:
                self._backend.set_password(self._service, name, secret)
        except Exception as error:  # as above
            raise _refused(self.label, error) from error

    def delete(self, name: str) -> None:
        """Raises DyntuiError KEYRING_REFUSED."""
        try:
            if self._backend.get_password(self._service, name) is not None:
                self._backend.delete_password(self._service, name)
        except Exception as error:  # as above
            raise _refused(self.label, error) from error


# Read by the keyring library itself, before its configuration file keyringrc.cfg.
BACKEND = "PYTHON_KEYRING_BACKEND"


def _unusable(error: Exception) -> DyntuiError:
    named = os.environ.get(BACKEND)
    who = "keyringrc.cfg names a keyring" if named is None else f"The variable {BACKEND} names the keyring {named!r}"
    where = (
        f"unset {BACKEND}"
        if named is not None
        else "correct keyringrc.cfg (`python -m keyring diagnose` shows where it is)"
    )
    return DyntuiError(
        "KEYRING_UNUSABLE",
        f"{who}, which cannot be loaded: {error}.",
        not_done="No secret was read or written.",
        remedy=f"Install that keyring for dyntui's Python, or {where}.",
    )


def _refused(label: str, error: Exception) -> DyntuiError:
    return DyntuiError(
        "KEYRING_REFUSED",
        f"{label[0].upper()}{label[1:]} refused: {type(error).__name__}.",
        not_done="No secret was read or written.",
        remedy=(
            "Unlock the keyring of this session and try again: a service that runs goes on by itself. Where nobody can"
            " unlock it, docs/install.md, Where secrets go, names what takes its place."
        ),
        detail=str(error),
    )
