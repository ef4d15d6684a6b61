"""Change tracking: delta links, tombstones, expiry."""

from datetime import timedelta
from typing import Any

from dyntui.sandbox.state import State

from .api import Answer, Client, sign_in

TRACK = "odata.track-changes"


def start(client: Client, path: str = "contacts?$select=lastname", **headers: str) -> Answer:
    answer = client.get(path, Prefer=TRACK, **headers)
    assert answer.status == 200, answer.text
    return answer


def outcome(answer: Answer) -> list[Any]:
    return [row.get("lastname", ("deleted", row.get("id"))) for row in answer.rows]


def test_the_first_call_brings_everything_and_a_link(admin: Client) -> None:
    admin.create("contacts", lastname="A")
    answer = start(admin)
    assert outcome(answer) == ["A"]
    assert answer.headers["Preference-Applied"] == TRACK
    link = answer.json["@odata.deltaLink"]
    assert "/contacts?$select=lastname&$deltatoken=" in link
    assert "%2103%2F04%2F2026%2008%3A10%3A44" in link


def test_some_changes_may_be_left_out(admin: Client, state: State) -> None:
    several = [admin.create("contacts", lastname=name) for name in "ABCD"]
    link = start(admin).json["@odata.deltaLink"]
    state.config.dataverse.delta_leaves_out = 2
    for each in several:
        admin.patch(f"contacts({each})", {"lastname": "changed"})
    told = admin.get(link.replace("lastname", "contactid"))
    versions = {each: admin.row("contacts", each)["versionnumber"] for each in several}
    assert {row["contactid"] for row in told.rows} == {each for each in several if versions[each] % 2}
    assert 0 < len(told.rows) < len(several)
    state.config.dataverse.delta_leaves_out = 0
    assert len(admin.get(link).rows) == len(several)


def test_the_link_brings_changes_in_the_order_of_their_versions_then_deletions(admin: Client) -> None:
    a, b, c = (admin.create("contacts", lastname=name) for name in "ABC")
    link = start(admin).json["@odata.deltaLink"]
    admin.patch(f"contacts({b})", {"lastname": "B2"})
    admin.delete(f"contacts({a})")
    admin.create("contacts", lastname="D")
    admin.patch(f"contacts({c})", {"jobtitle": "x"})
    answer = admin.get(link)
    assert outcome(answer) == ["B2", "D", "C", ("deleted", a)]
    assert answer.json["@odata.context"].endswith("#contacts(lastname)/$delta")
    assert answer.rows[-1]["@odata.context"].endswith("$metadata#contacts/$deletedEntity")
    assert answer.rows[-1]["reason"] == "deleted"
    assert admin.get(answer.json["@odata.deltaLink"]).rows == []


def test_a_row_created_and_deleted_in_between_appears_as_deleted(admin: Client) -> None:
    link = start(admin).json["@odata.deltaLink"]
    contact = admin.create("contacts", lastname="A")
    admin.delete(f"contacts({contact})")
    assert outcome(admin.get(link)) == [("deleted", contact)]


def test_the_number_of_changes_can_be_asked(admin: Client) -> None:
    contact = admin.create("contacts", lastname="A")
    token = start(admin).json["@odata.deltaLink"].partition("$deltatoken=")[2]
    admin.create("contacts", lastname="B")
    admin.delete(f"contacts({contact})")
    assert admin.get(f"contacts/$count?$deltatoken={token}").text == "2"


def read_all(client: Client, path: str) -> tuple[list[int], list[Any], str]:
    sizes, found, link = [], [], ""
    while path:
        answer = client.get(path, Prefer=f"{TRACK},odata.maxpagesize=2")
        assert answer.status == 200, answer.text
        sizes.append(len(answer.rows))
        found += outcome(answer)
        path, link = answer.json.get("@odata.nextLink", ""), answer.json.get("@odata.deltaLink", "")
        assert bool(path) is not bool(link)
    return sizes, found, link


def test_the_link_is_only_on_the_last_page_and_misses_nothing_changed_meanwhile(admin: Client) -> None:
    ids = [admin.create("contacts", lastname=f"P{number}") for number in range(5)]
    first = admin.get("contacts?$select=lastname", Prefer=f"{TRACK},odata.maxpagesize=2")
    assert "@odata.deltaLink" not in first.json
    read = {row["contactid"] for row in first.rows}
    for contact in ids:
        admin.patch(f"contacts({contact})", {"jobtitle": "x"})
    sizes, found, link = read_all(admin, first.json["@odata.nextLink"])
    assert (sizes, len(read) + len(found)) == ([2, 1], 5)
    assert len(read_all(admin, link)[1]) == 5


def test_changes_come_in_pages_too(admin: Client) -> None:
    ids = [admin.create("contacts", lastname=f"P{number}") for number in range(4)]
    link = start(admin).json["@odata.deltaLink"]
    for contact in ids[:3]:
        admin.delete(f"contacts({contact})")
    for number in range(3):
        admin.create("contacts", lastname=f"N{number}")
    sizes, found, _link = read_all(admin, link)
    assert sizes == [2, 2, 2]
    assert found == ["N0", "N1", "N2", *(("deleted", contact) for contact in ids[:3])]


def test_what_tracking_cannot_be_combined_with_is_refused(admin: Client) -> None:
    for option in ("$filter=lastname eq 'x'", "$orderby=lastname", "$expand=owninguser", "$top=1"):
        answer = admin.get(f"contacts?{option}", Prefer=TRACK)
        name = option.partition("=")[0]
        assert answer.status == 400
        assert answer.message == f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'


def test_a_link_expires(admin: Client, state: State) -> None:
    link = start(admin).json["@odata.deltaLink"]
    state.clock.advance(timedelta(days=8))
    admin.token = sign_in(state, "late", "System Administrator").token
    answer = admin.get(link)
    assert (answer.status, answer.code) == (400, "0x80044352")
    assert answer.message == "Version stamp associated with the client has expired. Please perform a full sync."
    assert admin.get("contacts?$deltatoken=nonsense").status == 400


def test_tables_without_tracking_refuse_it(admin: Client) -> None:
    assert admin.get("listmembers", Prefer=TRACK).code == "0x80072491"


def test_tracking_needs_to_read_the_whole_organisation(state: State) -> None:
    basic = sign_in(state, "bea", "Basic User")
    assert basic.get("contacts").status == 200
    assert basic.get("contacts", Prefer=TRACK).status == 403


def test_annotations_may_cost_the_link_as_switched(admin: Client, state: State) -> None:
    prefer = f'{TRACK},odata.include-annotations="*"'
    assert "@odata.deltaLink" in admin.get("contacts", Prefer=prefer).json
    state.config.dataverse.delta_with_annotations = False
    assert "@odata.deltaLink" not in admin.get("contacts", Prefer=prefer).json


def test_an_old_link_may_mean_everything_and_no_deletion(admin: Client, state: State) -> None:
    gone = admin.create("contacts", lastname="Gone")
    kept = [admin.create("contacts", lastname=f"P{number}") for number in range(3)]
    link = start(admin).json["@odata.deltaLink"]
    admin.delete(f"contacts({gone})")
    state.config.dataverse.old_delta_link = "everything"
    assert outcome(admin.get(link)) == [("deleted", gone)]
    state.clock.advance(timedelta(days=8))
    admin.token = sign_in(state, "late", "System Administrator").token
    sizes, found, fresh = read_all(admin, link)
    assert (sizes, sorted(found)) == ([2, 1], ["P0", "P1", "P2"])
    token = link.partition("$deltatoken=")[2]
    assert admin.get(f"contacts/$count?$deltatoken={token}").text == "4"
    admin.patch(f"contacts({kept[0]})", {"lastname": "New"})
    assert outcome(admin.get(fresh)) == ["New"]


def test_no_changes_may_be_told_by_an_empty_object(admin: Client, state: State) -> None:
    link = start(admin).json["@odata.deltaLink"]
    assert admin.get(link).json["value"] == []
    state.config.dataverse.empty_delta = "none"
    assert admin.get(link).json == {}
    admin.create("contacts", lastname="P")
    assert outcome(admin.get(link)) == ["P"]
