"""Rows named by alternate keys."""

import pytest

from dyntui.sandbox.dataverse import storage
from dyntui.sandbox.dataverse.storage import schema_of
from dyntui.sandbox.dataverse.tables import Column, Key
from dyntui.sandbox.state import State

from .api import Client


@pytest.fixture
def keyed(admin: Client, state: State) -> Client:
    """Contacts have an external id (a key), accounts a key of name and number."""
    schema = schema_of(state)
    contact, account = schema.tables["contact"], schema.tables["account"]
    column = Column(
        "new_externalid", "new_ExternalId", "String", display_name="External Id", max_length=50, custom=True
    )
    storage.add_column(state, contact, column)
    storage.add_key(state, contact, Key("new_key", "new_key", ["new_externalid"], display_name="External key"))
    storage.add_key(state, account, Key("new_two", "new_two", ["name", "accountnumber"]))
    return admin


def test_a_row_is_read_by_its_alternate_key(keyed: Client) -> None:
    contact = keyed.create("contacts", lastname="x", new_externalid="O'Neil 42")
    assert keyed.get("contacts(new_externalid='o''neil 42')").json["contactid"] == contact
    account = keyed.create("accounts", name="A", accountnumber="1")
    assert keyed.get("accounts(accountnumber='1',name='A')?$select=name").json["accountid"] == account
    assert keyed.get(f"accounts(accountid={account})").json["accountid"] == account


def test_an_unknown_key_value_is_not_found(keyed: Client) -> None:
    answer = keyed.get("contacts(new_externalid='none')")
    assert (answer.status, answer.code) == (404, "0x80060891")


def test_columns_without_a_key_name_no_row(keyed: Client) -> None:
    assert keyed.get("contacts(lastname='x')").code == "0x80060890"
    assert keyed.get("contacts(nosuch='x')").code == "0x80060888"
    assert keyed.get("contacts('x')").code == "0x80060888"
    me = keyed.get("WhoAmI").json["UserId"]
    assert keyed.get(f"systemusers(systemuserid={me})").status == 400
    assert keyed.get(f"systemusers({me})").status == 200


def test_a_key_whose_index_is_being_built_cannot_be_used(keyed: Client, state: State) -> None:
    key = schema_of(state).tables["contact"].keys["new_key"]
    key.active_at = "2026-03-04T08:20:00Z"
    assert keyed.get("contacts(new_externalid='x')").code == "0x8006088f"


def test_writing_by_key_creates_then_changes_the_same_row(keyed: Client) -> None:
    first = keyed.patch("contacts(new_externalid='42')", {"lastname": "x", "new_externalid": "ignored"})
    again = keyed.patch("contacts(new_externalid='42')", {"lastname": "y"})
    assert (first.status, again.status) == (204, 204)
    assert first.new_id == again.new_id
    row = keyed.row("contacts", first.new_id)
    assert (row["lastname"], row["new_externalid"]) == ("y", "42")


def test_a_second_row_with_the_same_key_is_refused_with_the_keys_name(keyed: Client) -> None:
    keyed.create("contacts", lastname="x", new_externalid="42")
    answer = keyed.post("contacts", {"lastname": "y", "new_externalid": "42"})
    assert (answer.status, answer.code) == (412, "0x80060892")
    assert answer.message == (
        "A record that has the attribute values External Id already exists. The entity key External key requires that"
        " this set of attributes contains unique values. Select unique values and try again."
    )


def test_many_rows_may_have_no_key_at_all(keyed: Client) -> None:
    keyed.create("contacts", lastname="x")
    keyed.create("contacts", lastname="y")


def test_lookups_can_be_bound_by_key(keyed: Client) -> None:
    account = keyed.create("accounts", name="A", accountnumber="1")
    bind = "/accounts(name='A',accountnumber='1')"
    contact = keyed.create("contacts", lastname="x", parentcustomerid_account__bind=bind)
    assert keyed.row("contacts", contact)["_parentcustomerid_value"] == account
    missing = {"parentcustomerid_account@odata.bind": "/accounts(name='A',accountnumber='2')"}
    assert keyed.post("contacts", missing).code == "0x80060891"


def test_characters_that_addresses_cannot_carry_are_refused(keyed: Client) -> None:
    keyed.create("contacts", lastname="x", new_externalid="a+b")
    assert keyed.get("contacts(new_externalid='a%2Bb')").status == 400
