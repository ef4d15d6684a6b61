"""A stored organisation comes back with its own tables, rights and stamps."""

from pathlib import Path
from typing import Any

from dyntui.sandbox.dataverse import installation
from dyntui.sandbox.dataverse.roles import SYSTEM_ADMINISTRATOR
from dyntui.sandbox.state import open_state
from tests.sandbox.dataverse.rows.api import Client, sign_in

TEXT: dict[str, Any] = {"LocalizedLabels": [{"Label": "Thing", "LanguageCode": 1033}]}
NAME = {
    "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
    "SchemaName": "ddg_Name",
    "IsPrimaryName": True,
    "MaxLength": 50,
    "DisplayName": TEXT,
}


def test_what_was_customised_is_still_there_after_reopening(tmp_path: Path) -> None:
    first = open_state(tmp_path / "world")
    installation.install(first)
    admin = sign_in(first, "ada", SYSTEM_ADMINISTRATOR)
    body = {"SchemaName": "ddg_Thing", "DisplayName": TEXT, "OwnershipType": "UserOwned", "Attributes": [NAME]}
    assert admin.post("EntityDefinitions", body).status == 204
    row_id = admin.create("ddg_things", ddg_name="kept")
    first.save()
    first.db.close()

    second = open_state(tmp_path / "world")
    installation.install(second)
    again = Client(second, admin.token)
    assert again.row("ddg_things", row_id)["ddg_name"] == "kept"
    path = "EntityDefinitions(LogicalName='ddg_thing')/Attributes"
    assert again.post(path, {**NAME, "SchemaName": "ddg_More", "IsPrimaryName": False}).status == 204
    assert again.post("EntityDefinitions", body).code == "0x80047010"
    assert again.post("ddg_things", {"ddg_name": "new", "ddg_more": "column"}).status == 204
    second.db.close()
