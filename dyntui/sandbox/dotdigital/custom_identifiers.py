"""The account's own contact identifiers (3.7)."""

from dyntui.sandbox.dotdigital import codec, v3_body
from dyntui.sandbox.dotdigital.call import Call
from dyntui.sandbox.dotdigital.errors import V3Error
from dyntui.sandbox.request import Response


def custom_identifiers(call: Call) -> Response:
    """GET /configuration/v3/customIdentifiers."""
    rows = call.state.db.execute("SELECT name FROM dd_custom_identifier ORDER BY created, name")
    return codec.answer([{"name": name} for (name,) in rows])


def create_custom_identifier(call: Call) -> Response:
    """POST /configuration/v3/customIdentifiers `{name}`: 201, 409 when it exists, 412 at the account's limit."""
    body = v3_body.decode(call.request.body, dict[str, str])
    name = body.get("name", "")
    if not v3_body.IDENTIFIER.fullmatch(name):
        raise V3Error("customIdentifiers:badRequest", "name must be 1 to 50 letters, digits, - or _")
    if v3_body.identifier_name(name, v3_body.context(call.state)):
        raise V3Error("customIdentifiers:alreadyExists", "The identifier exists already", 409)
    total = call.state.db.execute("SELECT count(*) FROM dd_custom_identifier").fetchone()[0]
    if total >= call.settings.custom_identifier_limit:
        raise V3Error("accounts:maxAccountLimit", "The account's limit of custom identifiers is reached", 412)
    call.state.db.execute("INSERT INTO dd_custom_identifier (name, created) VALUES (?, ?)", (name, call.now))
    return codec.answer({"name": name}, 201)


def delete_custom_identifier(call: Call) -> Response:
    """DELETE /configuration/v3/customIdentifiers/{name}: refused while a contact has one."""
    name = v3_body.context(call.state).customs.get(call.args["name"].lower())
    if name is None:
        raise V3Error("customIdentifiers:notFound", "The identifier was not found", 404)
    if call.state.db.execute("SELECT 1 FROM dd_identifier WHERE name = ? LIMIT 1", (name,)).fetchone():
        raise V3Error("customIdentifiers:inUse", "The identifier is in use", 409)
    call.state.db.execute("DELETE FROM dd_custom_identifier WHERE name = ?", (name,))
    return codec.empty(204)
