"""Every sync type is shown to survive each accident of an answer: by which test."""

from __future__ import annotations

import importlib
from typing import Final

from dyntui.model.sync_types import SYNC_TYPES

FUTURE, EMPTY, REPEATS, FIELDS, TYPES = (
    "a time in the year 2999",
    "an empty answer",
    "a page that repeats",
    "a field that appears or vanishes",
    "a value of another type",
)
ACCIDENTS: Final = (FUTURE, EMPTY, REPEATS, FIELDS, TYPES)

_SUPPRESSIONS = "test_odd_answers.test_odd_suppressions_suppress_whom_they_name_and_a_feed_that_circles_stops_the_run"
_MEMBERS = "test_odd_rows_of_dynamics.test_an_odd_member_costs_one_row_and_is_named"
_CONTACTS = "test_odd_answers.test_odd_contacts_cost_themselves_and_a_feed_that_circles_is_read_again"
_FIELDS = "test_odd_answers.test_data_fields_that_are_odd_are_named_and_no_label_is_lost"
_COLUMNS = "test_labels_and_metadata.test_columns_that_dynamics_describes_oddly_or_not_at_all_stay_as_they_are_known"
_RESULTS = (
    "test_campaign_results.test_recipients_that_are_odd_are_named_and_a_feed_that_circles_or_is_empty_is_read_anew"
)
_FORMS = "test_forms.test_odd_forms_and_responses_are_named_and_delay_no_other"
_SESSIONS = "test_web_behaviour.test_odd_sessions_are_named_and_delay_no_other"
_SCORES = "test_scoring.test_odd_scores_are_named_and_delay_no_other"
_CHOICES = "test_preferences.test_odd_preferences_and_choices_are_named_and_delay_no_other"
# Answers that come in one piece and tell no time.
NO_PAGES, NO_TIME = "-pages", "-time"

SHOWN_BY: Final[dict[str, dict[str, str]]] = {
    "suppressions": dict.fromkeys(ACCIDENTS, _SUPPRESSIONS),
    # Its members' records and its book; unsubscribes from it in the test of suppressions.
    "lists": {
        FUTURE: _MEMBERS,
        EMPTY: "test_list_synchronisation.test_a_list_that_came_back_empty_removes_nobody",
        REPEATS: _SUPPRESSIONS,
        FIELDS: _MEMBERS,
        TYPES: _MEMBERS,
    },
    "address-books": dict.fromkeys(ACCIDENTS, _CONTACTS),
    "opt-in": dict.fromkeys(ACCIDENTS, _CONTACTS),
    "labels": {FUTURE: NO_TIME, EMPTY: _FIELDS, REPEATS: NO_PAGES, FIELDS: _FIELDS, TYPES: _FIELDS},
    "metadata": {FUTURE: NO_TIME, EMPTY: _COLUMNS, REPEATS: NO_PAGES, FIELDS: _COLUMNS, TYPES: _COLUMNS},
    "campaigns": dict.fromkeys(ACCIDENTS, _RESULTS),
    "forms": dict.fromkeys(ACCIDENTS, _FORMS),
    "web-behaviour": dict.fromkeys(ACCIDENTS, _SESSIONS),
    "scoring": dict.fromkeys(ACCIDENTS, _SCORES),
    "preferences": dict.fromkeys(ACCIDENTS, _CHOICES),
}


def test_every_sync_type_is_shown_to_survive_each_accident_of_an_answer() -> None:
    assert SHOWN_BY.keys() == SYNC_TYPES.keys()
    for of_type in SHOWN_BY.values():
        assert of_type.keys() == set(ACCIDENTS)
        for named in set(of_type.values()) - {NO_PAGES, NO_TIME}:
            module, _, test = named.partition(".")
            assert callable(getattr(importlib.import_module(f"tests.scenarios.{module}"), test)), named
