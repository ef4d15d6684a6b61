"""The connector's own tables, columns, keys and roles, installed into the sandbox's organisation and then used."""

from __future__ import annotations

import uuid

import msgspec
import pytest

from dyntui.dataverse import bulk, changes, customisation, metadata, rows, security
from dyntui.dataverse.customisation import Customisation
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import alternate_key
from dyntui.model.roles import Role
from dyntui.model.solution import (
    CAMPAIGN_LISTS,
    FRIENDLY_NAME,
    LIST_COLUMNS,
    LIST_LOOKUPS,
    OPTION_PREFIX,
    PREFIX,
    SUPPRESSION,
    TABLES,
    UNIQUE_NAME,
    VERSION,
    TableSpec,
)
from dyntui.model.solution_privileges import ROLE_PRIVILEGES
from dyntui.sync.connector_rows import upsert_rows
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.xdist_group("sandbox-dataverse")
SUPPRESSIONS = bulk.Table(SUPPRESSION.entity_set, SUPPRESSION.logical_name, f"{SUPPRESSION.logical_name}id")


def key_of(table: TableSpec) -> str:
    return f"{table.logical_name}_key"


async def install(dv: Dataverse) -> int:
    """Installs everything; answers how many definitions were made now."""
    publisher = await customisation.ensure_publisher(dv, UNIQUE_NAME, FRIENDLY_NAME, PREFIX, OPTION_PREFIX)
    await customisation.ensure_solution(dv, UNIQUE_NAME, FRIENDLY_NAME, VERSION, publisher)
    change = Customisation(dv, UNIQUE_NAME)
    made = [await change.ensure_table(table) for table in TABLES]
    for table in TABLES:
        made += [await change.ensure_column(table.logical_name, column) for column in table.columns]
        made += [await change.ensure_lookup(table.logical_name, lookup) for lookup in table.lookups]
        if table.key:
            made.append(
                await change.ensure_key(table.logical_name, key_of(table), table.key.lower(), f"{table.label} key")
            )
    made += [await change.ensure_column("list", column) for column in LIST_COLUMNS]
    made += [await change.ensure_lookup("list", lookup) for lookup in LIST_LOOKUPS]
    made.append(await change.ensure_many_to_many(CAMPAIGN_LISTS))
    for table in TABLES:
        if table.key:
            await customisation.wait_for_key(dv, table.logical_name, table.key.lower())
    return sum(made)


async def test_the_installation_survives_lost_answers_and_is_made_once(dv: Dataverse, sandbox: SandboxProcess):
    sandbox.order(
        {"system": "dataverse", "method": "POST", "route": "Definitions", "kind": "drop_after", "after": 2, "times": 3}
    )
    assert await install(dv) > 40
    assert await install(dv) == 0
    named = {column.logical_name: column for column in (await metadata.columns(dv, "dyntui_engagement")).rows}
    assert [option.value for option in named["dyntui_kind"].options][:2] == [727000000, 727000001]
    assert named["dyntui_contactid"].targets == ("contact",)
    assert (named["dyntui_url"].max_length, named["dyntui_happenedon"].type) == (2000, "DateTime")
    change = Customisation(dv, UNIQUE_NAME)
    for _ in range(2):
        await change.add_options("dyntui_engagement", "dyntui_kind", {727000099: "Waved"})
    assert {727000000, 727000099} <= await metadata.option_values(dv, "dyntui_engagement", "dyntui_kind")
    assert await metadata.option_values(dv, "dyntui_engagement", "dyntui_nothing") == frozenset()
    assert "dyntui_bookid" in {column.logical_name for column in (await metadata.columns(dv, "list")).rows}


@pytest.mark.parametrize("key_in_body", ["accept", "refuse"])
async def test_rows_are_upserted_by_alternate_key(dv: Dataverse, name: str, sandbox: SandboxProcess, key_in_body: str):
    await install(dv)
    name = name.replace("[", " ").replace("]", " ")
    sandbox.control.post("/settings", json={"dataverse": {"key_in_upsert_body": key_in_body}}).raise_for_status()

    class Row(msgspec.Struct, frozen=True, rename={"key": "dyntui_key", "reason": "dyntui_reason"}):
        key: str
        reason: str | None = None

    key = f"O'Brien {name}@example.org"
    for reason in ("Unsubscribed", "HardBounced"):
        await rows.upsert(dv, SUPPRESSION.entity_set, alternate_key(dyntui_key=key), {"dyntui_reason": reason})
    found = await rows.get_row(dv, SUPPRESSION.entity_set, alternate_key(dyntui_key=key), Row)
    assert found == Row(key=key, reason="HardBounced")
    plain = name.replace(" ", "-")
    many = [
        {
            "@odata.id": f"{SUPPRESSION.entity_set}({alternate_key(dyntui_key=f'{plain}-{n}')})",
            "dyntui_address": f"{n}@example.org",
            "dyntui_reason": "Unsubscribed" if n != 3 else "x" * 500,
        }
        for n in range(10)
    ]
    for _ in range(2):
        results = await bulk.upsert_many(dv, SUPPRESSIONS, many)
        assert [n for n, result in enumerate(results) if result.error] == [3]
    stored = await rows.find_rows(dv, SUPPRESSION.entity_set, Row, filter=f"startswith(dyntui_key,'{plain}-')")
    assert len(stored) == 9
    answers = await upsert_rows(dv, SUPPRESSION, [{"dyntui_key": f"{plain}-own", "dyntui_address": "own@example.org"}])
    assert [answer.error for answer in answers] == [None]
    sandbox.control.post("/settings", json={"dataverse": {"key_in_upsert_body": "accept"}}).raise_for_status()


async def test_the_connectors_roles_are_made_with_exactly_their_privileges(dv: Dataverse):
    await install(dv)
    for _ in range(2):
        for role, privileges in ROLE_PRIVILEGES.items():
            await security.ensure_role(dv, role, dict.fromkeys(privileges, security.GLOBAL), solution=UNIQUE_NAME)
    users = await rows.find_rows(
        dv, "systemusers", security.User, filter="applicationid eq null and isdisabled eq false and accessmode eq 0"
    )
    person = users[0]
    await security.assign_role(dv, person.id, Role.VIEWER)
    await security.assign_role(dv, person.id, Role.VIEWER)
    assert Role.VIEWER in {role.name for role in await security.roles_of(dv, person.id)}
    assert person.id in {each.id for each in await security.users_with_roles(dv, [Role.VIEWER])}
    assert "prvreaddyntui_suppression" in await security.privileges_of(dv, person.id)
    await security.take_role_away(dv, person.id, Role.VIEWER)
    with pytest.raises(DataverseError) as raised:
        await security.assign_role(dv, str(uuid.uuid4()), Role.VIEWER)
    assert raised.value.code == "DATAVERSE_ROLE_NOT_FOUND"


async def test_change_tracking_is_switched_on_where_it_is_off(dv: Dataverse):
    await install(dv)
    table = SUPPRESSION.logical_name
    info = await metadata.table_info(dv, table)
    assert info is not None
    if not info.change_tracking_enabled:
        assert await customisation.enable_change_tracking(dv, table)
    assert await customisation.enable_change_tracking(dv, table) is False
    pages = [page async for page in changes.changes(dv, SUPPRESSION.entity_set, dict, select=["dyntui_key"])]
    assert pages[-1].delta_link is not None
