"""The plain way: one connection to each system, one call after the other, as a script of fifty lines does it.

It is the measure for `ratio_per_person_script`, and the hand with which people in Dynamics change their lists and
contacts for a benchmark.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from dyntui.cli.setup_input import SandboxLine

_ACTION = "Microsoft.Dynamics.CRM"
# Rows per bulk message and per page (reference/dataverse_api.md 4.2, 5.4).
_BULK, _PAGE = 1000, 5000


class PlainScript:
    """Signed in to both systems with the sandbox's own credentials."""

    def __init__(self, line: SandboxLine) -> None:
        trusted = ssl.create_default_context(cafile=line.ca_file)
        answer = httpx.post(
            f"{line.authority}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": line.client_id,
                "client_secret": line.client_secret,
                "scope": f"{line.dataverse_url}/.default",
            },
            verify=trusted,
            trust_env=False,
        ).raise_for_status()
        self._dataverse = httpx.Client(
            base_url=f"{line.dataverse_url}/api/data/v9.2",
            headers={
                "Authorization": f"Bearer {answer.json()['access_token']}",
                "Prefer": f"odata.maxpagesize={_PAGE}",
            },
            verify=trusted,
            trust_env=False,
            timeout=120,
        )
        # The account lives in one region; the others refuse its calls.
        signed = httpx.BasicAuth(line.api_user, line.api_password)
        asked = httpx.get(f"{line.dotdigital_url}/v2/account-info", auth=signed, verify=trusted, trust_env=False)
        properties = asked.raise_for_status().json()["properties"]
        region = next(each["value"] for each in properties if each["name"] == "ApiEndpoint")
        self.region = str(region).rstrip("/")
        self._dotdigital = httpx.Client(base_url=self.region, auth=signed, verify=trusted, trust_env=False, timeout=120)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._dataverse.close()
        self._dotdigital.close()

    def list_id(self, name: str) -> str:
        """The marketing list of this name."""
        rows = self._rows("/lists", {"$select": "listid", "$filter": f"listname eq '{name}'"})
        return str(next(rows)["listid"])

    def member_ids(self, list_id: str) -> list[str]:
        """The contacts of a list."""
        asked = {"$select": "_entityid_value", "$filter": f"_listid_value eq {list_id}"}
        return [row["_entityid_value"] for row in self._rows("/listmembers", asked)]

    def opted_out(self) -> tuple[int, ...]:
        """How many contacts, leads and accounts opt out or were merged away."""
        tables = {"contacts": "contactid", "leads": "leadid", "accounts": "accountid"}
        said = "donotemail eq true or donotbulkemail eq true or merged eq true"
        return tuple(
            sum(1 for _ in self._rows(f"/{table}", {"$select": key, "$filter": said})) for table, key in tables.items()
        )

    def remove_members(self, list_id: str, contact_ids: Sequence[str]) -> None:
        """Takes contacts out of a list."""
        for some in _chunks(contact_ids):
            members = [{"@odata.type": f"{_ACTION}.contact", "contactid": each} for each in some]
            body = {"List": {"@odata.type": f"{_ACTION}.list", "listid": list_id}, "Members": members}
            self._dataverse.post("/RemoveListMembersList", json=body).raise_for_status()

    def rename(self, contact_ids: Sequence[str], first_name: str) -> None:
        """Gives contacts another first name."""
        for some in _chunks(contact_ids):
            rows = [{"@odata.type": f"{_ACTION}.contact", "contactid": each, "firstname": first_name} for each in some]
            self._dataverse.post(f"/contacts/{_ACTION}.UpdateMultiple", json={"Targets": rows}).raise_for_status()

    def new_address_book(self, name: str) -> int:
        """An empty address book."""
        answer = self._dotdigital.post("/v2/address-books", json={"name": name, "visibility": "Private"})
        return int(answer.raise_for_status().json()["id"])

    def synchronise(self, contact_ids: Sequence[str], book: int) -> int:
        """The list synchronisation, person by person: read the contact, put it into the book. How many are in it."""
        added = 0
        columns = "fullname,firstname,lastname,emailaddress1,donotemail,donotbulkemail,statecode,createdon"
        for each in contact_ids:
            read = self._dataverse.get(f"/contacts({each})", params={"$select": columns})
            row = read.raise_for_status().json()
            if not row["emailaddress1"] or row["donotemail"] or row["donotbulkemail"] or row["statecode"]:
                continue
            fields = {"FIRSTNAME": row["firstname"], "LASTNAME": row["lastname"], "FULLNAME": row["fullname"]}
            contact = {
                "email": row["emailaddress1"],
                "dataFields": [{"key": key, "value": value} for key, value in fields.items() if value],
            }
            answer = self._dotdigital.post(f"/v2/address-books/{book}/contacts", json=contact)
            # A broken or suppressed address is refused: the script goes on with the next one.
            added += answer.is_success
        return added

    def _rows(self, path: str, params: dict[str, str]) -> Iterator[dict[str, Any]]:
        page = self._dataverse.get(path, params=params).raise_for_status().json()
        yield from page["value"]
        while following := page.get("@odata.nextLink"):
            page = self._dataverse.get(following).raise_for_status().json()
            yield from page["value"]


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _BULK):
        yield ids[start : start + _BULK]
