"""Signing in: tokens are kept and renewed, refusals are named, secrets stay secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import httpx
import pytest
from trustme import CA, KeyType

from dyntui.dataverse import kept_sign_in
from dyntui.dataverse.credentials import Certificate, ClientSecret, DeviceCode, SignedIn
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.sign_in import SignIn
from dyntui.dataverse.sign_in_http import SignInHttp
from dyntui.model.errors import DyntuiError, Exit
from dyntui.remote.verdicts import Limited
from tests.dataverse.conversation import ORG, Time

TENANT = "0000000d-0000-4000-8000-00000000000d"
CLIENT = "51f81489-0000-4000-8000-000000000001"
AUTHORITY = "https://login.sandbox.test"
SECRET = "s3cret~value"
pytestmark = pytest.mark.filterwarnings("ignore:Attempted too soon")  # MSAL looks at the real clock, the test's is told
PERSON = "0000000b-0000-4000-8000-00000000000b"


def encoded(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class Entra:
    """Entra ID as far as MSAL looks at it; `answers` are the token endpoint's, the last one for ever."""

    def __init__(self, *answers: tuple[int, dict[str, object]]) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, str]] = []
        self.discovered: list[str] = []
        self.tenant_known = True
        self.headers: dict[str, str] = {}

    def http(self) -> SignInHttp:
        return SignInHttp("https://login.microsoftonline.com", transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        base = f"{AUTHORITY}/{TENANT}"
        if request.url.path.endswith("openid-configuration"):
            self.discovered.append(str(request.url))
            if not self.tenant_known:
                return httpx.Response(400, json={"error": "invalid_tenant", "error_codes": [90002]})
            return httpx.Response(
                200,
                json={
                    "issuer": f"{base}/v2.0",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                    "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                },
            )
        self.asked.append({name: values[0] for name, values in parse_qs(request.content.decode()).items()})
        if request.url.path.endswith("devicecode"):
            return httpx.Response(
                200,
                json={
                    "user_code": "ABCD1234",
                    "device_code": "opaque",
                    "verification_uri": "https://microsoft.com/devicelogin",
                    "expires_in": 30,
                    "interval": 5,
                    "message": "To sign in...",
                },
            )
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return httpx.Response(status, json=body, headers=self.headers)


def token(value: str = "jwt", lasts: int = 3599) -> tuple[int, dict[str, object]]:
    return 200, {"token_type": "Bearer", "expires_in": lasts, "ext_expires_in": lasts, "access_token": value}


def user_token() -> tuple[int, dict[str, object]]:
    claims: dict[str, object] = {
        "iss": f"{AUTHORITY}/{TENANT}/v2.0",
        "sub": "s",
        "aud": CLIENT,
        "exp": 4102444800,
        "iat": 1,
        "oid": PERSON,
        "tid": TENANT,
        "preferred_username": "mia@contoso.com",
        "name": "Mia",
    }
    return 200, {
        **token("user-jwt")[1],
        "refresh_token": "refresh",
        "id_token": f"{encoded({'alg': 'none'})}.{encoded(claims)}.",
        "client_info": encoded({"uid": PERSON, "utid": TENANT}),
    }


def refusal(error: str, number: int, words: str = "") -> tuple[int, dict[str, object]]:
    return 401, {"error": error, "error_description": f"AADSTS{number}: {words}", "error_codes": [number]}


def by_secret(entra: Entra, time: Time | None = None) -> SignIn:
    given = ClientSecret(TENANT, CLIENT, SECRET, AUTHORITY)
    time = time or Time()
    return SignIn(given, f"{ORG}/", http=entra.http(), clock=time.clock, sleep=time.sleep)


async def test_a_client_secret_gets_a_token_for_the_environment_and_keeps_it():
    entra = Entra(token())
    sign_in = by_secret(entra)
    assert [await sign_in.token(), await sign_in.token()] == ["jwt", "jwt"]
    assert len(entra.asked) == 1
    assert entra.asked[0]["scope"] == f"{ORG}/.default"
    assert entra.asked[0]["client_secret"] == SECRET


async def test_an_unknown_authority_is_not_asked_about_at_microsoft():
    entra = Entra(token())
    await by_secret(entra).token()
    assert entra.discovered == [f"{AUTHORITY}/{TENANT}/v2.0/.well-known/openid-configuration"]


async def test_a_token_is_renewed_before_it_ends_and_when_refused():
    entra = Entra(token("one", 400), token("two"), token("three"))
    time = Time()
    sign_in = by_secret(entra, time)
    assert await sign_in.token() == "one"
    time.now += 101
    assert await sign_in.token(refresh=True) == "two"
    assert await sign_in.token(refresh=True) == "three"


def pem_of(kind: KeyType) -> str:
    certificate = CA().issue_cert("dyntui.test", key_type=kind)
    return (certificate.private_key_pem.bytes() + certificate.cert_chain_pems[0].bytes()).decode()


async def test_a_certificate_signs_an_assertion():
    entra = Entra(token())
    given = Certificate(TENANT, CLIENT, pem_of(KeyType.RSA), authority=AUTHORITY)
    assert await SignIn(given, ORG, http=entra.http()).token() == "jwt"
    assert entra.asked[0]["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    head, claims, _ = (part + "=" * (-len(part) % 4) for part in entra.asked[0]["client_assertion"].split("."))
    assert json.loads(base64.urlsafe_b64decode(head))["alg"] == "PS256"
    assert json.loads(base64.urlsafe_b64decode(claims))["iss"] == CLIENT
    assert "PRIVATE KEY" not in repr(given)


NO_KEYS = (
    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
)


@pytest.mark.parametrize("kind", ["nothing", "no keys", "another kind of key"])
async def test_an_unreadable_certificate_is_said_to_be_one(kind: str):
    pem = {"nothing": "nothing at all", "no keys": NO_KEYS}.get(kind) or pem_of(KeyType.ECDSA)
    given = Certificate(TENANT, CLIENT, pem, authority=AUTHORITY)
    with pytest.raises(DataverseError) as raised:
        await SignIn(given, ORG, http=Entra(token()).http()).token()
    assert raised.value.code == "DATAVERSE_CERTIFICATE_UNREADABLE"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refusal("invalid_client", 7000215, f"Invalid client secret provided: {SECRET}"), "DATAVERSE_SECRET_REFUSED"),
        (refusal("invalid_client", 7000222), "DATAVERSE_SECRET_EXPIRED"),
        (refusal("unauthorized_client", 700016), "DATAVERSE_CLIENT_UNKNOWN"),
        (refusal("invalid_resource", 500011), "DATAVERSE_ORGANISATION_UNKNOWN"),
        (refusal("invalid_request", 90002), "DATAVERSE_TENANT_UNKNOWN"),
        (refusal("something_new", 1), "DATAVERSE_SIGN_IN_REFUSED"),
    ],
)
async def test_refusals_are_named_and_never_repeat_the_secret(answer, code: str):
    with pytest.raises(DataverseError) as raised:
        await by_secret(Entra(answer)).token()
    error = raised.value
    assert error.code == code
    assert SECRET not in f"{error} {error.message} {error.detail} {error.remedy} {error!r}"


async def test_a_corrected_mistake_is_not_answered_from_memory():
    entra = Entra(refusal("invalid_client", 7000215), token())
    sign_in = by_secret(entra)
    with pytest.raises(DataverseError):
        await sign_in.token()
    assert await sign_in.token() == "jwt"


async def test_an_unknown_tenant_is_named():
    entra = Entra(token())
    entra.tenant_known = False
    with pytest.raises(DataverseError) as raised:
        await by_secret(entra).token()
    assert raised.value.code == "DATAVERSE_TENANT_UNKNOWN"


@pytest.mark.parametrize("failure", [httpx.ConnectError("no route"), httpx.Response(503)])
async def test_an_unreachable_entra_is_named(failure):
    def answer(_: httpx.Request) -> httpx.Response:
        if isinstance(failure, Exception):
            raise failure
        return failure

    http = SignInHttp("https://login.microsoftonline.com", transport=httpx.MockTransport(answer))
    with pytest.raises(DataverseError) as raised:
        await SignIn(ClientSecret(TENANT, CLIENT, SECRET, AUTHORITY), ORG, http=http).token()
    assert raised.value.code == "DATAVERSE_SIGN_IN_UNREACHABLE"
    assert raised.value.exit is Exit.UNREACHABLE


LIMITED: tuple[int, dict[str, object]] = (429, {"error": "temporarily_unavailable"})


async def test_a_limit_of_entra_is_one_and_says_how_long_and_is_not_met_again_meanwhile():
    entra, time = Entra(LIMITED, token()), Time()
    entra.headers = {"Retry-After": "2400"}
    sign_in = by_secret(entra, time)
    for waited in (0.0, 600.0):
        time.now += waited
        with pytest.raises(DataverseError) as raised:
            await sign_in.token()
        assert (raised.value.code, raised.value.exit) == ("DATAVERSE_SIGN_IN_LIMIT", Exit.UNREACHABLE)
        assert raised.value.limited == Limited(2400.0 - waited)
        assert f"{(2400 - waited) / 60:.0f} minutes" in raised.value.message
    assert len(entra.asked) == 1
    time.now += 1800.0
    assert await sign_in.token() == "jwt"


@pytest.mark.parametrize("refused", [LIMITED, (503, {})])
async def test_a_token_that_cannot_be_renewed_yet_is_used_until_it_ends(refused: tuple[int, dict[str, object]]):
    # So short that MSAL, which looks at the real clock, would renew it at once.
    entra, time = Entra(token("first", lasts=200), refused), Time()
    sign_in = by_secret(entra, time)
    assert await sign_in.token() == "first"
    time.now += 190.0
    assert [await sign_in.token(), await sign_in.token()] == ["first", "first"]
    assert len(entra.asked) == 2
    time.now += 30.0
    with pytest.raises(DataverseError):
        await sign_in.token()


def by_device_code(entra: Entra, time: Time) -> SignIn:
    given = DeviceCode(TENANT, CLIENT, AUTHORITY)
    return SignIn(given, ORG, http=entra.http(), clock=time.clock, sleep=time.sleep)


def by_kept(entra: Entra, kept: str) -> SignIn:
    time = Time()
    given = SignedIn(TENANT, CLIENT, kept, AUTHORITY)
    return SignIn(given, ORG, http=entra.http(), clock=time.clock, sleep=time.sleep)


PENDING = (400, {"error": "authorization_pending", "error_codes": [70016]})
SLOW_DOWN = (400, {"error": "slow_down"})


async def test_a_person_signs_in_by_device_code_and_is_known_afterwards():
    entra = Entra(PENDING, SLOW_DOWN, user_token())
    time = Time()
    sign_in = by_device_code(entra, time)
    prompt = await sign_in.begin()
    assert (prompt.user_code, prompt.verification_uri) == ("ABCD1234", "https://microsoft.com/devicelogin")
    identity = await sign_in.finish(prompt)
    assert (identity.object_id, identity.tenant_id, identity.user_name, identity.name) == (
        PERSON,
        TENANT,
        "mia@contoso.com",
        "Mia",
    )
    assert time.slept == [5, 5, 10]
    assert await sign_in.token() == "user-jwt"


@pytest.mark.parametrize("away", [LIMITED, (503, {})])
async def test_a_person_signs_in_although_entra_is_away_for_a_moment(away: tuple[int, dict[str, object]]):
    entra, time = Entra(PENDING, away, user_token()), Time()
    sign_in = by_device_code(entra, time)
    assert (await sign_in.finish(await sign_in.begin())).user_name == "mia@contoso.com"
    assert time.slept == [5, 5, 10]
    entra, time = Entra(away), Time()
    sign_in = by_device_code(entra, time)
    with pytest.raises(DataverseError, match=r"DATAVERSE_SIGN_IN_(LIMIT|UNREACHABLE)"):
        await sign_in.finish(await sign_in.begin())


async def test_a_kept_sign_in_lives_on_in_another_process():
    entra = Entra(user_token())
    sign_in = by_device_code(entra, Time())
    await sign_in.finish(await sign_in.begin())
    kept = sign_in.kept()
    assert "user-jwt" not in kept and kept_sign_in.user_of(kept) == "mia@contoso.com"
    again = by_kept(entra, kept)
    assert await again.token() == "user-jwt"
    assert entra.asked[-1]["refresh_token"] == "refresh" and entra.asked[-1]["grant_type"] == "refresh_token"
    assert (await again.identity()).object_id == PERSON


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (50173, "DATAVERSE_SERVICE_SIGNED_OUT"),
        (700082, "DATAVERSE_SERVICE_SIGNED_OUT"),
        (50076, "DATAVERSE_SERVICE_SIGNED_OUT"),
        (50133, "DATAVERSE_SERVICE_SIGNED_OUT"),
        (53003, "DATAVERSE_DEVICE_CODE_BLOCKED"),
        (50057, "DATAVERSE_USER_DISABLED"),
    ],
)
async def test_a_kept_sign_in_that_has_ended_says_so_and_repeats_no_token(number: int, code: str):
    entra = Entra(user_token())
    sign_in = by_device_code(entra, Time())
    await sign_in.finish(await sign_in.begin())
    entra.answers = [(400, {**refusal("invalid_grant", number, "refresh")[1]})]
    again = by_kept(entra, sign_in.kept())
    with pytest.raises(DataverseError) as raised:
        await again.token()
    assert raised.value.code == code and raised.value.remedy
    assert "refresh" not in raised.value.detail
    assert "refresh" not in repr(SignedIn(TENANT, CLIENT, sign_in.kept(), AUTHORITY))


async def test_a_sign_in_without_a_refresh_token_is_of_no_use_to_a_service():
    without = user_token()
    del without[1]["refresh_token"]
    sign_in = by_device_code(Entra(without), Time())
    await sign_in.finish(await sign_in.begin())
    with pytest.raises(DataverseError, match="DATAVERSE_SIGN_IN_NOT_KEPT"):
        sign_in.kept()


async def test_the_newest_sign_in_is_kept_once_a_day_and_what_cannot_be_kept_stops_nothing():
    entra, day = Entra(user_token()), 86_400
    first = by_device_code(entra, Time())
    await first.finish(await first.begin())
    kept, told, time, now = first.kept(), [], Time(), datetime.now(UTC).timestamp()

    async def keep(newest: str) -> None:
        told.append(newest)
        if len(told) == 1:
            raise DyntuiError("KEYRING_REFUSED", "It is locked.", not_done="-", remedy="-")

    given = SignedIn(TENANT, CLIENT, kept, AUTHORITY)
    again = SignIn(
        given, ORG, http=entra.http(), keep=keep, now=lambda: now + time.now, clock=time.clock, sleep=time.sleep
    )
    for passed, expected in ((0, 0), (3600, 0), (day, 1), (3600, 2), (3600, 2), (day, 3)):
        time.now += passed
        assert await again.token() == "user-jwt"
        assert len(told) == expected, passed
    assert kept_sign_in.same_person(told[-1], kept) and "user-jwt" not in told[-1]


@pytest.mark.parametrize(
    "text", ["", "secret", "dyntui-sign-in:", "dyntui-sign-in:{}", 'dyntui-sign-in:{"kept_on":"x","cache":{}}']
)
def test_what_is_no_kept_sign_in_is_taken_for_none(text: str):
    assert not kept_sign_in.is_one(text) and not kept_sign_in.grows_old(text, datetime.now(UTC))
    assert kept_sign_in.secrets_in(text) == [text] and kept_sign_in.user_of(text) == ""


@pytest.mark.parametrize(("hours", "old"), [(-48, True), (0, False), (23, False), (24, True)])
def test_a_sign_in_is_renewed_after_a_day_and_where_a_clock_went_ahead(hours: int, old: bool):
    now = datetime(2026, 11, 29, tzinfo=UTC)
    cache = '{"RefreshToken": {"a": {"secret": "r", "home_account_id": "h"}}}'
    assert kept_sign_in.grows_old(kept_sign_in.text(cache, now - timedelta(hours=hours)), now) is old


async def test_nobody_signed_in_is_asked_to_sign_in():
    with pytest.raises(DataverseError) as raised:
        await by_device_code(Entra(token()), Time()).token()
    assert raised.value.code == "DATAVERSE_SIGN_IN_AGAIN"


def _with_number(number: int) -> tuple[int, dict[str, object]]:
    return 400, {"error": "invalid_grant", "error_description": f"AADSTS{number}: Access blocked", "error_codes": []}


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: _with_number(53003), "DATAVERSE_DEVICE_CODE_BLOCKED"),
        (lambda: (400, {"error": "authorization_declined"}), "DATAVERSE_SIGN_IN_DECLINED"),
        (lambda: (400, {"error": "expired_token"}), "DATAVERSE_DEVICE_CODE_EXPIRED"),
        (lambda: PENDING, "DATAVERSE_DEVICE_CODE_EXPIRED"),
    ],
)
async def test_a_device_code_that_leads_nowhere_says_why(make: Callable[[], tuple[int, dict[str, object]]], code: str):
    sign_in = by_device_code(Entra(make()), Time())
    prompt = await sign_in.begin()
    with pytest.raises(DataverseError) as raised:
        await sign_in.finish(prompt)
    assert raised.value.code == code
