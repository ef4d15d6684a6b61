"""A person signs in by device code, so that the service can act as them: before anything is connected, and again where
the sign-in has ended.

Public: `sign_in(where, show) -> str`, the text that the keyring is to hold, in the process of whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable

from dyntui.dataverse.credentials import DeviceCode
from dyntui.dataverse.kept_sign_in import user_of
from dyntui.dataverse.sign_in import DevicePrompt, SignIn
from dyntui.dataverse.sign_in_http import SignInHttp
from dyntui.service.contract.credentials import SignInPlace
from dyntui.sync.signing_in import file_named, split_authority
from dyntui.sync.surroundings import REAL, Surroundings

__all__ = ["DevicePrompt", "sign_in", "user_of"]


async def sign_in(where: SignInPlace, show: Callable[[DevicePrompt], None], surroundings: Surroundings = REAL) -> str:
    """Waits until the person has signed in with the code that `show` is told. Raises what signing in raises, and
    DATAVERSE_SIGN_IN_NOT_KEPT."""
    host, tenant = split_authority(where.authority)
    who = DeviceCode(tenant=tenant, client_id=where.client_id, authority=host)
    by_code = SignIn(
        who,
        where.url,
        now=surroundings.wall,
        clock=surroundings.monotonic,
        sleep=surroundings.sleep,
        http=SignInHttp(host, file_named(where.ca_file), transport=surroundings.sign_in_transport()),
    )
    try:
        prompt = await by_code.begin()
        show(prompt)
        await by_code.finish(prompt)
        return by_code.kept()
    finally:
        await by_code.close()
