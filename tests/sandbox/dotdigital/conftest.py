"""A dotdigital account in memory, called as plain functions with a clock that stands still."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from dyntui.sandbox.clock import Clock
from dyntui.sandbox.dotdigital import routes, storage
from dyntui.sandbox.dotdigital.settings import DotdigitalSettings
from dyntui.sandbox.request import Headers, Request, Response
from dyntui.sandbox.state import State, open_state

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Account:
    """Speaks to the simulated account; bodies that are no bytes are sent as JSON."""

    state: State

    @property
    def settings(self) -> DotdigitalSettings:
        return self.state.config.dotdigital

    def call(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        region: str = "r2",
        content_type: str = "application/json",
        password: str | None = None,
    ) -> Response:
        path, _, query = target.partition("?")
        secret = f"{self.settings.api_user}:{password or self.settings.api_password}"
        headers = {
            "Authorization": "Basic " + base64.b64encode(secret.encode()).decode(),
            "Content-Type": content_type,
        }
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        url = self.state.urls.dotdigital[region] + target
        return routes.handle(self.state, Request(method, path, query, Headers(headers), data, url, region), region)

    def ok(self, method: str, target: str, body: Any = None) -> Any:
        """The answer of a call that has to succeed; None without a body."""
        response = self.call(method, target, body)
        assert 200 <= response.status < 300, (response.status, response.body)
        return json.loads(response.body) if response.body else None

    def refused(self, method: str, target: str, body: Any = None) -> tuple[int, str]:
        """Status and message of a v2 call that has to fail."""
        response = self.call(method, target, body)
        assert response.status >= 400, response.body
        return response.status, json.loads(response.body)["message"]

    def advance(self, **span: float) -> None:
        self.state.advance(timedelta(**span))

    def contact(self, email: str, **more: Any) -> int:
        return int(self.ok("POST", "/v2/contacts", {"email": email, **more})["id"])

    def status(self, email: str) -> str:
        return str(self.ok("GET", f"/v2/contacts/{quote(email)}")["status"])

    def book(self, name: str, *emails: str) -> int:
        book_id = int(self.ok("POST", "/v2/address-books", {"name": name})["id"])
        for email in emails:
            self.ok("POST", f"/v2/address-books/{book_id}/contacts", {"email": email})
        return book_id

    def members(self, book_id: int) -> list[str]:
        return [row["email"] for row in self.ok("GET", f"/v2/address-books/{book_id}/contacts")]

    def fields(self, email: str) -> dict[str, Any]:
        """The data fields of a contact that are set, without the system's own date."""
        listed = self.ok("GET", f"/v2/contacts/{quote(email)}")["dataFields"]
        return {
            field["key"]: field["value"]
            for field in listed
            if field["value"] is not None and field["key"] != "LASTSUBSCRIBED"
        }

    def import_v3(self, contacts: list[dict[str, Any]], **more: Any) -> Any:
        """A v3 import polled to its end."""
        started = self.ok("PUT", "/contacts/v3/import", {"contacts": contacts, **more})
        for _ in range(5):
            result = self.ok("GET", f"/contacts/v3/import/{started['importId']}")
            if result["status"] != "NotFinished":
                return result
        raise AssertionError("the import did not end")


@pytest.fixture
def account() -> Account:
    state = open_state(clock=Clock.standing_at(START))
    storage.install(state)
    return Account(state)


def row(email: str, **data: Any) -> dict[str, Any]:
    """A contact of a v3 import matched by e-mail."""
    return {"matchIdentifier": "email", "identifiers": {"email": email}, "dataFields": data}
