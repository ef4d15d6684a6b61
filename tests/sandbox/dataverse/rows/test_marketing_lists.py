"""Marketing lists: members in and out, and everything that a list refuses."""

from datetime import timedelta
from typing import Any

import pytest

from dyntui.sandbox.state import State

from .api import Answer, Client

KIND = "Microsoft.Dynamics.CRM"


@pytest.fixture
def newsletter(admin: Client) -> str:
    return admin.create("lists", listname="Newsletter", createdfromcode=2)


@pytest.fixture
def people(admin: Client) -> list[str]:
    return [admin.create("contacts", firstname=name) for name in ("Ada", "Bob", "Cem")]


def body(list_id: str, people: list[str], kind: str = "contact") -> dict[str, Any]:
    return {
        "List": {"@odata.type": f"{KIND}.list", "listid": list_id},
        "Members": [{"@odata.type": f"{KIND}.{kind}", f"{kind}id": each} for each in people],
    }


def add(client: Client, list_id: str, people: list[str], kind: str = "contact") -> Answer:
    return client.post("AddListMembersList", body(list_id, people, kind))


def members(client: Client, list_id: str) -> list[str]:
    answer = client.get(f"lists({list_id})/listcontact_association?$select=firstname&$orderby=firstname")
    assert answer.json["@odata.context"].endswith("#contacts(firstname)")
    return [row["firstname"] for row in answer.rows]


def count(client: Client, list_id: str) -> int | None:
    number: int | None = client.row("lists", list_id, "membercount")["membercount"]
    return number


def test_a_new_list_is_static_unlocked_active_and_empty(admin: Client, newsletter: str) -> None:
    row = admin.row("lists", newsletter)
    assert (row["type"], row["lockstatus"], row["statecode"], row["statuscode"]) == (False, False, 0, 0)
    assert (row["createdfromcode"], row["membertype"], row["membercount"]) == (2, 2, 0)
    assert row["donotsendonoptout"] is True


def test_a_list_needs_a_member_type_which_never_changes(admin: Client, newsletter: str) -> None:
    assert admin.post("lists", {"listname": "x"}).status == 400
    admin.patch(f"lists({newsletter})", {"createdfromcode": 4})
    assert admin.row("lists", newsletter)["createdfromcode"] == 2


def test_people_are_added_once_and_counted(admin: Client, newsletter: str, people: list[str]) -> None:
    assert add(admin, newsletter, people[:2]).status == 204
    assert add(admin, newsletter, people[1:]).status == 204
    assert members(admin, newsletter) == ["Ada", "Bob", "Cem"]
    assert count(admin, newsletter) == 3


def test_members_are_read_page_by_page_in_a_stable_order(admin: Client, newsletter: str, people: list[str]) -> None:
    add(admin, newsletter, people)
    path, seen = f"lists({newsletter})/listcontact_association?$select=firstname", []
    while path:
        page = admin.get(path, Prefer="odata.maxpagesize=2").json
        seen += [row["contactid"] for row in page["value"]]
        path = page.get("@odata.nextLink", "")
    assert seen == sorted(people)
    filtered = f"lists({newsletter})/listcontact_association?$filter=firstname eq 'Bob'&$count=true"
    assert admin.get(filtered).json["@odata.count"] == 1
    assert admin.get(f"lists({newsletter})/listcontact_association/$count").text == "3"


def test_list_members_show_ids_only(admin: Client, newsletter: str, people: list[str]) -> None:
    add(admin, newsletter, people)
    path = f"listmembers?$select=_entityid_value,createdon&$filter=_listid_value eq {newsletter}"
    rows = admin.get(path, Prefer='odata.include-annotations="*"').rows
    assert {row["_entityid_value"] for row in rows} == set(people)
    assert rows[0][f"_entityid_value@{KIND}.lookuplogicalname"] == "contact"
    assert f"_entityid_value@{KIND}.associatednavigationproperty" not in rows[0]
    assert admin.get(f"listmembers({rows[0]['listmemberid']})").status == 405
    assert admin.patch(f"listmembers({rows[0]['listmemberid']})", {}).status == 405


def test_a_membership_row_can_be_deleted_but_not_created(admin: Client, newsletter: str, people: list[str]) -> None:
    add(admin, newsletter, people)
    row = admin.get(f"listmembers?$filter=_entityid_value eq {people[0]}").rows[0]
    assert admin.delete(f"listmembers({row['listmemberid']})").status == 204
    assert (members(admin, newsletter), count(admin, newsletter)) == (["Bob", "Cem"], 2)
    assert admin.post("listmembers", {}).status == 405


def test_one_person_is_added_through_the_lists_own_action(admin: Client, newsletter: str, people: list[str]) -> None:
    path = f"lists({newsletter})/{KIND}.AddMemberList"
    first = admin.post(path, {"EntityId": people[0]}).json
    assert first["@odata.context"].endswith("AddMemberListResponse")
    assert admin.post(path, {"EntityId": people[0]}).json["Id"] == first["Id"]
    lead = admin.create("leads", lastname="x", subject="t")
    assert admin.post(path, {"EntityId": lead}).code == "0x80040301"
    assert admin.post(path, {"EntityId": newsletter}).code == "0x80040217"


def test_references_add_and_remove_one_person(admin: Client, newsletter: str, people: list[str]) -> None:
    address = f"{admin.state.urls.dataverse}/api/data/v9.2/contacts({people[0]})"
    path = f"lists({newsletter})/listcontact_association"
    assert admin.post(f"{path}/$ref", {"@odata.id": address}).status == 204
    assert admin.post(f"{path}/$ref", {"@odata.id": address}).status == 204
    assert members(admin, newsletter) == ["Ada"]
    assert admin.delete(f"{path}({people[0]})/$ref").status == 204
    assert count(admin, newsletter) == 0
    again = admin.delete(f"{path}({people[0]})/$ref")
    assert (again.status, again.code) == (400, "0x80048458")


def test_a_person_knows_their_lists(admin: Client, newsletter: str, people: list[str]) -> None:
    add(admin, newsletter, people)
    rows = admin.get(f"contacts({people[0]})/listcontact_association?$select=listname").rows
    assert [row["listname"] for row in rows] == ["Newsletter"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"lockstatus": True}, "0x80040302"),
        ({"type": True}, "0x8004f701"),
        ({"statecode": 1}, "0x8004033a"),
    ],
)
def test_lists_that_cannot_change_refuse_members(
    admin: Client, newsletter: str, people: list[str], change: dict[str, Any], code: str
) -> None:
    add(admin, newsletter, people[:1])
    admin.patch(f"lists({newsletter})", change)
    refused = [
        add(admin, newsletter, people),
        admin.delete(f"lists({newsletter})/listcontact_association({people[0]})/$ref"),
        admin.post("RemoveListMembersList", body(newsletter, people[:1])),
    ]
    assert [(each.status, each.code) for each in refused] == [(400, code)] * 3
    assert members(admin, newsletter) == ["Ada"]


def test_an_inactive_list_is_read_only_until_it_is_active_again(admin: Client, newsletter: str) -> None:
    admin.patch(f"lists({newsletter})", {"statecode": 1})
    assert admin.row("lists", newsletter)["statuscode"] == 1
    assert admin.patch(f"lists({newsletter})", {"listname": "x"}).code == "0x8004033a"
    assert admin.patch(f"lists({newsletter})", {"statecode": 0, "listname": "x"}).status == 204


def test_one_wrong_person_refuses_the_whole_call(admin: Client, newsletter: str, people: list[str]) -> None:
    lead = admin.create("leads", lastname="x", subject="t")
    assert add(admin, newsletter, [lead], "lead").code == "0x80040301"
    missing = "00000063-0000-4000-8000-000000000063"
    assert add(admin, newsletter, [*people, missing]).code == "0x80040217"
    admin.patch(f"contacts({people[2]})", {"statecode": 1})
    assert add(admin, newsletter, people).code == "0x8004033b"
    assert members(admin, newsletter) == []


def test_inferred_rules_about_members_can_be_switched(
    admin: Client, state: State, newsletter: str, people: list[str]
) -> None:
    settings = state.config.dataverse
    settings.missing_member_fails_call = settings.inactive_member_rejected = False
    admin.patch(f"contacts({people[2]})", {"statecode": 1})
    missing = "00000063-0000-4000-8000-000000000063"
    assert add(admin, newsletter, [*people, missing]).status == 204
    assert members(admin, newsletter) == ["Ada", "Bob", "Cem"]
    settings.add_existing_member = "reject"
    assert add(admin, newsletter, people[:1]).code == "0x80040237"


def test_members_are_removed_by_action(admin: Client, state: State, newsletter: str, people: list[str]) -> None:
    add(admin, newsletter, people)
    assert admin.post("RemoveListMembersList", body(newsletter, people[:2])).status == 204
    assert members(admin, newsletter) == ["Cem"]
    assert admin.post("RemoveListMembersList", body(newsletter, people[:1])).code == "0x80048458"
    one = f"lists({newsletter})/{KIND}.RemoveMemberList"
    assert admin.post(one, {"EntityId": people[2]}).status == 404
    state.config.dataverse.remove_member_action = True
    assert admin.post(one, {"EntityId": people[2]}).status == 204
    state.config.dataverse.remove_members_action = False
    assert admin.post("RemoveListMembersList", body(newsletter, people)).status == 404


def test_members_are_copied_between_lists_of_one_type(admin: Client, newsletter: str, people: list[str]) -> None:
    other = admin.create("lists", listname="Other", createdfromcode=2)
    leads = admin.create("lists", listname="Leads", createdfromcode=4)
    add(admin, newsletter, people)
    add(admin, other, people[:1])
    path = f"lists({newsletter})/{KIND}.CopyMembersList"
    target = {"@odata.type": f"{KIND}.list", "listid": other}
    assert admin.post(path, {"TargetList": target}).status == 204
    assert count(admin, other) == 3
    assert admin.post(path, {"TargetList": {**target, "listid": leads}}).code == "0x80040306"


def test_members_are_qualified(admin: Client, newsletter: str, people: list[str]) -> None:
    add(admin, newsletter, people)
    chosen = [{"@odata.type": f"{KIND}.contact", "contactid": people[0]}]
    path = f"lists({newsletter})/{KIND}.QualifyMemberList"
    admin.post(path, {"ListMember": chosen, "OverrideorRemove": False})
    assert members(admin, newsletter) == ["Bob", "Cem"]
    add(admin, newsletter, people)
    admin.post(path, {"ListMember": chosen, "OverrideorRemove": True})
    assert members(admin, newsletter) == ["Ada"]


FETCH = (
    "<fetch><entity name='contact'><filter>"
    "<condition attribute='firstname' operator='ne' value='Bob'/></filter></entity></fetch>"
)


def test_a_dynamic_list_can_be_copied_to_a_locked_static_one(admin: Client, newsletter: str, people: list[str]) -> None:
    dynamic = admin.create("lists", listname="D", createdfromcode=2, type=True, query=FETCH)
    assert count(admin, dynamic) is None
    assert members(admin, dynamic) == []
    path = f"lists({dynamic})/{KIND}.CopyDynamicListToStatic"
    copy = admin.post(path, {}).json["StaticListId"]
    assert members(admin, copy) == ["Ada", "Cem"]
    row = admin.row("lists", copy)
    assert (row["type"], row["lockstatus"], row["membercount"]) == (False, True, 2)
    assert admin.post(f"lists({newsletter})/{KIND}.CopyDynamicListToStatic", {}).code == "0x8004f704"


def test_members_are_removed_by_query(admin: Client, newsletter: str, people: list[str]) -> None:
    add(admin, newsletter, people)
    path = f"lists({newsletter})/{KIND}.RemoveMembersByFetchXmlList"
    admin.post(path, {"FetchXml": FETCH, "KeepReturned": True})
    assert members(admin, newsletter) == ["Ada", "Cem"]
    admin.post(path, {"FetchXml": FETCH, "KeepReturned": False})
    assert members(admin, newsletter) == []


def test_deleting_people_or_lists_removes_their_membership(admin: Client, newsletter: str, people: list[str]) -> None:
    add(admin, newsletter, people)
    admin.delete(f"contacts({people[0]})")
    assert count(admin, newsletter) == 2
    assert len(admin.get("listmembers").rows) == 2
    admin.delete(f"lists({newsletter})")
    assert admin.get("listmembers").rows == []
    assert admin.get("contacts/$count").text == "2"


def test_the_member_count_may_lag_behind(admin: Client, state: State, newsletter: str, people: list[str]) -> None:
    state.config.dataverse.member_count_lag_seconds = 60
    add(admin, newsletter, people)
    assert count(admin, newsletter) == 0
    state.clock.advance(timedelta(seconds=60))
    assert count(admin, newsletter) == 3


def test_a_list_may_come_without_a_name_over_the_api(admin: Client) -> None:
    for name in (None, "", "  "):
        made = admin.create("lists", createdfromcode=2, listname=name)
        assert admin.row("lists", made)["listname"] is None
    assert admin.post("lists", {"listname": "N"}).code == "0x80040203"
