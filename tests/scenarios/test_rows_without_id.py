"""A row whose id cannot be read, of either system, costs itself: it is named, everything else goes on, and an opt-out
that it tells of counts for its addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.runs import RunDetail
from tests.scenarios.office import Office
from tests.scenarios.test_forms import answered
from tests.scenarios.test_scoring import scored
from tests.scenarios.test_web_behaviour import looked_at

_OF_ONE = re.compile(r"\([^)]*\)")
# By sync type: the answers that have one row too many, with the member that holds its id.
ANSWERS = {
    "suppressions": (("/data/v9.2/contacts", "contactid"), ("/contacts/v3", "contactId")),
    "lists": (
        *(("/data/v9.2/contacts", "contactid"), ("/lists()/listcontact_association", "contactid")),
        *(("/data/v9.2/listmembers", "listmemberid"), ("/contacts/v3", "contactId"), ("/v2/address-books", "id")),
    ),
    "forms": (("/data/v9.2/contacts", "contactid"), ("/dyntui_forms", "dyntui_formid")),
    "web-behaviour": (("/data/v9.2/contacts", "contactid"),),
    "scoring": (("/data/v9.2/contacts", "contactid"),),
}
NAMED_IN_THE_LOG = "/v2/address-books"


def one_more(office: Office, path: str, key: str, change: Callable[[dict[str, Any]], Any]) -> list[str]:
    """From now on the answers of `path` have a row more, changed from one of theirs; the urls of those."""
    struck: list[str] = []

    def answers(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not _OF_ONE.sub("()", request.url.path).endswith(path) or answer.status_code != 200:
            return answer
        body = answer.json()
        rows = body if isinstance(body, list) else body.get("value", body.get("_items", []))
        if not rows or key not in rows[-1]:
            return answer
        rows.append(change(dict(rows[-1])))
        struck.append(request.url.path)
        kept = {name: value for name, value in answer.headers.items() if name.lower() in ("date", "content-type")}
        return httpx.Response(200, headers=kept, json=body)

    office.sandbox.doctor(answers)
    return struck


def without(key: str, how: int) -> Callable[[dict[str, Any]], Any]:
    def changed(row: dict[str, Any]) -> Any:
        others = {name: value for name, value in row.items() if name != key}
        return (others, {**row, key: None}, {**row, key: "no id"}, "no row")[how]

    return changed


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_row_without_an_id_is_named_and_costs_itself(office: Office, newsletter: ListRow, kind: str) -> None:
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    for number, (path, key) in enumerate(ANSWERS[kind]):
        how = number % 4
        office.let_pass(days=31)
        scored(office, somebody.address, 20 + how)
        looked_at(office, "s1", somebody.address, *("abcdef"[: number + how + 1]))
        answered(office, somebody.address, "Hello")
        before = office.in_book(newsletter.id)
        struck = one_more(office, path, key, without(key, how))
        run = office.run(kind)
        named = odd_rows(office, run)
        assert struck and run.run.status is not RunStatus.FAILED, (path, how, run.run.error)
        assert named or path == NAMED_IN_THE_LOG, (path, how)
        assert office.in_book(newsletter.id) == before, (path, how)
    office.sandbox.doctor(lambda request, answer: answer)
    run = office.run(kind)
    assert run.run.status is RunStatus.COMPLETED and odd_rows(office, run) == []


def odd_rows(office: Office, run: RunDetail) -> list[str]:
    return [each.detail for each in office.people(run.run.id) if each.reason == "ODD_ROW"]


_ID = re.compile(rb'"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')


def test_an_id_is_the_same_however_it_is_written(office: Office, newsletter: ListRow) -> None:
    """In capitals, in braces, without hyphens: of members, of their records, of the list's own rows."""
    members = {each.person: each.reason for each in office.members(newsletter.id)}
    spelt: list[int] = []

    def otherwise(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "/data/v9.2" not in request.url.path or not request.url.path.endswith(_OF_PEOPLE):
            return answer
        spelt.append(len(spelt) % 3)
        written = (rb'"{\1}"', lambda id: id[0].upper(), lambda id: id[0].replace(b"-", b""))[spelt[-1]]
        headers = {name: each for name, each in answer.headers.items() if name.lower() != "content-length"}
        return httpx.Response(answer.status_code, headers=headers, content=_ID.sub(written, answer.content))

    office.sandbox.doctor(otherwise)
    for _ in range(2):
        office.let_pass(days=2)
        run = office.run("lists").run
        assert (run.status, run.tally.of(Outcome.ADDED)) == (RunStatus.COMPLETED, 0)
    assert len(set(spelt)) == 3 and run.tally.read == len(members)
    assert {each.person: each.reason for each in office.members(newsletter.id)} == members


_OF_PEOPLE = ("/contacts", "/leads", "/accounts", "/listmembers", "/listcontact_association")


def test_an_opt_out_without_an_id_counts_for_its_addresses_and_a_dynamic_list_loses_nobody(office: Office) -> None:
    chosen, static = office.activated("Active contacts in Nordic countries"), office.activated("Newsletter")
    office.run("lists")
    somebody, other = [each for each in office.members(chosen.id) if each.outcome is Outcome.ADDED][:2]
    third = [each for each in office.members(static.id) if each.outcome is Outcome.ADDED][5].person
    office.change_in_dynamics("contact", somebody.person, donotemail=1)

    def no_id(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith(("/contacts", "/listcontact_association")) or answer.status_code != 200:
            return answer
        body = answer.json()
        for row in body.get("value", []):
            if row.get("contactid") in (somebody.person, other.person, third):
                row["contactid"] = "{not-a-guid}"
        kept = {name: value for name, value in answer.headers.items() if name.lower() in ("date", "content-type")}
        return httpx.Response(200, headers=kept, json=body)

    office.sandbox.doctor(no_id)
    run = office.run("lists")
    assert odd_rows(office, run) and run.run.status is not RunStatus.FAILED
    inside = office.in_book(chosen.id)
    # Whoever does not show because of it is not taken for having left.
    assert somebody.address not in inside and other.address in inside
    assert {each.person: each.reason for each in office.members(static.id)}[third] == "ODD_ROW"
    # Nor is anybody taken off a list whom a query does not show.
    everybody = '<fetch><entity name="contact"/></fetch>'
    with pytest.raises(DyntuiError, match="NO_PLAN"):
        office.plan_members(static.id, "keep", query=everybody)
    assert office.audit().rows[0].error_code == "DATAVERSE_ANSWER_UNREADABLE"
