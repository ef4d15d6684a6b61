"""Rows of Dynamics that are not what they should be: one odd row costs one row, by name, and nobody who opted out is
mailed because of it.

Any column but the key is null, blank, a megabyte long, of an unknown option, of another type, a date of no sense, or
holds control characters, as somebody between the two systems would receive it.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.lists import Activate, ListRow, ListsQuery
from dyntui.service.contract.target_counts import TargetCount
from tests.scenarios.office import Office
from tests.scenarios.test_members_and_books import added, in_book, row
from tests.thorough import keeping

MEGABYTE = 1_000_000
ODD: Mapping[str, Any] = {
    "null": None,
    "blank": "   ",
    "empty": "",
    "a megabyte": "x" * MEGABYTE,
    "thousands of addresses": "a@b.example " * 5000,
    "an unknown option": 987_654_321,
    "a number beyond all": 10**30,
    "a negative number": -1,
    "a fraction": 1.5,
    "a list": ["x"],
    "an object": {"value": True},
    "text for a flag": "true",
    "a number for a flag": 1,
    "year 1": "0001-01-01T00:00:00Z",
    "1753": "1753-01-01T00:00:00Z",
    "1900": "1900-01-01T00:00:00Z",
    "9999": "9999-12-31T23:59:59Z",
    "no date": "2026-13-45T99:00:00Z",
    "a date without a zone": "2026-01-01T00:00:00",
    "control characters": "A\x00B\x1b[31mC\u202e\r\n\ud800",
    "something else's key": "{not-a-guid}",
}
MEMBER_COLUMNS = (
    *("emailaddress1", "emailaddress2", "donotemail", "donotbulkemail", "donotsendmm", "statecode", "merged"),
    *("createdon", "modifiedon", "fullname", "firstname", "lastname", "name", "_masterid_value"),
)

Oddities = Mapping[str, Mapping[str, Any]]


def doctored(office: Office, odd: Oddities) -> None:
    """From now on Dynamics' rows with these keys (by id) are received with these values in place of theirs."""

    def rows_of(value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, dict):
            yield from (each for each in value.get("value", [value]) if isinstance(each, dict))

    def answers(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "/api/data/" not in request.url.path or "json" not in answer.headers.get("Content-Type", ""):
            return answer
        body, changed = answer.json(), False
        for each in rows_of(body):
            for value in list(each.values()):
                if isinstance(value, str) and value in odd:
                    found = {name: new for name, new in odd[value].items() if name in each}
                    each.update(found)
                    changed = changed or bool(found)
        if not changed:
            return answer
        kept = {name: value for name, value in answer.headers.items() if name.lower() in ("date", "content-type")}
        return httpx.Response(answer.status_code, headers=kept, content=_json(body))

    office.sandbox.doctor(answers)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


FLAGS = ("donotemail", "donotbulkemail", "merged")
_OF_PEOPLE = ("fullname", "firstname", "lastname")
NAMES = {"account": ("name",), "contact": _OF_PEOPLE, "lead": _OF_PEOPLE}


def reasons(entity: str, column: str, value: Any) -> set[str]:
    """What may become of a member, otherwise without fault, whose column reads so; `""`: nothing stands in the way."""
    if column not in (*FLAGS, "emailaddress1", "statecode", *NAMES[entity]):
        return {""}  # not read of members, or only to be shown
    if column in FLAGS:
        # Seen among what changed lately, a flag that cannot be read counts as set until it reads as off.
        unreadable = {"ODD_ROW"} if column == "merged" else {"ODD_ROW", "DO_NOT_EMAIL"}
        return {""} if value is None else unreadable
    if column == "statecode":
        if isinstance(value, int) and abs(value) < 2**31:
            return {"INACTIVE"}
        return {"ODD_ROW"}
    if value is not None and not isinstance(value, str):
        return {"ODD_ROW", "NO_EMAIL"} if column == "emailaddress1" else {"ODD_ROW"}
    if column == "emailaddress1":
        return {"BAD_EMAIL"} if (value or "").strip() else {"NO_EMAIL"}
    return {"VALUE_REJECTED"} if value and len(value) > 1000 else {""}


@pytest.mark.parametrize(
    ("name", "entity", "part"),
    keeping(
        [
            ("Newsletter", "contact", 0),
            ("Newsletter", "contact", 1),
            ("Winter leads", "lead", 0),
            ("Trade accounts", "account", 0),
            ("Active contacts in Nordic countries", "contact", 0),
        ],
        ("Newsletter", "contact", 0),
        ("Winter leads", "lead", 0),
    ),
)
def test_an_odd_member_costs_one_row_and_is_named(office: Office, name: str, entity: str, part: int) -> None:
    """As many members as the list has get one odd column each; the others are as they were."""
    chosen = office.activated(name)
    before = {each.person: each for each in office.people(office.run("lists").run.id)}
    # Whoever shares an address would take its place.
    alone = [key for key, many in Counter(each.address for each in before.values()).items() if many == 1]
    members = [person for person, each in before.items() if each.outcome is Outcome.ADDED and each.address in alone]
    cases = list(itertools.product(MEMBER_COLUMNS, ODD))
    step = max(1, -(-len(cases) // len(members)))
    given = dict(zip(members, cases[part::step], strict=False))
    assert len(given) > min(len(members), len(cases)) // 2
    doctored(office, {person: {column: ODD[oddity]} for person, (column, oddity) in given.items()})
    run = office.run("lists")
    assert run.run.status not in (RunStatus.FAILED, RunStatus.CANCELLED), run.run.error
    assert run.run.tally.adds_up
    book = in_book(office, office.book_of(chosen.id))
    # Of who leaves the book the outcome is that; why is told of the member.
    people = {each.person: each for each in office.members(chosen.id)}
    for person, (column, oddity) in given.items():
        found = people[person]
        assert found.reason in reasons(entity, column, ODD[oddity]), (column, oddity, found)
        # So many leaving at once are held: they stay in the book, and no send takes them; with a value that is too long
        # the contact keeps its earlier one.
        stays = found.reason in ("", "VALUE_REJECTED") or found.outcome is Outcome.HELD
        assert (before[person].address in book) is stays, (column, oddity, found)
        assert len(found.name) < 500 and len(found.address) < 500 and len(found.detail) < 700
    for person in before.keys() - given.keys():
        assert (people[person].reason or "") == before[person].reason, people[person]


def test_nobody_who_opted_out_is_mailed_because_of_odd_columns(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    """Everybody of many opts out, each with another odd column: the flag itself, or another one of the row."""
    campaign, count = counted
    cases = [
        (flag, column, oddity)
        for flag in ("donotemail", "donotbulkemail")
        for column, oddity in itertools.product(
            (flag, "modifiedon", "merged", "statecode", "emailaddress2", "_masterid_value"), ODD
        )
    ]
    sendable = office.count_people(count.id, sendable=True)
    some = cases[:: -(-len(cases) // (len(sendable) - 20))]
    out = dict(zip((each.person for each in sendable), some, strict=False))
    for person, (flag, _, _) in out.items():
        office.change_in_dynamics("contact", person, **{flag: 1})
    doctored(office, {person: {column: ODD[oddity]} for person, (_, column, oddity) in out.items()})
    sent = office.send(count)
    assert sent.state == "Sent", office.detail(sent.run).run
    mailed = {each["address"] for each in office.mailed(campaign)}
    gone = {each.address: out[each.person] for each in sendable if each.person in out}
    assert not {address: case for address, case in gone.items() if address in mailed}
    assert mailed >= {each.address for each in sendable} - gone.keys()


@pytest.mark.parametrize("column", keeping(["dyntui_address", "modifiedon", "dyntui_reason"], "dyntui_address"))
def test_an_odd_suppression_row_suppresses_whom_it_names_or_is_named_itself(
    office: Office, newsletter: ListRow, column: str
) -> None:
    somebody = added(office, newsletter.id)[: len(ODD)]
    rows = {
        row(office, "dyntui_suppression", dyntui_key=each.person, dyntui_address=each.address): (each.address, oddity)
        for each, oddity in zip(somebody, ODD, strict=True)
    }
    doctored(office, {key: {column: ODD[oddity]} for key, (_, oddity) in rows.items()})
    run = office.run("suppressions")
    assert run.run.status in (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS), run.run.error
    named = {each.person.rpartition("/")[2] for each in office.people(run.run.id) if each.reason == "ODD_ROW"}
    listed = {each.address: each.reason for each in office.people(office.run("lists").run.id)}
    for key, (address, oddity) in rows.items():
        if column != "dyntui_address" or oddity == "thousands of addresses":
            assert listed[address] == "SUPPRESSED" or column == "dyntui_address", oddity
        else:
            assert key in named, oddity


# Every so many of the combinations; coprime to the number of oddities, so that each meets other columns.
STEP = 31
LIST_COLUMNS = (
    *("listname", "createdfromcode", "type", "query", "statecode", "statuscode", "membercount", "description"),
    *("_ownerid_value", "modifiedon", "dyntui_activated", "dyntui_bookid", "dyntui_syncstatus", "dyntui_syncorder"),
    *("_dyntui_emailaccountid_value", "dyntui_manualonly", "lockstatus"),
)


def test_an_odd_list_fails_alone_by_name_or_is_synchronised(office: Office) -> None:
    odd_one, newsletter = office.activated("Active contacts in Nordic countries"), office.activated("Newsletter")
    office.run("lists")
    for column, oddity in list(itertools.product(LIST_COLUMNS, ODD))[::STEP]:
        doctored(office, {odd_one.id: {column: ODD[oddity]}})
        run = office.run("lists")
        items = {item.id: item for item in run.items}
        assert items[newsletter.id].status is RunStatus.COMPLETED, (column, oddity)
        item = items[odd_one.id]
        assert item.status is not RunStatus.FAILED or item.note.split(":")[0].isupper(), (column, oddity)
        assert not item.note.startswith("INTERNAL_ERROR") and len(item.note) < 2000
        assert run.run.tally.adds_up and not run.run.tally.of(Outcome.REMOVED), (column, oddity, item)


def test_odd_lists_owners_and_types_are_shown_beside_the_others(office: Office) -> None:
    office.refresh_lists()
    odd_one, newsletter = office.list_named("Trade accounts"), office.list_named("Newsletter")
    for column, oddity in list(itertools.product(LIST_COLUMNS, ODD))[::STEP]:
        doctored(office, {odd_one.id: {column: ODD[oddity]}})
        office.refresh_lists()
        shown = {each.id: each for each in all_lists(office)}
        assert shown[newsletter.id] == newsletter, (column, oddity)
        found = shown[odd_one.id]
        assert found.name and len(found.name) < 500, (column, oddity)
    doctored(office, {odd_one.id: {"createdfromcode": 3}})
    office.refresh_lists()
    assert {each.id: each for each in all_lists(office)}[odd_one.id].member_type == "other"
    with pytest.raises(DyntuiError, match="LIST_TYPE_UNKNOWN"):
        office.activate(Activate(id=odd_one.id))


def all_lists(office: Office) -> tuple[ListRow, ...]:
    return office.wait(office._lists.page(office.context, ListsQuery(view="all", limit=500))).rows


USER_COLUMNS = ("fullname", "domainname", "internalemailaddress", "isdisabled", "accessmode", "_businessunitid_value")


@pytest.mark.parametrize("table", keeping(["systemusers", "roles", "dyntui_emailcampaigns"], "roles"))
def test_odd_users_roles_and_campaign_rows_stop_nothing_else(office: Office, table: str) -> None:
    """Every row of the table is odd, in every way, one after the other."""
    office.activated("My own contacts")
    office.activated("Newsletter")
    columns = {
        "systemusers": USER_COLUMNS,
        "roles": ("name", "_businessunitid_value", "_parentrootroleid_value"),
        "dyntui_emailcampaigns": ("dyntui_key", "dyntui_name", "dyntui_status"),
    }[table]
    for column, oddity in list(itertools.product(columns, ODD))[::STEP]:

        def answers(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
            if not request.url.path.endswith(f"/{table}") or answer.status_code != 200:
                return answer
            body = answer.json()
            for each in body["value"]:
                if column in each:  # noqa: B023 - called within the turn
                    each[column] = ODD[oddity]  # noqa: B023
            kept = {name: value for name, value in answer.headers.items() if name.lower() in ("date", "content-type")}
            return httpx.Response(200, headers=kept, content=_json(body))

        office.sandbox.doctor(answers)
        office.refresh_lists()
        run = office.run("lists" if table != "dyntui_emailcampaigns" else "campaigns")
        assert run.run.error_code not in ("INTERNAL_ERROR", "DATAVERSE_ANSWER_UNREADABLE"), (column, oddity)
        assert run.run.status is not RunStatus.FAILED, (column, oddity, run.run.error)
