"""CreateMultiple, UpdateMultiple, UpsertMultiple, BulkDelete."""

from typing import Any

from dyntui.sandbox.dataverse import storage
from dyntui.sandbox.dataverse.storage import schema_of
from dyntui.sandbox.dataverse.tables import Column, Key
from dyntui.sandbox.state import State

from .api import Answer, Client

KIND = {"@odata.type": "Microsoft.Dynamics.CRM.contact"}


def multiple(client: Client, message: str, *targets: dict[str, Any]) -> Answer:
    path = f"contacts/Microsoft.Dynamics.CRM.{message}"
    return client.post(path, {"Targets": [{**KIND, **target} for target in targets]})


def names(client: Client) -> list[str]:
    return [row["lastname"] for row in client.get("contacts?$select=lastname&$orderby=lastname").rows]


def test_many_rows_are_created_in_order(admin: Client) -> None:
    answer = multiple(admin, "CreateMultiple", {"lastname": "B"}, {"lastname": "A"})
    assert answer.status == 200
    assert answer.json["@odata.context"].endswith("#Microsoft.Dynamics.CRM.CreateMultipleResponse")
    assert [admin.row("contacts", each)["lastname"] for each in answer.json["Ids"]] == ["B", "A"]


def test_one_bad_row_undoes_all(admin: Client) -> None:
    answer = multiple(admin, "CreateMultiple", {"lastname": "A"}, {"lastname": "x" * 51})
    assert answer.code == "0x80044331"
    assert names(admin) == []


def test_every_target_must_state_its_type(admin: Client) -> None:
    path = "contacts/Microsoft.Dynamics.CRM.CreateMultiple"
    assert admin.post(path, {"Targets": [{"lastname": "A"}]}).status == 400
    assert admin.post(path, {"Targets": [{"@odata.type": "#Microsoft.Dynamics.CRM.lead"}]}).status == 400
    assert admin.post(path, {}).status == 400


def test_many_rows_are_updated_and_a_repeated_one_only_once(admin: Client, state: State) -> None:
    a, b = multiple(admin, "CreateMultiple", {"lastname": "A"}, {"lastname": "B"}).json["Ids"]
    answer = multiple(
        admin, "UpdateMultiple", {"contactid": a, "lastname": "C"}, {"contactid": b, "lastname": "D"},
        {"contactid": a, "lastname": "E"},
    )  # fmt: skip
    assert answer.status == 204
    assert names(admin) == ["C", "D"]
    state.config.dataverse.duplicate_targets = "reject"
    assert multiple(admin, "UpdateMultiple", {"contactid": a}, {"contactid": a}).status == 400


def test_an_update_of_a_missing_row_undoes_all(admin: Client) -> None:
    (a,) = multiple(admin, "CreateMultiple", {"lastname": "A"}).json["Ids"]
    missing = "00000063-0000-4000-8000-000000000063"
    answer = multiple(admin, "UpdateMultiple", {"contactid": a, "lastname": "C"}, {"contactid": missing})
    assert (answer.status, answer.code) == (404, "0x80040217")
    assert answer.message == f"Contact With Ids = {missing} Do Not Exist"
    assert names(admin) == ["A"]


def test_upserts_find_rows_by_id_and_by_alternate_key(admin: Client, state: State) -> None:
    contact = schema_of(state).tables["contact"]
    storage.add_column(state, contact, Column("new_externalid", "new_ExternalId", "String", max_length=50))
    storage.add_key(state, contact, Key("new_key", "new_key", ["new_externalid"]))
    own = "0000000a-0000-4000-8000-00000000000a"
    for lastname in ("A", "B"):
        answer = multiple(
            admin,
            "UpsertMultiple",
            {"@odata.id": "contacts(new_externalid='42')", "lastname": lastname},
            {"contactid": own, "lastname": lastname * 2},
            {"new_externalid": "43", "lastname": lastname * 3},
        )
        assert (answer.status, answer.text) == (204, "")
    assert names(admin) == ["B", "BB", "BBB"]
    assert admin.get("contacts(new_externalid='42')").json["lastname"] == "B"


def test_deleting_many_rows_at_once_does_not_exist(admin: Client) -> None:
    assert multiple(admin, "DeleteMultiple", {}).message == "DeleteMultiple has not yet been implemented."


def test_tables_without_bulk_messages_refuse_them_and_say_so_beforehand(admin: Client, state: State) -> None:
    ask = (
        "sdkmessagefilters?$select=sdkmessagefilterid&$filter=sdkmessageid/name eq @message and"
        " primaryobjecttypecode eq @table&@message='CreateMultiple'&@table='{}'"
    )
    assert len(admin.get(ask.format("contact")).rows) == 1
    assert admin.get(ask.format("listmember")).rows == []
    assert admin.post("listmembers/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": []}).status == 405
    state.config.dataverse.bulk_messages = {"contact": ["CreateMultiple"]}
    assert multiple(admin, "UpdateMultiple", {}).status == 405


def test_a_system_job_deletes_what_a_query_finds(admin: Client) -> None:
    multiple(admin, "CreateMultiple", {"lastname": "A"}, {"lastname": "B"}, {"lastname": "AB"})
    body = {
        "JobName": "Clean",
        "SendEmailNotification": False,
        "ToRecipients": [],
        "CCRecipients": [],
        "RecurrencePattern": "",
        "QuerySet": [
            {
                "@odata.type": "Microsoft.Dynamics.CRM.QueryExpression",
                "EntityName": "contact",
                "Criteria": {
                    "FilterOperator": "And",
                    "Conditions": [{"AttributeName": "lastname", "Operator": "Like", "Values": [{"Value": "A%"}]}],
                },
            }
        ],
    }
    job = admin.post("BulkDelete", body).json["JobId"]
    assert names(admin) == ["B"]
    assert admin.row("asyncoperations", job)["statuscode"] == 30
