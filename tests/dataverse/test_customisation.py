"""Installing definitions: look first, create what is missing, be patient just after a change."""

from __future__ import annotations

import httpx
import pytest

from dyntui.dataverse import customisation, metadata
from dyntui.dataverse.customisation import Customisation
from dyntui.dataverse.errors import DataverseError
from dyntui.model.solution import EMAIL_ACCOUNT, ColumnSpec, LookupSpec
from tests.dataverse.conversation import API, Conversation, error, ok

MISSING = error(404, "0x80060888", "Could not find an entity")
PUBLISHER = "00000071-0000-4000-8000-000000000071"
MADE = httpx.Response(204, headers={"OData-EntityId": f"{API}publishers({PUBLISHER})"})


async def test_a_missing_table_is_created_with_its_primary_name_in_the_solution():
    talk = Conversation(MISSING, httpx.Response(204))
    async with talk.client() as dv:
        assert await Customisation(dv, "dyntui").ensure_table(EMAIL_ACCOUNT) is True
    look, make = talk.requests
    assert look.headers["Consistency"] == "Strong"
    assert make.headers["MSCRM.SolutionUniqueName"] == "dyntui"
    body = talk.body()
    assert (body["SchemaName"], body["OwnershipType"]) == ("dyntui_EmailAccount", "UserOwned")
    name = body["Attributes"][0]
    assert (name["SchemaName"], name["IsPrimaryName"], name["MaxLength"]) == ("dyntui_Name", True, 100)


async def test_a_table_that_exists_is_left_alone():
    talk = Conversation(ok({"MetadataId": "1", "LogicalName": "dyntui_emailaccount"}))
    async with talk.client() as dv:
        assert await Customisation(dv, "dyntui").ensure_table(EMAIL_ACCOUNT) is False
    assert len(talk.requests) == 1


# Names are not unique: DuplicateAttributeSchemaName, EntityRelationshipSchemaNameNotUnique, InvalidPublisherUniqueName.
@pytest.mark.parametrize("code", ["0x80047013", "0x8004432b", "0x8004f01c"])
async def test_exists_already_after_a_lost_answer_is_success(code: str):
    exists = error(400, code, "Attribute with schema name dyntui_Key already exists")
    talk = Conversation(MISSING, httpx.ReadError("reset"), exists)
    async with talk.client() as dv:
        assert await Customisation(dv, "dyntui").ensure_column(
            "contact", ColumnSpec(schema_name="dyntui_Key", label="K")
        )


async def test_what_passes_just_after_a_change_is_waited_for():
    busy = error(400, "0x80071151", "Cannot start another customisation")
    unexpected = error(500, "0x80040216", "An unexpected error occurred.")
    talk = Conversation(MISSING, busy, unexpected, httpx.Response(204))
    async with talk.client() as dv:
        await Customisation(dv, "dyntui").ensure_column("contact", ColumnSpec(schema_name="dyntui_Key", label="K"))
    assert talk.time.slept == [3, 10]


async def test_patience_ends():
    talk = Conversation(error(400, "0x80071151", "busy"), forever=True)
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            await customisation.publish(dv, ["contact"])
    assert raised.value.code == "DATAVERSE_CUSTOMISATION_BUSY"


@pytest.mark.parametrize(
    ("spec", "kind", "facts"),
    [
        (ColumnSpec(schema_name="x_A", label="A", kind="Memo", max_length=2000), "Memo", {"MaxLength": 2000}),
        (ColumnSpec(schema_name="x_A", label="A", kind="Integer"), "Integer", {"MaxValue": 2147483647}),
        (ColumnSpec(schema_name="x_A", label="A", kind="DateTime"), "DateTime", {"Format": "DateAndTime"}),
        (ColumnSpec(schema_name="x_A", label="A", kind="Boolean"), "Boolean", {"DefaultValue": False}),
        (ColumnSpec(schema_name="x_A", label="A", kind="Picklist", options={727000000: "Sent"}), "Picklist", {}),
    ],
)
async def test_columns_of_every_installed_kind_are_defined(spec: ColumnSpec, kind: str, facts: dict[str, object]):
    talk = Conversation(MISSING, httpx.Response(204))
    async with talk.client() as dv:
        await Customisation(dv, "dyntui").ensure_column("list", spec)
    body = talk.body()
    assert body["@odata.type"] == f"Microsoft.Dynamics.CRM.{kind}AttributeMetadata"
    assert facts.items() <= body.items()
    if kind == "Picklist":
        assert body["OptionSet"]["Options"][0]["Value"] == 727000000


async def test_a_lookup_is_a_relationship_with_its_column():
    spec = LookupSpec(schema_name="dyntui_ContactId", label="Contact", referenced="contact", relationship="dyntui_r")
    known = ok({"MetadataId": "1", "LogicalName": "contact", "PrimaryIdAttribute": "contactid"})
    talk = Conversation(MISSING, known, httpx.Response(204))
    async with talk.client() as dv:
        assert await Customisation(dv, "dyntui").ensure_lookup("dyntui_engagement", spec)
    body = talk.body()
    assert (body["ReferencedEntity"], body["ReferencedAttribute"]) == ("contact", "contactid")
    assert (body["ReferencingEntity"], body["Lookup"]["SchemaName"]) == ("dyntui_engagement", "dyntui_ContactId")


def keys(status: str) -> httpx.Response:
    row = {"LogicalName": "by_key", "KeyAttributes": ["dyntui_key"], "EntityKeyIndexStatus": status}
    return ok({"value": [row]})


async def test_a_key_is_waited_for_until_its_index_is_built():
    talk = Conversation(keys("Pending"), keys("InProgress"), keys("Active"))
    async with talk.client() as dv:
        await customisation.wait_for_key(dv, "dyntui_suppression", "dyntui_key")
    assert talk.time.slept == [5, 5]


@pytest.mark.parametrize(
    ("status", "code"), [("Failed", "DATAVERSE_KEY_FAILED"), ("Pending", "DATAVERSE_KEY_NOT_READY")]
)
async def test_a_key_that_does_not_come_says_so(status: str, code: str):
    talk = Conversation(keys(status), forever=True)
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            await customisation.wait_for_key(dv, "dyntui_suppression", "dyntui_key", deadline=20)
    assert raised.value.code == code


async def test_change_tracking_is_switched_on_by_sending_the_whole_definition_back():
    known = {"MetadataId": "1", "LogicalName": "contact", "ChangeTrackingEnabled": False}
    whole = {"@odata.context": "x", **known, "SchemaName": "Contact"}
    talk = Conversation(ok(known), ok(whole), httpx.Response(204), httpx.Response(204))
    async with talk.client() as dv:
        assert await customisation.enable_change_tracking(dv, "contact")
    assert talk.requests[2].method == "PUT"
    assert talk.requests[2].headers["MSCRM.MergeLabels"] == "true"
    assert talk.body(2) == {**known, "ChangeTrackingEnabled": True, "SchemaName": "Contact"}
    assert "<entity>contact</entity>" in talk.body(3)["ParameterXml"]


async def test_change_tracking_that_is_on_costs_one_look():
    talk = Conversation(ok({"MetadataId": "1", "LogicalName": "contact", "ChangeTrackingEnabled": True}))
    async with talk.client() as dv:
        assert await customisation.enable_change_tracking(dv, "contact") is False
    assert len(talk.requests) == 1


async def test_a_publisher_is_created_once_even_when_the_answer_is_lost():
    found = ok({"value": [{"publisherid": PUBLISHER}]})
    talk = Conversation(ok({"value": []}), httpx.ReadError("reset"), found)
    async with talk.client() as dv:
        made = await customisation.ensure_publisher(dv, "dyntui", "dyntui", "dyntui", 72700)
    assert made == PUBLISHER
    assert [request.method for request in talk.requests] == ["GET", "POST", "GET"]


async def test_a_solution_belongs_to_its_publisher():
    solution = "00000072-0000-4000-8000-000000000072"
    talk = Conversation(
        ok({"value": []}), httpx.Response(204, headers={"OData-EntityId": f"{API}solutions({solution})"})
    )
    async with talk.client() as dv:
        assert await customisation.ensure_solution(dv, "dyntui", "dyntui", "1.0.0.0", PUBLISHER) == solution
    assert talk.body()["publisherid@odata.bind"] == f"/publishers({PUBLISHER})"


def label(text: str) -> dict[str, object]:
    return {"UserLocalizedLabel": {"Label": text}, "LocalizedLabels": [{"Label": text}]}


async def test_columns_are_read_with_limits_choices_and_targets():
    common = [
        {"LogicalName": "emailaddress1", "SchemaName": "EMailAddress1", "AttributeType": "String"},
        {"LogicalName": "parentcustomerid", "SchemaName": "ParentCustomerId", "AttributeType": "Customer"},
        {"LogicalName": "parentcustomeridname", "AttributeType": "String", "AttributeOf": "parentcustomerid"},
        {"LogicalName": "statecode", "AttributeType": "State", "DisplayName": label("Status")},
        {
            "LogicalName": "new_tastes",
            "AttributeType": "Virtual",
            "AttributeTypeName": {"Value": "MultiSelectPicklistType"},
        },
        {"LogicalName": "entityimage", "AttributeType": "Virtual", "AttributeTypeName": {"Value": "ImageType"}},
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/Attributes"):
            return ok({"value": common})
        if path.endswith("StringAttributeMetadata"):
            return ok({"value": [{"LogicalName": "emailaddress1", "MaxLength": 100, "FormatName": {"Value": "Email"}}]})
        if path.endswith("LookupAttributeMetadata"):
            return ok({"value": [{"LogicalName": "parentcustomerid", "Targets": ["account", "contact"]}]})
        if path.endswith("StateAttributeMetadata"):
            options = [{"Value": 0, "Label": label("Active")}, {"Value": 1, "Label": label("Inactive")}]
            return ok({"value": [{"LogicalName": "statecode", "OptionSet": {"Options": options}}]})
        if path.endswith("MultiSelectPicklistAttributeMetadata"):
            chosen = {"Options": [{"Value": 5, "Label": label("Tea")}]}
            return ok({"value": [{"LogicalName": "new_tastes", "OptionSet": None, "GlobalOptionSet": chosen}]})
        return ok({"value": []})

    talk = Conversation(answer, forever=True)
    async with talk.client() as dv:
        found = {column.logical_name: column for column in (await metadata.columns(dv, "contact")).rows}
    assert set(found) == {"emailaddress1", "parentcustomerid", "statecode", "new_tastes"}
    assert (found["emailaddress1"].max_length, found["emailaddress1"].format) == (100, "Email")
    assert found["parentcustomerid"].targets == ("account", "contact")
    assert [option.label for option in found["statecode"].options] == ["Active", "Inactive"]
    assert (found["new_tastes"].type, found["new_tastes"].options[0].label) == ("MultiSelectPicklist", "Tea")
