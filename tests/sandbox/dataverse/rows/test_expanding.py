"""$expand: related rows inside rows."""

import pytest

from .api import Client


@pytest.fixture
def company(admin: Client) -> Client:
    top = admin.create("accounts", name="Top")
    account = admin.create("accounts", name="Example Ltd", parentaccountid__bind=f"/accounts({top})")
    for name in ("Ada", "Bob", "Cem"):
        admin.create("contacts", firstname=name, parentcustomerid_account__bind=f"/accounts({account})")
    admin.create("contacts", firstname="Dia")
    return admin


def test_a_lookup_expands_to_a_row_or_null(company: Client) -> None:
    rows = company.get(
        "contacts?$select=firstname&$orderby=firstname&$expand=parentcustomerid_account($select=name)"
    ).rows
    assert [row["parentcustomerid_account"] and row["parentcustomerid_account"]["name"] for row in rows] == [
        "Example Ltd",
        "Example Ltd",
        "Example Ltd",
        None,
    ]
    assert "_parentcustomerid_value" not in rows[0]


def test_lookups_expand_over_several_steps(company: Client) -> None:
    inner = "parentcustomerid_account($select=name;$expand=parentaccountid($select=name))"
    path = f"contacts?$filter=firstname eq 'Ada'&$expand={inner}"
    row = company.get(path).rows[0]
    assert row["parentcustomerid_account"]["parentaccountid"]["name"] == "Top"


def test_a_collection_expands_with_its_own_filter_order_and_limit(company: Client) -> None:
    path = (
        "accounts?$select=name&$orderby=name&$expand="
        "contact_customer_accounts($select=firstname;$filter=firstname ne 'Bob';$orderby=firstname desc;$top=1)"
    )
    example, top = company.get(path).rows
    assert [each["firstname"] for each in example["contact_customer_accounts"]] == ["Cem"]
    assert top["contact_customer_accounts"] == []


def test_nested_collections_come_in_pages_of_the_preferred_size(company: Client) -> None:
    inner = "contact_customer_accounts($select=firstname;$expand=owninguser($select=fullname))"
    path = f"accounts?$filter=name eq 'Example Ltd'&$expand={inner}"
    row = company.get(path, Prefer="odata.maxpagesize=2").rows[0]
    assert len(row["contact_customer_accounts"]) == 2
    link = row["contact_customer_accounts@odata.nextLink"]
    rest = company.get(link).rows
    assert len(rest) == 3
    assert rest[0]["owninguser"]["fullname"] == "ada Tester"


def test_nested_collections_refuse_order_and_limit(company: Client) -> None:
    path = "accounts?$expand=contact_customer_accounts($top=1;$expand=owninguser($select=fullname))"
    assert company.get(path).code == "0x80060888"


def test_a_reference_alone_can_be_expanded(company: Client) -> None:
    row = company.get("contacts?$filter=firstname eq 'Ada'&$expand=parentcustomerid_account/$ref").rows[0]
    assert list(row["parentcustomerid_account"]) == ["@odata.id"]
    assert company.get("accounts?$expand=contact_customer_accounts/$ref").status == 400


def test_an_owner_expands_to_its_common_key_only(company: Client) -> None:
    row = company.get("contacts?$top=1&$expand=ownerid").rows[0]
    assert row["ownerid"]["ownerid"] == row["_ownerid_value"]
    assert company.get("contacts?$expand=ownerid($select=fullname)").status == 400


def test_members_of_a_list_can_be_expanded(company: Client) -> None:
    newsletter = company.create("lists", listname="Newsletter", createdfromcode=2)
    ada = company.get("contacts?$filter=firstname eq 'Ada'").rows[0]["contactid"]
    body = {
        "List": {"@odata.type": "Microsoft.Dynamics.CRM.list", "listid": newsletter},
        "Members": [{"@odata.type": "Microsoft.Dynamics.CRM.contact", "contactid": ada}],
    }
    assert company.post("AddListMembersList", body).status == 204
    row = company.get(f"lists({newsletter})?$expand=listcontact_association($select=firstname)").json
    assert [each["firstname"] for each in row["listcontact_association"]] == ["Ada"]


def test_what_cannot_be_expanded_is_refused(company: Client) -> None:
    assert company.get("contacts?$expand=nosuch").code == "0x80060888"
    assert company.get("contacts?$expand=parentcustomerid_account($skip=1)").code == "0x80060888"
    many = ",".join(["owninguser"] * 16)
    assert company.get(f"contacts?$expand={many}").code == "0x80060888"
    assert company.get("listmembers?$expand=entityid").code == "0x80060888"
