"""The registry of actions is the only source of keys, hints, help, palette and key tables."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Iterator

import dyntui.screens
import pytest
from dyntui.screens.bindings import bindings, method_name
from dyntui.screens.grid_screen import GridScreen
from dyntui.screens.palette import offered
from dyntui.screens.places import PLACES, SECTIONS, load
from dyntui.screens.shell import HINTS_AT_80, hinted
from textual.binding import Binding
from textual.dom import DOMNode

from dyntui.model.outcomes import RunStatus, Tally
from dyntui.model.roles import Ability, Role, abilities
from dyntui.service.contract.actions import disabled_reason
from dyntui.service.contract.campaigns import ON_CAMPAIGN, ON_CAMPAIGNS, ON_REPORT
from dyntui.service.contract.console import (
    ON_CHOICES,
    ON_DIALOG,
    ON_ERROR,
    ON_EVERYWHERE,
    ON_FILTER,
    ON_GRID,
    ON_OVER,
    ON_PICKER,
    ON_TEXT,
)
from dyntui.service.contract.lists import ON_LIST, ON_LISTS, ON_WIZARD
from dyntui.service.contract.runs import ON_AUDIT, ON_RUN, Progress, RunRow
from dyntui.service.contract.situations import Situation
from dyntui.service.contract.subjects import ACTIONS, BY_ID, CALLS, SCOPES, key_tables, of
from dyntui.service.contract.suppressions import ON_SOURCES, ON_SUPPRESSIONS
from dyntui.service.contract.target_counts import ON_COUNT
from tests.cli.scripted_service import a_list

from .driving import NARROW, driving
from .worlds import LIST


def console_classes() -> Iterator[type[DOMNode]]:
    """Every app, screen and widget of the console."""
    for found in pkgutil.walk_packages(dyntui.screens.__path__, "dyntui.screens."):
        module = importlib.import_module(found.name)
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == found.name and issubclass(kind, DOMNode):
                yield kind


def test_no_binding_stands_outside_the_registry() -> None:
    outside = []
    for kind in console_classes():
        for binding in kind.__dict__.get("BINDINGS", ()):
            assert isinstance(binding, Binding), kind
            action = BY_ID.get(binding.id or "")
            if action is None or binding.key != ",".join(action.keys):
                outside.append((kind.__name__, binding))
    assert outside == []


def test_every_widget_binds_the_scopes_it_names() -> None:
    for kind in console_classes():
        scopes = kind.__dict__.get("SCOPES", ())
        bound = {binding.id for binding in kind.__dict__.get("BINDINGS", ()) if isinstance(binding, Binding)}
        inherited = {
            binding.id
            for base in kind.__mro__[1:]
            for binding in base.__dict__.get("BINDINGS", ())
            if isinstance(binding, Binding)
        }
        owned = [scope for scope in scopes if scope not in (ON_GRID, ON_TEXT) or len(scopes) == 1]
        for action in of(*owned):
            if action.keys:
                assert action.id in bound | inherited, (kind.__name__, action.id)


def test_every_action_is_carried_out_by_somebody() -> None:
    methods_there = {name for kind in console_classes() for name in dir(kind) if name.startswith("do_")}
    missing = [action.id for action in ACTIONS if method_name(action.id) not in methods_there]
    # A picker takes the choice through its grid.
    assert missing == ["picker.done"]


def test_what_can_be_done_in_several_places_is_one_action() -> None:
    said = Counter((action.title, action.command) for action in ACTIONS if action.command)
    assert [one for one, count in said.items() if count > 1] == []
    assert of(ON_LISTS, ON_LIST).count(BY_ID["lists.activate"]) == 1
    assert BY_ID["lists.activate"] in of(ON_LIST) and BY_ID["campaigns.report"] in of(ON_CAMPAIGN)


def test_every_contract_call_named_exists_and_brings_its_ability() -> None:
    for action in ACTIONS:
        if action.call is not None:
            assert CALLS[action.call.name] is action.call, action.id
            assert action.ability is action.call.ability
        if action.command:
            assert action.command.startswith("dyntui "), action.id


def test_a_key_means_one_thing_in_a_scope_and_everywhere() -> None:
    for scope in SCOPES:
        keys = Counter(key for action in of(scope) for key in action.keys)
        assert [key for key, count in keys.items() if count > 1] == [], scope
    everywhere = {key for action in of(ON_EVERYWHERE) for key in action.keys} - {"escape"}
    dialogs = (ON_FILTER, ON_DIALOG, ON_OVER, ON_ERROR, ON_PICKER, ON_EVERYWHERE)
    for scope in SCOPES:
        if scope not in dialogs:
            assert not everywhere & {key for action in of(scope) for key in action.keys}, scope


def test_a_screen_and_the_grid_on_it_do_not_fight_for_a_key() -> None:
    grid = {key for action in of(ON_GRID, ON_CHOICES) for key in action.keys}
    screens = [load(each) for each in (*SECTIONS, *PLACES)]
    on_a_grid = [scope for each in screens if issubclass(each, GridScreen) for scope in each.SCOPES]
    assert len(on_a_grid) > 15
    for scope in (
        *on_a_grid,
        ON_LISTS,
        ON_LIST,
        ON_CAMPAIGNS,
        ON_CAMPAIGN,
        ON_WIZARD,
        ON_REPORT,
        ON_AUDIT,
        ON_RUN,
        ON_COUNT,
        ON_SUPPRESSIONS,
        ON_SOURCES,
    ):
        assert not grid & {key for action in of(scope) for key in action.keys}, scope
    for each in screens:
        keys = Counter(key for action in of(*each.SCOPES) for key in action.keys)
        assert [key for key, count in keys.items() if count > 1] == [], each


def test_keys_that_terminals_take_away_are_never_the_only_way() -> None:
    for action in ACTIONS:
        safe = [
            key
            for key in action.keys
            if not key.startswith("alt+")
            and key not in ("ctrl+q", "ctrl+p", "ctrl+s", "ctrl+b", "ctrl+a", "ctrl+enter", "shift+enter")
            and not (key[0] == "f" and key[1:].isdigit())
        ]
        # The palette is one more way, and opens with a plain key.
        assert safe or action.palette or not action.keys, action.id


def test_bindings_carry_the_registrys_id_title_and_tooltip() -> None:
    for binding in bindings(ON_LISTS):
        assert isinstance(binding, Binding)
        action = BY_ID[binding.id or ""]
        assert (binding.description, binding.tooltip) == (action.title, action.tooltip)


@pytest.mark.parametrize("ability", [Ability.SYNCHRONISE, Ability.SEND])
def test_an_action_one_may_not_take_names_the_roles_that_may(ability: Ability) -> None:
    viewer = Situation(abilities=frozenset(one.value for one in abilities([Role.VIEWER.value])))
    denied = [action for action in ACTIONS if action.ability is ability]
    assert denied
    for action in denied:
        assert Role.MANAGER.value in disabled_reason(action, viewer)


def test_a_lost_service_disables_what_needs_it_and_nothing_else() -> None:
    everything = frozenset(one.value for one in Ability)
    lost = Situation(abilities=everything, connected=False)
    assert disabled_reason(BY_ID["lists.reread"], lost) == "The service does not answer just now."
    assert disabled_reason(BY_ID["app.help"], lost) == ""


def test_an_activated_list_cannot_be_activated_again_and_says_so() -> None:
    everything = frozenset(one.value for one in Ability)
    newsletter = a_list(activated=True)
    situation = Situation(abilities=everything, selected=(newsletter,))
    assert "already activated" in disabled_reason(BY_ID["lists.activate"], situation)
    assert disabled_reason(BY_ID["lists.synchronise"], situation) == ""


def test_a_run_that_has_ended_cannot_be_cancelled() -> None:
    everything = frozenset(one.value for one in Ability)
    run = RunRow(
        id="r",
        kind="lists",
        title="t",
        account="a",
        status=RunStatus.COMPLETED,
        started_by="",
        queued_on="",
        started_on="",
        ended_on="",
        tally=Tally(),
        progress=Progress(),
    )
    reason = disabled_reason(BY_ID["runs.cancel"], Situation(abilities=everything, selected=(run,)))
    assert reason == "The run has ended: Completed."


def test_the_key_tables_of_the_documentation_name_every_key() -> None:
    tables = key_tables()
    for scope in SCOPES:
        if of(scope):
            assert f"### {scope.heading}" in tables
    assert "| `a` | Activate for Email |" in tables
    assert "`dyntui lists activate LIST`" in tables


def test_the_palette_offers_verbs_about_the_row_before_those_of_the_screen_and_everywhere() -> None:
    actions = offered(of(ON_GRID, ON_LISTS, ON_EVERYWHERE))
    rows = [action.row for action in actions if ON_LISTS in action.scopes]
    assert rows == sorted(rows, reverse=True)
    assert actions[-1].scopes == (ON_EVERYWHERE,)
    assert ON_LISTS in actions[0].scopes


def test_the_hints_speak_of_the_screen_first() -> None:
    assert hinted((ON_GRID, ON_LISTS, ON_EVERYWHERE))[0].scopes[0] is ON_LISTS


@pytest.mark.parametrize("section", ["1", "2", "3", "4", "5"])
async def test_no_more_than_seven_hints_at_eighty_columns(section: str) -> None:
    async with driving(size=NARROW) as hand:
        await hand.press(section)
        hints = hand.text.splitlines()[-1]
        assert hints.rstrip().endswith("? Help  q Quit")
        assert len([word for word in hints.split("  ") if word.strip()]) <= HINTS_AT_80


async def test_a_wide_screen_hints_whatever_can_be_done_there_and_one_key_for_each_thing() -> None:
    async with driving(size=(200, 60)) as hand:
        hints = lambda: hand.text.splitlines()[-1]  # noqa: E731
        assert "Enter Open" in hints()
        await hand.to("2", LIST)
        assert "d Deactivate" in hints() and "T Growth" in hints() and "a Activate" not in hints()
        await hand.to("", "Trade accounts")
        assert "a Activate" in hints() and "d Deactivate" not in hints()
        await hand.press("3", "V")
        assert "Enter Report" in hints() and "v Report" not in hints()
        await hand.pilot.resize_terminal(80, 24)
        await hand.to("2", LIST)
        await hand.press("enter")
        assert "Person" not in hints() and "T Growth" not in hints()
        await hand.press("m")
        assert "i Person" in hints()
