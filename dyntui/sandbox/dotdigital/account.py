"""The account: account-info, server time, credentials and region (1.1 to 1.3)."""

import base64
import binascii
import hmac

from dyntui.sandbox.dotdigital import codec, contact_store
from dyntui.sandbox.dotdigital.call import Call
from dyntui.sandbox.request import Request, Response, text_response
from dyntui.sandbox.state import State


def authorised(state: State, request: Request) -> bool:
    """Whether the call carries the API user's name and password as HTTP Basic."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    settings = state.config.dotdigital
    user, _, password = given.partition(b":")
    return user.lower() == settings.api_user.lower().encode() and hmac.compare_digest(
        password, settings.api_password.encode()
    )


def info(call: Call) -> Response:
    """GET /v2/account-info: every value is a string, `type` names what it means (1.2)."""
    settings = call.settings
    endpoint = call.state.urls.dotdigital[settings.region] + ("/" if settings.api_endpoint_trailing_slash else "")
    properties = [
        ("Name", "String", settings.account_name),
        ("MainMobilePhoneNumber", "String", ""),
        ("MainEmail", "String", settings.main_email),
        ("AvailableEmailSendsCredits", "Int", str(settings.send_limit or 1_000_000)),
        ("AvailableSmsSendsCredits", "Int", "0"),
        ("PremiumWalletBalance", "Decimal", "0.00"),
        ("ListManagedUsers", "String", ", ".join(settings.managed_users)),
        ("APILocale", "String", "en-GB"),
        ("ApiCallsInLastHour", "Int", str(settings.calls_in_last_hour)),
        ("ApiCallsRemaining", "Int", str(settings.calls_remaining)),
        ("ApiEndpoint", "String", endpoint),
        ("CurrencyCode", "String", settings.currency),
        ("CampaignEmailMtaPool", "String", "Shared"),
        ("ShowClock", "Boolean", "True"),
        ("TimeZoneIana", "String", settings.time_zone),
    ]
    listed = [{"name": name, "type": kind, "value": value} for name, kind, value in properties]
    return codec.answer({"id": settings.account_id, "properties": listed})


def server_time(call: Call) -> Response:
    """GET /v2/server-time: "2021-09-24T09:21:55.661571Z", or 2021-09-24 09:21:55.661571+00:00 as plain text."""
    moment = call.state.clock.now()
    if call.settings.server_time_format == "text":
        return text_response(f"{moment:%Y-%m-%d %H:%M:%S.%f}+00:00")
    return codec.answer(f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z")


def empty_recycle_bin(call: Call) -> Response:
    """POST /v2/accounts/empty-recycle-bin: 200 or 202, by switch; a text."""
    contact_store.purge(call.state, call.now + 1)
    return codec.text_answer("The recycle bin is being emptied.", call.settings.recycle_bin_status)
