"""Access tokens: JSON Web Tokens which the simulated resources can read back without asking anyone.

Real tokens are signed by Entra's published keys; clients must treat them as opaque, so a symmetric signature serves.
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dyntui.sandbox.state import State


@dataclass(frozen=True, slots=True)
class Token:
    """What a valid token says.

    `oid` is the object id of the person, or of the application's service principal; `app_id` the client id by which
    it was asked for; `audience` the address of the resource, without trailing slash; `is_app` True when no person
    stands behind it.
    """

    oid: str
    app_id: str | None
    audience: str
    expires: datetime
    is_app: bool


def encode_part(value: bytes) -> str:
    """Unpadded base64url, as all parts of a token are written."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decode_part(value: str) -> bytes:
    """The bytes of unpadded base64url. Raises ValueError for anything else."""
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def signature_of(state: State, signed: str) -> bytes:
    """The signature of this world's identity platform."""
    key = hashlib.sha256(b"sandbox token key " + str(state.ids.seed).encode()).digest()
    return hmac.new(key, signed.encode(), hashlib.sha256).digest()


def issue(
    state: State,
    *,
    oid: str,
    audience: str,
    tenant: str,
    app_id: str | None = None,
    is_app: bool = False,
    seconds: int | None = None,
    claims: dict[str, Any] | None = None,
) -> str:
    """A signed access token for `audience`, which lives for `seconds` of sandbox time (the setting's by default)."""
    now = int(state.clock.now().timestamp())
    life = state.config.entra.access_token_seconds if seconds is None else seconds
    payload = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{tenant}/",
        "iat": now,
        "nbf": now,
        "exp": now + life,
        "appid": app_id,
        "idtyp": "app" if is_app else "user",
        "oid": oid,
        "sub": oid,
        "tid": tenant,
        "uti": state.ids.token()[:22],
        "ver": "1.0",
        **(claims or {}),
    }
    header = encode_part(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
    signed = f"{header}.{encode_part(json.dumps(payload).encode())}"
    return f"{signed}.{encode_part(signature_of(state, signed))}"


def read(state: State, bearer: str) -> Token | None:
    """The token in `bearer` (with or without the word Bearer), or None when it is not ours, broken or expired.

    The audience is not judged: that is the resource's own business.
    """
    text = bearer.strip()
    if text[:7].lower() == "bearer ":
        text = text[7:].strip()
    signed, _, signature = text.rpartition(".")
    try:
        if not hmac.compare_digest(signature_of(state, signed), decode_part(signature)):
            return None
        claims = json.loads(decode_part(signed.partition(".")[2]))
    except ValueError:
        return None
    expires = datetime.fromtimestamp(claims["exp"], UTC)
    if expires <= state.clock.now():
        return None
    return Token(claims["oid"], claims["appid"], claims["aud"].rstrip("/"), expires, claims["idtyp"] == "app")
