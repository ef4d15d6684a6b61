"""Certificates that tests make for an application."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dyntui")])


@cache
def _key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _certificate(key: rsa.RSAPrivateKey, ends: datetime) -> x509.Certificate:
    made = x509.CertificateBuilder().subject_name(NAME).issuer_name(NAME).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(ends - timedelta(days=365)).not_valid_after(ends)
    return made.sign(key, SHA256())


def pem(days: float = 300, *, password: str = "", now: datetime | None = None, another_key: bool = False) -> bytes:
    """Key and certificate, which ends after `days`; with `another_key` they do not belong together."""
    until = (now or datetime.now(UTC)) + timedelta(days=days)
    how = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    key = _key(int(another_key)).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)
    return key + _certificate(_key(0), until).public_bytes(Encoding.PEM)


def pfx(password: str) -> bytes:
    """The same as PKCS #12."""
    how = BestAvailableEncryption(password.encode())
    certificate = _certificate(_key(0), datetime.now(UTC) + timedelta(days=300))
    return pkcs12.serialize_key_and_certificates(b"dyntui", _key(0), certificate, None, how)
