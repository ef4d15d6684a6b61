"""What clients look up before they sign in: endpoints of the tenant, clouds, environments of a person.

Sources: OpenID Connect Discovery 1.0 section 3; the shapes of `common/discovery/instance` and of the Global Discovery
Service as documented by Microsoft (learn.microsoft.com, discover-url-organization-web-api).
"""

from urllib.parse import urlsplit

from dyntui.sandbox.entra import tokens
from dyntui.sandbox.entra.directory import TENANT_ID, TENANT_NAME
from dyntui.sandbox.entra.errors import EntraError
from dyntui.sandbox.entra.grants import GLOBAL_DISCOVERY
from dyntui.sandbox.request import Request, Response, json_response
from dyntui.sandbox.state import State

ORGANIZATION_ID = "0c9a1ca5-5ca1-4a11-9f0a-000000000365"
ENVIRONMENT_ID = "e0000000-5ca1-4a11-9f0a-000000000365"


def openid_configuration(state: State, tenant: str) -> Response:
    """The tenant's endpoints, written with the tenant's name as asked for."""
    base = f"{state.urls.entra}/{tenant}"
    return json_response(
        {
            "issuer": f"{state.urls.entra}/{TENANT_ID}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "userinfo_endpoint": f"{state.urls.entra}/oidc/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "oid", "tid", "preferred_username", "name"],
            "tenant_region_scope": "EU",
            "cloud_instance_name": urlsplit(state.urls.entra).netloc,
        }
    )


def instance_discovery(state: State) -> Response:
    """Which host names are one cloud, and where the tenant's configuration is."""
    host = urlsplit(state.urls.entra).netloc
    return json_response(
        {
            "tenant_discovery_endpoint": f"{state.urls.entra}/{TENANT_ID}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
    )


def instances(state: State, request: Request) -> Response:
    """GET /api/discovery/v2.0/Instances: the environments where the person of the token has an enabled user."""
    token = tokens.read(state, request.headers.get("Authorization", ""))
    if token is None or token.audience not in {GLOBAL_DISCOVERY, state.urls.entra}:
        return json_response({"error": {"code": "Unauthorized", "message": "Unauthorized"}}, 401)
    rows = [] if token.is_app else _environments(state, token.oid)
    context = f"{state.urls.entra}/api/discovery/v2.0/$metadata#Instances"
    return json_response({"@odata.context": context, "value": rows})


def _environments(state: State, oid: str) -> list[dict[str, object]]:
    membership = state.membership(oid)
    if membership is None:
        return []
    return [
        {
            "Id": ORGANIZATION_ID,
            "UniqueName": "orgskarnfjall",
            "UrlName": "skarnfjall",
            "FriendlyName": TENANT_NAME,
            "State": 0,
            "Version": "9.2.25101.00168",
            "Url": state.urls.dataverse,
            "ApiUrl": state.urls.dataverse,
            "LastUpdated": f"{state.clock.now():%Y-%m-%dT%H:%M:%SZ}",
            "SchemaType": "Standard",
            "OrganizationType": "Customer",
            "StatusMessage": 0,
            "EnvironmentId": ENVIRONMENT_ID,
            "Purpose": None,
            "Region": "EMEA",
            "IsUserSysAdmin": membership == "administrator",
            "TenantId": TENANT_ID,
            "DatacenterId": None,
            "DatacenterName": None,
            "TrialExpirationDate": None,
        }
    ]


def require_tenant(tenant: str, known: set[str]) -> None:
    """Refuses a tenant which is neither ours nor one of the collective names in `known`."""
    if tenant.lower() not in known:
        raise EntraError(
            "invalid_tenant",
            90002,
            f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the"
            " correct cloud. Check with your subscription administrator, this may happen if there are no active"
            " subscriptions for the tenant.",
        )
