"""The main jobs through a terminal that only prints: no colour, nothing drawn over, one question after the other."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Mapping

from dyntui.model.held import Kind
from dyntui.model.outcomes import Outcome, PersonOutcome, ReasonCount, RunStatus
from dyntui.model.quarantine import RefusedRow
from dyntui.model.why import ClosedGate, Verdict
from dyntui.service.contract.accounts import ACCOUNTS_LIST, Accounts
from dyntui.service.contract.archive import CAMPAIGNS_ARCHIVE, CAMPAIGNS_UNARCHIVE, Archived
from dyntui.service.contract.campaigns import (
    CAMPAIGN_GET,
    CAMPAIGN_SEND,
    CAMPAIGNS_PAGE,
    CampaignDetail,
    CampaignRow,
)
from dyntui.service.contract.held import (
    HELD_DECIDE,
    HELD_LISTS,
    HELD_WAITING,
    DecideHeld,
    Decision,
    Decisions,
    HeldDecided,
    HeldLists,
    HeldRemovals,
)
from dyntui.service.contract.lists import LIST_ACTIVATE, LIST_DEACTIVATE, LIST_GET, LISTS_PAGE
from dyntui.service.contract.paging import Page
from dyntui.service.contract.people import PEOPLE_SEARCH, PEOPLE_WHY, KnownPerson, PeopleQuery, WhyAnswer
from dyntui.service.contract.quarantine import QUARANTINE_PAGE
from dyntui.service.contract.runs import RUN_GET, RUN_START, RUNS_PAGE, RunChanged, RunDetail, RunRef, StartRun
from dyntui.service.contract.sends import (
    SEND_CANCEL,
    SEND_GET,
    SEND_SHOW,
    SENDS_PAGE,
    SendCampaign,
    SendDetail,
    SendRef,
    SendRow,
)
from dyntui.service.contract.session import HELLO, STATUS, Check, Status
from dyntui.service.contract.suppressions import SUPPRESSIONS_PAGE, SuppressionRow, SuppressionsQuery
from dyntui.service.contract.target_counts import CAMPAIGN_COUNT, CAMPAIGN_COUNT_PEOPLE
from tests.cli.scripted_service import (
    LIST_ID,
    ScriptedService,
    a_campaign,
    a_count,
    a_detail,
    a_hello,
    a_list,
    a_run,
    a_send,
    page_of,
)
from tests.cli.test_account_commands import MAIN
from tests.terminal.terminal import Terminal

DYNTUI = (sys.executable, "-m", "dyntui.cli.main")
# All that a teletype knows: text, and the end of a line, before which a terminal itself puts a carriage return.
_ANYTHING_ELSE = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]")


def answer_in(terminal: Terminal, text: str, seen: str) -> None:
    """Types an answer, and waits until something is said after it."""
    already = len(terminal.raw)
    terminal.type(f"{text}\n")
    terminal.until(lambda: seen in terminal.raw[already:].decode(errors="ignore"))


def test_the_main_jobs_are_done_in_lines_alone(service: ScriptedService, environ: Mapping[str, str]) -> None:
    held = HeldRemovals(list=LIST_ID, name="Newsletter", people=40, in_book=100, why="more than 10 %", run="run-1")
    service.answers(HELLO, a_hello())
    checks = (Check(name="Dynamics", state="ok", text="signed in"),)
    status = Status(
        version="0",
        profile="default",
        process=1,
        started_on="2026-11-22T14:05:09Z",
        store="dyntui.db",
        checks=checks,
        active_runs=0,
        held=40,
        dataverse_calls=1,
        dotdigital_calls=1,
    )
    service.answers(STATUS, status)
    waits = (
        Decision(kind=Kind.REMOVALS, about=LIST_ID, name="Newsletter", people=40, why="more than 30 %", in_book=100),
        Decision(kind=Kind.REFUSED, about=LIST_ID, name="Newsletter", people=1, why="REJECTED"),
        Decision(kind=Kind.PLAN, about="plan-1", name="Alpine Club", people=7, why="planned by Ann", run="plan-1"),
    )
    service.answers(HELD_LISTS, HeldLists(rows=(held,)))
    service.answers(HELD_WAITING, Decisions(rows=waits))
    refused = RefusedRow(
        list=LIST_ID,
        list_name="Newsletter",
        person="p9",
        entity="contact",
        name="Bo",
        address="bo@x.org",
        reason="REJECTED",
        detail="InvalidEmail",
        retry_on="",
    )
    service.answers(QUARANTINE_PAGE, page_of(refused))
    service.answers(HELD_DECIDE, HeldDecided(people=40, run=a_run()))
    service.answers(LISTS_PAGE, page_of(a_list()))
    service.answers(LIST_GET, a_detail())
    service.answers(CAMPAIGNS_PAGE, page_of(a_campaign("\x1b[31mSpring")))
    service.answers(CAMPAIGN_COUNT, a_count(sendable=300))
    service.answers(CAMPAIGN_GET, of_campaign(a_campaign()))
    left_out = PersonOutcome(person="p1", name="Ann", outcome=Outcome.EXCLUDED, reason="SUPPRESSED")
    service.answers(CAMPAIGN_COUNT_PEOPLE, page_of(left_out))
    service.answers(CAMPAIGN_SEND, a_send("Queued"))

    def stands(_: SendRef) -> SendRow:
        # It went out at once, and the one that is looked at then waits for its turn.
        if service.requests(SEND_CANCEL):
            return a_send("Cancelled")
        return a_send("Queued" if len(service.requests(SENDS_PAGE)) > 1 else "Sent")

    service.answers(SEND_GET, stands)
    service.answers(SENDS_PAGE, page_of(a_send("Queued")))
    people = (ReasonCount(Outcome.ADDED, "", 3),)
    service.answers(SEND_SHOW, SendDetail(send=a_send(), count="count-1", counted=people, people=people))
    service.answers(SEND_CANCEL, a_send("Cancelled"))
    ann = KnownPerson(person="p1", entity="contact", name="Ann", address="ann@x.org")
    service.answers(PEOPLE_SEARCH, page_of(ann))
    gate = ClosedGate(code="SUPPRESSED", title="Suppressed", remedy="Ask them.", who="the person")
    verdict = Verdict(
        person="p1",
        entity="contact",
        name="Ann",
        address="ann@x.org",
        where="Newsletter",
        outcome=Outcome.EXCLUDED,
        reason="SUPPRESSED",
        gates=(gate,),
    )
    service.answers(PEOPLE_WHY, WhyAnswer(address="ann@x.org", campaign="", verdicts=(verdict,), known=()))
    service.answers(RUN_START, a_run(RunStatus.QUEUED))

    def asked(request: RunRef) -> RunDetail:
        service.publish("run.changed", RunChanged(run=a_run(RunStatus.IN_PROCESS)))
        service.publish("run.changed", RunChanged(run=a_run()))
        ended = request.id.startswith("audit")
        return RunDetail(run=a_run(RunStatus.COMPLETED if ended else RunStatus.QUEUED), items=())

    service.answers(RUN_GET, asked)
    service.answers(RUNS_PAGE, page_of(a_run(id="audit-1")))
    bob = SuppressionRow(
        address="bob@x.org",
        account="Main",
        status="Unsubscribed",
        reason="SUPPRESSED",
        suppressed_on="2026-11-01T00:00:00Z",
        learned_on="2026-11-22T14:05:09Z",
    )

    def suppressed(asked: SuppressionsQuery) -> Page[SuppressionRow]:
        return Page(rows=(bob,), matching=2, total=2, offset=min(asked.offset, 1))

    service.answers(SUPPRESSIONS_PAGE, suppressed)
    service.answers(ACCOUNTS_LIST, Accounts(rows=(MAIN,)))

    with Terminal([*DYNTUI, "--plain"], {**environ, "TERM": "dumb"}) as terminal:
        answer = functools.partial(answer_in, terminal)
        terminal.until("Number:")
        # What needs a decision, and deciding it.
        answer("1", "Decide about what?")
        answer("1", "What about Newsletter, removals?")
        answer("3", "[y/N]")
        answer("y", "40 contacts stay")
        answer("", "2. Newsletter: refused rows, 1 person, REJECTED")
        answer("2", "What about Newsletter, refused rows?")
        answer("1", "name: Bo")
        answer("", "3. Alpine Club: a plan, 7 people, planned by Ann")
        answer("3", "3. Carry it out")
        for _ in range(2):
            answer("", "Number:")
        # A list, looked at and synchronised.
        answer("2", "A part of the name")
        answer("News", "1. Newsletter, contact, 12,345 members")
        answer("1", "What about Newsletter?")
        answer("1", "outcome: excluded; reason: NO_EMAIL; people: 2")
        answer("4", "Completed (3 added, 2 excluded)")
        answer("", "What do you want to do?")
        # A campaign, counted, asked why not, sent.
        answer("3", "A part of the name")
        answer("", "[31mSpring, Unsent")
        answer("1", "What about")
        answer("5", "reason: SUPPRESSED; people: 2")
        answer("6", "The reason")
        answer("SUPPRESSED", "name: Ann")
        answer("8", "Type the number of people")
        answer("300", "State:")
        answer("", "What do you want to do?")
        # The send, looked at and stopped.
        answer("4", "Which send?")
        answer("1", "What about the send")
        answer("1", "outcome: mailed; people: 3; counted: 3")
        answer("4", "0. No, let it go on")
        answer("0", "What about the send")
        answer("4", "1. Yes, stop it")
        answer("1", "Cancelled")
        answer("", "What do you want to do?")
        # A person.
        answer("5", "A part of the name")
        answer("ann", "1. Ann, ann@x.org, contact")
        answer("1", "What about Ann?")
        answer("2", "SUPPRESSED")
        answer("", "What do you want to do?")
        # Something is synchronised.
        answer("6", "Synchronise what?")
        answer("2", "Completed (3 added, 2 excluded)")
        # The audit; and what is no answer is asked again.
        answer("7", "Which run?")
        answer("nine", "Type a number from 0 to 1.")
        answer("1", "What about Newsletter?")
        answer("1", "Started by:")
        answer("", "What do you want to do?")
        # An address that is suppressed; the email accounts.
        answer("8", "A part of the address")
        answer("bob", "1. The last one")
        answer("1", "What do you want to do?")
        answer("9", "What of it?")
        answer("1", "24817, r1")
        answer("", "What do you want to do?")
        terminal.type("\x04")
        assert terminal.ended() == 0
        said = terminal.raw.replace(b"\r\n", b"\n")

    assert _ANYTHING_ELSE.findall(said) == []
    # No option is named that cannot be typed here.
    assert b"4. Undo it, after its plan" in said
    assert b"1 of 2 shown." in said and b"--offset" not in said
    # A line of 300 baud has 30 signs a second: nine jobs, some sixty answers, in nine minutes of printing.
    assert len(said) < 30 * 540
    assert service.requests(HELD_DECIDE) == [DecideHeld(list=LIST_ID, remove=False, waiting=40)]
    assert service.requests(RUN_START) == [StartRun(sync_type="lists", lists=(LIST_ID,)), StartRun(sync_type="lists")]
    assert service.requests(CAMPAIGN_SEND) == [SendCampaign(count="count-1", confirm=300)]
    assert service.requests(PEOPLE_SEARCH) == [PeopleQuery(search="ann", limit=15)]
    assert len(service.requests(SEND_CANCEL)) == 1
    (asked_for,) = service.requests(CAMPAIGN_COUNT_PEOPLE)
    assert asked_for.reason == "SUPPRESSED"


def of_campaign(row: CampaignRow) -> CampaignDetail:
    empty = {"from_name": "", "from_address": "", "reply_to": "", "text": "", "tags": (), "targets": (), "sends": ()}
    return CampaignDetail(row=row, **empty)  # type: ignore[arg-type]


def test_campaigns_are_archived_and_taken_out_in_lines_alone(
    service: ScriptedService, environ: Mapping[str, str]
) -> None:
    away = a_campaign(archived_on="2026-11-22T14:05:09Z", archived_by="Mira Sandahl")

    def now() -> CampaignRow:
        taken_out, put_away = service.requests(CAMPAIGNS_UNARCHIVE), service.requests(CAMPAIGNS_ARCHIVE)
        return away if len(put_away) > len(taken_out) else a_campaign()

    service.answers(HELLO, a_hello())
    service.answers(CAMPAIGNS_PAGE, lambda asked: page_of(away if asked.view == "archived" else now()))
    service.answers(CAMPAIGN_GET, lambda asked: of_campaign(now()))
    service.answers(CAMPAIGNS_ARCHIVE, Archived(rows=(away,)))
    service.answers(CAMPAIGNS_UNARCHIVE, Archived(rows=(a_campaign(),)))
    with Terminal([*DYNTUI, "--plain"], {**environ, "TERM": "dumb"}) as terminal:
        answer = functools.partial(answer_in, terminal)
        terminal.until("Number:")
        answer("3", "A part of the name")
        answer("", "1. Spring, Unsent")
        answer("1", "15. Archive it")
        # What is offered next is what can be done with it by then.
        answer("15", "3. Take it out of the archive")
        answer("3", "15. Archive it")
        answer("15", "3. Take it out of the archive")
        answer("", "What do you want to do?")
        answer("10", "A part of the name of the archived")
        answer("", "1. Spring, Unsent, archived")
        answer("1", "3. Take it out of the archive")
        answer("3", "15. Archive it")
        answer("", "What do you want to do?")
        # By its name it is found where campaigns are.
        answer("3", "A part of the name")
        answer("Spr", "1. Spring, Unsent")
        terminal.type("\x04")
        assert terminal.ended() == 0
    assert [each.view for each in service.requests(CAMPAIGNS_PAGE)] == ["current", "archived", "all"]
    # Of the email account that it is of: another one may have a campaign of the number.
    asked = [*service.requests(CAMPAIGNS_ARCHIVE), *service.requests(CAMPAIGNS_UNARCHIVE)]
    assert len(asked) == 4 and {each.account for each in asked} == {"Main"}


def test_what_is_offered_is_what_can_be_done_by_then(service: ScriptedService, environ: Mapping[str, str]) -> None:
    def activated() -> bool:
        return len(service.requests(LIST_ACTIVATE)) > len(service.requests(LIST_DEACTIVATE))

    def waiting(_: object) -> Decisions:
        waits = Decision(kind=Kind.REMOVALS, about=LIST_ID, name="Newsletter", people=40, why="many", in_book=100)
        return Decisions(rows=() if service.requests(HELD_DECIDE) else (waits,))

    service.answers(HELLO, a_hello())
    service.answers(LISTS_PAGE, lambda _: page_of(a_list(activated=activated())))
    service.answers(LIST_GET, lambda _: a_detail(activated=activated()))
    service.answers(LIST_ACTIVATE, lambda _: a_detail())
    service.answers(LIST_DEACTIVATE, lambda _: a_detail(activated=False))
    service.answers(ACCOUNTS_LIST, Accounts(rows=(MAIN,)))
    service.answers(SENDS_PAGE, page_of(a_send("Missed")))
    service.answers(SEND_GET, lambda _: a_send("Cancelled" if service.requests(SEND_CANCEL) else "Missed"))
    service.answers(SEND_CANCEL, a_send("Cancelled"))
    service.answers(HELD_WAITING, waiting)
    service.answers(HELD_LISTS, HeldLists(rows=()))
    service.answers(HELD_DECIDE, HeldDecided(people=40, run=a_run()))
    with Terminal([*DYNTUI, "--plain"], {**environ, "TERM": "dumb"}) as terminal:
        answer = functools.partial(answer_in, terminal)
        terminal.until("Number:")
        answer("2", "A part of the name")
        answer("", "1. Newsletter")
        answer("1", "4. Activate for email\r\n5. How it has grown")
        answer("4", "8. Deactivate for email")
        answer("", "What do you want to do?")
        answer("4", "Which send?")
        answer("1", "5. Send now what missed its hour")
        answer("4", "1. Yes, stop it")
        answer("1", "3. Who was left out for a reason\r\n0. Back")
        answer("", "What do you want to do?")
        # What is decided does not wait any more.
        answer("1", "Decide about what?")
        answer("1", "3. Keep them")
        answer("3", "Nothing waits for a decision.")
        terminal.type("\x04")
        assert terminal.ended() == 0
    assert len(service.requests(HELD_DECIDE)) == len(service.requests(SEND_CANCEL)) == 1
