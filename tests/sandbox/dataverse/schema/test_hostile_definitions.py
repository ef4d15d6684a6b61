"""Whatever is sent where definitions, rights and queries are read, the answer is one of the platform's."""

# ruff: noqa: E501 - tables of cases

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyntui.sandbox.clock import Clock
from dyntui.sandbox.dataverse import installation, storage
from dyntui.sandbox.dataverse.roles import SYSTEM_ADMINISTRATOR
from dyntui.sandbox.state import open_state
from tests.sandbox.dataverse.rows.api import Answer, Client, sign_in

CRM = "Microsoft.Dynamics.CRM."
TEXT: dict[str, Any] = {"LocalizedLabels": [{"Label": "x", "LanguageCode": 1033}]}
OPTIONS: dict[str, Any] = {"Options": [{"Value": 1, "Label": TEXT}], "TrueOption": {"Label": TEXT}, "FalseOption": {}}


def attribute(kind: str) -> dict[str, Any]:
    return {
        "@odata.type": f"{CRM}{kind}AttributeMetadata",
        "SchemaName": "ddg_New",
        "DisplayName": TEXT,
        "RequiredLevel": {"Value": "None"},
        "MaxLength": 10,
        "MinValue": 1,
        "MaxValue": 5,
        "Precision": 1,
        "FormatName": {"Value": "Text"},
        "DateTimeBehavior": {"Value": "UserLocal"},
        "OptionSet": OPTIONS,
    }


def table() -> dict[str, Any]:
    primary = {**attribute("String"), "SchemaName": "ddg_Name", "IsPrimaryName": True}
    return {"SchemaName": "ddg_Other", "DisplayName": TEXT, "OwnershipType": "UserOwned", "Attributes": [primary]}


LOOKUP = {
    "@odata.type": f"{CRM}OneToManyRelationshipMetadata",
    "SchemaName": "ddg_contact_thing",
    "ReferencedEntity": "contact",
    "ReferencingEntity": "ddg_thing",
    "CascadeConfiguration": {"Delete": "Cascade"},
    "Lookup": attribute("Lookup"),
}
MANY = {
    "@odata.type": f"{CRM}ManyToManyRelationshipMetadata",
    "SchemaName": "ddg_many",
    "Entity1LogicalName": "contact",
    "Entity2LogicalName": "ddg_thing",
    "IntersectEntityName": "ddg_many",
}
THING = "EntityDefinitions(LogicalName='ddg_thing')"
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "EntityDefinitions", table()),
    ("POST", "CreateEntities", {"Entities": [table()]}),
    ("PUT", THING, {"DisplayName": TEXT, "ChangeTrackingEnabled": True, "LogicalName": "ddg_thing"}),
    *(("POST", f"{THING}/Attributes", attribute(kind)) for kind in ("String", "Money", "Picklist", "Boolean", "DateTime")),
    ("PUT", f"{THING}/Attributes(LogicalName='ddg_name')", attribute("String")),
    ("POST", f"{THING}/Keys", {"SchemaName": "ddg_Key", "KeyAttributes": ["ddg_name"], "DisplayName": TEXT}),
    ("POST", "RelationshipDefinitions", LOOKUP),
    ("POST", "RelationshipDefinitions", MANY),
    ("POST", "GlobalOptionSetDefinitions", {"Name": "ddg_choice", "DisplayName": TEXT, "Options": OPTIONS["Options"]}),
    ("POST", "PublishXml", {"ParameterXml": "<importexportxml/>"}),
    ("POST", "AddSolutionComponent", {"ComponentId": "", "ComponentType": 1, "SolutionUniqueName": "x"}),
    ("POST", "roles", {"name": "x"}),
    ("POST", "publishers", {"uniquename": "x", "friendlyname": "x", "customizationprefix": "ddg"}),
    ("POST", "savedqueries", {"name": "x", "returnedtypecode": "contact", "fetchxml": "<fetch/>", "querytype": 0}),
]  # fmt: skip
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
        st.sampled_from(
            ["ddg_thing", "contact", "ddg_X", f"{CRM}StringAttributeMetadata", "<fetch>", "'", '"', "\x00"]
        ),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Value", "Label", "Options"]), inner),
    max_leaves=5,
)


class Undo(Exception):
    """Takes back what an example did."""


@pytest.fixture(scope="module")
def admin() -> Iterator[Client]:
    state = open_state(clock=Clock.standing_at(datetime(2026, 3, 4, 8, 10, 44, tzinfo=UTC)))
    installation.install(state)
    client = sign_in(state, "ada", SYSTEM_ADMINISTRATOR)
    primary = {**attribute("String"), "SchemaName": "ddg_Name", "IsPrimaryName": True}
    assert (
        client.post("EntityDefinitions", {**table(), "SchemaName": "ddg_Thing", "Attributes": [primary]}).status == 204
    )
    yield client
    state.db.close()


def paths(value: Any, start: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*start, key)
        yield from paths(inner, (*start, key))


def is_an_answer(answer: Answer) -> None:
    assert answer.status in {200, 204, 400, 403, 404, 405, 412}, answer.text
    if answer.status >= 400:
        assert answer.code.startswith("0x")
        assert answer.message


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_definition_with_anything_in_any_place_is_answered(admin: Client, data: st.DataObject) -> None:
    method, path, original = data.draw(st.sampled_from(REQUESTS))
    body = deepcopy(original)
    place = data.draw(st.sampled_from(sorted(paths(body), key=str)))
    target = body
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = data.draw(VALUES)
    # Nothing that succeeds is kept, so that every example begins in the same world.
    with suppress(Undo), admin.state.transaction():
        is_an_answer(admin.send(method, path, body))
        raise Undo
    storage.reload_schema(admin.state)


@settings(max_examples=150, deadline=None)
@given(
    attribute=st.sampled_from(["lastname", "createdon", "numberofchildren", "statecode", "ownerid", "contactid", "owneridname", "x", ""]),
    operator=st.sampled_from(["eq", "ne", "in", "between", "last-x-years", "olderthan-x-years", "next-x-weeks", "on", "in-fiscal-period-and-year", "under", "like", "null", "contain-values", "x"]),
    values=st.lists(st.one_of(st.text(max_size=8), st.integers().map(str), st.sampled_from(["9999-12-31", "0001-01-01T00:00:00+14:00", "5000", "[a-", "%", "2026-02-30"])), max_size=3),
    more=st.dictionaries(st.sampled_from(["count", "page", "top", "distinct", "aggregate", "paging-cookie"]), st.one_of(st.integers().map(str), st.sampled_from(["true", "<cookie page='1'/>", "x"])), max_size=2),
)  # fmt: skip
def test_a_query_with_anything_in_it_is_answered(
    admin: Client, attribute: str, operator: str, values: list[str], more: dict[str, str]
) -> None:
    inside = "".join(f"<value>{quoteattr(value)[1:-1]}</value>" for value in values)
    head = "".join(f" {name}={quoteattr(value)}" for name, value in more.items())
    query = (
        f'<fetch{head}><entity name="contact"><attribute name="lastname" alias="a" aggregate="countcolumn"/><filter>'
        f"<condition attribute={quoteattr(attribute)} operator={quoteattr(operator)}>{inside}</condition>"
        "</filter></entity></fetch>"
    )
    is_an_answer(admin.get(f"contacts?fetchXml={quote(query)}"))


@pytest.mark.parametrize(
    "query",
    [
        "<filter>" * 200 + "</filter>" * 200,
        '<link-entity name="account" from="accountid" to="parentcustomerid">' * 40 + "</link-entity>" * 40,
        '<filter type="or">' + '<condition attribute="lastname" operator="eq" value="x"/>' * 500 + "</filter>",
        '<filter><condition attribute="lastname" operator="in">'
        + "<value>x</value>" * 40_000
        + "</condition></filter>",
    ],
    ids=["nested filters", "nested links", "many conditions", "many values"],
)
def test_a_huge_query_is_answered(admin: Client, query: str) -> None:
    text = f'<fetch><entity name="contact">{query}</entity></fetch>'
    part = f"GET /api/data/v9.2/contacts?fetchXml={quote(text)} HTTP/1.1\r\nAccept: application/json\r\n\r\n"
    body = f"--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n{part}\r\n--b--\r\n"
    answer = admin.send("POST", "$batch", body.encode(), **{"Content-Type": "multipart/mixed; boundary=b"})
    assert answer.status in {200, 400, 414}, answer.text


@pytest.mark.parametrize(
    "query",
    ['{"Properties":5}', '{"Criteria":{"Conditions":5}}', '{"Criteria":{"Conditions":[{"PropertyName":"ObjectTypeCode","ConditionOperator":"GreaterThan","Value":{"Value":"x"}}]}}', '{"AttributeQuery":5,"Properties":{"AllProperties":true}}', "5", "[]"],
)  # fmt: skip
def test_a_metadata_query_of_any_form_is_answered(admin: Client, query: str) -> None:
    is_an_answer(admin.get(f"RetrieveMetadataChanges(Query=@p1)?@p1={quote(query)}"))
