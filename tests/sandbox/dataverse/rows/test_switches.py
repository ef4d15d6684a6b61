"""Where the real behaviour is not documented, a switch plays the other case."""

from typing import Any
from urllib.parse import quote

import pytest

from dyntui.sandbox import levers
from dyntui.sandbox.dataverse import lists
from dyntui.sandbox.state import State

from .api import Client

CRM = "Microsoft.Dynamics.CRM"
OTHER = "https://contoso.api.crm4.dynamics.com"


def test_links_may_be_written_with_another_host_of_the_organisation(admin: Client, state: State) -> None:
    for number in range(3):
        admin.create("contacts", lastname=f"P{number}")
    state.config.dataverse.link_host = OTHER
    page = admin.get("contacts?$select=lastname", Prefer="odata.maxpagesize=2").json
    assert page["@odata.nextLink"].startswith(f"{OTHER}/api/data/v9.2/contacts?")
    tracked = admin.get("contacts?$select=lastname", Prefer="odata.track-changes").json
    assert tracked["@odata.deltaLink"].startswith(f"{OTHER}/api/data/v9.2/contacts?")
    endpoints = admin.get("RetrieveCurrentOrganization(AccessType='Default')").json["Detail"]["Endpoints"]
    assert endpoints["Values"][0].startswith(state.urls.dataverse)
    assert endpoints["Values"][2] == f"{OTHER}/api/data/"
    back = page["@odata.nextLink"].replace(OTHER, state.urls.dataverse)
    assert len(admin.get(back).rows) == 1


@pytest.mark.parametrize(("status", "code"), [(400, "0x8004430c"), (500, "0x80040216")])
def test_the_values_of_in_may_be_limited(admin: Client, state: State, status: int, code: str) -> None:
    def ask(function: str, number: int) -> Any:
        values = quote(",".join(f"'P{each}'" for each in range(number)))
        return admin.get(f"contacts?$filter={CRM}.{function}(PropertyName='lastname',PropertyValues=[{values}])")

    assert ask("In", 600).status == 200
    state.config.dataverse.in_limit, state.config.dataverse.in_limit_status = 500, status
    for function in ("In", "NotIn"):
        assert ask(function, 500).status == 200
        answer = ask(function, 501)
        assert (answer.status, answer.code) == (status, code)


def key_table(admin: Client) -> str:
    label = {"LocalizedLabels": [{"Label": "Thing", "LanguageCode": 1033}]}
    name = {"@odata.type": f"{CRM}.StringAttributeMetadata", "SchemaName": "ddg_Name", "MaxLength": 100,
            "IsPrimaryName": True, "DisplayName": label, "RequiredLevel": {"Value": "None"}}  # fmt: skip
    table = {"@odata.type": f"{CRM}.EntityMetadata", "SchemaName": "ddg_Thing", "DisplayName": label,
             "DisplayCollectionName": label, "OwnershipType": "UserOwned", "Attributes": [name]}  # fmt: skip
    assert admin.post("EntityDefinitions", table).status == 204
    key = {"@odata.type": f"{CRM}.EntityKeyMetadata", "SchemaName": "ddg_ThingKey", "KeyAttributes": ["ddg_name"],
           "DisplayName": label}  # fmt: skip
    assert admin.post("EntityDefinitions(LogicalName='ddg_thing')/Keys", key).status == 204
    return "ddg_things"


def test_a_key_in_an_upserts_body_may_be_refused(admin: Client, state: State) -> None:
    entity_set = key_table(admin)

    def upsert(**body: Any) -> Any:
        target = {"@odata.type": f"{CRM}.ddg_thing", "@odata.id": f"{entity_set}(ddg_name='a')", **body}
        return admin.post(f"{entity_set}/{CRM}.UpsertMultiple", {"Targets": [target]})

    state.config.dataverse.key_in_upsert_body = "refuse"
    answer = upsert(ddg_name="a")
    assert (answer.status, answer.code) == (400, "0x80040216")
    assert admin.get(entity_set).rows == []
    assert upsert().status == 204
    assert [row["ddg_name"] for row in admin.get(entity_set).rows] == ["a"]
    state.config.dataverse.key_in_upsert_body = "accept"
    admin.delete(f"{entity_set}(ddg_name='a')")
    assert upsert(ddg_name="a").status == 204


def test_members_may_be_counted_only_when_the_list_is_opened(admin: Client, state: State) -> None:
    state.config.dataverse.member_count_when_opened = True
    newsletter = admin.create("lists", listname="N", createdfromcode=2)
    people = [admin.create("contacts", lastname=f"P{number}") for number in range(2)]
    for each in people:
        admin.post(f"lists({newsletter})/{CRM}.AddMemberList", {"EntityId": each})
    before = admin.row("lists", newsletter)
    assert before["membercount"] == 0
    assert levers.LEVERS["/dataverse/open-list"](state, {"id": newsletter}) == {"members": 2}
    after = admin.row("lists", newsletter)
    assert (after["membercount"], after["versionnumber"] > before["versionnumber"]) == (2, True)
    admin.delete(f"lists({newsletter})/listcontact_association({people[0]})/$ref")
    assert admin.row("lists", newsletter)["membercount"] == 2
    with pytest.raises(ValueError, match="no such list"):
        levers.LEVERS["/dataverse/open-list"](state, {"id": people[0]})


def test_a_migrated_member_is_dated_back(admin: Client, state: State) -> None:
    newsletter = admin.create("lists", listname="N", createdfromcode=2)
    contact = admin.create("contacts", lastname="x")
    moved = {"list": newsletter, "person": contact, "created_on": "2020-01-01T00:00:00Z"}
    levers.LEVERS["/dataverse/join"](state, moved)
    [row] = admin.get("listmembers?$filter=overriddencreatedon ne null").rows
    assert (row["createdon"], row["overriddencreatedon"]) == ("2020-01-01T00:00:00Z", "2026-03-04T08:10:44Z")
    assert admin.row("lists", newsletter)["membercount"] == 1
    with pytest.raises(ValueError, match="member already"):
        levers.LEVERS["/dataverse/join"](state, moved)
    other = admin.create("contacts", lastname="y")
    admin.post(f"lists({newsletter})/{CRM}.AddMemberList", {"EntityId": other})
    assert len(admin.get("listmembers?$filter=overriddencreatedon eq null").rows) == 1


def test_a_due_count_that_cannot_be_made_stops_nothing(
    admin: Client, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    newsletter = admin.create("lists", listname="N", createdfromcode=2)
    for difference in ("nonsense", 10**30, 1):
        state.db.execute(
            "INSERT INTO dv_pending_count (listid, due, difference) VALUES (?, '2026-01-01T00:00:00Z', ?)",
            (newsletter, difference if isinstance(difference, int) and difference < 2**63 else str(difference)),
        )
    assert admin.get("WhoAmI").status == 200
    assert admin.row("lists", newsletter)["membercount"] == 1
    assert "the member count of list" in caplog.text
    assert state.db.execute("SELECT count(*) FROM dv_pending_count").fetchone() == (0,)


def test_a_handler_that_breaks_answers_as_the_platform_does_and_the_next_call_is_served(
    admin: Client, state: State, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    newsletter = admin.create("lists", listname="N", createdfromcode=2)
    contact = admin.create("contacts", lastname="x")

    def breaks(*_: Any) -> None:
        raise OverflowError("too large")

    with monkeypatch.context() as broken:
        broken.setattr(lists, "_members_changed", breaks)
        answer = admin.post(f"lists({newsletter})/{CRM}.AddMemberList", {"EntityId": contact})
    assert (answer.status, answer.code) == (500, "0x80040216")
    assert "OverflowError" in caplog.text
    assert admin.get("listmembers").rows == []
    assert admin.post(f"lists({newsletter})/{CRM}.AddMemberList", {"EntityId": contact}).status == 200
