"""Which settings fit which list, and how a subscription filter is spelled."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.list_settings import ListSettings, Misfit, check, settings_of
from dyntui.model.membership_actions import MembershipAction, default, in_force, offered
from dyntui.model.opt_in import OptIn
from dyntui.model.subscription_filters import DEFAULT, NoFilter, SubscriptionFilter, filter_of, text_of

VIEW = "0a1b2c3d-0000-4000-8000-00000000000f"
FILTERS = st.builds(
    SubscriptionFilter,
    bulk=st.booleans(),
    email=st.booleans(),
    active=st.booleans(),
    opt_in=st.sampled_from(OptIn),
    view=st.sampled_from(["", VIEW]),
)


@pytest.mark.parametrize(
    ("member_type", "dynamic", "actions"),
    [
        ("contact", False, "ignore remove known contacts"),
        ("lead", False, "ignore remove known leads"),
        ("account", False, "ignore remove known"),
        ("contact", True, "remove"),
        ("lead", True, "remove"),
        ("account", True, "remove"),
    ],
)
def test_only_actions_that_fit_the_list_are_offered(member_type: str, dynamic: bool, actions: str) -> None:
    assert offered(member_type, dynamic) == tuple(MembershipAction(each) for each in actions.split())
    assert default(dynamic) in offered(member_type, dynamic)
    for action in MembershipAction:
        settings = ListSettings(membership_action=action)
        if action in offered(member_type, dynamic):
            check(settings, member_type, dynamic)
        else:
            with pytest.raises(Misfit, match="does not fit a"):
                check(settings, member_type, dynamic)


def test_a_list_without_a_choice_ignores_strangers_and_a_dynamic_one_removes_them_always() -> None:
    assert in_force("", False) is MembershipAction.IGNORE
    assert {in_force(each, True) for each in ("", "ignore", "contacts")} == {MembershipAction.REMOVE}


@given(FILTERS)
def test_a_filter_is_read_as_it_was_spelled(chosen: SubscriptionFilter) -> None:
    assert filter_of(text_of(chosen)) == chosen
    assert filter_of(text_of(chosen).upper()) == chosen
    assert filter_of(",".join(reversed(text_of(chosen).split(",")))) == chosen


def test_no_text_is_the_default_and_none_is_no_filter() -> None:
    assert filter_of(" ") == DEFAULT == SubscriptionFilter(bulk=True)
    assert filter_of("none") == SubscriptionFilter()


@pytest.mark.parametrize(
    "text", ["bulky", "opt-in", "opt-in:maybe", "view:everybody", f"view:{VIEW},view:{VIEW[::-1]}", "bulk,,"]
)
def test_what_is_no_filter_is_named_and_never_taken_for_another(text: str) -> None:
    with pytest.raises(NoFilter):
        filter_of(text)


def test_what_does_not_fit_is_refused_and_what_the_row_says_is_never_guessed() -> None:
    given_row = {"clear_on_send": False, "sync_order": 5, "manual_only": False, "dynamic": False}
    for action, text in itertools.product(("", "7270", "delete"), ("", "everything")):
        if action == text == "":
            assert settings_of(action=action, filter_text=text, **given_row).sync_order == 5
        else:
            with pytest.raises(Misfit):
                settings_of(action=action, filter_text=text, **given_row)
    with pytest.raises(Misfit, match="no opt-in type"):
        check(
            ListSettings(
                membership_action=MembershipAction.IGNORE, subscription_filter=SubscriptionFilter(opt_in=OptIn.SINGLE)
            ),
            "account",
            False,
        )
    with pytest.raises(Misfit, match="cannot be cleared"):
        check(ListSettings(membership_action=MembershipAction.REMOVE, clear_on_send=True), "contact", True)
