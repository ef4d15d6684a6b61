"""The same list by a `dlt` pipeline, as somebody who knows dlt (dlthub.com) would write it in an afternoon.

Run by `tests/benchmarks/by_dlt.py` with the Python of an environment of its own: nothing of dyntui is imported here.
One JSON object is read from standard input (where both systems are, the list, the address book), one is written: how
many people were imported, and the seconds from the first request to the end of the last import.

dlt has no source for members of a marketing list and no destination for dotdigital, so both are its generic ones: the
REST source over pages of 5,000, and a custom destination that imports what a batch holds and waits for it. Two flags
and the state of the record are looked at. Left out is what dyntui does besides: other records with the same address,
both systems' suppressions and unsubscribes, the question whether an import mails people, each person's outcome, and
reading back whom dotdigital itself would not mail.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# Before dlt reads its configuration: nothing is sent home, and nothing but warnings is printed.
os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}

import dlt
import requests
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
from dlt.sources.rest_api import rest_api_source

_BATCH, _PAGE = 5000, 5000
_COLUMNS = "contactid,fullname,firstname,lastname,emailaddress1,donotemail,donotbulkemail,statecode"


def main() -> int:
    """Reads what to do, does it, prints the figures."""
    told: dict[str, Any] = json.load(sys.stdin)
    platform = requests.Session()
    platform.verify, platform.auth, platform.trust_env = (
        told["ca_file"],
        (told["api_user"], told["api_password"]),
        False,
    )
    imported = 0

    @dlt.destination(batch_size=_BATCH, name="dotdigital", max_parallel_load_jobs=1)
    def dotdigital(rows: list[dict[str, Any]], table: Any) -> None:
        nonlocal imported
        contacts = [_contact(row, told["book"]) for row in rows]
        answer = platform.put(f"{told['region']}/contacts/v3/import", json={"contacts": contacts}, timeout=120)
        answer.raise_for_status()
        import_id = answer.json()["importId"]
        while True:
            status = platform.get(f"{told['region']}/contacts/v3/import/{import_id}", timeout=120)
            status.raise_for_status()
            if (found := status.json())["status"] != "NotFinished":
                break
            time.sleep(0.05)
        summary = found["summary"]
        imported += summary["newContacts"] + summary["updatedContacts"]

    with tempfile.TemporaryDirectory() as place:
        pipeline = dlt.pipeline("newsletter", destination=dotdigital(), pipelines_dir=str(Path(place, "pipelines")))
        began = time.perf_counter()
        pipeline.run(_members(told))
        seconds = time.perf_counter() - began
    sys.stdout.write(json.dumps({"imported": imported, "seconds": seconds}) + "\n")
    return 0


def _members(told: dict[str, Any]) -> Any:
    """The contacts of the list whom their own record allows to be mailed."""
    dynamics = requests.Session()
    dynamics.verify, dynamics.trust_env = told["ca_file"], False
    signed_in = OAuth2ClientCredentials(
        access_token_url=f"{told['authority']}/oauth2/v2.0/token",
        client_id=told["client_id"],
        client_secret=told["client_secret"],
        access_token_request_data={"grant_type": "client_credentials", "scope": f"{told['dataverse_url']}/.default"},
        session=dynamics,
    )
    return rest_api_source(
        {
            "client": {
                "base_url": f"{told['dataverse_url']}/api/data/v9.2/",
                "auth": signed_in,
                "session": dynamics,
                "headers": {"Prefer": f"odata.maxpagesize={_PAGE}"},
                "paginator": JSONLinkPaginator(next_url_path="['@odata.nextLink']"),
            },
            "resources": [
                {
                    "name": "members",
                    "endpoint": {
                        "path": f"lists({told['list']})/listcontact_association",
                        "params": {"$select": _COLUMNS},
                        "data_selector": "value",
                    },
                    "processing_steps": [{"filter": _may_be_mailed}],
                }
            ],
        }
    )


def _may_be_mailed(row: dict[str, Any]) -> bool:
    return bool(row["emailaddress1"]) and not (row["donotemail"] or row["donotbulkemail"] or row["statecode"])


def _contact(row: dict[str, Any], book: int) -> dict[str, Any]:
    fields = {"FIRSTNAME": row.get("firstname"), "LASTNAME": row.get("lastname"), "FULLNAME": row.get("fullname")}
    return {
        "matchIdentifier": "email",
        "identifiers": {"email": row["emailaddress1"]},
        "dataFields": {key: value for key, value in fields.items() if value},
        "lists": [book],
    }


if __name__ == "__main__":
    sys.exit(main())
