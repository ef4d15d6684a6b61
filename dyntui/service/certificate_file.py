"""Certificates of an application: what a file holds, whether it can be used, and until when.

PEM with key and certificate, or PKCS #12 (.pfx), each with or without a password, as the Azure libraries take them
(learn.microsoft.com, "EnvironmentCredential"). What is handed on is PEM without a password, for the keyring.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_BEGIN = b"-----BEGIN "
_LARGEST = 1_000_000


class Locked(ValueError):
    """The key is protected by a password, and none was given."""

    def __init__(self) -> None:
        super().__init__("The key is protected by a password.")


def is_text(given: str) -> bool:
    """Whether this is a certificate itself, and not the name of a file."""
    return given.lstrip().startswith(_BEGIN.decode())


def pem_of(given: str, password: str = "") -> str:
    """The PEM text of key and certificate in a file, or in `given` itself. Raises ValueError, which says in words what
    is wrong and repeats nothing of it."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key, certificate = _parts(_content(given), password)
    if certificate.public_key() != key.public_key():
        raise ValueError("The key does not belong to the certificate: only one of the two was renewed.")
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (private + certificate.public_bytes(Encoding.PEM)).decode("ascii")


def needs_password(given: str) -> bool:
    """Whether a password is wanted for the key."""
    try:
        _parts(_content(given), "")
    except Locked:
        return True
    except ValueError:
        return False
    return False


def valid_until(pem: str) -> datetime:
    """The end of a certificate's time. Raises ValueError."""
    from cryptography import x509

    return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc


def usable(given: str, password: str, now: datetime | None = None) -> str:
    """As `pem_of`; refuses one whose time is over as well."""
    pem = pem_of(given, password)
    until = valid_until(pem)
    if until <= (now or datetime.now(UTC)):
        raise ValueError(f"The certificate ended on {until:%Y-%m-%d}: Entra ID takes it no more.")
    return pem


def handed_over(given: str, now: datetime) -> str:
    """As `usable`, of what somebody hands to the service: the name of a file would be one of the service's, and not of
    who asks."""
    if not is_text(given):
        raise ValueError("certificate is the PEM text itself, with key and certificate")
    return usable(given, "", now)


def _content(given: str) -> bytes:
    if is_text(given):
        return given.encode()
    try:
        # No more than it takes to see that it is too large: it may be a device that never ends.
        with Path(given).open("rb") as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        raise ValueError(f"{given} cannot be read.") from error
    if len(content) > _LARGEST:
        raise ValueError(f"{given} is too large for a certificate.")
    return content


def _parts(content: bytes, password: str) -> tuple[RSAPrivateKey, x509.Certificate]:
    """Key and certificate. Raises ValueError, and Locked where a password is wanted."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

    secret = password.encode() or None
    key: object = None
    certificate: x509.Certificate | None = None
    try:
        if _BEGIN in content:
            key = load_pem_private_key(content, secret if b"ENCRYPTED" in content else None)
            certificate = x509.load_pem_x509_certificate(content)
        else:
            key, certificate, _ = pkcs12.load_key_and_certificates(content, secret)
    except TypeError as error:
        raise Locked from error
    except (ValueError, UnsupportedAlgorithm) as error:
        if "password" in str(error).lower() and secret is None:
            raise Locked from error
        wrong = " or the password is wrong" if secret else ""
        raise ValueError(
            f"It needs a private key and its certificate, in PEM form or as PKCS #12 (.pfx){wrong}."
        ) from error
    if not isinstance(key, RSAPrivateKey) or certificate is None:
        raise ValueError("It needs an RSA private key and its certificate; Entra ID takes no other kind of key.")
    return key, certificate
