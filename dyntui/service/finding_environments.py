"""The environments of a person, found by signing in as them, before anything is connected.

Public: `find(authority, client_id, ca_file, show) -> [Environment]`. Nothing of the sign-in is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dyntui.dataverse import discovery
from dyntui.dataverse.credentials import DeviceCode
from dyntui.dataverse.discovery import Environment
from dyntui.dataverse.sign_in import DevicePrompt, SignIn
from dyntui.dataverse.sign_in_http import SignInHttp
from dyntui.model.errors import DyntuiError, Exit
from dyntui.sync.signing_in import file_named, split_authority

__all__ = ["DevicePrompt", "Environment", "find"]


async def find(
    authority: str, client_id: str, ca_file: str, show: Callable[[DevicePrompt], None]
) -> Sequence[Environment]:
    """Waits until the person has signed in with the code that `show` is told. `ca_file`: `""` for none.

    Raises DyntuiError NO_ENVIRONMENTS where there is none, DISCOVERY_REFUSED, and what signing in raises.
    """
    host, tenant = split_authority(authority)
    service, trusted = discovery.service_of(authority), file_named(ca_file)
    who = DeviceCode(tenant=tenant, client_id=client_id, authority=host)
    sign_in = SignIn(who, service, http=SignInHttp(host, trusted))
    try:
        prompt = await sign_in.begin()
        show(prompt)
        await sign_in.finish(prompt)
        found = await discovery.environments(sign_in, service, ca_file=trusted)
    finally:
        await sign_in.close()
    if not found:
        raise DyntuiError(
            "NO_ENVIRONMENTS",
            "Whoever signed in has a user in no environment of Dynamics 365.",
            not_done="Nothing was connected.",
            remedy="Sign in as somebody who has, or type the address.",
            exit=Exit.USAGE,
        )
    return found
