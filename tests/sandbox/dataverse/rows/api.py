"""A client that speaks to the organisation as one of its users would."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from dyntui.sandbox.dataverse import business_units, routes, system_rows
from dyntui.sandbox.entra import tokens
from dyntui.sandbox.request import Headers, Request, Response
from dyntui.sandbox.state import State

ROOT = "/api/data/v9.2/"
TENANT = "0000000d-0000-4000-8000-00000000000d"


@dataclass
class Answer:
    """A reply, read."""

    response: Response

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def headers(self) -> dict[str, str]:
        return self.response.headers

    @property
    def text(self) -> str:
        return self.response.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.response.body)

    @property
    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.json["value"]
        return rows

    @property
    def code(self) -> str:
        code: str = self.json["error"]["code"]
        return code

    @property
    def message(self) -> str:
        message: str = self.json["error"]["message"]
        return message

    @property
    def new_id(self) -> str:
        return self.headers["OData-EntityId"].rpartition("(")[2].rstrip(")")


@dataclass
class Client:
    """Speaks to the organisation as one user, as an HTTP client would."""

    state: State
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        path, _, query = path.removeprefix(self.state.urls.dataverse).partition("?")
        path = path if path.startswith("/") else ROOT + path
        sent = {"Authorization": f"Bearer {self.token}", **self.headers}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        url = f"{self.state.urls.dataverse}{path}{'?' if query else ''}{query}"
        request = Request(method, unquote(path), query, Headers(sent), raw, url, "dataverse")
        return Answer(routes.handle(self.state, request))

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Answer:
        return self.send("PATCH", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Answer:
        return self.send("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.send("DELETE", path, **headers)

    def create(self, entity_set: str, **values: Any) -> str:
        """Creates a row and returns its id; `nav__bind` stands for nav@odata.bind."""
        body = {name.replace("__bind", "@odata.bind"): value for name, value in values.items()}
        answer = self.post(entity_set, body)
        assert answer.status == 204, answer.text
        return answer.new_id

    def row(self, entity_set: str, row_id: str, select: str = "") -> dict[str, Any]:
        answer = self.get(f"{entity_set}({row_id}){'?$select=' + select if select else ''}")
        assert answer.status == 200, answer.text
        row: dict[str, Any] = answer.json
        return row


def sign_in(state: State, name: str, *roles: str, unit: str | None = None) -> Client:
    """A person with these roles (by name) who has just signed in."""
    user_id = state.ids.guid()
    system_rows.insert(
        state,
        "systemuser",
        {
            "systemuserid": user_id,
            "firstname": name,
            "lastname": "Tester",
            "fullname": f"{name} Tester",
            "internalemailaddress": f"{name}@example.com",
            "domainname": f"{name}@example.com",
            "azureactivedirectoryobjectid": user_id,
            "businessunitid": unit or business_units.root_business_unit(state),
            "isdisabled": 0,
            "accessmode": 0,
        },
    )
    for role in roles:
        row = state.db.execute(
            "SELECT roleid FROM dv_role WHERE (name = ?1 OR roletemplateid = ?1) AND businessunitid = ?2",
            (role, unit or business_units.root_business_unit(state)),
        ).fetchone()
        system_rows.link(state, "systemuserroles", [{"systemuserid": user_id, "roleid": row[0]}])
    token = tokens.issue(state, oid=user_id, audience=state.urls.dataverse, tenant=TENANT)
    return Client(state, token)
