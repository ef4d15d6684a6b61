"""Entra ID's addresses: tenant endpoints, instance discovery, global discovery; and those of managed identities."""

from dyntui.sandbox.entra import discovery, grants, managed_identity, sign_in_page
from dyntui.sandbox.entra.directory import TENANT_DOMAIN, TENANT_ID
from dyntui.sandbox.entra.errors import EntraError, error_response
from dyntui.sandbox.request import Request, Response, json_response
from dyntui.sandbox.state import State

_OWN_NAMES = {TENANT_ID, TENANT_DOMAIN}
_COLLECTIVE_NAMES = {"common", "organizations"}
_CONFIGURATIONS = {"v2.0/.well-known/openid-configuration", ".well-known/openid-configuration"}


def handle(state: State, request: Request) -> Response:
    """Answers one call to the identity listener."""
    try:
        response = _dispatch(state, request)
    except EntraError as refusal:
        response = error_response(state, request, refusal)
    response.route = response.route or f"{request.method} {request.path}"
    return response


def _dispatch(state: State, request: Request) -> Response:
    path = request.path.strip("/")
    if request.method == "GET":
        if path == "common/discovery/instance":
            return discovery.instance_discovery(state)
        if path.startswith("api/discovery/v2.0/Instances"):
            return discovery.instances(state, request)
        if path == managed_identity.VIRTUAL_MACHINE:
            return managed_identity.of_virtual_machine(state, request)
        if path == managed_identity.APP_SERVICE:
            return managed_identity.of_app_service(state, request)
    if path == "devicelogin":
        return sign_in_page.answer(state, request) if request.method == "POST" else sign_in_page.show(state, request)
    tenant, _, rest = path.partition("/")
    known = _OWN_NAMES | _COLLECTIVE_NAMES
    if rest in _CONFIGURATIONS and request.method == "GET":
        discovery.require_tenant(tenant, known)
        return discovery.openid_configuration(state, tenant)
    if rest == "discovery/v2.0/keys" and request.method == "GET":
        discovery.require_tenant(tenant, known)
        return json_response({"keys": []})
    if rest in {"oauth2/v2.0/token", "oauth2/v2.0/devicecode"}:
        if request.method != "POST":
            raise EntraError("invalid_request", 900561, "The endpoint only accepts POST requests.", 405)
        discovery.require_tenant(tenant, known)
        handler = grants.token if rest.endswith("token") else grants.device_code
        return handler(state, request)
    return json_response({"error": "not_found"}, 404)
