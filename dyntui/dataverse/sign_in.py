"""Signing in to Entra ID with Microsoft's MSAL in threads: by secret, certificate, the machine's identity, device code.

    sign_in = SignIn(ClientSecret(...) | Certificate(...) | ..., environment_url, ca_file=...)
    token = await sign_in.token()                      # bearer token, kept until shortly before it ends
    prompt = await sign_in.begin()                     # device code: show prompt.verification_uri and prompt.user_code
    identity = await sign_in.finish(prompt)            # waits, one poll per interval, until the person is done
    sign_in.kept()                                     # what a service goes on with as that person: SignedIn(...)

Facts: reference/dataverse_api.md sections 1.4 and 1.5. Secrets appear in no message, detail or repr.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
import msal
import msgspec
from msal.authority import WELL_KNOWN_AUTHORITY_HOSTS

from dyntui.dataverse import kept_sign_in, machine_identity
from dyntui.dataverse.addresses import origin_of
from dyntui.dataverse.credentials import (
    Certificate,
    ClientSecret,
    Credentials,
    DeviceCode,
    ManagedIdentity,
    OfAPerson,
    SignedIn,
    WorkloadIdentity,
    as_msal_takes_it,
    secrets_of,
    unreadable_certificate,
)
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.sign_in_errors import (
    AGAIN,
    NOT_KEPT,
    REFUSED,
    SIGNED_OUT,
    TENANT,
    refusal,
    sign_in_error,
    sign_in_limited,
)
from dyntui.dataverse.sign_in_http import UNREACHABLE, SignInHttp
from dyntui.model.errors import DyntuiError, Exit
from dyntui.remote.errors import Meaning

# A token is renewed before it ends; where that fails, it is used until it does.
_RENEW_BEFORE_SECONDS: Final = 300.0
_RENEW_AGAIN_SECONDS: Final = 30.0

log = logging.getLogger(__name__)


class DevicePrompt(msgspec.Struct, frozen=True):
    """What to show to the person: open `verification_uri` and enter `user_code` within `expires_in` seconds."""

    user_code: str
    verification_uri: str
    message: str
    expires_in: float
    interval: float
    flow: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"DevicePrompt(verification_uri={self.verification_uri!r})"

    def __rich_repr__(self) -> Any:
        yield repr(self)


class Identity(msgspec.Struct, frozen=True):
    """Who signed in: the Entra object id (Dataverse's `azureactivedirectoryobjectid`), tenant, user name and name.

    The name is known right after the sign-in only.
    """

    object_id: str
    tenant_id: str
    user_name: str
    name: str


class SignIn:
    """Bearer tokens for one environment; a `TokenSource` for `Dataverse`.

    `keep` is told a person's sign-in as it is by now, where what it began with has grown old; the text is as secret as
    a password. `now`: the time of day.
    """

    def __init__(
        self,
        credentials: Credentials,
        environment_url: str,
        *,
        ca_file: Path | None = None,
        keep: Callable[[str], Awaitable[None]] | None = None,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        http: SignInHttp | None = None,
    ) -> None:
        self._credentials = credentials
        self._organisation = origin_of(environment_url)
        self._http = http or SignInHttp(credentials.authority, ca_file)
        self._clock = clock
        self._sleep = sleep
        self._keep = keep
        self._now = now
        self._cache = _cache_of(credentials)
        self._application: Any = None
        self._token = ""
        self._token_ends = 0.0
        self._renew_at = 0.0
        self._limited_until = 0.0
        self._one_at_a_time = asyncio.Lock()

    async def token(self, *, refresh: bool = False) -> str:
        """A bearer token; `refresh` throws the kept one away. Raises DataverseError with a DATAVERSE_... code."""
        asked_with = self._token
        async with self._one_at_a_time:
            # Whoever waited behind another refresh takes that one's token.
            stale = refresh and self._token == asked_with
            if stale or not self._token or self._clock() >= self._renew_at:
                await self._renew(stale)
            return self._token

    async def _renew(self, stale: bool) -> None:
        asked_at = self._clock()
        try:
            answer = await self._in_thread(self._acquire, stale)
        except DataverseError as error:
            kept = self._token and self._clock() < self._token_ends
            if stale or not kept or error.exit is not Exit.UNREACHABLE:
                raise
            # The token still holds.
            log.warning("the token is not renewed yet: %s (%s)", error, error.detail)
            self._renew_at = self._clock() + _RENEW_AGAIN_SECONDS
            return
        self._token = str(answer["access_token"])
        self._token_ends = asked_at + float(answer.get("expires_in", 0))
        self._renew_at = self._token_ends - _RENEW_BEFORE_SECONDS
        await self._keep_newest()

    async def _keep_newest(self) -> None:
        given, now = self._credentials, datetime.fromtimestamp(self._now(), UTC)
        if self._keep is None or not isinstance(given, SignedIn) or not kept_sign_in.grows_old(given.kept, now):
            return
        newest = kept_sign_in.text(self._cache.serialize(), now)
        try:
            await self._keep(newest)
        except DyntuiError as error:
            # The one that is kept lasts for weeks; the next token brings the next try.
            log.warning("the renewed sign-in is not kept yet: %s", error)
            return
        if self._credentials is given:
            self._credentials = msgspec.structs.replace(given, kept=newest)

    def use(self, credentials: Credentials) -> None:
        """From now on tokens are asked for with these; the one in hand is used to its end."""
        self._credentials = credentials
        self._cache = _cache_of(credentials)
        self._application = None

    async def begin(self) -> DevicePrompt:
        """Start a device-code sign-in."""
        flow = await self._in_thread(self._begin_device_flow)
        return DevicePrompt(
            user_code=str(flow["user_code"]),
            verification_uri=str(flow["verification_uri"]),
            message=str(flow.get("message", "")),
            expires_in=float(flow.get("expires_in", 900)),
            interval=float(flow.get("interval", 5)),
            flow=flow,
        )

    async def finish(self, prompt: DevicePrompt) -> Identity:
        """Poll until the person has signed in, then say who it was. Cancelling it merely stops polling."""
        waited = 0.0
        interval = prompt.interval
        flow = dict(prompt.flow)
        while waited < prompt.expires_in:
            await self._sleep(interval)
            waited += interval
            try:
                answer = await self._in_thread(self._poll_device_flow, flow)
            except DataverseError as error:
                # RFC 8628, section 3.5: away or at its limit, Entra ID is asked more slowly.
                if error.exit is not Exit.UNREACHABLE or waited >= prompt.expires_in:
                    raise
                interval *= 2.0
                continue
            if "access_token" in answer:
                self._token = ""
                return _identity(await self._in_thread(self._keep_only, answer.get("id_token_claims", {})))
            if answer.get("error") == "slow_down":
                interval += 5.0
            elif answer.get("error") != "authorization_pending":
                raise self._refusal(answer)
        raise self._refusal({"error": "expired_token"})

    async def identity(self) -> Identity:
        """Who is signed in by device code; DATAVERSE_SIGN_IN_AGAIN when nobody is."""
        return _identity(await self._in_thread(lambda: self._account(self._app())))

    def kept(self) -> str:
        """What a service goes on with as the person who signed in: for the keyring and nowhere else. Raises
        DATAVERSE_SIGN_IN_NOT_KEPT."""
        try:
            return kept_sign_in.text(self._cache.serialize(), datetime.fromtimestamp(self._now(), UTC))
        except ValueError as error:
            raise self._error(NOT_KEPT, str(error)) from None

    async def close(self) -> None:
        """Close the connections to Entra ID."""
        await asyncio.to_thread(self._http.close)

    async def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        left = self._limited_until - self._clock()
        if left > 0:
            # Asking on would meet the limit too, or make it last.
            raise sign_in_limited(left, "not asked again before it opens")
        try:
            return await asyncio.to_thread(work, *arguments)
        except DataverseError as error:
            # MSAL answers a repeated failure from its own memory for up to a minute: the next try starts afresh.
            self._application = None
            if error.limited is not None and error.limited.seconds is not None:
                self._limited_until = self._clock() + error.limited.seconds
            raise

    def _app(self) -> Any:
        if self._application is None:
            self._application = self._new_application()
        return self._application

    def _new_application(self) -> Any:
        given = self._credentials
        if isinstance(given, ManagedIdentity):
            return machine_identity.managed_application(given, self._http)
        host = urlsplit(given.authority).hostname or ""
        options: dict[str, Any] = {
            "client_id": given.client_id,
            "authority": f"{origin_of(given.authority)}/{given.tenant}",
            "token_cache": self._cache,
            "http_client": self._http,
            "instance_discovery": None if host in WELL_KNOWN_AUTHORITY_HOSTS else False,
        }
        try:
            if isinstance(given, OfAPerson):
                return msal.PublicClientApplication(**options)
            return msal.ConfidentialClientApplication(**options, client_credential=_credential(given))
        except (ValueError, TypeError) as failure:
            # MSAL raises ValueError both for a tenant without configuration and for a key that it cannot read.
            words = str(failure)
            if "authority" in words.lower() or "tenant" in words.lower():
                raise self._error(TENANT, words) from None
            raise unreadable_certificate() from None
        except RuntimeError as failure:
            raise self._error(REFUSED, str(failure)) from None

    def _acquire(self, fresh: bool) -> dict[str, Any]:
        if isinstance(self._credentials, ManagedIdentity):
            return self._acquire_as_machine(fresh)
        app = self._app()
        if isinstance(self._credentials, OfAPerson):
            account = self._account(app)
            # MSAL would give the token in hand once more, by a clock of its own.
            anew = fresh or bool(self._token)
            answer = app.acquire_token_silent_with_error(self._scopes(), account=account, force_refresh=anew)
            answer = answer or {"error": "interaction_required"}
        else:
            if fresh:
                app.remove_tokens_for_client()
            try:
                answer = app.acquire_token_for_client(scopes=self._scopes())
            except (ValueError, TypeError, jwt.PyJWTError) as failure:
                # The key is looked at only now, when it has to sign.
                raise unreadable_certificate() from failure
        if "access_token" not in answer:
            raise self._refusal(answer)
        kept: dict[str, Any] = answer
        return kept

    def _acquire_as_machine(self, fresh: bool) -> dict[str, Any]:
        if fresh:
            self._application = None
        address = machine_identity.identity_address(os.environ)
        try:
            answer: dict[str, Any] = self._app().acquire_token_for_client(resource=self._organisation)
        except DataverseError as error:
            if error.code == UNREACHABLE:
                raise machine_identity.not_there(address, error.detail) from error
            raise
        except (ValueError, TypeError, AttributeError, OSError) as failure:
            # MSAL reads answers without looking at their shape, and for Arc a key file.
            raise machine_identity.not_there(address, str(failure)) from failure
        if "access_token" not in answer:
            raise machine_identity.not_given(f"{answer.get('error', '')} {answer.get('error_description', '')}")
        return answer

    def _scopes(self) -> list[str]:
        kind = "user_impersonation" if isinstance(self._credentials, OfAPerson) else ".default"
        return [f"{self._organisation}/{kind}"]

    def _begin_device_flow(self) -> dict[str, Any]:
        if not isinstance(self._credentials, DeviceCode):
            raise TypeError("only device-code credentials sign a person in")
        flow: dict[str, Any] = self._app().initiate_device_flow(scopes=self._scopes())
        if "user_code" not in flow:
            raise self._refusal(flow)
        return flow

    def _poll_device_flow(self, flow: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._app().acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
        return answer

    def _account(self, app: Any) -> dict[str, Any]:
        accounts: list[dict[str, Any]] = app.get_accounts()
        if not accounts:
            raise self._error(self._again, "nobody is signed in")
        return accounts[0]

    def _keep_only(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        """Forget whoever was signed in before: an environment is used as one person."""
        app = self._app()
        for account in app.get_accounts():
            if claims.get("oid") and account.get("local_account_id") != claims["oid"]:
                app.remove_account(account)
        return {**self._account(app), "name": claims.get("name", "")}

    @property
    def _again(self) -> Meaning:
        return SIGNED_OUT if isinstance(self._credentials, SignedIn) else AGAIN

    def _refusal(self, answer: Mapping[str, Any]) -> DataverseError:
        return refusal(answer, secrets_of(self._credentials), again=self._again)

    def _error(self, meaning: Meaning, detail: str) -> DataverseError:
        return sign_in_error(meaning, detail, secrets_of(self._credentials))


def _cache_of(credentials: Credentials) -> msal.SerializableTokenCache:
    cache = msal.SerializableTokenCache()
    if isinstance(credentials, SignedIn):
        cache.deserialize(kept_sign_in.cache_of(credentials.kept))
    return cache


def _credential(given: ClientSecret | Certificate | WorkloadIdentity) -> str | dict[str, Any]:
    """As MSAL takes it."""
    if isinstance(given, ClientSecret):
        return given.secret
    if isinstance(given, WorkloadIdentity):
        return {"client_assertion": functools.partial(machine_identity.read_token, given.token_file)}
    return as_msal_takes_it(given)


def _identity(account: Mapping[str, Any]) -> Identity:
    home_object, _, home_tenant = str(account["home_account_id"]).partition(".")
    return Identity(
        object_id=str(account.get("local_account_id") or home_object),
        tenant_id=str(account.get("realm") or home_tenant),
        user_name=str(account.get("username", "")),
        name=str(account.get("name", "")),
    )
