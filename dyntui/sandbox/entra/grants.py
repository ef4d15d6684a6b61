"""The token endpoint: client credentials, device code, refresh token.

What the answers must hold for MSAL's cache to find them again was tried with MSAL 1.39: an application's answer has
no account parts; a person's answer repeats the scopes asked for and names the account in `client_info`.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

from dyntui.sandbox.entra.assertion import require_client, require_proof, with_basic
from dyntui.sandbox.entra.directory import CLIENT_ID, SERVICE_PRINCIPAL_ID, TENANT_ID, Person, find_person
from dyntui.sandbox.entra.errors import EntraError
from dyntui.sandbox.entra.tokens import encode_part, issue
from dyntui.sandbox.request import Request, Response, json_response
from dyntui.sandbox.state import State

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
GLOBAL_DISCOVERY = "https://globaldisco.crm.dynamics.com"
# In place of the moment at which a refresh token ends.
_REVOKED = 0
_OPENID_SCOPES = {"openid", "profile", "email", "offline_access"}


def read_form(request: Request) -> dict[str, str]:
    """The fields of a form body."""
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def token(state: State, request: Request) -> Response:
    """POST /{tenant}/oauth2/v2.0/token. Raises EntraError."""
    form = with_basic(read_form(request), request.headers.get("authorization", ""))
    grant = form.get("grant_type")
    require_client(form.get("client_id", ""))
    if grant == "client_credentials":
        return _client_credentials(state, request, form)
    if grant in {DEVICE_CODE, "device_code"}:
        return _device_code(state, form)
    if grant == "refresh_token":
        return _refresh_token(state, form)
    if not grant:
        raise EntraError(
            "invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'."
        )
    raise EntraError("unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'.")


def _resource(state: State, scope: str, *, only_default: bool = False) -> str:
    """The audience which the scopes ask for: exactly one known resource."""
    wanted = [part for part in scope.split() if part.lower() not in _OPENID_SCOPES]
    resources = {part.rpartition("/")[0].rstrip("/") for part in wanted}
    if not wanted or (only_default and not all(part.endswith("/.default") for part in wanted)):
        raise EntraError(
            "invalid_scope",
            1002012 if only_default else 70011,
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with"
            " /.default suffixed to the resource identifier (application ID URI)."
            if only_default
            else f"The provided request must include a 'scope' input parameter. The scope '{scope}' is not valid.",
        )
    if len(resources) > 1:
        raise EntraError("invalid_scope", 28000, f"The scope {scope} names more than one resource.")
    resource = resources.pop()
    if resource not in {state.urls.dataverse, state.urls.entra, GLOBAL_DISCOVERY}:
        raise EntraError(
            "invalid_resource",
            500011,
            f"The resource principal named {resource} was not found in the tenant. This can happen if the application"
            " has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
        )
    return resource


def _client_credentials(state: State, request: Request, form: dict[str, str]) -> Response:
    require_proof(state, form, _audiences(state, request))
    audience = _resource(state, form.get("scope", ""), only_default=True)
    life = state.config.entra.access_token_seconds
    access = issue(state, oid=SERVICE_PRINCIPAL_ID, audience=audience, tenant=TENANT_ID, app_id=CLIENT_ID, is_app=True)
    # Nothing about an account: MSAL would file the token under it and never find it again.
    return json_response(
        {"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": access},
        headers={"Cache-Control": "no-store, no-cache"},
    )


def _audiences(state: State, request: Request) -> set[str]:
    """Values of `aud` by which an assertion may name this tenant's token endpoint or issuer."""
    tenant = request.path.split("/")[1]
    bases = [f"{state.urls.entra}/{name}" for name in {tenant, TENANT_ID}]
    return {base + tail for base in bases for tail in ("", "/v2.0", "/oauth2/token", "/oauth2/v2.0/token")}


def device_code(state: State, request: Request) -> Response:
    """POST /{tenant}/oauth2/v2.0/devicecode: a code for the person to type in. Raises EntraError."""
    form = read_form(request)
    require_client(form.get("client_id", ""))
    scope = form.get("scope", "")
    _resource(state, scope)
    settings = state.config.entra
    code = state.ids.token()
    user_code = state.ids.token()[:9].upper()
    expires = int(state.clock.now().timestamp()) + settings.device_code_seconds
    state.db.execute(
        "INSERT INTO entra_device_code (device_code, user_code, client_id, scope, expires) VALUES (?, ?, ?, ?, ?)",
        (code, user_code, CLIENT_ID, scope, expires),
    )
    page = f"{state.urls.entra}/devicelogin"
    return json_response(
        {
            "user_code": user_code,
            "device_code": code,
            "verification_uri": page,
            "expires_in": settings.device_code_seconds,
            "interval": settings.device_code_interval,
            "message": f"To sign in, use a web browser to open the page {page} and enter the code {user_code} to"
            " authenticate.",
        }
    )


def answer_device_code(state: State, user_code: str, person: Person | None) -> bool:
    """The person approves the code, or with None somebody declines it. False when no such code is waiting."""
    changed = state.db.execute(
        "UPDATE entra_device_code SET answer = ?, oid = ? WHERE user_code = ? AND answer = 'pending'",
        ("approved" if person else "declined", person.oid if person else None, user_code.strip().upper()),
    )
    return changed.rowcount > 0


def _device_code(state: State, form: dict[str, str]) -> Response:
    code = form.get("device_code") or form.get("code", "")
    row = state.db.execute(
        "SELECT scope, expires, last_poll, answer, oid FROM entra_device_code WHERE device_code = ?", (code,)
    ).fetchone()
    if row is None:
        raise EntraError("bad_verification_code", 70018, "The provided device code is not valid.")
    scope, expires, last_poll, answer, oid = row
    now = state.clock.now().timestamp()
    if now >= expires:
        raise EntraError("expired_token", 70020, "The provided device code has expired. Start the sign-in again.")
    if answer == "declined":
        raise EntraError("authorization_declined", 65004, "User declined to consent to access the app.")
    if answer == "pending":
        state.db.execute("UPDATE entra_device_code SET last_poll = ? WHERE device_code = ?", (now, code))
        # A second's grace: a client which waits exactly the interval must not lose to rounding.
        if last_poll is not None and now - last_poll < state.config.entra.device_code_interval - 1:
            raise EntraError("slow_down", 50196, "Polling too frequently. Wait for the interval between two polls.")
        raise EntraError(
            "authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
        )
    state.db.execute("DELETE FROM entra_device_code WHERE device_code = ?", (code,))
    if state.config.entra.device_code_blocked:
        raise EntraError(
            "invalid_grant",
            53003,
            "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        )
    person = find_person(oid)
    if person is None:
        raise EntraError("invalid_grant", 50034, "The user account does not exist in the directory.")
    return _person_tokens(state, person, scope)


def _refresh_token(state: State, form: dict[str, str]) -> Response:
    offered = form.get("refresh_token", "")
    row = state.db.execute("SELECT oid, scope, expires FROM entra_refresh_token WHERE token = ?", (offered,)).fetchone()
    if row is None:
        raise EntraError("invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
    oid, scope, expires = row
    if expires == _REVOKED:
        raise EntraError(
            "invalid_grant",
            50173,
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have"
            " changed or reset their password.",
        )
    if state.clock.now().timestamp() >= expires:
        raise EntraError("invalid_grant", 700082, "The refresh token has expired due to inactivity.")
    person = find_person(oid)
    if person is None:
        raise EntraError("invalid_grant", 50034, "The user account does not exist in the directory.")
    return _person_tokens(state, person, form.get("scope") or scope)


def revoke_refresh_tokens(state: State) -> int:
    """Ends every sign-in as an administrator's "revoke sessions" does; answers how many there were."""
    return state.db.execute("UPDATE entra_refresh_token SET expires = ?", (_REVOKED,)).rowcount


def _person_tokens(state: State, person: Person, scope: str) -> Response:
    audience = _resource(state, scope)
    life = state.config.entra.access_token_seconds
    now = int(state.clock.now().timestamp())
    claims = {"upn": person.upn, "unique_name": person.upn, "name": person.name, "scp": "user_impersonation"}
    body: dict[str, Any] = {
        "token_type": "Bearer",
        "scope": scope,
        "expires_in": life,
        "ext_expires_in": life,
        "access_token": issue(
            state, oid=person.oid, audience=audience, tenant=TENANT_ID, app_id=CLIENT_ID, claims=claims
        ),
    }
    wanted = scope.split()
    if "offline_access" in wanted:
        refresh = state.ids.token()
        state.db.execute(
            "INSERT INTO entra_refresh_token (token, client_id, oid, scope, expires) VALUES (?, ?, ?, ?, ?)",
            (refresh, CLIENT_ID, person.oid, scope, now + state.config.entra.refresh_token_seconds),
        )
        body["refresh_token"] = refresh
    if "openid" in wanted:
        body["id_token"] = _id_token(state, person, now, life)
    body["client_info"] = encode_part(json.dumps({"uid": person.oid, "utid": TENANT_ID}).encode())
    return json_response(body, headers={"Cache-Control": "no-store, no-cache"})


def _id_token(state: State, person: Person, now: int, life: int) -> str:
    """Unsigned: clients that got it straight from the token endpoint over TLS need not check a signature."""
    claims = {
        "iss": f"{state.urls.entra}/{TENANT_ID}/v2.0",
        "sub": person.oid,
        "aud": CLIENT_ID,
        "iat": now,
        "nbf": now,
        "exp": now + life,
        "oid": person.oid,
        "tid": TENANT_ID,
        "preferred_username": person.upn,
        "name": person.name,
        "ver": "2.0",
    }
    header = json.dumps({"typ": "JWT", "alg": "none"})
    return f"{encode_part(header.encode())}.{encode_part(json.dumps(claims).encode())}."
