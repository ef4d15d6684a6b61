"""Which tests are not about a switch of the sandbox: they are left out when it is thrown for the whole suite.

Each is about something that the switch takes away, or about what the platform does by default; what holds with the
switch thrown is held by other tests. A test whose check can be made to hold both ways does not belong here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class NotAbout(NamedTuple):
    """Tests by the beginning of their ids; a switch by name, with `=value` where it is meant with that value alone."""

    switch: str
    why: str
    tests: tuple[str, ...]


_CLIENTS = "tests/dotdigital/test_against_sandbox.py"
_DYNAMICS = "tests/dataverse/test_against_sandbox.py"
_TRUST = "tests/scenarios/test_reading_only_what_changed.py"
_EARLIER = "tests/faults/test_earlier_sends.py"
_SCENARIOS = "tests/scenarios/test_"

NOT_ABOUT: tuple[NotAbout, ...] = (
    NotAbout(
        "send_duration_seconds",
        "of what goes out between the looks of two machines the second one has to write the results",
        (f"{_SCENARIOS}setting_up_again.py::test_another_machine_takes_over_account_lists_books_and_who_was_sent_to",),
    ),
    NotAbout(
        "double_opt_in=all",
        "no list is imported, by name, and nothing can be sent: tests/scenarios/test_double_opt_in.py holds that",
        ("tests/scenarios/", "tests/faults/"),
    ),
    NotAbout(
        "double_opt_in=all",
        "a client sends to whom it is told, and dotdigital mails nobody who has not confirmed",
        (f"{_CLIENTS}::test_a_campaign_is_sent_once_and_its_results_come_back",),
    ),
    NotAbout(
        "double_opt_in=single",
        "dotdigital asks whoever is put into a book by hand to confirm, by a mail that is no campaign's",
        ("tests/faults/test_creating_the_send.py::test_a_stranger_in_the_book_of_a_send_stops_it",),
    ),
    NotAbout(
        "listing_lag_seconds",
        "a client answers what a listing shows; synchronisations and sends wait for it",
        tuple(
            f"{_CLIENTS}::{name}"
            for name in (
                "test_an_import_creates_updates_and_says_what_failed",
                "test_a_cleared_value_arrives_as_a_clear",
                "test_both_versions_tell_the_same_members",
                "test_drifting_pages_lose_nobody",
                "test_members_leave_the_book_and_stay_contacts",
                "test_imports_and_listings_survive_every_kind_of_fault",
                "test_the_26th_import_waits_until_a_place_is_free",
            )
        ),
    ),
    NotAbout(
        "late_suppressions_seconds",
        "a client answers what a feed shows; synchronisations read it again, with an overlap of two days",
        (f"{_CLIENTS}::test_suppressions_of_every_kind_are_told_since_a_time",),
    ),
    NotAbout(
        "send_appears_after_seconds",
        "the test expects the send to show at once; one that shows late is refused as SEND_UNSETTLED until it does",
        (f"{_EARLIER}::test_a_request_that_arrives_while_its_book_is_emptied_mails_nobody_twice",),
    ),
    NotAbout(
        "scoring_active",
        "an account without scoring has no scores: the last lines of the second test hold that",
        (
            f"{_SCENARIOS}scoring.py::test_scores_come_to_every_record_with_the_address_and_only_news_are_written",
            f"{_SCENARIOS}scoring.py::test_odd_scores_are_named_and_delay_no_other",
        ),
    ),
    NotAbout(
        "import_declines_unsaid_preferences",
        "nothing more is written to such an account: a test of its own holds that",
        (
            f"{_SCENARIOS}preferences.py::test_choices_go_both_ways_and_what_nobody_chose_stays_unchosen",
            f"{_SCENARIOS}preferences.py::"
            "test_of_several_records_with_one_address_a_no_is_not_overruled_by_the_yes_of_another",
        ),
    ),
    NotAbout(
        "odd_campaigns",
        "every run of campaigns names the odd campaign and so completes with errors: test_other_ways.py::"
        "test_an_odd_campaign_is_named_and_all_others_are_read holds that",
        tuple(
            f"{_SCENARIOS}{name}"
            for name in (
                "budgets.py::test_whole_runs_under_tight_limits_end_well_and_are_never_refused",
                "campaign_results.py::test_rows_that_dynamics_refuses_are_named_in_the_audit_and_in_the_status",
                "campaign_results.py::"
                "test_everything_recipients_did_is_kept_and_told_once_however_late_and_often_killed",
                "campaign_results.py::test_results_that_broke_off_are_read_from_the_beginning_and_delay_no_other_campaign",
                "huge_texts.py::test_a_campaign_with_huge_texts_is_read_and_shown_cut",
                "killed_setups.py::test_setup_goes_on_after_a_kill_or_a_lost_answer_and_nothing_is_there_twice",
                "other_ways.py::test_a_list_is_sent_to_and_its_results_are_read_whatever_the_sources_say",
                "sending.py::test_results_come_back_for_everybody_who_was_mailed",
                "store_on_a_server.py::test_a_store_on_a_server_does_all_that_one_in_a_file_does",
            )
        ),
    ),
    NotAbout(
        "null_rows",
        "a suppression that names nobody is an odd row, and runs that name it complete with errors: "
        "test_suppressions.py::test_suppressions_are_read_whatever_their_feed_makes_of_them holds that",
        tuple(
            f"{_SCENARIOS}{name}"
            for name in (
                "budgets.py::test_whole_runs_under_tight_limits_end_well_and_are_never_refused",
                "doctor.py::test_every_finding_is_found_where_it_is_so",
                "doctor.py::test_what_a_run_mends_is_gone_after_it",
                "doctor.py::test_a_part_that_hangs_or_refuses_holds_up_no_other",
                "odd_answers.py::test_odd_suppressions_suppress_whom_they_name_and_a_feed_that_circles_stops_the_run",
                "opt_outs.py::test_every_column_and_table_that_may_hold_an_opt_out_counts_until_somebody_answered",
                "other_ways.py::test_a_list_is_sent_to_and_its_results_are_read_whatever_the_sources_say",
                "schedules.py::test_every_sync_type_has_a_row_that_follows_its_runs",
                "several_accounts.py::test_an_account_is_disconnected_when_nothing_needs_it_and_comes_back_as_it_was",
                "several_accounts.py::test_lists_belong_to_one_account_and_runs_are_the_accounts_own",
                "several_accounts.py::"
                "test_who_unsubscribes_from_one_account_is_suppressed_in_the_other_and_mailed_by_neither",
                "store_on_a_server.py::test_a_store_on_a_server_does_all_that_one_in_a_file_does",
                "suppressions.py::"
                "test_a_row_that_somebody_copied_or_corrected_counts_though_it_names_dotdigital_as_its_origin",
                "suppressions.py::test_a_suppression_that_dynamics_refuses_delays_no_other",
                "suppressions.py::"
                "test_whatever_somebody_typed_as_a_suppression_is_read_and_an_odd_row_is_named_until_mended",
            )
        ),
    ),
    *(
        NotAbout(
            switch,
            "a watch that only asks what is new knows of who opted out when the feed names them",
            (
                f"{_SCENARIOS}consent_watch.py::test_opt_outs_at_any_moment_are_known_within_a_minute_for_three_per_cent",
            ),
        )
        for switch in ("null_rows", "late_suppressions_seconds")
    ),
    NotAbout(
        "late_suppressions_seconds",
        "a watch that only asks what is new knows of who left a list when the feed names them",
        (
            f"{_SCENARIOS}consent_watch.py::test_unsubscribes_of_a_book_and_rows_in_dynamics_are_learned_and_carried_out",
        ),
    ),
    NotAbout(
        "dop_hint",
        "Dynamics recommends one call at a time with it, and dyntui obeys: the test is about several at once",
        (f"{_SCENARIOS}budgets.py::test_two_workers_share_what_dynamics_allows_in_five_minutes",),
    ),
    NotAbout(
        "sdk_messages_need_privilege=False",
        "nobody is refused the question that the test takes the privilege for away",
        (f"{_SCENARIOS}setting_up.py::test_who_may_not_ask_for_bulk_messages_writes_in_batches",),
    ),
    NotAbout(
        "in_limit",
        "the test counts calls, and a question for 50 addresses at a time takes more of them",
        tuple(
            f"{_SCENARIOS}{name}"
            for name in (
                "list_synchronisation.py::test_a_second_synchronisation_without_changes_writes_nothing_to_either_side",
                "list_synchronisation.py::test_members_are_read_in_pages_and_written_in_bulk_never_one_by_one",
                "members_and_books.py::test_everybody_who_opens_a_list_that_was_never_read_waits_for_one_reading",
                "members_and_books.py::test_an_association_that_ends_early_takes_nobody_out",
            )
        ),
    ),
    NotAbout(
        "in_limit",
        "the test counts calls, and a question for 50 ids at a time takes more of them",
        (f"{_DYNAMICS}::test_many_ids_are_read_in_few_calls",),
    ),
    NotAbout(
        "association_page_cap",
        "a client answers what a listing shows; synchronisations look at the members' own rows as well: "
        "test_members_and_books.py::test_an_association_that_ends_early_takes_nobody_out holds that",
        (f"{_DYNAMICS}::test_every_list_counts_as_many_members_as_it_has",),
    ),
    NotAbout(
        "short_pages",
        "the test counts on pages as long as asked for: it kills a run at each, makes the first rows of each odd, "
        "or has rows shift by fewer than one holds",
        (
            f"{_SCENARIOS}campaign_results.py::"
            "test_everything_recipients_did_is_kept_and_told_once_however_late_and_often_killed",
            f"{_SCENARIOS}campaign_results.py::"
            "test_recipients_that_are_odd_are_named_and_a_feed_that_circles_or_is_empty_is_read_anew",
            "tests/faults/test_one_kind_at_a_time.py::"
            "test_rows_that_shift_between_pages_are_neither_lost_nor_counted_twice",
        ),
    ),
    *(
        NotAbout(
            switch,
            "a setup between real processes, whose clocks nobody moves, takes longer with it than a test may",
            ("tests/faults/test_canary_secrets.py::test_no_secret_is_written_shown_logged_or_handed_to_a_process",),
        )
        for switch in (
            "column_visibility_seconds",
            "customisation_lock_seconds",
            "key_index_reads",
            "key_index_seconds",
            "send_start_seconds",
            "send_duration_seconds",
        )
    ),
    NotAbout(
        "null_rows",
        "of a row that names no contact nobody knows whom it means before the contacts themselves are read, which a "
        "second plan has the first one to thank for",
        (f"{_SCENARIOS}plans.py::test_the_same_facts_give_the_same_plan_and_a_second_one_is_empty",),
    ),
    NotAbout(
        "late_suppressions_seconds",
        "what the feed does not name yet only the other account's own contacts say: neither account asks for those",
        tuple(
            f"{_SCENARIOS}several_accounts.py::{name}"
            for name in (
                "test_an_account_is_disconnected_when_nothing_needs_it_and_comes_back_as_it_was",
                "test_who_unsubscribed_from_one_account_a_moment_ago_gets_no_test_by_the_other_and_becomes_no_record",
            )
        ),
    ),
    NotAbout(
        "recreate_reuses_id",
        "a contact that has its old id looks untouched to whoever lists a book: what it lacks `dyntui diff` finds",
        (
            f"{_SCENARIOS}subscribing_again.py::"
            "test_a_contact_that_others_make_anew_gets_the_values_of_its_record_again",
        ),
    ),
    NotAbout(
        "send_start_seconds",
        "of a send that has not begun, somebody else's or one that was said to be turned away, nothing is to be seen",
        (
            "tests/faults/test_last_look.py::test_whom_somebody_else_mailed_the_campaign_since_the_count_is_left_out",
            f"{_EARLIER}::test_a_request_turned_away_and_carried_out_all_the_same_is_not_made_again",
        ),
    ),
    *(
        NotAbout(
            switch,
            "nobody waits minutes for a test: its copy is named as left, which other tests of the file hold",
            (f"{_SCENARIOS}trial_sends.py::test_a_test_mails_one_contact_a_copy_and_nobody_who_opted_out",),
        )
        for switch in ("send_start_seconds", "send_duration_seconds")
    ),
    *(
        NotAbout(
            switch,
            "whom dotdigital has looked up already nobody takes out of a send any more: that is why dyntui holds sends "
            "itself unless somebody asks for the other (decision 0029)",
            tuple(f"{_SCENARIOS}handed_sends.py::{name}" for name in names),
        )
        for switch, names in (
            (
                "recipients_resolved_at=accept",
                (
                    "test_the_rest_of_a_split_test_is_mailed_the_winner_without_those_who_opt_out_meanwhile",
                    "test_until_its_hour_whoever_opts_out_leaves_the_book_of_a_send_that_dotdigital_has",
                    "test_what_dotdigital_has_is_taken_back_by_emptying_its_book_and_a_person_says_what_became_of_it",
                ),
            ),
            (
                "split_test_keeps_recipients",
                ("test_the_rest_of_a_split_test_is_mailed_the_winner_without_those_who_opt_out_meanwhile",),
            ),
        )
    ),
    NotAbout(
        "resend_permitted=False",
        "such an account sends a campaign once: the second send, or wave, that the test is about is refused by name",
        (
            "tests/faults/test_creating_the_send.py::"
            "test_a_campaign_that_was_sent_before_is_followed_although_it_says_sent_all_along",
            "tests/faults/test_creating_the_send.py::"
            "test_a_request_that_arrives_an_hour_late_reaches_nobody_and_can_be_sent_again",
            f"{_EARLIER}::"
            "test_a_send_that_has_not_begun_is_waited_for_and_its_mails_are_not_taken_for_those_of_the_next",
            f"{_EARLIER}::test_a_send_of_which_nothing_is_seen_for_hours_is_not_taken_for_sent",
            f"{_EARLIER}::test_whom_a_cancelled_send_reached_is_not_mailed_again_before_somebody_says_so",
            "tests/faults/test_last_look.py::test_whom_somebody_else_mailed_the_campaign_since_the_count_is_left_out",
            "tests/faults/test_waves.py::test_waves_whose_service_ends_at_random_mail_nobody_twice",
            f"{_SCENARIOS}waves.py::test_a_send_goes_out_in_waves_and_whoever_opts_out_between_them_is_not_mailed",
            f"{_SCENARIOS}waves.py::test_waves_stop_by_what_comes_back_or_by_a_person_and_the_rest_can_be_sent",
            f"{_SCENARIOS}held_sends.py::"
            "test_a_held_send_is_refused_by_name_where_it_is_not_what_was_confirmed_any_more",
            f"{_SCENARIOS}handed_sends.py::"
            "test_what_dotdigital_has_is_taken_back_by_emptying_its_book_and_a_person_says_what_became_of_it",
        ),
    ),
    NotAbout(
        "suppressed_contacts_leave_books=False",
        "whom dotdigital itself takes out of its books otherwise, a synchronisation removes: another outcome than the "
        "tests expect, and one more than a plan can foresee",
        (
            f"{_SCENARIOS}plans.py::test_opt_outs_that_would_be_written_are_named_and_forecast_stands_beside_fact",
            f"{_SCENARIOS}suppressions.py::test_a_suppression_that_dynamics_refuses_delays_no_other",
        ),
    ),
    NotAbout(
        "scoring_active",
        "every sync type is run, and an account without scoring has no scores",
        (f"{_SCENARIOS}store_on_a_server.py::test_a_store_on_a_server_does_all_that_one_in_a_file_does",),
    ),
    NotAbout(
        "book_names_ignore_case=False",
        "names that differ in their capitals are two names there: nothing is refused",
        (f"{_CLIENTS}::test_a_book_lives_through_create_rename_and_delete",),
    ),
    NotAbout(
        "missing_member_fails_call=False",
        "Dynamics passes over whom there is not and names nobody: there is nothing to tell",
        (f"{_DYNAMICS}::test_a_member_that_does_not_exist_keeps_nobody_else_out",),
    ),
    *(
        NotAbout(
            switch,
            "what the first connection answers is what the switch says: the test throws such switches itself",
            (
                f"{_SCENARIOS}first_connection.py::test_both_systems_are_asked_everything_and_the_answers_are_kept_and_told",
            ),
        )
        for switch in (
            "association_page_cap",
            "book_count_lag_seconds",
            "empty_delta=none",
            "in_limit",
            "listing_lag_seconds",
            "null_rows",
            "remove_members_action=False",
            "short_pages",
            "text_tells_case_apart",
            "v3_filters_together=False",
            "year_one_dates",
        )
    ),
    NotAbout(
        "association_page_cap",
        "the test counts calls, and whom the association does not show is asked for with one more",
        (
            f"{_SCENARIOS}list_synchronisation.py::"
            "test_a_second_synchronisation_without_changes_writes_nothing_to_either_side",
        ),
    ),
    *(
        NotAbout(
            switch,
            "what is said to have changed is wrong with it, so that it earns no trust: tests of the same file set such "
            "switches themselves",
            tuple(
                f"{_TRUST}::{name}"
                for name in (
                    "test_a_trusted_list_is_not_read_again_until_its_proof_is_a_day_old",
                    "test_what_changes_on_a_trusted_list_is_carried_over_and_nothing_else",
                    "test_for_fourteen_days_every_cheap_answer_is_followed_by_its_proof",
                    "test_a_link_that_is_too_old_has_everything_read_and_the_audit_says_so",
                    "test_one_difference_has_the_proof_run_every_time_and_the_audit_says_why",
                    "test_a_table_without_change_tracking_is_read_whole",
                    "test_other_kinds_of_lists_earn_their_trust_as_well",
                    "test_a_send_reads_everybody_however_much_is_trusted",
                    "test_what_changes_in_a_trusted_book_is_noticed_by_its_count_and_by_what_was_modified",
                    "test_opt_outs_are_learned_and_lifted_by_what_was_changed",
                    "test_who_left_with_a_send_is_in_the_audit_of_no_later_synchronisation",
                    "test_what_nothing_has_told_of_is_found_by_the_daily_proof_and_ends_the_trust",
                    "test_nobody_who_opted_out_unseen_is_mailed",
                    "test_a_member_who_is_dated_back_is_met_by_the_count_and_ends_the_trust",
                )
            ),
        )
        for switch in ("member_count_lag_seconds", "member_count_when_opened", "v3_filters_together")
    ),
)


def left_out(tests: Iterable[str], thrown: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Those of the tests that are not about a switch that is thrown, as DYNTUI_SANDBOX_SWITCHES has it."""
    switches = {
        text for named in thrown.values() for name, value in named.items() for text in (name, f"{name}={value}")
    }
    begin = tuple(test for each in NOT_ABOUT if each.switch in switches for test in each.tests)
    return {test for test in tests if test.startswith(begin)} if begin else set()
