"""`dyntui campaigns`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from dyntui.model.bounce_forecast import Sent, forecast
from dyntui.model.campaign_results import CountedOnly
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.outcomes import Outcome, PersonOutcome, ReasonCount, RunStatus
from dyntui.model.roles import Ability
from dyntui.model.split_tests import SplitTest
from dyntui.model.waves import Limits, Waves
from dyntui.model.what_if import ClosedBy
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaign_changes import CAMPAIGNS_CHANGES
from dyntui.service.contract.campaigns import (
    CAMPAIGN_CHANGE_TARGETS,
    CAMPAIGN_EDIT,
    CAMPAIGN_GET,
    CAMPAIGN_PREVIEW,
    CAMPAIGN_SEND,
    CAMPAIGN_TARGETS,
    CAMPAIGN_TEST,
    CAMPAIGNS_PAGE,
    CampaignDetail,
    CampaignRef,
    CampaignsQuery,
    ChangeTargets,
    MailPreview,
    PreviewLink,
    Targets,
)
from dyntui.service.contract.lists import LISTS_PAGE
from dyntui.service.contract.members import MEMBERS_GATHER
from dyntui.service.contract.people import PEOPLE_WHY
from dyntui.service.contract.results import (
    CAMPAIGN_RECIPIENTS,
    CAMPAIGN_REPORT,
    CAMPAIGNS_COMPARE,
    CampaignReport,
    CompareCampaigns,
    Comparison,
    Link,
    RecipientRow,
)
from dyntui.service.contract.runs import RUN_GET, RUN_START, RunDetail
from dyntui.service.contract.sends import (
    SEND_CANCEL,
    SEND_GET,
    SEND_SETTLE,
    SEND_SHOW,
    SENDS_PAGE,
    SendCampaign,
    SendDetail,
    SendRef,
    SendResults,
    SendRow,
    SettleSend,
)
from dyntui.service.contract.session import HELLO
from dyntui.service.contract.target_counts import CAMPAIGN_COUNT, CAMPAIGN_COUNT_PEOPLE, CountPeopleQuery, CountTargets
from tests.cli.scripted_service import (
    LIST_ID,
    ScriptedService,
    a_campaign,
    a_count,
    a_hello,
    a_list,
    a_report,
    a_run,
    a_send,
    page_of,
)


def a_campaign_with(*sends: SendRow) -> CampaignDetail:
    return CampaignDetail(
        row=a_campaign(), from_name="", from_address="", reply_to="", text="", tags=(), targets=(), sends=sends
    )


def able_to_send(service: ScriptedService, *, sendable: int = 3, confirm_above: int = 100, state: str = "Sent") -> None:
    service.answers(HELLO, a_hello())
    service.answers(CAMPAIGN_COUNT, a_count(sendable, confirm_above))
    service.answers(CAMPAIGN_GET, a_campaign_with())
    service.answers(CAMPAIGN_SEND, a_send("Queued"))
    service.answers(RUN_GET, RunDetail(run=a_run(RunStatus.COMPLETED, kind="send"), items=()))
    service.answers(SEND_GET, a_send(state))


def test_the_campaigns_are_a_table(dyntui: Callable, service: ScriptedService):
    service.answers(CAMPAIGNS_PAGE, page_of(a_campaign()))
    done = dyntui("campaigns", "list", "--view", "unsent")

    assert service.requests(CAMPAIGNS_PAGE) == [CampaignsQuery(view="unsent")]
    assert done.out.splitlines()[1].split()[:2] == ["42", "Spring"]
    assert done.out.splitlines()[1].split()[-3:] == ["0", "0", "0"]
    # Of one that was sent no 0 stands for results that were not read.
    service.answers(CAMPAIGNS_PAGE, page_of(a_campaign(status="Sent", sent_on="2026-11-23T09:05:09Z")))
    assert dyntui("campaigns", "list").out.splitlines()[1].split()[-3:] == ["–", "–", "–"]


def test_targets_are_added_and_removed_by_name(dyntui: Callable, service: ScriptedService):
    service.answers(CAMPAIGNS_PAGE, page_of(a_campaign()))
    service.answers(LISTS_PAGE, page_of(a_list()))
    service.answers(CAMPAIGN_CHANGE_TARGETS, Targets((a_list(),)))
    added = dyntui("campaigns", "targets", "add", "Spring", "Newsletter")
    dyntui("campaigns", "targets", "remove", "42", LIST_ID)

    assert service.requests(CAMPAIGN_CHANGE_TARGETS) == [
        ChangeTargets(id=42, account="Main", add=(LIST_ID,)),
        ChangeTargets(id=42, remove=(LIST_ID,)),
    ]
    assert "Newsletter" in added.out


@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        (("campaigns", "show"), CAMPAIGN_GET),
        (("campaigns", "sends"), CAMPAIGN_GET),
        (("campaigns", "preview"), CAMPAIGN_PREVIEW),
        (("campaigns", "report"), CAMPAIGN_REPORT),
        (("campaigns", "report", "--recipients"), CAMPAIGN_RECIPIENTS),
        (("campaigns", "count"), CAMPAIGN_COUNT),
        (("campaigns", "edit", "--sync-level", "NONE"), CAMPAIGN_EDIT),
        (("campaigns", "targets", "list"), CAMPAIGN_TARGETS),
        (("campaigns", "targets", "add"), CAMPAIGN_CHANGE_TARGETS),
        (("campaigns", "test"), CAMPAIGN_TEST),
        (("campaigns", "history"), CAMPAIGNS_CHANGES),
        (("sync", "campaigns", "--campaign"), RUN_START),
        (("why", "ann@example.com", "--campaign"), PEOPLE_WHY),
        (("lists", "gather", "New", "--yes", "--campaign"), MEMBERS_GATHER),
    ],
)
def test_a_command_stays_with_the_account_of_the_campaign_that_bears_the_name(
    dyntui: Callable, service: ScriptedService, arguments: tuple[str, ...], call: Call
):
    # Another account has a campaign of this number, too: the number alone would be refused, or mean another one.
    asked_for = DyntuiError("SEEN", "-", not_done="-", remedy="-")
    service.answers(CAMPAIGNS_PAGE, page_of(a_campaign("Spring sale", account="Main"), a_campaign(account="Second")))
    service.answers(call, asked_for)
    more = {CAMPAIGN_CHANGE_TARGETS: [LIST_ID], CAMPAIGN_TEST: ["ann@example.com"]}.get(call, [])
    dyntui(*arguments, "Spring", *more)
    asked = service.requests(call)[0]
    assert getattr(asked, "shown", asked).account == "Second"


def test_two_campaigns_of_one_name_are_told_apart_by_their_account(dyntui: Callable, service: ScriptedService):
    service.answers(CAMPAIGNS_PAGE, page_of(a_campaign(), a_campaign(account="Second")))
    done = dyntui("campaigns", "show", "Spring")
    assert done.code == 2 and "--account" in done.err and "Second" in done.err


def test_a_campaign_gets_a_sync_level_of_its_own_and_that_of_its_account_again(
    dyntui: Callable, service: ScriptedService
):
    service.answers(CAMPAIGN_EDIT, a_campaign())
    service.answers(CAMPAIGN_GET, msgspec.structs.replace(a_campaign_with(), reads="SUMMARY, of its own"))
    done = dyntui("campaigns", "edit", "42", "--sync-level", "SUMMARY")
    dyntui("campaigns", "edit", "42", "--sync-level", "ACCOUNT")
    assert [each.sync_level for each in service.requests(CAMPAIGN_EDIT)] == ["SUMMARY", ""]
    assert "SUMMARY, of its own" in done.out
    assert dyntui("campaigns", "edit", "42").code == 2


def test_a_campaign_without_targets_says_so(dyntui: Callable, service: ScriptedService):
    service.answers(CAMPAIGN_TARGETS, Targets(()))

    assert "no target marketing lists" in dyntui("campaigns", "targets", "list", "42").err


def test_a_count_names_every_exclusion(dyntui: Callable, service: ScriptedService):
    service.answers(CAMPAIGN_COUNT, a_count())
    done = dyntui("campaigns", "count", "42")

    assert service.requests(CAMPAIGN_COUNT) == [CountTargets(id=42)]
    numbers = [line.split() for line in done.out.splitlines()]
    assert ["potential", "5"] in numbers
    assert ["excluded", "SUPPRESSED", "2"] in numbers
    assert ["sendable", "3"] in numbers


def test_the_people_behind_a_count_are_shown(dyntui: Callable, service: ScriptedService):
    service.answers(CAMPAIGN_COUNT, a_count())
    person = PersonOutcome(
        entity="contact", person="p", name="Ann", address="ann@example.com", outcome=Outcome.EXCLUDED
    )
    service.answers(CAMPAIGN_COUNT_PEOPLE, page_of(person))
    done = dyntui("campaigns", "count", "42", "--by-person", "--reason", "suppressed", "--json")

    assert service.requests(CAMPAIGN_COUNT_PEOPLE) == [CountPeopleQuery(count="count-1", reason="SUPPRESSED")]
    assert json.loads(done.out)["rows"][0]["address"] == "ann@example.com"


def test_a_send_of_the_confirmed_number_is_followed_until_it_is_sent(dyntui: Callable, service: ScriptedService):
    able_to_send(service)
    done = dyntui("campaigns", "send", "42", "--confirm", "3")

    assert done.code == 0
    assert service.requests(CAMPAIGN_SEND) == [SendCampaign(count="count-1", confirm=3)]
    assert "State:  Sent" in done.out


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("Scheduled", "until 2026-12-01 17:00Z: whoever has it by one of the two is left out of the other."),
        ("Missed", "as it has missed its hour: whoever has it by one of the two"),
        ("Sent", ""),
    ],
)
def test_whoever_sends_is_told_of_another_send_of_the_campaign_that_is_held(
    dyntui: Callable, service: ScriptedService, state: str, said: str
):
    able_to_send(service)
    other = a_send(state, send_at="2026-12-01T17:00:00Z", confirmed=1200)
    service.answers(CAMPAIGN_GET, a_campaign_with(other))
    done = dyntui("campaigns", "send", "42", "--confirm", "3")
    assert done.code == 0
    told = " ".join(done.err.split())
    assert f"is held, to 1,200 people {said}" in told if said else "held" not in told
    # What other programs read is the send alone.
    assert json.loads(dyntui("campaigns", "send", "42", "--confirm", "3", "--json").out)["state"] == "Sent"


def test_another_number_than_the_counted_one_sends_nothing(dyntui: Callable, service: ScriptedService):
    able_to_send(service)
    done = dyntui("campaigns", "send", "42", "--confirm", "4")

    assert done.code == 2
    assert "CONFIRMATION_DIFFERS" in done.err and "`dyntui campaigns count 42`" in done.err
    assert service.requests(CAMPAIGN_SEND) == []


@pytest.mark.parametrize("arguments", [[], ["--yes"]])
def test_a_large_send_needs_its_number_even_with_yes(dyntui: Callable, service: ScriptedService, arguments: list[str]):
    able_to_send(service, sendable=500, confirm_above=100)
    done = dyntui("campaigns", "send", "42", *arguments)

    assert done.code == 2
    assert "--confirm 500" in done.err
    assert service.requests(CAMPAIGN_SEND) == []


def test_a_small_send_goes_with_yes(dyntui: Callable, service: ScriptedService):
    able_to_send(service)
    done = dyntui("campaigns", "send", "42", "--yes", "--json")

    assert json.loads(done.out)["state"] == "Sent"
    assert service.requests(CAMPAIGN_SEND) == [SendCampaign(count="count-1")]


def test_who_may_not_send_is_told_so_before_anybody_is_counted(dyntui: Callable, service: ScriptedService):
    able_to_send(service)
    service.answers(HELLO, a_hello(Ability.SEE, Ability.SYNCHRONISE))
    done = dyntui("campaigns", "send", "42", "--confirm", "3")

    assert done.code == 5
    assert "NOT_PERMITTED" in done.err and "Email Marketing Manager" in done.err
    assert service.requests(CAMPAIGN_COUNT) == service.requests(CAMPAIGN_SEND) == []


def test_a_count_names_each_reason_with_its_outcome(dyntui: Callable, service: ScriptedService):
    both = (ReasonCount(Outcome.EXCLUDED, "BAD_EMAIL", 2), ReasonCount(Outcome.REJECTED, "BAD_EMAIL", 1))
    service.answers(CAMPAIGN_COUNT, msgspec.structs.replace(a_count(3, 100), potential=6, excluded=both))
    lines = [line.split() for line in dyntui("campaigns", "count", "42").out.splitlines()]

    assert ["excluded", "BAD_EMAIL", "2"] in lines and ["rejected", "BAD_EMAIL", "1"] in lines


@pytest.mark.parametrize("state", ["Refused", "Failed", "Cancelled"])
def test_a_send_that_did_not_go_out_is_a_failure(dyntui: Callable, service: ScriptedService, state: str):
    able_to_send(service, state=state)

    assert dyntui("campaigns", "send", "42", "--yes").code == 1


def test_a_report_shows_counts_rates_and_links(dyntui: Callable, service: ScriptedService):
    report = CampaignReport(
        row=a_campaign(status="Sent"),
        as_of="2026-11-22T14:05:09Z",
        sent=1000,
        delivered=980,
        unique_opens=490,
        opens=600,
        unique_clicks=98,
        clicks=120,
        hard_bounces=15,
        soft_bounces=5,
        unsubscribes=4,
        complaints=1,
        forwards=0,
        replies=0,
        delivery_rate=0.98,
        open_rate=0.5,
        click_rate=0.1,
        click_to_open_rate=0.2,
        bounce_rate=0.02,
        unsubscribe_rate=0.004,
        hours=(),
        links=(Link(url="https://example.com/tents", clicks=120, people=98),),
        sends=(),
    )
    service.answers(CAMPAIGN_REPORT, report)
    lines = [line.split() for line in dyntui("campaigns", "report", "42").out.splitlines()]
    less = msgspec.structs.replace(report, counted_only=CountedOnly(what="5 opens"))
    service.answers(CAMPAIGN_REPORT, less)
    said = dyntui("campaigns", "report", "42").out

    assert "5 opens: in the totals, and in no list of people here" in said and "report in dotdigital" in said
    assert ["opened", "490", "50.0", "%", "of", "delivered", "600"] in lines
    assert ["bounced", "20", "2.0", "%", "of", "sent"] in lines
    assert ["clicked", "20.0", "%", "of", "opened"] in lines
    assert ["https://example.com/tents", "98", "120"] in lines


def test_recipients_are_filtered(dyntui: Callable, service: ScriptedService):
    recipient = RecipientRow(
        address="ann@example.com",
        contact_id=1,
        sent_on="2026-11-22T14:05:09Z",
        opens=2,
        clicks=1,
        first_opened="",
        last_opened="",
        unsubscribed=False,
        soft_bounced=False,
        hard_bounced=True,
    )
    service.answers(CAMPAIGN_RECIPIENTS, page_of(recipient))
    done = dyntui("campaigns", "report", "42", "--recipients", "--filter", "bounced")

    assert service.requests(CAMPAIGN_RECIPIENTS)[0].filter == "bounced"
    assert "hard" in done.out
    service.answers(CAMPAIGN_RECIPIENTS, page_of(msgspec.structs.replace(recipient, clicks=0, clicks_read=False)))
    assert "2       –" in dyntui("campaigns", "report", "42", "--recipients").out


def test_a_report_of_which_nothing_is_read_names_what_says_so(dyntui: Callable, service: ScriptedService):
    service.answers(CAMPAIGN_REPORT, a_report(as_of="", reads="NONE, of its own"))
    said = dyntui("campaigns", "report", "42").err
    assert "`dyntui campaigns edit 42 --sync-level" in said and "sync campaigns" not in said


def test_sends_in_doubt_say_what_is_not_known_and_json_has_all_of_it(dyntui: Callable, service: ScriptedService):
    sends = (
        a_send("Cancelled", doubt="cancelled", error="Look in the outbox."),
        a_send("Sent", id="send-2", doubt="stopped", decision="mailed", decided_by="Ola Nordmann"),
        a_send("Sent", id="send-3"),
    )
    service.answers(CAMPAIGN_GET, a_campaign_with(*sends))
    done = dyntui("campaigns", "sends", "42")

    assert "nobody knows whom it reached" in done.out and "mailed as Ola Nordmann found" in done.out
    assert done.err.strip() == "send-1: Look in the outbox."
    assert [each["id"] for each in json.loads(dyntui("campaigns", "sends", "42", "--json").out)] == [
        "send-1",
        "send-2",
        "send-3",
    ]


def test_settling_a_send_takes_an_answer_and_tells_who_gave_it(dyntui: Callable, service: ScriptedService):
    def settled(request: SettleSend) -> SendRow:
        said = "mailed" if request.was_mailed else "not mailed"
        return a_send("Cancelled", doubt="cancelled", decision=said, decided_by="Mira Sandahl", decided_on="2026-11-22")

    service.answers(SEND_SETTLE, settled)

    missing = dyntui("campaigns", "settle", "send-1")
    assert missing.code == 2 and "Missing option '--was-mailed'" in missing.err
    assert service.requests(SEND_SETTLE) == []
    assert "not mailed as Mira Sandahl found" in dyntui("campaigns", "settle", "send-1", "--was-not-mailed").out
    assert dyntui("campaigns", "settle", "send-1", "--was-mailed").code == 0
    assert [each.was_mailed for each in service.requests(SEND_SETTLE)] == [False, True]


def test_a_send_that_is_known_cannot_be_settled(dyntui: Callable, service: ScriptedService):
    refused = DyntuiError("SEND_NOT_IN_DOUBT", "It is known.", not_done="-", remedy="-", exit=Exit.USAGE)
    service.answers(SEND_SETTLE, refused)

    done = dyntui("campaigns", "settle", "send-1", "--was-mailed")
    assert done.code == 2 and "SEND_NOT_IN_DOUBT" in done.err


def test_a_send_for_later_is_scheduled_shown_in_both_times_and_not_waited_for(
    dyntui: Callable, service: ScriptedService
):
    able_to_send(service)
    held = msgspec.structs.replace(a_send("Scheduled"), send_at="2026-12-01T17:00:00Z", run="")
    service.answers(CAMPAIGN_SEND, held)
    done = dyntui("campaigns", "send", "42", "--confirm", "3", "--at", "2026-12-01T18:00+01:00")

    assert service.requests(CAMPAIGN_SEND) == [SendCampaign(count="count-1", confirm=3, at="2026-12-01T17:00:00Z")]
    assert done.code == 0
    assert "2026-12-01 17:00Z" in done.out and "local time" in done.out
    assert dyntui("campaigns", "send", "42", "--confirm", "3", "--at", "soon").code == Exit.USAGE
    service.answers(SENDS_PAGE, page_of(held))
    assert "2026-12-01 17:00Z" in dyntui("sends", "list", "--view", "held").out
    service.answers(LISTS_PAGE, page_of(a_list()))
    dyntui("sends", "list", "--list", "newsletter")
    assert [each.list for each in service.requests(SENDS_PAGE)] == ["", LIST_ID]
    service.answers(SEND_CANCEL, msgspec.structs.replace(held, state="Cancelled"))
    assert "Cancelled" in dyntui("sends", "cancel", held.id[:8]).out
    assert service.requests(SEND_CANCEL) == [SendRef(held.id[:8])]


def test_a_send_is_shown_with_who_and_why_not_beside_what_was_counted_and_what_came_back(
    dyntui: Callable, service: ScriptedService
):
    detail = SendDetail(
        send=msgspec.structs.replace(a_send("Sent"), sendable=3),
        count="count-1",
        counted=(ReasonCount(Outcome.ADDED, "", 4), ReasonCount(Outcome.EXCLUDED, "NO_EMAIL", 2)),
        people=(
            ReasonCount(Outcome.ADDED, "", 3),
            ReasonCount(Outcome.EXCLUDED, "NO_EMAIL", 2),
            ReasonCount(Outcome.EXCLUDED, "SUPPRESSED", 1),
        ),
        results=SendResults(
            mailed=3, known=3, delivered=2, opened=1, opens=5, clicked=1, clicks=1, open_rate=0.5, click_rate=0.5
        ),
        results_on="2026-11-22T14:05:09.123Z",
    )
    service.answers(SEND_SHOW, detail)
    done = dyntui("sends", "show", "0123abcd")

    assert service.requests(SEND_SHOW) == [SendRef("0123abcd")]
    lines = [line.split() for line in done.out.splitlines()]
    assert ["mailed", "–", "3", "4"] in lines and ["excluded", "SUPPRESSED", "1", "0"] in lines
    assert ["opened", "1", "50.0", "%", "of", "delivered", "5"] in lines
    # Nothing was told of what bounced.
    assert ["bounced", "0", "–", "of", "sent"] in lines
    assert json.loads(dyntui("sends", "show", "0123abcd", "--json").out)["results"]["opens"] == 5
    # What is not read is no 0, and no synchronisation is said to read it.
    part = SendResults(mailed=3, known=3, delivered=2, opened=1, clicks_read=False)
    service.answers(SEND_SHOW, msgspec.structs.replace(detail, results=part))
    assert ["clicked", "not", "read"] in [line.split() for line in dyntui("sends", "show", "0123abcd").out.splitlines()]
    service.answers(SEND_SHOW, msgspec.structs.replace(detail, results_on="", unread="It is not read (SUMMARY)."))
    unread = dyntui("sends", "show", "0123abcd")
    assert (
        "opened" not in unread.out and "It is not read (SUMMARY). `dyntui campaigns edit 42 --sync-level" in unread.err
    )
    someone = PersonOutcome(person="p1", name="Ann", outcome=Outcome.EXCLUDED, reason="SUPPRESSED")
    service.answers(CAMPAIGN_COUNT_PEOPLE, page_of(someone))
    assert "SUPPRESSED" in dyntui("sends", "people", "0123abcd", "--reason", "suppressed").out
    assert service.requests(CAMPAIGN_COUNT_PEOPLE) == [
        CountPeopleQuery(count="count-1", reason="SUPPRESSED", limit=200)
    ]


def test_waves_are_read_with_their_pause_and_limits_or_refused_in_words(dyntui: Callable, service: ScriptedService):
    able_to_send(service)
    waves = Waves(shares=(1, 10), pause=30, limits=Limits(bounces=2.5))
    service.answers(CAMPAIGN_SEND, msgspec.structs.replace(a_send("In waves"), waves=waves, run=""))
    asked = ("campaigns", "send", "42", "--confirm", "3")
    done = dyntui(*asked, "--waves", "1%, 10%, rest", "--pause", "30", "--limit", "bounces=2.5%")

    assert service.requests(CAMPAIGN_SEND) == [SendCampaign(count="count-1", confirm=3, waves=waves)]
    assert done.code == 0 and "1 %, 10 %, the rest" in done.out
    for wrong, said in {
        ("all",): "write them as 1 %, 10 %, rest",
        ("5", "--limit", "sun=1"): "is no limit; give one of bounces",
        ("5", "--limit", "bounces=101"): "'bounces=101': a limit is 0 to 100 per cent",
        ("5", "--limit", "bounces=nan"): "'bounces=nan': a limit is 0 to 100 per cent",
        ("5", "--pause", "1"): "a pause is 10 to 10,080 minutes",
    }.items():
        refused = dyntui(*asked, "--waves", *wrong)
        assert refused.code == Exit.USAGE and said in " ".join(refused.err.split()), refused.err
    assert dyntui(*asked, "--pause", "30").code == Exit.USAGE


def test_an_empty_split_test_is_none_that_anybody_meant(dyntui: Callable, service: ScriptedService):
    able_to_send(service)
    refused = dyntui("campaigns", "send", "42", "--confirm", "3", "--split", " ")
    assert refused.code == Exit.USAGE and "opens, 20%, 4h" in refused.err
    assert service.requests(CAMPAIGN_SEND) == []


def test_what_dotdigital_gets_with_a_date_or_a_split_test_is_said_before_it_is_confirmed(
    dyntui: Callable, service: ScriptedService
):
    able_to_send(service)
    split = SplitTest(metric="Clicks", percentage=10, hours=6)
    handed = msgspec.structs.replace(
        a_send("Handed over"), handed_for="2026-12-01T17:00:00Z", split=split, out_by="2026-12-01T23:00:00Z", run=""
    )
    service.answers(CAMPAIGN_SEND, handed)
    asked = ("campaigns", "send", "42", "--confirm", "3")
    done = dyntui(*asked, "--at", "2026-12-01T17:00Z", "--hand-over", "--split", "clicks, 10%, 6h")
    assert done.code == 0 and "Handed to dotdigital" in done.out and "empties its book" in done.err
    assert "no call takes it back" in done.err and "dotdigital picks the winner" in done.err
    assert service.requests(CAMPAIGN_SEND) == [
        SendCampaign(count="count-1", confirm=3, at="2026-12-01T17:00:00Z", handed=True, split=split)
    ]
    for wrong in (["--hand-over"], ["--split", "replies"], ["--split", "900h"]):
        assert dyntui(*asked, *wrong).code == 2
    people = (ReasonCount(Outcome.ADDED, "", 3),)
    service.answers(SEND_SHOW, SendDetail(send=handed, count="count-1", counted=people, people=people))
    shown = dyntui("sends", "show", handed.id).out
    assert "dotdigital mails it at 2026-12-01 17:00Z" in shown and "the one with most clicks" in shown


def test_a_preview_shows_text_html_and_links_and_lets_nothing_control_the_terminal(
    dyntui: Callable, service: ScriptedService
):
    link = PreviewLink(number=1, url="http://a.example", text="here", problem="is not encrypted")
    seen = MailPreview(
        campaign=42,
        name="Spring",
        subject="Tents",
        text="a\x1b[2Jb",
        html="Hello[1]",
        links=(link,),
        unsubscribes=False,
    )
    service.answers(CAMPAIGN_PREVIEW, seen)
    done = dyntui("campaigns", "preview", "42")

    assert "Hello[1]" in done.out and "is not encrypted" in done.out and "\x1b" not in done.out
    assert "no link to unsubscribe" in done.err


def test_a_count_says_how_many_will_bounce_and_warns(dyntui: Callable, service: ScriptedService):
    expected = forecast(300, [Sent(1000, 90)], 40, 0)
    service.answers(CAMPAIGN_COUNT, msgspec.structs.replace(a_count(300), bounces=expected))
    err = dyntui("campaigns", "count", "42").err
    assert "About 27 will bounce, as 9.0% did in the last campaign; 40 were never mailed before." in err
    assert "more than 5 %" in err


def test_campaigns_are_compared_with_rates_and_written_where_no_spreadsheet_reckons(
    dyntui: Callable, service: ScriptedService, tmp_path: Path
):
    hostile = "=HYPERLINK(1)"
    one = a_report(sent=200, delivered=190, delivery_rate=0.95, unique_opens=57, open_rate=0.3)
    service.answers(CAMPAIGNS_COMPARE, Comparison(reports=(one, a_report(hostile, 7))))
    compared = dyntui("campaigns", "compare", "42", "7")
    out = compared.out
    assert service.requests(CAMPAIGNS_COMPARE) == [CompareCampaigns(of=(CampaignRef(42), CampaignRef(7)))]
    assert "190 95.0 %" in out and "57 30.0 %" in out and "0 –" in out
    assert "Rates: delivery: of sent, open: of delivered" in compared.err
    file = tmp_path / "compared.csv"
    assert dyntui("campaigns", "compare", "--out", str(file)).code == 0
    rows = file.read_text(encoding="utf-8").splitlines()
    assert rows[0].startswith(
        "id,campaign,account,sent on,sent,delivered,delivery rate of sent,opened by,open rate of delivered"
    )
    assert rows[1].startswith("42,Spring,Main,,200,190,0.9500") and f"7,'{hostile}" in rows[2]
    # Of one whose results were not read nothing is known: no 0 stands for that.
    row = a_campaign("Unread", 8, status="Sent", sent_on="2026-11-23T09:05:09Z")
    unread_report = a_report(row=row, as_of="")
    service.answers(CAMPAIGNS_COMPARE, Comparison(reports=(unread_report,)))
    unread = dyntui("campaigns", "compare", "8", "--out", str(tmp_path / "unread.csv"))
    assert unread.code == 0
    assert (tmp_path / "unread.csv").read_text(encoding="utf-8").splitlines()[1].endswith("09Z" + "," * 14)
    line = dyntui("campaigns", "compare", "8").out.splitlines()[1]
    assert line.split("  ")[0] == "Unread" and "not read" in line and "0" not in line.split("not read")[1]
    service.answers(CAMPAIGNS_COMPARE, Comparison(reports=()))
    none = dyntui("campaigns", "compare")
    assert none.out == "" and none.err == "No email campaign was sent yet.\n"


def test_recipients_are_exported_whole_with_their_ids(dyntui: Callable, service: ScriptedService, tmp_path: Path):
    someone = RecipientRow(
        address="+ann@x.org",
        contact_id=77,
        sent_on="2026-11-22T14:05:09Z",
        opens=2,
        clicks=0,
        first_opened="",
        last_opened="",
        unsubscribed=False,
        soft_bounced=False,
        hard_bounced=True,
    )
    service.answers(CAMPAIGN_RECIPIENTS, page_of(someone))
    for name in ("r.csv", "r.json", "r.xlsx"):
        done = dyntui("campaigns", "export", "42", "--filter", "bounced", "--out", str(tmp_path / name))
        assert done.code == 0 and "1 recipient is in" in done.err
    assert {each.filter for each in service.requests(CAMPAIGN_RECIPIENTS)} == {"bounced"}
    assert "77,'+ann@x.org,,2026-11-22T14:05:09Z,2,0,,,hard,no" in (tmp_path / "r.csv").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))[0]["contact_id"] == 77
    service.answers(CAMPAIGN_RECIPIENTS, page_of(msgspec.structs.replace(someone, opens=0, opens_read=False)))
    assert dyntui("campaigns", "export", "42", "--out", str(tmp_path / "unread.csv")).code == 0
    assert "22T14:05:09Z,,0,,,hard" in (tmp_path / "unread.csv").read_text(encoding="utf-8")


def test_a_count_says_what_it_would_be_if_something_were_mended(dyntui: Callable, service: ScriptedService):
    service.answers(CAMPAIGNS_PAGE, page_of(a_campaign()))
    closed = (ClosedBy(("NO_EMAIL",), 7), ClosedBy(("NO_EMAIL", "DO_NOT_EMAIL"), 3))
    service.answers(CAMPAIGN_COUNT, msgspec.structs.replace(a_count(sendable=300), closed_by=closed))
    done = dyntui("campaigns", "count", "42", "--what-if", "NO_EMAIL")
    assert "If NO_EMAIL were mended: 307 sendable, 7 more." in done.out + done.err
    assert dyntui("campaigns", "count", "42", "--what-if", "SUPPRESSED").code == 2


@pytest.mark.parametrize("digits", [20, 900])
def test_more_digits_than_any_number_has_name_no_campaign(
    dyntui: Callable, service: ScriptedService, digits: int
) -> None:
    service.answers(CAMPAIGNS_PAGE, page_of(a_campaign()))

    done = dyntui("campaigns", "report", "9" * digits)

    assert done.code == 2 and "CAMPAIGN_UNKNOWN" in done.err
