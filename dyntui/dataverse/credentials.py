"""What an application or a person signs in to Entra ID with. Secrets appear in no repr."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from dyntui.dataverse import kept_sign_in
from dyntui.dataverse.errors import DataverseError
from dyntui.model.errors import Exit

PUBLIC_AUTHORITY: Final = "https://login.microsoftonline.com"
_PEM_BLOCK: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


class ClientSecret(msgspec.Struct, frozen=True):
    """An application user's client id and secret."""

    tenant: str
    client_id: str
    secret: str
    authority: str = PUBLIC_AUTHORITY

    def __repr__(self) -> str:
        return f"ClientSecret(tenant={self.tenant!r}, client_id={self.client_id!r})"

    def __rich_repr__(self) -> Any:
        yield repr(self)


class Certificate(msgspec.Struct, frozen=True):
    """An application user's client id and certificate; `pem` holds the private key and the public certificate."""

    tenant: str
    client_id: str
    pem: str
    passphrase: str | None = None
    authority: str = PUBLIC_AUTHORITY

    def __repr__(self) -> str:
        return f"Certificate(tenant={self.tenant!r}, client_id={self.client_id!r})"

    def __rich_repr__(self) -> Any:
        yield repr(self)


class WorkloadIdentity(msgspec.Struct, frozen=True):
    """An application user whose platform (Kubernetes, a build server) says who it is: by the token in `token_file`,
    which the platform renews. It is read each time that Entra ID is asked."""

    tenant: str
    client_id: str
    token_file: str
    authority: str = PUBLIC_AUTHORITY


class ManagedIdentity(msgspec.Struct, frozen=True):
    """The identity that Azure gives the machine: its own, or the user-assigned one with this client id. Where it is
    asked for, MSAL reads of the environment (`IDENTITY_ENDPOINT`, ...)."""

    client_id: str = ""
    authority: str = PUBLIC_AUTHORITY


class DeviceCode(msgspec.Struct, frozen=True):
    """A person, who signs in with a browser anywhere; the client id is a public client's."""

    tenant: str
    client_id: str
    authority: str = PUBLIC_AUTHORITY


class SignedIn(msgspec.Struct, frozen=True):
    """A person who signed in by device code, as whom the service acts; `kept`: the text of `kept_sign_in`."""

    tenant: str
    client_id: str
    kept: str
    authority: str = PUBLIC_AUTHORITY

    def __repr__(self) -> str:
        return f"SignedIn(tenant={self.tenant!r}, client_id={self.client_id!r})"

    def __rich_repr__(self) -> Any:
        yield repr(self)


def is_certificate(secret: str) -> bool:
    """Whether a kept secret is a certificate with its key, and not a client secret."""
    return _PEM_BLOCK.search(secret) is not None


OfAPerson = DeviceCode | SignedIn
Credentials = ClientSecret | Certificate | WorkloadIdentity | ManagedIdentity | OfAPerson


def secrets_of(given: Credentials) -> list[str]:
    """What must stand in no message and no log."""
    if isinstance(given, ClientSecret):
        return [given.secret]
    if isinstance(given, Certificate):
        return [each for each in (given.pem, given.passphrase) if each]
    if isinstance(given, SignedIn):
        return kept_sign_in.secrets_in(given.kept)
    return []


def as_msal_takes_it(given: Certificate) -> dict[str, str]:
    """A certificate as a credential of MSAL. Raises DATAVERSE_CERTIFICATE_UNREADABLE."""
    blocks = {match.group(1): match.group(0) for match in _PEM_BLOCK.finditer(given.pem)}
    key = next((block for kind, block in blocks.items() if kind.endswith("PRIVATE KEY")), None)
    public = blocks.get("CERTIFICATE")
    if key is None or public is None:
        raise unreadable_certificate()
    credential = {"private_key": key, "public_certificate": public}
    if given.passphrase is not None:
        credential["passphrase"] = given.passphrase
    return credential


def unreadable_certificate() -> DataverseError:
    """The error of a certificate that cannot be read."""
    return DataverseError(
        "DATAVERSE_CERTIFICATE_UNREADABLE",
        "The certificate file cannot be read: it needs an RSA private key and the public certificate in PEM form.",
        not_done="Nobody was signed in to Dynamics.",
        remedy="Put both into one PEM file; give the passphrase if the key has one.",
        exit=Exit.USAGE,
    )
