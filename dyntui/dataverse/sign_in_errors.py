"""What Entra ID refuses, as errors a person can act on.

Error numbers: "Microsoft Entra authentication and authorization error codes" (Microsoft Learn, reference-error-codes).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from dyntui.dataverse.errors import DataverseError
from dyntui.model.errors import Exit
from dyntui.remote.errors import Meaning, asking_to_wait
from dyntui.remote.verdicts import Limited

NOBODY_SIGNED_IN: Final = "Nobody was signed in to Dynamics."
# Under this `platform_code` waits for Entra ID are told of.
ENTRA_LIMIT: Final = "entra-limit"
_NUMBER: Final = re.compile(r"AADSTS(\d+)")
_DETAIL_LIMIT: Final = 2000


def _not_permitted(code: str, message: str, remedy: str) -> Meaning:
    return Meaning(code, message, remedy, Exit.NOT_PERMITTED)


_BLOCKED = _not_permitted(
    "DATAVERSE_DEVICE_CODE_BLOCKED",
    "The tenant's Conditional Access blocks signing in by device code.",
    "Ask the tenant's administrator, or connect with a client secret or certificate.",
)
TENANT = Meaning(
    "DATAVERSE_TENANT_UNKNOWN", "Entra ID does not know the tenant.", "Check the tenant id or domain.", Exit.USAGE
)
AGAIN = _not_permitted("DATAVERSE_SIGN_IN_AGAIN", "The sign-in has ended.", "Start the sign-in again.")
# The same of a person as whom the service acts.
SIGNED_OUT = _not_permitted(
    "DATAVERSE_SERVICE_SIGNED_OUT",
    "The sign-in of the person as whom the service acts has ended: it was revoked, or its time is over.",
    "`dyntui credentials replace dynamics`, or `H` and then `i` in the console, signs them in again, and runs go on;"
    " `dyntui setup` with a client secret or a certificate makes the service need nobody.",
)
NOT_KEPT = _not_permitted(
    "DATAVERSE_SIGN_IN_NOT_KEPT",
    "Entra ID lets this sign-in end within hours: it gave no refresh token, by which a service could go on.",
    "Use a client secret or a certificate, or ask the tenant's administrator.",
)
# In setup the question comes again; a service that runs is handed the new one meanwhile.
_HAND_OVER: Final = (
    "`dyntui credentials replace dynamics`, or `H` and then `i` in the console, hands it to the service while runs go"
    " on."
)
_SECRET = _not_permitted(
    "DATAVERSE_SECRET_REFUSED",
    "Entra ID refused the client secret.",
    f"Check that the secret's value (not its id) was entered and that it has not expired; {_HAND_OVER}",
)
_CERTIFICATE = _not_permitted(
    "DATAVERSE_CERTIFICATE_REFUSED",
    "Entra ID refused the certificate.",
    f"Upload the public certificate to the app registration, or make another one; {_HAND_OVER}",
)
_FEDERATION = _not_permitted(
    "DATAVERSE_FEDERATION_UNKNOWN",
    "The app registration has no federated credential for who the platform says this is.",
    "Add one with the token's issuer, subject and audience: app registration, Certificates & secrets.",
)
_MEANINGS: Final[dict[int, Meaning]] = {
    7000215: _SECRET,
    7000216: _SECRET,
    7000222: _not_permitted(
        "DATAVERSE_SECRET_EXPIRED",
        "The client secret has expired.",
        f"Create a new secret in the app registration; {_HAND_OVER}",
    ),
    700016: Meaning(
        "DATAVERSE_CLIENT_UNKNOWN",
        "Entra ID does not know the client id in this tenant.",
        "Check the client id and the tenant.",
        Exit.USAGE,
    ),
    7000112: _not_permitted(
        "DATAVERSE_CLIENT_DISABLED", "The application is disabled in the tenant.", "Ask the tenant's administrator."
    ),
    90002: TENANT,
    900021: TENANT,
    900023: TENANT,
    700027: _CERTIFICATE,
    700024: _not_permitted(
        "DATAVERSE_CLOCK_WRONG", "This machine's clock is too far off for the certificate.", "Set the clock."
    ),
    70021: _FEDERATION,
    700211: _FEDERATION,
    700212: _FEDERATION,
    700213: _FEDERATION,
    53000: _BLOCKED,
    53003: _BLOCKED,
    530035: _BLOCKED,
    530036: _BLOCKED,
    7000218: _not_permitted(
        "DATAVERSE_PUBLIC_CLIENT_OFF",
        "The app registration does not allow public client flows.",
        'Set "Allow public client flows" to yes in the app registration.',
    ),
    65001: _not_permitted(
        "DATAVERSE_CONSENT_MISSING",
        "Nobody has consented to the application's use of Dynamics.",
        "Grant admin consent for Dynamics CRM / user_impersonation in the app registration.",
    ),
    500011: Meaning(
        "DATAVERSE_ORGANISATION_UNKNOWN",
        "Entra ID does not know the organisation's URL in this tenant.",
        "Check the organisation's URL and the tenant.",
        Exit.USAGE,
    ),
    50057: _not_permitted(
        "DATAVERSE_USER_DISABLED", "The user's account is disabled.", "Ask the tenant's administrator."
    ),
    50076: AGAIN,
    50079: AGAIN,
    50173: AGAIN,
    700082: AGAIN,
    70020: _not_permitted(
        "DATAVERSE_DEVICE_CODE_EXPIRED", "The code was not entered in time.", "Start the sign-in again."
    ),
}
_BY_WORD: Final[dict[str, Meaning]] = {
    "expired_token": _MEANINGS[70020],
    "code_expired": _MEANINGS[70020],
    "authorization_declined": _not_permitted(
        "DATAVERSE_SIGN_IN_DECLINED", "The sign-in was declined in the browser.", "Start the sign-in again."
    ),
    "invalid_grant": AGAIN,
    "interaction_required": AGAIN,
}
REFUSED = _not_permitted("DATAVERSE_SIGN_IN_REFUSED", "Entra ID refused the sign-in.", "See the log for its answer.")


def refusal(answer: Mapping[str, Any], secrets: Iterable[str], *, again: Meaning = AGAIN) -> DataverseError:
    """The error for an answer without a token: by Entra ID's number, else by OAuth's word. `secrets` are masked;
    `again` is what is said of a sign-in that has ended."""
    description = str(answer.get("error_description", ""))
    numbers = [*answer.get("error_codes", []), *(int(each) for each in _NUMBER.findall(description))]
    meaning = next((_MEANINGS[number] for number in numbers if number in _MEANINGS), None)
    meaning = meaning or _BY_WORD.get(str(answer.get("error")), REFUSED)
    return sign_in_error(again if meaning is AGAIN else meaning, f"{answer.get('error', '')} {description}", secrets)


def sign_in_error(meaning: Meaning, detail: str, secrets: Iterable[str]) -> DataverseError:
    """An error of the sign-in. `secrets` are masked in its detail."""
    for secret in secrets:
        detail = detail.replace(secret, "***")
    return DataverseError(
        meaning.code,
        meaning.message,
        not_done=NOBODY_SIGNED_IN,
        remedy=meaning.remedy,
        exit=meaning.exit,
        detail=detail[:_DETAIL_LIMIT],
    )


def sign_in_limited(seconds: float | None, detail: str) -> DataverseError:
    """Entra ID answers no more requests for `seconds` (None: it does not say)."""
    return DataverseError(
        "DATAVERSE_SIGN_IN_LIMIT",
        asking_to_wait("Entra ID limits how often it is asked to sign in.", seconds),
        not_done=NOBODY_SIGNED_IN,
        remedy="Try again later; runs wait for it by themselves.",
        exit=Exit.UNREACHABLE,
        detail=f"HTTP 429 {detail}",
        status=429,
        platform_code=ENTRA_LIMIT,
        limited=Limited(seconds),
    )
