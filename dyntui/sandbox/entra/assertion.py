"""Proof of an application's identity: a secret, or a JSON Web Token signed with a certificate's key (RFC 7523), or
by another issuer (`federation`).

Source: "Microsoft identity platform application authentication certificate credentials" (learn.microsoft.com).
"""

import base64
import json
from hmac import compare_digest
from typing import Any
from urllib.parse import unquote_plus

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from dyntui.sandbox.entra.directory import CLIENT_ID, CLIENT_SECRET, TENANT_NAME
from dyntui.sandbox.entra.errors import EntraError, invalid_client
from dyntui.sandbox.entra.federation import is_platform_token, require_platform_token
from dyntui.sandbox.entra.tokens import decode_part
from dyntui.sandbox.state import State

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CLOCK_SKEW_SECONDS = 300


def register_certificate(state: State, pem: str) -> str:
    """Uploads a public certificate to the app registration; answers its SHA-1 thumbprint, upper-case hexadecimal.

    Raises ValueError when `pem` holds no certificate with an RSA key, the only kind Entra accepts.
    """
    certificate = x509.load_pem_x509_certificate(pem.encode())
    if not isinstance(certificate.public_key(), RSAPublicKey):
        raise ValueError("the certificate's key must be RSA")
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - Entra's name for a certificate
    public = certificate.public_bytes(Encoding.PEM).decode()
    state.db.execute("INSERT OR IGNORE INTO entra_certificate (thumbprint, pem) VALUES (?, ?)", (thumbprint, public))
    return thumbprint


def with_basic(form: dict[str, str], authorization: str) -> dict[str, str]:
    """The form with the client id and secret of an HTTP Basic header (client_secret_basic, RFC 6749 2.3.1).

    Both are form-encoded before they are joined. Raises EntraError for a header that cannot be read or that names
    another application than the body.
    """
    scheme, _, encoded = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return form
    try:
        client_id, separator, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        separator = ""
    if not separator:
        raise invalid_client(7000216, "The Authorization header holds no client id and secret.")
    client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    if form.get("client_id", client_id).lower() != client_id.lower():
        raise EntraError(
            "invalid_request", 90009, "The client id of the Authorization header differs from the one in the body."
        )
    return {"client_secret": secret, **form, "client_id": client_id}


def require_client(client_id: str) -> None:
    """Refuses an application which the tenant does not know."""
    if not client_id:
        raise EntraError(
            "invalid_request", 900144, "The request body must contain the following parameter: 'client_id'."
        )
    if client_id.lower() != CLIENT_ID:
        raise EntraError(
            "unauthorized_client",
            700016,
            f"Application with identifier '{client_id}' was not found in the directory '{TENANT_NAME}'. This can happen"
            " if the application has not been installed by the administrator of the tenant or consented to by any user"
            " in the tenant. You may have sent your authentication request to the wrong tenant.",
        )


def require_proof(state: State, form: dict[str, str], audiences: set[str]) -> None:
    """Refuses a confidential client without a right secret or assertion; `audiences` are the accepted `aud` values."""
    secret, assertion = form.get("client_secret"), form.get("client_assertion")
    if secret is not None:
        if not compare_digest(secret.encode(), CLIENT_SECRET.encode()):
            raise invalid_client(
                7000215,
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret"
                f" value, not the client secret ID, for a secret added to app '{CLIENT_ID}'.",
            )
    elif assertion is not None:
        if form.get("client_assertion_type") != JWT_BEARER:
            raise EntraError("invalid_request", 900144, f"'client_assertion_type' must be '{JWT_BEARER}'.")
        if is_platform_token(assertion):
            require_platform_token(state, assertion)
        else:
            _require_assertion(state, assertion, audiences)
    else:
        raise invalid_client(
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )


def _require_assertion(state: State, assertion: str, audiences: set[str]) -> None:
    try:
        head, body, signature = assertion.split(".")
        header, claims = json.loads(decode_part(head)), json.loads(decode_part(body))
        signed, proof = f"{head}.{body}".encode(), decode_part(signature)
    except ValueError:
        raise invalid_client(50027, "JWT token is invalid or malformed.") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise invalid_client(50027, "JWT token is invalid or malformed.")
    if not any(_verifies(key, header.get("alg"), signed, proof) for key in _keys(state, header)):
        raise invalid_client(
            700027,
            "The certificate with identifier used to sign the client assertion is not registered on application."
            f" [Reason - The key was not found., Please visit the app registration of '{CLIENT_ID}'].",
        )
    _require_claims(state, claims, audiences)


def _require_claims(state: State, claims: dict[str, Any], audiences: set[str]) -> None:
    # A client dates its assertion by its own clock, which does not follow when the world's clock is advanced.
    now = state.clock.client_now().timestamp()
    if str(claims.get("aud", "")).rstrip("/") not in audiences:
        raise invalid_client(700023, "Client assertion audience claim does not match Realm issuer.")
    if {str(claims.get("iss")).lower(), str(claims.get("sub")).lower()} != {CLIENT_ID}:
        raise invalid_client(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
    begins, ends = (claims.get(name, 0) for name in ("nbf", "exp"))
    if not all(isinstance(each, int | float) and abs(each) < 2**53 for each in (begins, ends)):
        raise invalid_client(50027, "JWT token is invalid or malformed.")
    if not begins - _CLOCK_SKEW_SECONDS <= now < ends + _CLOCK_SKEW_SECONDS:
        raise invalid_client(
            700024,
            "Client assertion is not within its valid time range. Current time, assertion valid from and expiry time"
            f" of assertion: {now:.0f}, {begins:.0f}, {ends:.0f}.",
        )


def _keys(state: State, header: dict[str, Any]) -> list[RSAPublicKey]:
    """The registered keys which the header may mean: by x5c, x5t (SHA-1), x5t#S256, or all when it names none."""
    found = []
    for (pem,) in state.db.execute("SELECT pem FROM entra_certificate ORDER BY thumbprint"):
        certificate = x509.load_pem_x509_certificate(pem.encode())
        chain = header.get("x5c")
        sha1, sha256 = certificate.fingerprint(hashes.SHA1()), certificate.fingerprint(hashes.SHA256())  # noqa: S303
        if chain:
            named = _first(chain) == certificate.public_bytes(Encoding.DER)
        elif header.get("x5t#S256"):
            named = _part(header["x5t#S256"]) == sha256
        elif header.get("x5t"):
            named = _part(header["x5t"]) == sha1
        else:
            named = True
        key = certificate.public_key()
        if named and isinstance(key, RSAPublicKey):
            found.append(key)
    return found


def _first(chain: object) -> bytes | None:
    """The first certificate of an x5c header; None when it holds none."""
    if not isinstance(chain, list) or not isinstance(chain[0], str):
        return None
    try:
        return base64.b64decode(chain[0])
    except ValueError:
        return None


def _part(text: object) -> bytes | None:
    """The bytes of a base64url header; None when it is none."""
    try:
        return decode_part(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _verifies(key: RSAPublicKey, algorithm: object, signed: bytes, signature: bytes) -> bool:
    scheme: padding.AsymmetricPadding
    if algorithm == "PS256":
        scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.DIGEST_LENGTH)
    elif algorithm == "RS256":
        scheme = padding.PKCS1v15()
    else:
        return False
    try:
        key.verify(signature, signed, scheme, hashes.SHA256())
    except InvalidSignature:
        return False
    return True
