"""Reading definitions, and changing them as a set-up program does."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from dyntui.sandbox.dataverse.roles import SYSTEM_ADMINISTRATOR
from dyntui.sandbox.state import State
from tests.sandbox.dataverse.rows.api import Answer, Client, sign_in

CRM = "Microsoft.Dynamics.CRM."


def label(text: str, **others: str) -> dict[str, Any]:
    texts = [(1033, text), *((int(code.removeprefix("l")), other) for code, other in others.items())]
    return {
        "@odata.type": f"{CRM}Label",
        "LocalizedLabels": [
            {"@odata.type": f"{CRM}LocalizedLabel", "Label": each, "LanguageCode": code} for code, each in texts
        ],
    }


def column(kind: str, schema_name: str, **more: Any) -> dict[str, Any]:
    return {
        "@odata.type": f"{CRM}{kind}AttributeMetadata",
        "SchemaName": schema_name,
        "DisplayName": label(schema_name),
        "RequiredLevel": {"Value": "None"},
        **more,
    }


def table(schema_name: str = "ddg_Thing", **more: Any) -> dict[str, Any]:
    return {
        "@odata.type": f"{CRM}EntityMetadata",
        "SchemaName": schema_name,
        "DisplayName": label("Thing", l1031="Ding"),
        "DisplayCollectionName": label("Things"),
        "OwnershipType": "UserOwned",
        "HasActivities": False,
        "HasNotes": False,
        "Attributes": [column("String", "ddg_Name", MaxLength=100, IsPrimaryName=True)],
        **more,
    }


def lookup(schema_name: str, name: str, referenced: str, referencing: str, **more: Any) -> dict[str, Any]:
    return {
        "@odata.type": f"{CRM}OneToManyRelationshipMetadata",
        "SchemaName": schema_name,
        "ReferencedEntity": referenced,
        "ReferencingEntity": referencing,
        "CascadeConfiguration": {"Assign": "NoCascade", "Delete": "RemoveLink"},
        "Lookup": column("Lookup", name),
        **more,
    }


@pytest.fixture
def admin(state: State) -> Client:
    return sign_in(state, "ada", SYSTEM_ADMINISTRATOR)


@pytest.fixture
def things(admin: Client) -> Client:
    """The administrator, who has created the table ddg_thing."""
    assert admin.post("EntityDefinitions", table()).status == 204
    return admin


def add_column(client: Client, body: dict[str, Any], name: str = "ddg_thing") -> Answer:
    return client.post(f"EntityDefinitions(LogicalName='{name}')/Attributes", body)


def read_column(client: Client, name: str, of: str = "ddg_thing") -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"EntityDefinitions(LogicalName='{of}')/Attributes(LogicalName='{name}')").json
    return found


# Reading --------------------------------------------------------------------------------------------------------------


def test_all_tables_come_in_one_answer_with_what_was_selected(admin: Client) -> None:
    rows = admin.get("EntityDefinitions?$select=LogicalName,EntitySetName").rows
    assert {"LogicalName", "EntitySetName", "MetadataId"} == set(rows[0])
    assert {"contact", "list", "listmember", "systemuserroles"} <= {row["LogicalName"] for row in rows}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("LogicalName eq 'lead'", {"lead"}),
        ("LogicalName eq 'lead' or LogicalName eq 'list'", {"lead", "list"}),
        (
            "IsIntersect eq true and EntitySetName ne 'listmembers'",
            {"systemuserroles", "teammembership", "teamroles", "roleprivileges"},
        ),
        (
            f"OwnershipType eq {CRM}OwnershipTypes'UserOwned' and IsActivity eq false and ObjectTypeCode lt 5",
            {"account", "contact", "lead"},
        ),
        ("CanChangeTrackingBeEnabled/Value eq false and LogicalName eq 'listmember'", {"listmember"}),
        ("not(IsCustomEntity eq false)", set()),
    ],
)
def test_tables_are_filtered_by_simple_enum_and_complex_properties(
    admin: Client, condition: str, found: set[str]
) -> None:
    rows = admin.get(f"EntityDefinitions?$select=LogicalName&$filter={quote(condition)}").rows
    assert {row["LogicalName"] for row in rows} == found


@pytest.mark.parametrize(
    "query",
    [
        "$filter=contains(LogicalName,'a')",
        "$top=1",
        "$orderby=LogicalName",
        "$select=Nonsense",
        "$filter=Nonsense eq 1",
    ],
)
def test_what_metadata_queries_cannot_do_is_refused(admin: Client, query: str) -> None:
    answer = admin.get(f"EntityDefinitions?{query}")
    assert (answer.status, answer.code) == (400, "0x80060888")


def test_a_table_is_found_by_name_and_by_id_and_is_otherwise_missing(admin: Client) -> None:
    by_name = admin.get("EntityDefinitions(LogicalName='contact')?$select=PrimaryNameAttribute").json
    assert by_name["PrimaryNameAttribute"] == "fullname"
    assert admin.get(f"EntityDefinitions({by_name['MetadataId']})?$select=LogicalName").json["LogicalName"] == "contact"
    assert admin.get("EntityDefinitions(LogicalName='Contact')?$select=MetadataId").status == 404


def test_the_statuses_of_lists_differ_from_those_of_contacts(admin: Client) -> None:
    def options(name: str) -> list[tuple[int, int]]:
        path = f"EntityDefinitions(LogicalName='{name}')/Attributes/{CRM}StatusAttributeMetadata"
        [status] = admin.get(f"{path}?$select=LogicalName&$expand=OptionSet($select=Options)").rows
        return [(option["Value"], option["State"]) for option in status["OptionSet"]["Options"]]

    assert options("list") == [(0, 0), (1, 1)]
    assert options("contact") == [(1, 0), (2, 1)]
    assert sorted(options("lead")) == [(1, 0), (2, 0), (3, 1), (4, 2), (5, 2), (6, 2), (7, 2)]


def test_columns_that_describe_others_say_so(admin: Client) -> None:
    path = "EntityDefinitions(LogicalName='contact')/Attributes?$select=LogicalName,AttributeOf,AttributeType"
    of = {row["LogicalName"]: row["AttributeOf"] for row in admin.get(path).rows}
    assert of["parentcustomeridname"] == of["parentcustomeridtype"] == "parentcustomerid"
    assert of["emailaddress1"] is None


def test_an_enum_cast_is_refused(admin: Client) -> None:
    answer = admin.get(f"EntityDefinitions(LogicalName='contact')/Attributes/{CRM}EnumAttributeMetadata")
    assert answer.status == 400


def test_navigation_names_of_standard_lookups_follow_the_platform(admin: Client) -> None:
    path = "EntityDefinitions(LogicalName='contact')/ManyToOneRelationships"
    rows = admin.get(
        f"{path}?$select=ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName"
    ).rows
    names = {
        (row["ReferencingAttribute"], row["ReferencedEntity"]): row["ReferencingEntityNavigationPropertyName"]
        for row in rows
    }
    assert names["parentcustomerid", "account"] == "parentcustomerid_account"
    assert names["parentcustomerid", "contact"] == "parentcustomerid_contact"
    assert names["createdby", "systemuser"] == "createdby"


def test_a_caller_without_the_privilege_reads_no_definitions(state: State, admin: Client) -> None:
    assert sign_in(state, "delia", "Delegate").get("EntityDefinitions?$select=LogicalName").status == 403


# Creating -------------------------------------------------------------------------------------------------------------


def test_a_created_table_can_be_used_at_once(things: Client) -> None:
    row_id = things.create("ddg_things", ddg_name="One")
    row = things.row("ddg_things", row_id)
    assert (row["ddg_name"], row["statecode"], row["statuscode"]) == ("One", 0, 1)
    definition = things.get("EntityDefinitions(LogicalName='ddg_thing')").json
    assert definition["PrimaryNameAttribute"] == "ddg_name"
    assert definition["IsCustomEntity"] is True
    assert [each["Label"] for each in definition["DisplayName"]["LocalizedLabels"]] == ["Thing", "Ding"]


def test_the_address_of_what_was_created_is_in_the_answer(admin: Client) -> None:
    answer = admin.post("EntityDefinitions", table())
    assert answer.status == 204
    assert admin.get(answer.headers["OData-EntityId"] + "?$select=LogicalName").json["LogicalName"] == "ddg_thing"


def test_what_exists_already_is_named_by_the_platforms_codes(things: Client) -> None:
    assert things.post("EntityDefinitions", table()).code == "0x80047010"
    assert add_column(things, column("String", "ddg_Code", MaxLength=20)).status == 204
    assert add_column(things, column("Integer", "ddg_code")).code == "0x80047013"
    key = {"SchemaName": "ddg_CodeKey", "KeyAttributes": ["ddg_code"], "DisplayName": label("Code")}
    keys = "EntityDefinitions(LogicalName='ddg_thing')/Keys"
    assert things.post(keys, key).status == 204
    assert things.post(keys, key).code == "0x80060893"
    assert things.post(keys, {**key, "SchemaName": "ddg_Other"}).code == "0x80060894"
    relationship = lookup("ddg_contact_thing", "ddg_ContactId", "contact", "ddg_thing")
    assert things.post("RelationshipDefinitions", relationship).status == 204
    assert things.post("RelationshipDefinitions", relationship).code == "0x8004432b"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"SchemaName": "NoPrefix"}, "0x8004700b"),
        ({"SchemaName": "ddg_Sp ace"}, "0x8004700b"),
        ({"DisplayName": None}, "0x80040203"),
        ({"Attributes": []}, "0x8004701e"),
        ({"OwnershipType": "Nobody"}, "0x80040203"),
    ],
)
def test_a_table_without_its_necessary_parts_is_refused_and_leaves_nothing(
    admin: Client, change: dict[str, Any], code: str
) -> None:
    answer = admin.post("EntityDefinitions", table(**change))
    assert (answer.status, answer.code) == (400, code)
    assert admin.get("EntityDefinitions?$select=LogicalName&$filter=IsCustomEntity eq true").rows == []


def test_a_failing_column_takes_the_whole_new_table_with_it(admin: Client) -> None:
    body = table()
    body["Attributes"].append(column("Picklist", "ddg_Kind"))
    assert admin.post("EntityDefinitions", body).status == 400
    assert admin.get("ddg_things").status == 404
    assert admin.post("EntityDefinitions", table()).status == 204


def test_columns_of_every_type_keep_their_values(things: Client) -> None:
    two = {"TrueOption": {"Value": 1, "Label": label("On")}, "FalseOption": {"Value": 0, "Label": label("Off")}}
    options = {"IsGlobal": False, "OptionSetType": "Picklist", "Options": [{"Value": 5, "Label": label("Five")}]}
    wanted: list[tuple[dict[str, Any], Any]] = [
        (column("String", "ddg_Text", MaxLength=5), "abcde"),
        (column("Memo", "ddg_Memo", MaxLength=5000), "x" * 5000),
        (column("Integer", "ddg_Whole", MinValue=0, MaxValue=10), 7),
        (column("Decimal", "ddg_Decimal", Precision=3), 1.125),
        (column("Double", "ddg_Double", Precision=2), 2.5),
        (column("Money", "ddg_Money", Precision=2), 9.99),
        (column("Boolean", "ddg_Flag", OptionSet=two), True),
        (column("DateTime", "ddg_Moment"), "2026-03-04T08:10:44Z"),
        (column("DateTime", "ddg_Day", Format="DateOnly", DateTimeBehavior={"Value": "DateOnly"}), "2026-03-04"),
        (column("Picklist", "ddg_Choice", OptionSet=options), 5),
        (column("MultiSelectPicklist", "ddg_Choices", OptionSet=options), "5"),
    ]
    for body, _value in wanted:
        assert add_column(things, body).status == 204
    values = {body["SchemaName"].lower(): value for body, value in wanted}
    row = things.row("ddg_things", things.create("ddg_things", ddg_name="All", **values))
    assert {name: row[name] for name in values} == values
    too_much = things.post("ddg_things", {"ddg_name": "x", "ddg_whole": 11})
    assert (too_much.status, too_much.code) == (400, "0x8004432f")
    too_long = things.post("ddg_things", {"ddg_name": "x", "ddg_text": "abcdef"})
    assert (too_long.status, too_long.code) == (400, "0x80044331")


def test_a_custom_lookup_is_bound_by_its_schema_name_only(things: Client) -> None:
    assert (
        things.post(
            "RelationshipDefinitions", lookup("ddg_contact_thing", "ddg_Contact", "contact", "ddg_thing")
        ).status
        == 204
    )
    contact = things.create("contacts", lastname="Holder")
    reference = f"/contacts({contact})"
    assert things.post("ddg_things", {"ddg_name": "x", "ddg_contact@odata.bind": reference}).status == 400
    row_id = things.create("ddg_things", ddg_name="x", ddg_Contact__bind=reference)
    assert things.row("ddg_things", row_id)["_ddg_contact_value"] == contact
    assert things.get(f"contacts({contact})/ddg_contact_thing?$select=ddg_name").rows[0]["ddg_name"] == "x"
    assert things.delete(f"contacts({contact})").status == 204
    assert things.row("ddg_things", row_id)["_ddg_contact_value"] is None


def test_a_many_to_many_relationship_links_rows(things: Client) -> None:
    body = {
        "@odata.type": f"{CRM}ManyToManyRelationshipMetadata",
        "SchemaName": "ddg_thing_list",
        "Entity1LogicalName": "ddg_thing",
        "Entity2LogicalName": "list",
        "IntersectEntityName": "ddg_thing_list",
    }
    assert things.post("RelationshipDefinitions", body).status == 204
    thing = things.create("ddg_things", ddg_name="x")
    lists = things.create("lists", listname="News", createdfromcode=2)
    reference = {"@odata.id": f"{things.state.urls.dataverse}/api/data/v9.2/lists({lists})"}
    assert things.post(f"ddg_things({thing})/ddg_thing_list/$ref", reference).status == 204
    assert [row["listid"] for row in things.get(f"ddg_things({thing})/ddg_thing_list?$select=listname").rows] == [lists]


def test_a_global_choice_serves_several_columns_and_cannot_go_while_it_is_used(things: Client) -> None:
    choice = {
        "@odata.type": f"{CRM}OptionSetMetadata",
        "Name": "ddg_Kinds",
        "IsGlobal": True,
        "OptionSetType": "Picklist",
        "DisplayName": label("Kinds"),
        "Options": [{"Value": 727000000, "Label": label("First")}],
    }
    answer = things.post("GlobalOptionSetDefinitions", choice)
    assert answer.status == 204
    bind = {"GlobalOptionSet@odata.bind": f"/GlobalOptionSetDefinitions({answer.new_id})"}
    for name in ("ddg_KindA", "ddg_KindB"):
        assert add_column(things, column("Picklist", name, **bind)).status == 204
    path = f"EntityDefinitions(LogicalName='ddg_thing')/Attributes/{CRM}PicklistAttributeMetadata"
    rows = things.get(
        f"{path}?$select=LogicalName&$expand=OptionSet($select=Options),GlobalOptionSet($select=Name)"
    ).rows
    by_name = {row["LogicalName"]: row for row in rows}
    assert by_name["ddg_kinda"]["OptionSet"] is None
    assert by_name["ddg_kinda"]["GlobalOptionSet"]["Name"] == "ddg_kinds"
    assert things.create("ddg_things", ddg_name="x", ddg_kindb=727000000)
    assert things.delete("GlobalOptionSetDefinitions(Name='ddg_kinds')").code == "0x80048417"


def test_options_without_value_get_the_publishers_numbers(things: Client) -> None:
    publisher = things.create(
        "publishers",
        uniquename="ddg",
        friendlyname="D",
        customizationprefix="ddg",
        customizationoptionvalueprefix=72700,
    )
    things.create("solutions", uniquename="ddg", friendlyname="D", publisherid__bind=f"/publishers({publisher})")
    options = {"IsGlobal": False, "Options": [{"Label": label("A")}, {"Label": label("B")}]}
    path = "EntityDefinitions(LogicalName='ddg_thing')/Attributes"
    assert (
        things.post(
            path, column("Picklist", "ddg_Kind", OptionSet=options), **{"MSCRM.SolutionUniqueName": "ddg"}
        ).status
        == 204
    )
    found = things.get(f"{path}(LogicalName='ddg_kind')/{CRM}PicklistAttributeMetadata?$expand=OptionSet").json
    assert [option["Value"] for option in found["OptionSet"]["Options"]] == [727000000, 727000001]


# Keys -----------------------------------------------------------------------------------------------------------------


def add_key(client: Client) -> Answer:
    assert add_column(client, column("String", "ddg_Code", MaxLength=20)).status == 204
    body = {"SchemaName": "ddg_CodeKey", "KeyAttributes": ["ddg_code"], "DisplayName": label("Code")}
    return client.post("EntityDefinitions(LogicalName='ddg_thing')/Keys", body)


def key_status(client: Client) -> str:
    [key] = client.get("EntityDefinitions(LogicalName='ddg_thing')/Keys?$select=EntityKeyIndexStatus").rows
    return str(key["EntityKeyIndexStatus"])


def test_a_key_is_built_while_time_passes_and_is_of_no_use_before(things: Client, state: State) -> None:
    state.config.dataverse.key_index_seconds = 60
    assert add_key(things).status == 204
    assert key_status(things) == "Pending"
    assert things.patch("ddg_things(ddg_code='A')", {"ddg_name": "x"}).code in {"0x80060890", "0x8006088f"}
    state.clock.advance(timedelta(seconds=30))
    assert key_status(things) == "InProgress"
    state.clock.advance(timedelta(seconds=30))
    assert key_status(things) == "Active"
    assert things.patch("ddg_things(ddg_code='A')", {"ddg_name": "x"}).status == 204


def test_a_key_can_be_waited_for_by_reading_its_status(things: Client, state: State) -> None:
    state.config.dataverse.key_index_reads = 2
    assert add_key(things).status == 204
    assert [key_status(things) for _read in range(3)] == ["Pending", "Pending", "Active"]


def test_a_key_over_values_that_occur_twice_fails_and_can_be_reactivated(things: Client) -> None:
    assert add_column(things, column("String", "ddg_Code", MaxLength=20)).status == 204
    first, _second = (things.create("ddg_things", ddg_name="x", ddg_code="same") for _row in range(2))
    body = {"SchemaName": "ddg_CodeKey", "KeyAttributes": ["ddg_code"], "DisplayName": label("Code")}
    assert things.post("EntityDefinitions(LogicalName='ddg_thing')/Keys", body).status == 204
    assert key_status(things) == "Failed"
    again = {"EntityLogicalName": "ddg_thing", "EntityKeyLogicalName": "ddg_codekey"}
    things.patch(f"ddg_things({first})", {"ddg_code": "other"})
    assert things.post("ReactivateEntityKey", again).status == 204
    assert key_status(things) == "Active"
    assert things.post("ReactivateEntityKey", again).code == "0x80060897"


# Changing, publishing, deleting ---------------------------------------------------------------------------------------


def test_changes_of_a_definition_wait_for_being_published(things: Client) -> None:
    path = "EntityDefinitions(LogicalName='ddg_thing')"
    assert things.put(path, {"ChangeTrackingEnabled": True, "DisplayName": label("Renamed")}).status == 204
    assert things.get(path).json["ChangeTrackingEnabled"] is False
    xml = "<importexportxml><entities><entity>ddg_thing</entity></entities></importexportxml>"
    assert things.post("PublishXml", {"ParameterXml": xml}).status == 204
    published = things.get(path).json
    assert published["ChangeTrackingEnabled"] is True
    assert published["DisplayName"]["UserLocalizedLabel"]["Label"] == "Renamed"
    assert things.put(path, {"ChangeTrackingEnabled": False}).code == "0x80072491"


def test_a_column_can_become_longer_but_not_shorter(things: Client) -> None:
    path = "EntityDefinitions(LogicalName='ddg_thing')/Attributes(LogicalName='ddg_name')"
    assert things.put(path, column("String", "ddg_Name", MaxLength=50)).status == 400
    assert things.put(path, column("String", "ddg_Name", MaxLength=200)).status == 204
    assert things.post("PublishAllXml").status == 204
    assert read_column(things, "ddg_name")["MaxLength"] == 200


def test_publishing_in_the_background_is_a_job_that_can_be_asked_for(things: Client) -> None:
    job = things.post("PublishAllXmlAsync").json["AsyncOperationId"]
    row = things.row("asyncoperations", job, "statecode,statuscode")
    assert (row["statecode"], row["statuscode"]) == (3, 30)


def test_deleted_columns_and_tables_are_gone(things: Client) -> None:
    assert add_column(things, column("String", "ddg_Code", MaxLength=20)).status == 204
    assert things.delete("EntityDefinitions(LogicalName='ddg_thing')/Attributes(LogicalName='ddg_code')").status == 204
    assert things.get("ddg_things?$select=ddg_code").code == "0x80060888"
    assert things.delete("EntityDefinitions(LogicalName='ddg_thing')").status == 204
    assert things.get("ddg_things").status == 404
    assert things.get("privileges?$select=name&$filter=name eq 'prvReadddg_Thing'").rows == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("EntityDefinitions(LogicalName='contact')", "0x8004f032"),
        ("EntityDefinitions(LogicalName='contact')/Attributes(LogicalName='lastname')", "0x8004f032"),
        ("RelationshipDefinitions(SchemaName='listcontact_association')", "0x8004f032"),
    ],
)
def test_what_belongs_to_the_platform_cannot_be_deleted(admin: Client, path: str, code: str) -> None:
    answer = admin.delete(path)
    assert (answer.status, answer.code) == (400, code)


# Solutions ------------------------------------------------------------------------------------------------------------


def test_what_is_created_with_the_solutions_name_becomes_part_of_it(admin: Client) -> None:
    publisher = admin.create("publishers", uniquename="ddg", friendlyname="D", customizationprefix="ddg")
    solution = admin.create(
        "solutions", uniquename="ddg", friendlyname="D", publisherid__bind=f"/publishers({publisher})"
    )
    header = {"MSCRM.SolutionUniqueName": "ddg"}
    made = admin.post("EntityDefinitions", table(), **header)
    role = admin.post("roles", {"name": "Reader"}, **header)
    rows = admin.get(f"solutioncomponents?$select=componenttype,objectid&$filter=_solutionid_value eq {solution}").rows
    assert {(row["componenttype"], row["objectid"]) for row in rows} == {(1, made.new_id), (20, role.new_id)}
    assert admin.post("EntityDefinitions", table("ddg_Other"), **{"MSCRM.SolutionUniqueName": "nope"}).status == 404
    contact = admin.get("EntityDefinitions(LogicalName='contact')?$select=MetadataId").json["MetadataId"]
    body = {"ComponentId": contact, "ComponentType": 1, "SolutionUniqueName": "ddg", "AddRequiredComponents": False}
    assert admin.post("AddSolutionComponent", body).json["id"]


@pytest.mark.parametrize("prefix", ["a", "1abc", "mscrmx", "a_b"])
def test_a_publisher_needs_a_valid_prefix(admin: Client, prefix: str) -> None:
    body = {"uniquename": "p", "friendlyname": "P", "customizationprefix": prefix}
    assert admin.post("publishers", body).code == "0x80044366"


def test_a_solution_needs_a_name_of_its_own(admin: Client) -> None:
    publisher = admin.create("publishers", uniquename="ddg", friendlyname="D", customizationprefix="ddg")
    body = {"uniquename": "ddg", "friendlyname": "D", "publisherid@odata.bind": f"/publishers({publisher})"}
    assert admin.post("solutions", body).status == 204
    assert admin.post("solutions", body).code == "0x8004f023"
    assert admin.post("solutions", {**body, "uniquename": "with space"}).code == "0x8004f002"


# The platform's slowness ----------------------------------------------------------------------------------------------


def test_new_columns_are_served_after_a_delay(things: Client, state: State) -> None:
    state.config.dataverse.column_visibility_seconds = 20
    assert add_column(things, column("String", "ddg_Code", MaxLength=20)).status == 204
    assert things.get("ddg_things?$select=ddg_code").status == 400
    assert things.post("ddg_things", {"ddg_name": "x", "ddg_code": "1"}).code == "0x80048d19"
    columns = (
        "EntityDefinitions(LogicalName='ddg_thing')/Attributes?$select=LogicalName&$filter=LogicalName eq 'ddg_code'"
    )
    assert things.get(columns).rows == []
    assert len(things.get(columns, Consistency="Strong").rows) == 1
    state.clock.advance(timedelta(seconds=20))
    assert things.get("ddg_things?$select=ddg_code").status == 200


def test_a_customisation_finds_the_lock_of_the_one_before(things: Client, state: State) -> None:
    state.config.dataverse.customisation_lock_seconds = 10
    assert add_column(things, column("String", "ddg_One", MaxLength=20)).status == 204
    assert add_column(things, column("String", "ddg_Two", MaxLength=20)).code == "0x80071151"
    state.clock.advance(timedelta(seconds=11))
    assert add_column(things, column("String", "ddg_Two", MaxLength=20)).status == 204


def test_customising_needs_its_privileges(state: State) -> None:
    answer = sign_in(state, "max", "Marketing Manager").post("EntityDefinitions", table())
    assert (answer.status, answer.code) == (403, "0x80040220")
    assert "prvCreateEntity" in answer.message


# Changes since a stamp ------------------------------------------------------------------------------------------------


def changes(client: Client, stamp: str | None = None) -> Answer:
    query = {"Properties": {"AllProperties": False, "PropertyNames": ["LogicalName"]}}
    since = f"&@p3={quote(json.dumps(stamp).replace(chr(34), chr(39)))}" if stamp else ""
    parameters = "Query=@p1,DeletedMetadataFilters=@p2" + (",ClientVersionStamp=@p3" if stamp else "")
    filters = quote(f"{CRM}DeletedMetadataFilters'Entity,Attribute'")
    return client.get(f"RetrieveMetadataChanges({parameters})?@p1={quote(json.dumps(query))}&@p2={filters}{since}")


def test_only_changes_since_the_stamp_come_back(things: Client) -> None:
    first = changes(things).json
    assert len(first["EntityMetadata"]) > 20
    stamp = first["ServerVersionStamp"]
    assert changes(things, stamp).json["EntityMetadata"] == []
    made = add_column(things, column("String", "ddg_Code", MaxLength=20)).new_id
    second = changes(things, stamp).json
    assert [each["LogicalName"] for each in second["EntityMetadata"]] == ["ddg_thing"]
    things.delete(f"EntityDefinitions(LogicalName='ddg_thing')/Attributes({made})")
    third = changes(things, second["ServerVersionStamp"]).json
    assert third["DeletedMetadata"]["Values"] == [[made]]


def test_a_stamp_that_is_too_old_asks_for_a_full_load(things: Client, state: State) -> None:
    stamp = changes(things).json["ServerVersionStamp"]
    state.clock.advance(timedelta(days=91))
    fresh = sign_in(state, "eva", SYSTEM_ADMINISTRATOR)
    assert changes(fresh, stamp).code == "0x80044352"


def test_labels_of_columns_are_in_a_language_that_is_provisioned(things: Client, state: State) -> None:
    state.config.dataverse.languages = [1053]
    refused = add_column(things, column("Memo", "ddg_Note", MaxLength=100))
    assert (refused.status, refused.code) == (400, "0x80044195")
    options = {"OptionSetType": "Picklist", "IsGlobal": False, "Options": [{"Value": 1, "Label": label("One")}]}
    assert add_column(things, column("Picklist", "ddg_Choice", OptionSet=options)).status == 204
    swedish = {"LocalizedLabels": [{"Label": "Anteckning", "LanguageCode": 1053}]}
    assert add_column(things, column("Memo", "ddg_Note", MaxLength=100, DisplayName=swedish)).status == 204
