"""Who a machine is by its platform, and not by a secret: workload identity and managed identity.

Facts: learn.microsoft.com, "Workload identity federation" and "How managed identities for Azure resources work"; the
variables are those of the Azure libraries ("WorkloadIdentityCredential", "ManagedIdentityCredential"). They are read of
the process that signs in, never taken from whoever asks it to: a file named by somebody else would be theirs to choose,
and the token in it somebody else's to receive.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msal
from msal.authority import WELL_KNOWN_AUTHORITY_HOSTS

from dyntui.dataverse.credentials import ManagedIdentity
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.sign_in_errors import NOBODY_SIGNED_IN
from dyntui.model.errors import Exit

TOKEN_FILE: Final = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - a variable's name
AUTHORITY_HOST: Final = "AZURE_AUTHORITY_HOST"
# Beside these two, App Service, Arc and others give a header, which MSAL reads.
IDENTITY_ENDPOINT: Final = "IDENTITY_ENDPOINT"
_METADATA_HOST: Final = "AZURE_POD_IDENTITY_AUTHORITY_HOST"
_METADATA: Final = "http://169.254.169.254"
# It stands on the same machine: where it does not answer at once, there is none.
METADATA_SECONDS: Final = 10.0


def token_file(environ: Mapping[str, str], authority: str) -> str:
    """The file with the platform's token for the authority.

    Raises DataverseError WORKLOAD_IDENTITY_MISSING, and WORKLOAD_IDENTITY_ELSEWHERE for an authority that is neither
    Microsoft's nor the one that the platform names.
    """
    file = environ.get(TOKEN_FILE, "")
    if not file:
        raise _error(
            "WORKLOAD_IDENTITY_MISSING",
            f"The service's environment names no file in {TOKEN_FILE}.",
            f"Give the service {TOKEN_FILE}, as the platform sets it, and start it again; or sign in by a secret.",
        )
    host = urlsplit(authority).netloc.lower()
    named = environ.get(AUTHORITY_HOST, "").strip().rstrip("/").lower()
    if host not in WELL_KNOWN_AUTHORITY_HOSTS and host != named.rpartition("://")[2]:
        raise _error(
            "WORKLOAD_IDENTITY_ELSEWHERE",
            f"The platform's token is not for {host}: it goes to Microsoft, or where {AUTHORITY_HOST} says.",
            f"Correct the authority, or set {AUTHORITY_HOST} for the service.",
        )
    return file


def read_token(file: str) -> str:
    """The platform's token as it is now. Raises DataverseError WORKLOAD_IDENTITY_UNREADABLE."""
    try:
        token = Path(file).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file, getattr(error, "strerror", None) or "it is no token") from error
    if not token:
        raise _unreadable(file, "it is empty")
    return token


def identity_address(environ: Mapping[str, str]) -> str:
    """Where the machine's identity is asked for."""
    return environ.get(IDENTITY_ENDPOINT) or environ.get(_METADATA_HOST) or _METADATA


def managed_application(given: ManagedIdentity, http: Any) -> Any:
    """MSAL's client of the machine's identity, without tokens of earlier turns. `http` as MSAL takes it."""
    identity: Any
    if given.client_id:
        identity = msal.UserAssignedManagedIdentity(client_id=given.client_id)
    else:
        identity = msal.SystemAssignedManagedIdentity()
    return msal.ManagedIdentityClient(identity, http_client=http, token_cache=msal.TokenCache())


def not_there(address: str, detail: str) -> DataverseError:
    """Nobody answers for the machine's identity."""
    return _error(
        "MANAGED_IDENTITY_UNREACHABLE",
        f"Nobody says who this machine is: {urlsplit(address).netloc} does not answer as Azure does.",
        "Run the service on a machine of Azure with a managed identity, or sign in by a secret or certificate.",
        Exit.UNREACHABLE,
        detail,
    )


def not_given(detail: str) -> DataverseError:
    """The machine has no identity, or not the one that was asked for."""
    return _error(
        "MANAGED_IDENTITY_REFUSED",
        "Azure gives this machine no token for Dynamics with the managed identity that setup names.",
        "Assign the identity to the machine in the Azure portal, or correct managed_identity and run `dyntui setup`.",
        detail=detail,
    )


def _unreadable(file: str, why: str) -> DataverseError:
    return _error(
        "WORKLOAD_IDENTITY_UNREADABLE",
        f"The platform's token in {file} cannot be read: {why.lower()}.",
        f"Let the service's user read the file that {TOKEN_FILE} names.",
    )


def _error(code: str, message: str, remedy: str, exit: Exit = Exit.NOT_PERMITTED, detail: str = "") -> DataverseError:
    return DataverseError(code, message, not_done=NOBODY_SIGNED_IN, remedy=remedy, exit=exit, detail=detail)
