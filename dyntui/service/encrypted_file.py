"""Secrets in a file that only a passphrase opens, for machines without a keyring."""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from dyntui.model.errors import DyntuiError
from dyntui.service.config import write_private

# RFC 7914 with 32 MiB of memory: about a tenth of a second for one guess.
_COST = 2**15
_SALT_BYTES = 16


class EncryptedFile:
    """All secrets of a profile in one Fernet token (AES-128-CBC with HMAC-SHA256) under a key derived by scrypt.

    The file is the salt followed by the token; every change writes it anew, whole or not at all, one process after the
    other: a worker keeps a renewed sign-in while the service keeps what somebody has replaced.
    """

    def __init__(self, file: Path, passphrase: str) -> None:
        self.label = f"the encrypted file {file}"
        self._file = file
        self._passphrase = passphrase
        self._keys: dict[bytes, Fernet] = {}

    def get(self, name: str) -> str | None:
        """Raises DyntuiError KEYRING_PASSPHRASE_WRONG, KEYRING_REFUSED."""
        with self._answering():
            return self._read()[1].get(name)

    def set(self, name: str, secret: str, instead_of: str | None = None) -> None:
        """Raises DyntuiError KEYRING_PASSPHRASE_WRONG, KEYRING_REFUSED."""
        with self._answering(), self._alone():
            salt, secrets = self._read()
            if instead_of in (None, secrets.get(name)):
                self._write(salt, {**secrets, name: secret})

    def delete(self, name: str) -> None:
        """Raises DyntuiError KEYRING_PASSPHRASE_WRONG, KEYRING_REFUSED."""
        if not self._file.exists():
            return
        with self._answering(), self._alone():
            salt, secrets = self._read()
            if name in secrets:
                self._write(salt, {key: value for key, value in secrets.items() if key != name})

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process changes the file meanwhile. Its folder is locked: the file itself is replaced."""
        descriptor = os.open(self._file.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DyntuiError(
                "KEYRING_REFUSED",
                f"The encrypted file {self._file} cannot be used: {error.strerror or error}.",
                not_done="No secret was read or written; what was kept before stays as it was.",
                remedy=f"See that there is room on the disk, and that the service's user may read and write in"
                f" {self._file.parent}; then try again.",
            ) from error

    def _read(self) -> tuple[bytes, dict[str, str]]:
        try:
            content = self._file.read_bytes()
        except FileNotFoundError:
            return os.urandom(_SALT_BYTES), {}
        salt, token = content[:_SALT_BYTES], content[_SALT_BYTES:]
        try:
            return salt, msgspec.json.decode(self._key(salt).decrypt(token), type=dict[str, str])
        except (InvalidToken, msgspec.DecodeError) as error:
            raise DyntuiError(
                "KEYRING_PASSPHRASE_WRONG",
                f"{self._file} cannot be opened with this passphrase.",
                not_done="No secret was read or written.",
                remedy="Set DYNTUI_KEYRING_PASSPHRASE to the passphrase the file was made with, or move the file away "
                "and run `dyntui setup` again.",
            ) from error

    def _write(self, salt: bytes, secrets: dict[str, str]) -> None:
        write_private(self._file, salt + self._key(salt).encrypt(msgspec.json.encode(secrets)))

    def _key(self, salt: bytes) -> Fernet:
        if salt not in self._keys:
            key = Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(self._passphrase.encode())
            self._keys[salt] = Fernet(base64.urlsafe_b64encode(key))
        return self._keys[salt]
