"""What is really so in Dataverse, for the sandbox's own book-keeping. Never reached through the Web API."""

# ruff: noqa: S608 - names in the SQL are this module's own, values are parameters

import json

from dyntui.sandbox.dataverse.storage import schema_of
from dyntui.sandbox.state import State

_PEOPLE = ("contact", "lead", "account")
_REFUSES = "(donotbulkemail = 1 OR donotemail = 1)"


def index_opt_outs(state: State) -> None:
    """Makes `opted_out` quick in a world of any size. Idempotent."""
    for name in _PEOPLE:
        if name in schema_of(state).tables:
            state.db.execute(
                f"CREATE INDEX IF NOT EXISTS dv_{name}_opt_outs ON dv_{name} (trim(emailaddress1) COLLATE NOCASE)"
                f" WHERE {_REFUSES}"
            )


def opted_out(state: State, addresses: list[str]) -> set[str]:
    """Those of `addresses` (any letter case) that somebody has opted out with, in lower case.

    Opted out is an address that is the first one of any contact, lead or account, active or not, with "do not email"
    or "do not bulk email". Merged rows are passed over: the row they were merged into speaks for them.
    """
    wanted = json.dumps([address.strip() for address in addresses])
    found: set[str] = set()
    for name in _PEOPLE:
        table = schema_of(state).tables.get(name)
        if table is None:
            continue
        merged = "AND merged IS NOT 1" if "merged" in table.columns else ""
        found.update(
            address.lower()
            for (address,) in state.db.execute(
                f"SELECT DISTINCT trim(emailaddress1) FROM dv_{name} WHERE {_REFUSES} {merged}"
                " AND trim(emailaddress1) COLLATE NOCASE IN (SELECT value FROM json_each(?))",
                (wanted,),
            )
        )
    return found
