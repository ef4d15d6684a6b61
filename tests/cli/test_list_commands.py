"""`dyntui lists`."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.membership_actions import MembershipAction
from dyntui.model.outcomes import Outcome
from dyntui.model.roles import Ability
from dyntui.service.contract.lists import (
    LIST_ACTIVATE,
    LIST_DEACTIVATE,
    LIST_EDIT,
    LIST_GET,
    LIST_MEMBERS,
    LISTS_PAGE,
    LISTS_REFRESH,
    Activate,
    EditList,
    ListRef,
    ListRow,
    ListsQuery,
    MemberRow,
)
from dyntui.service.contract.paging import Page
from dyntui.service.contract.session import Nothing
from tests.cli.scripted_service import LIST_ID, OTHER_ID, ScriptedService, a_detail, a_list, page_of


def test_the_lists_are_a_table(dyntui: Callable, service: ScriptedService):
    service.answers(LISTS_PAGE, page_of(a_list(), a_list("Dealers", OTHER_ID, activated=False)))
    done = dyntui("lists", "list")

    assert done.code == 0
    headings, first, second = done.out.splitlines()
    assert headings.split()[:4] == ["NAME", "TYPE", "MEMBERS", "ACTIVATED"]
    assert first.split()[:5] == ["Newsletter", "contact,", "static", "12,345", "yes"]
    assert second.split()[0] == "Dealers"


def test_the_view_and_the_window_travel_to_the_service(dyntui: Callable, service: ScriptedService):
    service.answers(LISTS_PAGE, page_of(a_list(), total=3401))
    window = ["--offset", "10", "--limit", "5", "--search", "news", "--sort", "-name"]
    done = dyntui("lists", "list", "--view", "problems", *window)

    assert service.requests(LISTS_PAGE) == [
        ListsQuery(view="problems", offset=10, limit=5, search="news", sort="-name")
    ]
    assert "1 of 3,401 match." in done.err
    service.answers(LISTS_PAGE, Page(rows=(a_list(),), matching=300, total=3401))
    some = dyntui("lists", "list", "--search", "news")
    assert "1 shown, 300 of 3,401 match; --limit and --offset show others." in some.err


def test_refresh_reads_dynamics_first(dyntui: Callable, service: ScriptedService):
    service.answers(LISTS_REFRESH, Nothing())
    service.answers(LISTS_PAGE, page_of())
    dyntui("lists", "list", "--refresh")

    assert [name for name, _ in service.asked] == ["lists.refresh", "lists.page"]


@pytest.mark.parametrize("place", ["before", "after"])
def test_json_is_the_contracts_answer_and_nothing_else(dyntui: Callable, service: ScriptedService, place: str):
    service.answers(LISTS_PAGE, page_of(a_list()))
    done = dyntui("--json", "lists", "list") if place == "before" else dyntui("lists", "list", "--json")

    answer = json.loads(done.out)
    assert sorted(answer) == ["as_of", "matching", "more", "offset", "rows", "total"]
    assert answer["rows"][0]["id"] == LIST_ID
    assert done.err == ""


def test_a_list_can_be_named_by_its_name(dyntui: Callable, service: ScriptedService):
    service.answers(LISTS_PAGE, page_of(a_list("Newsletter two", OTHER_ID), a_list()))
    service.answers(LIST_GET, a_detail())
    done = dyntui("lists", "show", "newsletter")

    assert service.requests(LIST_GET) == [ListRef(LIST_ID)]
    assert "Newsletter (77)" in done.out
    assert "NO_EMAIL" in done.out


def test_an_id_needs_no_search(dyntui: Callable, service: ScriptedService):
    service.answers(LIST_GET, a_detail())
    dyntui("lists", "show", LIST_ID.upper())

    assert service.requests(LIST_GET) == [ListRef(LIST_ID)]
    assert service.requests(LISTS_PAGE) == []


def test_a_name_that_two_lists_bear_is_refused_with_both(dyntui: Callable, service: ScriptedService):
    service.answers(LISTS_PAGE, page_of(a_list(), a_list("newsletter", OTHER_ID), a_list("Newsletter", OTHER_ID)))
    done = dyntui("lists", "deactivate", "Newsletter")

    assert done.code == 2
    assert "LIST_AMBIGUOUS" in done.err
    assert LIST_ID in done.err
    assert OTHER_ID in done.err
    assert service.requests(LIST_DEACTIVATE) == []


def test_a_name_that_is_a_part_of_very_many_others_is_found_after_them(dyntui: Callable, service: ScriptedService):
    others = [a_list(f"A Newsletter of {place}", f"{place:08}-0000-0000-0000-000000000000") for place in range(5000)]
    twins = [a_list("Newsletter"), a_list("newsletter")]

    def page(query: ListsQuery) -> Page[ListRow]:
        rows = (*others, *twins)
        chosen = rows[query.offset : query.offset + query.limit]
        return Page(rows=chosen, matching=len(rows), total=len(rows), offset=query.offset)

    service.answers(LISTS_PAGE, page)
    service.answers(LIST_GET, a_detail())
    dyntui("lists", "show", "Newsletter ")

    assert service.requests(LIST_GET) == []
    dyntui("lists", "show", "Newsletter")
    assert service.requests(LIST_GET) == [ListRef(LIST_ID)]
    assert {each.search for each in service.requests(LISTS_PAGE)} == {"Newsletter"}


def test_an_unknown_name_is_refused_with_what_comes_near(dyntui: Callable, service: ScriptedService):
    service.answers(LISTS_PAGE, lambda query: page_of() if query.search else page_of(a_list(), a_list("Dealers")))
    done = dyntui("lists", "show", "Newsleter")

    assert done.code == 2
    assert "LIST_UNKNOWN" in done.err
    assert "'Newsletter'" in done.err
    assert "Dealers" not in done.err


def test_deactivating_asks_first(dyntui: Callable, service: ScriptedService):
    service.answers(LIST_GET, a_detail())
    service.answers(LIST_DEACTIVATE, a_detail(activated=False))
    refused = dyntui("lists", "deactivate", LIST_ID)
    assert refused.code == 2
    assert "CONFIRMATION_MISSING" in refused.err and "'Newsletter' (12,345 members)" in refused.err
    assert service.requests(LIST_DEACTIVATE) == []

    assert dyntui("lists", "deactivate", LIST_ID, "--yes").code == 0
    assert service.requests(LIST_DEACTIVATE) == [ListRef(LIST_ID)]


def test_deactivating_what_is_not_active_asks_nothing(dyntui: Callable, service: ScriptedService):
    service.answers(LIST_GET, a_detail(activated=False))
    service.answers(LIST_DEACTIVATE, a_detail(activated=False))
    assert dyntui("lists", "deactivate", LIST_ID).code == 0


def test_activating_links_a_book_only_when_told_to(dyntui: Callable, service: ScriptedService):
    service.answers(LIST_ACTIVATE, a_detail())
    dyntui("lists", "activate", LIST_ID)
    dyntui("lists", "activate", LIST_ID, "--link", "--account", "Main")
    dyntui("lists", "activate", LIST_ID, "--yes")

    assert service.requests(LIST_ACTIVATE) == [
        Activate(id=LIST_ID),
        Activate(id=LIST_ID, account="Main", link=True),
        Activate(id=LIST_ID, link=True),
    ]


def test_members_show_their_outcome(dyntui: Callable, service: ScriptedService):
    service.answers(
        LIST_MEMBERS,
        page_of(
            MemberRow(
                entity="contact",
                person="p1",
                name="Ann",
                address="ann@example.com",
                outcome=Outcome.EXCLUDED,
                reason="SUPPRESSED",
            ),
            MemberRow(entity="contact", person="p2", name="Bob", address="", outcome=None),
        ),
    )
    done = dyntui("lists", "members", LIST_ID, "--reason", "suppressed")

    assert service.requests(LIST_MEMBERS)[0].reason == "SUPPRESSED"
    assert "ann@example.com" in done.out
    assert "SUPPRESSED" in done.out


def test_text_from_dynamics_cannot_control_the_terminal(dyntui: Callable, service: ScriptedService):
    hostile = "\x1b]0;owned\x07[bold red]News\u202eletter\x9b31m"
    service.answers(LISTS_PAGE, page_of(a_list(hostile)))
    for arguments in (["lists", "list"], ["lists", "list", "--json"]):
        done = dyntui(*arguments)
        assert not set("\x1b\x07\x9b\u202e") & set(done.out)
        assert "[bold red]" in done.out
    assert json.loads(done.out)["rows"][0]["name"] == hostile


def test_a_refusal_ends_with_code_5_and_says_what_was_not_done(dyntui: Callable, service: ScriptedService):
    service.abilities = frozenset({Ability.SEE})
    service.answers(LIST_ACTIVATE, a_detail())
    done = dyntui("lists", "activate", LIST_ID)

    assert done.code == 5
    assert "NOT_PERMITTED" in done.err
    assert "Not done: Nothing was read or changed." in done.err
    assert done.out == ""


def test_an_error_is_one_line_of_json_where_json_was_asked_for(dyntui: Callable, service: ScriptedService):
    service.answers(LIST_GET, DyntuiError("LIST_GONE", "Gone.", not_done="Nothing.", remedy="Look again."))
    done = dyntui("lists", "show", LIST_ID, "--json")

    assert done.code == 1
    assert json.loads(done.err)["error"] == {
        "code": "LIST_GONE",
        "message": "Gone.",
        "not_done": "Nothing.",
        "remedy": "Look again.",
    }
    assert done.out == ""


def test_settings_are_edited_and_what_is_not_named_stays(dyntui: Callable, service: ScriptedService):
    service.answers(LIST_GET, a_detail())
    service.answers(LIST_EDIT, a_detail(sync_order=5))
    done = dyntui(
        "lists", "edit", LIST_ID, "--action", "remove", "--filter", "bulk", "--filter", "active", "--order", "5"
    )

    assert done.code == 0 and "5" in done.out
    assert service.requests(LIST_EDIT) == [
        EditList(
            id=LIST_ID,
            membership_action=MembershipAction.REMOVE,
            subscription_filter=("bulk", "active"),
            sync_order=5,
        )
    ]


def test_making_records_of_strangers_takes_a_yes(dyntui: Callable, service: ScriptedService):
    service.answers(LIST_GET, a_detail())
    service.answers(LIST_EDIT, a_detail())
    refused = dyntui("lists", "edit", LIST_ID, "--action", "contacts")
    done = dyntui("--yes", "lists", "edit", LIST_ID, "--action", "contacts")

    assert refused.code == 2 and "CONFIRMATION_MISSING" in refused.err
    assert done.code == 0
    assert service.requests(LIST_EDIT) == [EditList(id=LIST_ID, membership_action=MembershipAction.CONTACTS)]
