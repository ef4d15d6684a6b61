"""Workload identity: a platform's token in place of a secret.

Sources (learn.microsoft.com): "Workload identity federation"; "Microsoft identity platform and the OAuth 2.0 client
credentials flow", third case; "Microsoft Entra authentication and authorization error codes".

The sandbox plays the platform too: Kubernetes would put such a token into a file and renew it there.
"""

import json
from hmac import compare_digest
from typing import Any

from dyntui.sandbox.entra.errors import EntraError
from dyntui.sandbox.entra.tokens import decode_part, encode_part, signature_of
from dyntui.sandbox.state import State

ISSUER = "https://cluster.skarnfjall.example/oidc"
SUBJECT = "system:serviceaccount:dyntui:dyntui"
AUDIENCE = "api://AzureADTokenExchange"


def platform_token(state: State, seconds: int = 3600, subject: str = SUBJECT) -> str:
    """What the platform puts into the file named by `AZURE_FEDERATED_TOKEN_FILE`."""
    now = int(state.clock.now().timestamp())
    claims = {"iss": ISSUER, "sub": subject, "aud": [AUDIENCE], "iat": now, "nbf": now, "exp": now + seconds}
    header = encode_part(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
    signed = f"{header}.{encode_part(json.dumps(claims).encode())}"
    return f"{signed}.{encode_part(signature_of(state, signed))}"


def is_platform_token(assertion: str) -> bool:
    """Whether an assertion was issued by another than the application itself."""
    return _claims(assertion).get("iss") == ISSUER


def require_platform_token(state: State, assertion: str) -> None:
    """Refuses one that no federated credential of the app registration matches. Raises EntraError."""
    claims, now = _claims(assertion), state.clock.now().timestamp()
    signed, _, signature = assertion.rpartition(".")
    if not compare_digest(signature.encode(), encode_part(signature_of(state, signed)).encode()):
        raise _refused(50027, "JWT token is invalid or malformed.")
    if claims.get("aud") not in (AUDIENCE, [AUDIENCE]):
        raise _refused(700212, f"No matching federated identity record found for presented assertion audience"
                       f" '{claims.get('aud')}'.")  # fmt: skip
    if claims.get("sub") != SUBJECT:
        raise _refused(700213, f"No matching federated identity record found for presented assertion subject"
                       f" '{claims.get('sub')}'. Check your federated identity credential Subject, Audience and Issuer"
                       " against the presented assertion.")  # fmt: skip
    if not claims["nbf"] - 300 <= now < claims["exp"] + 300:
        raise _refused(700024, "Client assertion is not within its valid time range.")


def _claims(assertion: str) -> dict[str, Any]:
    try:
        claims = json.loads(decode_part(assertion.split(".")[1]))
    except (ValueError, IndexError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _refused(number: int, text: str) -> EntraError:
    return EntraError("invalid_client", number, text, 401)
