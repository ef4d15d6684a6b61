"""Directly before a send is asked for every source of opt-outs is asked once more, however long all took before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dyntui.dotdigital import contacts, sends
from dyntui.model.moments import text_of
from dyntui.store import list_unsubscribes
from dyntui.sync import last_look
from tests.faults.job import FrozenOffice, Job, office_from
from tests.faults.sends import SEND, error_of, excluded, leftovers, lose, mailed, shown
from tests.scenarios.office import Office
from tests.thorough import keeping

SUPPRESSED = r"^/v2/contacts/suppressed-since/"
_Happens = Callable[[], None]


class MovingOffice(FrozenOffice):
    """An office whose clock moves on with the world's, as a real one's does."""

    def _now(self) -> datetime:
        return self.sandbox.time.now()


@pytest.fixture
def office(targeted: Path, tmp_path: Path) -> Iterator[MovingOffice]:
    with office_from(targeted, tmp_path, MovingOffice) as opened:
        yield opened


@pytest.fixture
def job(office: MovingOffice) -> Job:
    return Job(office)


def book_of_the_send(office: FrozenOffice) -> int:
    books = office.in_dotdigital("GET", "/v2/address-books")
    return int(next(each["id"] for each in books if each["name"].startswith("dyntui send")))


def suppression_row(office: Office, address: str, **more: str) -> None:
    values = {"dyntui_address": address, "dyntui_key": "by-hand", "dyntui_origin": "Dynamics", **more}
    in_dynamics(office, "dyntui_suppression", values)


def in_dynamics(office: Office, table: str, values: dict[str, Any]) -> None:
    body = {"table": table, "values": values}
    office.sandbox.control.post("/dataverse/rows", json=body).raise_for_status()


OPT_OUTS: dict[str, tuple[str, Callable[[FrozenOffice, Any, int], None]]] = {
    "do not email": (
        "DO_NOT_EMAIL",
        lambda office, row, _: office.change_in_dynamics("contact", row.person, donotemail=1),
    ),
    "do not bulk email": (
        "DO_NOT_BULK_EMAIL",
        lambda office, row, _: office.change_in_dynamics("contact", row.person, donotbulkemail=1),
    ),
    "the address changes too": (
        "DO_NOT_EMAIL",
        lambda office, row, _: office.change_in_dynamics(
            "contact", row.person, donotemail=1, emailaddress1="elsewhere@example.org"
        ),
    ),
    "a suppression row": ("SUPPRESSED", lambda office, row, _: suppression_row(office, row.address.upper())),
    "unsubscribes": ("SUPPRESSED", lambda office, row, _: office.unsubscribe(row.address)),
    "leaves the list": ("UNSUBSCRIBED_LIST", lambda office, row, book: office.unsubscribe(row.address, book=book)),
    "leaves the send's book": (
        "UNSUBSCRIBED_LIST",
        lambda office, row, _: office.unsubscribe(row.address, book=book_of_the_send(office)),
    ),
    "changes the address in dotdigital, and unsubscribes": (
        "SUPPRESSED",
        lambda office, row, _: office.unsubscribe(office.moves_in_dotdigital(row.address)),
    ),
    "changes the address in dotdigital, and leaves the list": (
        "UNSUBSCRIBED_LIST",
        lambda office, row, book: office.unsubscribe(office.moves_in_dotdigital(row.address), book=book),
    ),
}


def slow_listing(
    office: FrozenOffice, monkeypatch: pytest.MonkeyPatch, run_id: str, seconds: float, before: float, happens: _Happens
) -> None:
    """The listing of the send's book takes so long; something happens once, so long before its end."""
    listed, left = contacts.contact_pages, [happens]

    async def slowly(*which: Any, **how: Any) -> AsyncIterator[Any]:
        pages = [page async for page in listed(*which, **how)]
        if office.run_of(run_id).cursor.get("phase") == "prove" and left:
            await office._pass_time(seconds - before)
            left.pop()()
            await office._pass_time(before)
        for page in pages:
            yield page

    monkeypatch.setattr(contacts, "contact_pages", slowly)


@pytest.mark.parametrize(("of_list", "reason"), [(False, "SUPPRESSED"), (True, "UNSUBSCRIBED_LIST")])
def test_whom_no_feed_names_yet_is_left_out_by_what_their_contact_says(
    of_list: bool, reason: str, office: MovingOffice, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.sandbox.switch(dotdigital={"late_suppressions_seconds": 3600.0})
    count = job.count()
    somebody, queued = office.count_people(count.id, sendable=True)[3], office.queue_send(count)
    book = {"book": office.book_of(office.list_named("Newsletter").id)} if of_list else {}
    listed, left = contacts.contact_pages, [{"address": somebody.address, **book}]

    def listing(*which: Any, **how: Any) -> AsyncIterator[Any]:
        if office.run_of(queued.run).cursor.get("phase") == "prove" and left:
            office.sandbox.control.post("/unsubscribe", json=left.pop()).raise_for_status()
        return listed(*which, **how)

    monkeypatch.setattr(contacts, "contact_pages", listing)
    office.engine.drain()
    sent = office.send_row(queued.id)
    assert (sent.state, sent.sendable, left) == ("Sent", count.sendable - 1, [])
    assert somebody.address not in mailed(office)
    assert excluded(office, sent, somebody.person) == reason


@pytest.mark.parametrize("kind", ["do not email", "a suppression row"])
def test_rows_that_are_dated_in_the_future_hide_nobody_who_opts_out_later(
    kind: str, office: MovingOffice, job: Job, monkeypatch: pytest.MonkeyPatch
):
    """The look asks from the newest row on; a date that somebody's import wrote is none to ask from."""
    for stamp, who in (("9999-12-31T23:59:59Z", "nobody"), ("2027-01-01T00:00:00Z", "somebody")):
        values = {"emailaddress1": f"{who}@else.example", "donotemail": 1, "modifiedon": stamp, "statecode": 0}
        in_dynamics(office, "contact", values)
        row = {"dyntui_address": f"{who}@else.example", "dyntui_key": who, "modifiedon": stamp}
        in_dynamics(office, "dyntui_suppression", row)
    count = job.count()
    somebody, queued = office.count_people(count.id, sendable=True)[3], office.queue_send(count)
    reason, opts_out = OPT_OUTS[kind]
    slow_listing(office, monkeypatch, queued.run, 45.0, 44.0, lambda: opts_out(office, somebody, 0))
    office.engine.drain()
    sent = office.send_row(queued.id)
    assert (sent.state, sent.sendable) == ("Sent", count.sendable - 1)
    assert somebody.address not in mailed(office)
    assert excluded(office, sent, somebody.person) == reason


@pytest.mark.parametrize(("seconds", "before"), [(45.0, 44.0), pytest.param(240.0, 121.0, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("kind", OPT_OUTS)
def test_who_opts_out_while_the_book_is_listed_is_not_mailed(
    kind: str, seconds: float, before: float, office: MovingOffice, job: Job, monkeypatch: pytest.MonkeyPatch
):
    count = job.count()
    somebody, queued = office.count_people(count.id, sendable=True)[3], office.queue_send(count)
    book = office.book_of(job.newsletter.id)
    reason, opts_out = OPT_OUTS[kind]
    slow_listing(office, monkeypatch, queued.run, seconds, before, lambda: opts_out(office, somebody, book))
    office.engine.drain()
    sent = office.send_row(queued.id)
    assert (sent.state, sent.sendable) == ("Sent", count.sendable - 1)
    assert somebody.address not in mailed(office) and len(mailed(office)) == sent.sendable
    assert excluded(office, sent, somebody.person) == reason


@pytest.mark.parametrize("kind", ["unsubscribes", "leaves the send's book"])
def test_who_leaves_the_book_by_saying_no_is_named_for_that(
    kind: str, office: MovingOffice, job: Job, monkeypatch: pytest.MonkeyPatch
):
    """They do not show in the book any more, and are waited for; meanwhile the feeds say why."""
    late = {"late_suppressions_seconds": 600.0, "listing_lag_seconds": 30.0, "removal_lag_seconds": 30.0}
    office.sandbox.switch(dotdigital=late)
    test_who_opts_out_while_the_book_is_listed_is_not_mailed(kind, 240.0, 121.0, office, job, monkeypatch)


@pytest.mark.parametrize("kind", keeping(["unsubscribes", "a suppression row"], "unsubscribes"))
def test_who_said_no_with_the_address_before_is_found_by_it(
    kind: str, office: MovingOffice, job: Job, monkeypatch: pytest.MonkeyPatch
):
    office.sandbox.switch(dotdigital={"late_suppressions_seconds": 1800.0})
    somebody = office.count_people(job.count().id, sendable=True)[3]
    if kind == "unsubscribes":
        office.sandbox.control.post("/unsubscribe", json={"address": somebody.address}).raise_for_status()
    office.change_in_dynamics("contact", somebody.person, emailaddress1="moved.on@example.org")
    written = office._now()
    office.run("lists")
    count = job.count()
    (shown_now,) = [each for each in office.count_people(count.id, sendable=True) if each.person == somebody.person]
    assert shown_now.address == "moved.on@example.org"
    queued = office.queue_send(count)

    def shows() -> None:
        if kind == "unsubscribes":
            office.sandbox.switch(dotdigital={"late_suppressions_seconds": 0.0})
        else:
            suppression_row(office, somebody.address, modifiedon=written.strftime("%Y-%m-%dT%H:%M:%SZ"))

    slow_listing(office, monkeypatch, queued.run, 45.0, 44.0, shows)
    office.engine.drain()
    sent = office.send_row(queued.id)
    assert (sent.state, excluded(office, sent, somebody.person)) == ("Sent", "SUPPRESSED")
    assert "moved.on@example.org" not in mailed(office) and len(mailed(office)) == count.sendable - 1
    (left_out,) = [each for each in office.count_people(job.count().id) if each.person == somebody.person]
    assert left_out.reason == "SUPPRESSED"


@pytest.mark.parametrize("when", ["before the last look", "after it"])
def test_who_is_known_to_have_left_when_the_request_leaves_is_not_mailed_though_no_feed_says_so(
    when: str, office: MovingOffice, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run, or the consent watch, has just learned it otherwise: by what the contact says of itself."""
    count = job.count()
    somebody, queued = office.count_people(count.id, sendable=True)[3], office.queue_send(count)
    look, left, list_id = last_look.look, [when], job.newsletter.id

    def learned() -> None:
        with office.db.write() as c:
            list_unsubscribes.add(c, list_id, [(somebody.address, "")], text_of(office._now()))

    async def looked(*which: Any, **how: Any) -> Any:
        now = left.pop() if left else ""
        if now == "before the last look":
            learned()
        news = await look(*which, **how)
        if now == "after it":
            learned()
        return news

    monkeypatch.setattr(last_look, "look", looked)
    office.engine.drain()
    sent = office.send_row(queued.id)
    assert (sent.state, sent.sendable, left) == ("Sent", count.sendable - 1, [])
    assert somebody.address not in mailed(office) and len(mailed(office)) == sent.sendable
    assert excluded(office, sent, somebody.person) == "UNSUBSCRIBED_LIST"


class Window:
    """When the last look began and when the request left, of the send that is carried out."""

    def __init__(self, office: MovingOffice, monkeypatch: pytest.MonkeyPatch) -> None:
        look, start = last_look.look, sends.start_send
        self.looks: list[datetime] = []
        self.asked: list[datetime] = []

        async def looked(*which: Any, **how: Any) -> Any:
            self.looks.append(office._now())
            return await look(*which, **how)

        async def asked(*which: Any, **how: Any) -> Any:
            self.asked.append(office._now())
            return await start(*which, **how)

        monkeypatch.setattr(last_look, "look", looked)
        monkeypatch.setattr(sends, "start_send", asked)

    @property
    def length(self) -> timedelta:
        return self.asked[-1] - self.looks[-1]


def test_between_the_last_look_and_the_request_lie_two_seconds_at_most(
    office: MovingOffice, job: Job, monkeypatch: pytest.MonkeyPatch
):
    window = Window(office, monkeypatch)
    assert office.send(job.count()).state == "Sent"
    assert timedelta() < window.length <= timedelta(seconds=2), window.length
    assert len(window.looks) == len(window.asked) == 1


def test_a_look_that_took_long_is_repeated(office: MovingOffice, job: Job, monkeypatch: pytest.MonkeyPatch):
    window, count = Window(office, monkeypatch), job.count()
    somebody, queued = office.count_people(count.id, sendable=True)[3], office.queue_send(count)
    look = last_look.look

    async def slow_once(*which: Any, **how: Any) -> Any:
        if len(window.looks) > 1:
            return await look(*which, **how)
        news = await look(*which, **how)
        await office._pass_time(44)
        office.change_in_dynamics("contact", somebody.person, donotemail=1)
        return news

    monkeypatch.setattr(last_look, "look", slow_once)
    office.engine.drain()
    sent = office.send_row(queued.id)
    assert (sent.state, excluded(office, sent, somebody.person)) == ("Sent", "DO_NOT_EMAIL")
    assert somebody.address not in mailed(office)
    assert window.length <= timedelta(seconds=2)


def test_however_slow_the_sources_are_the_window_is_no_longer_than_one_call(
    office: MovingOffice, job: Job, monkeypatch: pytest.MonkeyPatch
):
    window, slow = Window(office, monkeypatch), 20.0
    lose(office, SUPPRESSED, "delay", seconds=slow)
    assert office.send(job.count()).state == "Sent"
    assert timedelta(seconds=slow) <= window.length <= timedelta(seconds=slow + 2)


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 429}, {"kind": "drop_before"}])
def test_a_look_that_fails_for_the_moment_is_made_anew(
    fault: dict[str, Any], office: MovingOffice, job: Job, monkeypatch: pytest.MonkeyPatch
):
    window, count = Window(office, monkeypatch), job.count()
    somebody, queued = office.count_people(count.id, sendable=True)[3], office.queue_send(count)
    look, opted_out = last_look.look, []

    async def failing(*which: Any, **how: Any) -> Any:
        if not window.looks:
            lose(office, SUPPRESSED, times=1, **fault)
        return await look(*which, **how)

    def opts_out() -> None:
        if window.looks and not opted_out:
            opted_out.append(somebody)
            office.change_in_dynamics("contact", somebody.person, donotbulkemail=1)

    monkeypatch.setattr(last_look, "look", failing)
    office.during_sleep = opts_out
    office.engine.drain()
    sent = office.send_row(queued.id)
    assert opted_out and (sent.state, excluded(office, sent, somebody.person)) == ("Sent", "DO_NOT_BULK_EMAIL")
    assert somebody.address not in mailed(office)
    assert window.length <= timedelta(seconds=2)


def test_a_source_that_fails_for_good_refuses_the_send(office: MovingOffice, job: Job):
    queued = office.queue_send(job.count())

    def broken(run_id: str) -> None:
        if office.run_of(run_id).stage == "Proving the recipients":
            lose(office, r"/unsubscribed-since/", "status", status=401)
            office.worker._changed = lambda run_id: None

    office.worker._changed = broken
    office.engine.drain()
    sent = office.send_row(queued.id)
    assert (sent.state, error_of(office, sent)) == ("Refused", "SEND_REFUSED")
    office.sandbox.reset()
    assert (mailed(office), leftovers(office)) == ([], [])


# -- the book --------------------------------------------------------------------------------------------------------


def test_a_removal_that_takes_effect_late_is_waited_for(
    office: MovingOffice, job: Job, monkeypatch: pytest.MonkeyPatch
):
    count = job.count()
    somebody, queued = office.count_people(count.id, sendable=True)[3], office.queue_send(count)
    office.sandbox.switch(dotdigital={"removal_lag_seconds": 150.0})
    opts_out = lambda: office.change_in_dynamics("contact", somebody.person, donotemail=1)  # noqa: E731
    slow_listing(office, monkeypatch, queued.run, 45.0, 44.0, opts_out)
    office.engine.drain()
    assert office.send_row(queued.id).state == "Sent"
    assert somebody.address not in mailed(office)


@pytest.mark.parametrize("lag", keeping([0.0, 60.0, 600.0], 0.0, 600.0))
def test_people_who_show_late_in_the_book_are_waited_for(lag: float, office: MovingOffice, job: Job):
    office.sandbox.switch(dotdigital={"listing_lag_seconds": lag})
    count = job.count()
    everybody = shown(office, count)
    assert office.send(count).state == "Sent"
    assert mailed(office) == everybody


def test_a_book_that_is_gone_before_the_request_stops_the_send(
    office: MovingOffice, job: Job, monkeypatch: pytest.MonkeyPatch
):
    """DD-02: to a send whose books are gone the real service may answer by mailing everybody."""
    office.sandbox.switch(dotdigital={"missing_book_means_everybody": True})
    look = last_look.look

    async def looked(*which: Any, **how: Any) -> Any:
        office.in_dotdigital("DELETE", f"/v2/address-books/{book_of_the_send(office)}")
        return await look(*which, **how)

    monkeypatch.setattr(last_look, "look", looked)
    sent = office.send(job.count())
    assert (sent.state, error_of(office, sent)) == ("Failed", "SEND_BOOK_GONE")
    office.let_pass(hours=1)
    assert mailed(office) == []


@pytest.mark.parametrize("named", ["null", "[]", "[1]"])
def test_a_send_taken_up_for_other_books_than_asked_for_is_an_alarm(named: str, office: MovingOffice, job: Job):
    """DD-03."""
    body = f'{{"id": "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "status": "NotSent", "addressBookIds": {named}}}'
    lose(office, SEND, "status_after", status=202, body=body, times=1)
    sent = office.send(job.count())
    run = office.detail(sent.run).run
    assert (run.error_code, sent.state) == ("SEND_WRONG_BOOK", "Sending")
    assert "Outbox" in run.remedy and "Outbox" in sent.error
    assert job.count().sendable == 0


# -- somebody else's send --------------------------------------------------------------------------------------------


def in_dotdigital_too(office: FrozenOffice, campaign: int, *addresses: str) -> None:
    """Somebody sends the campaign in dotdigital itself."""
    book = office.in_dotdigital("POST", "/v2/address-books", {"name": f"By hand {addresses[0]}"})["id"]
    for address in addresses:
        body = {"email": address, "optInType": "Single", "emailType": "Html"}
        office.in_dotdigital("POST", f"/v2/address-books/{book}/contacts", body)
    office.in_dotdigital("POST", "/v2/campaigns/send", {"campaignId": campaign, "addressBookIds": [book]})


@pytest.mark.parametrize("when_", ["before the send", "while the book is listed"])
def test_whom_somebody_else_mailed_the_campaign_since_the_count_is_left_out(
    when_: str, office: MovingOffice, job: Job, monkeypatch: pytest.MonkeyPatch
):
    count, campaign = job.count(), job.campaign.id
    others = [each for each in office.count_people(count.id, sendable=True) if each.person][2:5]
    everybody = shown(office, count)
    queued = office.queue_send(count)
    by_hand = lambda: in_dotdigital_too(office, campaign, *(each.address for each in others))  # noqa: E731
    if when_ == "before the send":
        by_hand()
    else:
        slow_listing(office, monkeypatch, queued.run, 45.0, 44.0, by_hand)
    office.engine.drain()
    sent = office.send_row(queued.id)
    assert (sent.state, sent.sendable) == ("Sent", count.sendable - 3)
    assert {excluded(office, sent, each.person) for each in others} == {"ALREADY_SENT"}
    assert mailed(office) == everybody


def test_a_send_of_somebody_elses_that_is_to_go_out_later_stops_this_one(office: MovingOffice, job: Job):
    count = job.count()
    later = (office._now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    book = office.book_of(job.newsletter.id)
    body = {"campaignId": job.campaign.id, "addressBookIds": [book], "sendDate": later}
    office.in_dotdigital("POST", "/v2/campaigns/send", body)
    sent = office.send(count)
    assert (error_of(office, sent), mailed(office)) == ("SEND_CAMPAIGN_BUSY", [])
