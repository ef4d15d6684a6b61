"""Microsoft's own Python client against the sandbox: what it can do there it can do in a real organisation, too.

PowerPlatform-Dataverse-Client 1.1.0 signs in with azure-identity and is told to trust the sandbox's certificate.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from azure.identity import ClientSecretCredential
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.filters import col
from PowerPlatform.Dataverse.models.upsert import UpsertItem


@pytest.fixture(scope="module")
def sandbox() -> Iterator[dict[str, str]]:
    """What a sandbox process of its own announces about itself."""
    command = [sys.executable, "-m", "dyntui.sandbox.main", "--people", "40", "--parent", str(os.getpid())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest.fixture(scope="module")
def client(sandbox: dict[str, str]) -> Iterator[DataverseClient]:
    host, _, tenant = sandbox["authority"].rpartition("/")
    credential = ClientSecretCredential(
        tenant,
        sandbox["client_id"],
        sandbox["client_secret"],
        authority=host,
        disable_instance_discovery=True,
        connection_verify=sandbox["ca_file"],
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", sandbox["ca_file"])
        with DataverseClient(sandbox["dataverse_url"], credential) as opened:
            yield opened


def contact_ids(client: DataverseClient, last_name: str) -> list[str]:
    pages = client.records.list_pages("contact", filter=col("lastname") == last_name, select=["contactid"])
    return [str(row["contactid"]) for page in pages for row in page]


def test_a_row_is_created_read_changed_and_deleted(client: DataverseClient) -> None:
    row_id = client.records.create("contact", {"firstname": "Ada", "lastname": "Conformant"})
    assert client.records.retrieve("contact", row_id, select=["fullname"])["fullname"] == "Ada Conformant"
    client.records.update("contact", row_id, {"firstname": "Augusta"})
    assert client.records.retrieve("contact", row_id, select=["fullname"])["fullname"] == "Augusta Conformant"
    client.records.delete("contact", row_id)
    assert contact_ids(client, "Conformant") == []


def test_many_rows_are_created_at_once_and_come_back_page_by_page(client: DataverseClient) -> None:
    ids = client.records.create("contact", [{"firstname": str(n), "lastname": "Manyfold"} for n in range(23)])
    pages = list(
        client.records.list_pages("contact", filter=col("lastname") == "Manyfold", select=["contactid"], page_size=10)
    )
    assert [len(list(page)) for page in pages] == [10, 10, 3]
    assert {row["contactid"] for page in pages for row in page} == set(ids)


def test_filter_order_and_annotations_of_a_query_are_understood(client: DataverseClient) -> None:
    client.records.create("contact", [{"lastname": "Ordered", "firstname": name} for name in ("b", "c", "a")])
    found = client.records.list(
        "contact", filter=col("lastname") == "Ordered", select=["firstname"], orderby=["firstname desc"], top=2
    )
    assert [row["firstname"] for row in found] == ["c", "b"]


def test_several_rows_change_at_once(client: DataverseClient) -> None:
    ids = client.records.create("contact", [{"lastname": "Changing", "firstname": str(n)} for n in range(3)])
    client.records.update("contact", ids, {"jobtitle": "Tester"})
    found = client.records.list("contact", filter=col("lastname") == "Changing", select=["jobtitle"])
    assert [row["jobtitle"] for row in found] == ["Tester"] * 3


def test_rows_are_deleted_by_a_bulk_job(client: DataverseClient) -> None:
    ids = client.records.create("contact", [{"lastname": "Vanishing", "firstname": str(n)} for n in range(3)])
    job = client.records.delete("contact", ids)
    assert job
    assert contact_ids(client, "Vanishing") == []


def test_a_batch_with_a_change_set_is_carried_out(client: DataverseClient) -> None:
    batch = client.batch.new()
    with batch.changeset() as changes:
        first = changes.records.create("contact", {"lastname": "Batched", "firstname": "First"})
        changes.records.update("contact", first, {"jobtitle": "Referenced"})
    batch.records.list("contact", filter=col("lastname") == "Batched", select=["jobtitle"])
    result = batch.execute()
    assert not result.has_errors
    assert [row["jobtitle"] for row in client.records.list("contact", filter=col("lastname") == "Batched")] == [
        "Referenced"
    ]


def test_fetchxml_with_more_than_one_page_is_followed(client: DataverseClient) -> None:
    client.records.create("contact", [{"lastname": "Fetched", "firstname": str(n)} for n in range(12)])
    query = client.query.fetchxml(
        '<fetch count="5"><entity name="contact"><attribute name="firstname"/><filter>'
        '<condition attribute="lastname" operator="eq" value="Fetched"/></filter></entity></fetch>'
    )
    assert sorted(int(row["firstname"]) for row in query.execute()) == list(range(12))


def test_labels_of_choices_are_resolved_from_the_definitions(client: DataverseClient) -> None:
    row_id = client.records.create("contact", {"lastname": "Labelled", "preferredcontactmethodcode": "Email"})
    assert client.records.retrieve("contact", row_id)["preferredcontactmethodcode"] == 2


def test_an_error_arrives_with_the_platforms_code(client: DataverseClient) -> None:
    with pytest.raises(HttpError) as caught:
        client.records.update("contact", "00000000-0000-4000-8000-00000000dead", {"jobtitle": "x"})
    assert caught.value.status_code == 404
    assert caught.value.details["service_error_code"] == "0x80040217"


@pytest.fixture(scope="module")
def table(client: DataverseClient) -> Iterator[str]:
    """A table of the client's making, with one column of most types."""
    columns: dict[str, Any] = {
        "ms_Code": "string",
        "ms_Number": "int",
        "ms_Amount": "decimal",
        "ms_When": "datetime",
        "ms_Flag": "bool",
    }
    info = client.tables.create("ms_Thing", columns, primary_column="ms_Name")
    assert info["entity_set_name"] == "ms_things"
    yield "ms_Thing"
    client.tables.delete("ms_Thing")
    assert client.tables.get("ms_Thing") is None


def test_a_table_is_created_with_its_columns(client: DataverseClient, table: str) -> None:
    row_id = client.records.create(
        table, {"ms_Name": "One", "ms_Number": 7, "ms_Amount": 1.25, "ms_Flag": True, "ms_When": "2026-03-04T08:10:44Z"}
    )
    row = client.records.retrieve(table, row_id)
    assert (row["ms_number"], row["ms_amount"], row["ms_flag"]) == (7, 1.25, True)
    by_name = {each["LogicalName"]: each for each in client.tables.list_columns(table, typed=True)}
    assert by_name["ms_code"]["MaxLength"] > 0


def test_columns_are_added_and_removed(client: DataverseClient, table: str) -> None:
    assert client.tables.add_columns(table, {"ms_Extra": "string"}) == ["ms_Extra"]
    assert client.tables.get_column(table, "ms_Extra") is not None
    client.tables.remove_columns(table, ["ms_Extra"])
    assert client.tables.get_column(table, "ms_Extra") is None


def test_rows_are_upserted_by_an_alternate_key(client: DataverseClient, table: str) -> None:
    key = client.tables.create_alternate_key(table, "ms_codekey", ["ms_code"])
    assert [(each.schema_name, each.status) for each in client.tables.get_alternate_keys(table)] == [
        ("ms_codekey", "Active")
    ]
    for number in (1, 2):
        client.records.upsert(table, [UpsertItem({"ms_code": "K-1"}, {"ms_name": "Keyed", "ms_number": number})])
    found = client.records.list(table, filter=col("ms_code") == "K-1", select=["ms_number"])
    assert [row["ms_number"] for row in found] == [2]
    client.tables.delete_alternate_key(table, key.metadata_id)


def test_a_lookup_is_created_and_listed_among_the_relationships(client: DataverseClient, table: str) -> None:
    made = client.tables.create_lookup_field(table, "ms_ContactId", "contact")
    assert client.tables.get_relationship(made.relationship_schema_name) is not None
    names = {each["SchemaName"] for each in client.tables.list_table_relationships(table)}
    assert made.relationship_schema_name in names
    client.tables.delete_relationship(made.relationship_id)
    assert client.tables.get_relationship(made.relationship_schema_name) is None
