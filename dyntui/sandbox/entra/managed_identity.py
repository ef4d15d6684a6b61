"""Tokens of the identity that Azure gives a machine: the address of virtual machines and that of App Service.

Sources (learn.microsoft.com): "How to use managed identities for Azure resources on an Azure VM to acquire an access
token"; "How to use managed identities for App Service and Azure Functions", REST endpoint reference. The real ones
speak HTTP on 169.254.169.254 and on a port of loopback; here both stand behind Entra ID's listener.
"""

from urllib.parse import urlsplit

from dyntui.sandbox.entra.directory import CLIENT_ID, SERVICE_PRINCIPAL_ID, TENANT_ID
from dyntui.sandbox.entra.tokens import issue
from dyntui.sandbox.request import Request, Response, json_response
from dyntui.sandbox.state import State

VIRTUAL_MACHINE = "metadata/identity/oauth2/token"
APP_SERVICE = "msi/token"
APP_SERVICE_HEADER = "sandbox-only-identity-header"
# The identity's own client id, which is no app registration's.
IDENTITY_CLIENT_ID = "1de47177-5eed-4a11-8b0a-7d0e5a1e5f0e"


def of_virtual_machine(state: State, request: Request) -> Response:
    """GET /metadata/identity/oauth2/token."""
    if request.headers.get("Metadata", "").lower() != "true":
        return _refused_there("bad_request_102", "Required metadata header not specified")
    if request.headers.get("X-Forwarded-For", ""):
        # An answer to a proxy would be a token for whoever stands behind it.
        return _refused_there("invalid_request", "Requests must not be forwarded by a proxy")
    query = dict(request.query)
    if not query.get("api-version") or not query.get("resource"):
        return _refused_there("bad_request", "Required parameters: api-version, resource")
    if not _is_assigned(state, query.get("client_id", "")):
        return _refused_there("invalid_request", "Identity not found")
    token, ends = _token(state, query["resource"])
    now = int(state.clock.now().timestamp())
    return json_response(
        {
            "access_token": token,
            "client_id": IDENTITY_CLIENT_ID,
            "expires_in": str(ends - now),
            "expires_on": str(ends),
            "ext_expires_in": str(ends - now),
            "not_before": str(now),
            "resource": query["resource"],
            "token_type": "Bearer",
        }
    )


def of_app_service(state: State, request: Request) -> Response:
    """GET of the address that App Service puts into `IDENTITY_ENDPOINT`, with what it puts into `IDENTITY_HEADER`."""
    if request.headers.get("X-IDENTITY-HEADER", "") != APP_SERVICE_HEADER:
        return json_response({"statusCode": 401, "message": "The identity header is not the one of this app."}, 401)
    query = dict(request.query)
    if not query.get("api-version") or not query.get("resource"):
        return json_response({"statusCode": 400, "message": "api-version and resource are required."}, 400)
    if not _is_assigned(state, query.get("client_id", "")):
        message = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
        return json_response({"statusCode": 400, "message": message}, 400)
    token, ends = _token(state, query["resource"])
    return json_response(
        {
            "access_token": token,
            "expires_on": str(ends),
            "resource": query["resource"],
            "token_type": "Bearer",
            "client_id": IDENTITY_CLIENT_ID,
        }
    )


def _is_assigned(state: State, client_id: str) -> bool:
    return state.config.entra.managed_identity and client_id.lower() in ("", IDENTITY_CLIENT_ID)


def _token(state: State, resource: str) -> tuple[str, int]:
    """A token for the application user of the world, and the second at which it ends."""
    parts = urlsplit(resource)
    audience = f"{parts.scheme}://{parts.netloc}" if parts.netloc else resource
    life = state.config.entra.access_token_seconds
    ends = int(state.clock.now().timestamp()) + life
    return (
        issue(state, oid=SERVICE_PRINCIPAL_ID, audience=audience, tenant=TENANT_ID, app_id=CLIENT_ID, is_app=True),
        ends,
    )


def _refused_there(error: str, description: str) -> Response:
    return json_response({"error": error, "error_description": description}, 400)
