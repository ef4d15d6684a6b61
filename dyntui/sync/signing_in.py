"""How the service, or a person, signs in to the organisation, by what the store and the keyring know."""

from __future__ import annotations

import contextvars
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from dyntui.dataverse import kept_sign_in, machine_identity
from dyntui.dataverse.credentials import (
    Certificate,
    ClientSecret,
    Credentials,
    DeviceCode,
    ManagedIdentity,
    SignedIn,
    WorkloadIdentity,
    is_certificate,
)
from dyntui.dataverse.sign_in import SignIn
from dyntui.dataverse.sign_in_http import SignInHttp
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.sign_in import SignInBy
from dyntui.store.accounts import Organisation
from dyntui.sync.surroundings import REAL, Surroundings

# How the run at hand waits: other runs are at work meanwhile, and it hears that it is to stop.
RUN_SLEEP: contextvars.ContextVar[Callable[[float], Awaitable[None]] | None] = contextvars.ContextVar(
    "run_sleep", default=None
)


Keep = Callable[[str], Awaitable[None]]


def waiting(around: Surroundings) -> Callable[[float], Awaitable[None]]:
    """What waits for some seconds: in a run as that waits, elsewhere as the surroundings do."""

    async def wait(seconds: float) -> None:
        await (RUN_SLEEP.get() or around.sleep)(seconds)

    return wait


def file_named(path: str) -> Path | None:
    """The file of a certificate authority, where one is named."""
    return Path(path) if path else None


def split_authority(authority: str) -> tuple[str, str]:
    """`https://host[:port]/tenant` as (`https://host[:port]`, `tenant`). Raises DyntuiError AUTHORITY_INVALID."""
    parts = urlsplit(authority)
    tenant = parts.path.strip("/")
    if parts.scheme != "https" or not parts.hostname or not tenant or "/" in tenant:
        raise DyntuiError(
            "AUTHORITY_INVALID",
            f"{authority!r} does not name an Entra ID tenant.",
            not_done="Nothing was connected.",
            remedy="Write it as https://login.microsoftonline.com/<tenant id>.",
            exit=Exit.USAGE,
        )
    return f"{parts.scheme}://{parts.netloc}", tenant


def sign_in_with(
    known: Organisation, secret: str, surroundings: Surroundings = REAL, keep: Keep | None = None
) -> SignIn:
    """The service's sign-in. `secret`: what the keyring holds, `""` where the machine's platform says who it is;
    `keep` is told what a person's sign-in has become."""
    return _sign_in(credentials_of(known, secret), known, surroundings, keep)


def needs_secret(known: Organisation) -> bool:
    """Whether the keyring has to hold a secret for the service's own sign-in."""
    return SignInBy(known.auth).keeps_a_secret


def credentials_of(known: Organisation, secret: str) -> Credentials:
    """A secret itself says what it is: where it was replaced and the store was not told any more, it still holds."""
    host, tenant = split_authority(known.authority)
    if known.auth == SignInBy.MANAGED_IDENTITY:
        return ManagedIdentity(client_id=known.managed_identity, authority=host)
    if known.auth == SignInBy.WORKLOAD_IDENTITY:
        file = machine_identity.token_file(os.environ, host)
        return WorkloadIdentity(tenant=tenant, client_id=known.client_id, token_file=file, authority=host)
    if kept_sign_in.is_one(secret):
        return SignedIn(tenant=tenant, client_id=known.client_id, kept=secret, authority=host)
    if is_certificate(secret):
        return Certificate(tenant=tenant, client_id=known.client_id, pem=secret, authority=host)
    return ClientSecret(tenant=tenant, client_id=known.client_id, secret=secret, authority=host)


def device_sign_in(known: Organisation, surroundings: Surroundings = REAL) -> SignIn:
    """A person's sign-in by device code."""
    host, tenant = split_authority(known.authority)
    return _sign_in(DeviceCode(tenant=tenant, client_id=known.client_id, authority=host), known, surroundings)


def _sign_in(
    credentials: Credentials, known: Organisation, surroundings: Surroundings, keep: Keep | None = None
) -> SignIn:
    transport, ca_file = surroundings.sign_in_transport(), file_named(known.ca_file)
    if isinstance(credentials, ManagedIdentity):
        address = machine_identity.identity_address(os.environ)
        http = SignInHttp(address, ca_file, timeout=machine_identity.METADATA_SECONDS, transport=transport)
    else:
        http = SignInHttp(credentials.authority, ca_file, transport=transport)
    return SignIn(
        credentials,
        known.url,
        keep=keep,
        now=surroundings.wall,
        clock=surroundings.monotonic,
        sleep=waiting(surroundings),
        http=http,
    )
