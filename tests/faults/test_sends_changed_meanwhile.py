"""What somebody changes while a send is under way: it goes out as it was confirmed, or not at all and by name; whom it
may not mail by then is left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from dyntui.model.cursors import SendCursor
from dyntui.sandbox.dotdigital import contact_store, memberships
from dyntui.sandbox.dotdigital import storage as dd_storage
from dyntui.service.contract.lists import EditList
from tests.faults.job import Job, office_from, properly_mailed
from tests.faults.meanwhile import Meanwhile
from tests.faults.test_every_step_of_handed_sends import Ticking
from tests.thorough import keeping

# Of the steps before the last look, of which the run has some seventy.
EVERY = 13
_NOTHING_LEFT = ("Nothing was sent", "No send was created")


def _newsletter(office: Ticking) -> str:
    return office.list_named("Newsletter").id


def _in_dotdigital(office: Ticking, statement: str) -> None:
    with office.sandbox.state.transaction():
        office.sandbox.state.db.execute(f"{statement} WHERE name = 'Newsletter March'")


def _is_for_tests_only(office: Ticking) -> None:
    """Nobody is on the allow list."""
    office.environment(production=False)


def _book_deleted(office: Ticking, named: str) -> None:
    (book,) = office.sandbox.state.db.execute("SELECT id FROM dd_book WHERE name LIKE ?", (named,)).fetchone()
    office.in_dotdigital("DELETE", f"/v2/address-books/{book}")


Change = tuple[Callable[[Ticking], object], str]
# What somebody does in dyntui counts until the request leaves.
HERE: dict[str, Change] = {
    "not production": (_is_for_tests_only, "SEND_NO_RECIPIENTS"),
    "no target any more": (
        lambda office: office.untarget(office.campaign_named("Newsletter March"), _newsletter(office)),
        "SEND_TARGETS_CHANGED",
    ),
    "deactivated": (lambda office: office.deactivate(_newsletter(office)), "LIST_NOT_ACTIVATED"),
}
# What somebody does elsewhere, until the last look.
ELSEWHERE: dict[str, Change] = {
    "subject": (lambda office: _in_dotdigital(office, "UPDATE dd_campaign SET subject = 'Other'"), "SEND_CHANGED"),
    "text": (lambda office: _in_dotdigital(office, "UPDATE dd_campaign SET html = '<p>Other</p>'"), "SEND_CHANGED"),
    "filter": (
        lambda office: office.edit(EditList(id=_newsletter(office), subscription_filter=("opt-in:Double",))),
        "SEND_CHANGED",
    ),
    "inactive": (
        lambda office: office.change_in_dynamics("list", _newsletter(office), statecode=1),
        "LIST_INACTIVE",
    ),
    "campaign deleted": (lambda office: _in_dotdigital(office, "DELETE FROM dd_campaign"), "CAMPAIGN_GONE"),
    "book of the list deleted": (lambda office: _book_deleted(office, "Newsletter"), "BOOK_GONE"),
    "deleted": (lambda office: office.delete_in_dynamics("lists", _newsletter(office)), "LIST_GONE"),
}


class Changed:
    """Sends during which something is changed."""

    def __init__(
        self, meanwhile: Meanwhile, targeted: Path, folder: Path, *, handed: bool = False, calls: bool = False
    ) -> None:
        """`calls`: what it calls are steps too."""
        self._calls = calls
        self._meanwhile, self._targeted, self._folder, self._handed = meanwhile, targeted, folder, handed
        self.last_step = self._before(0, "nothing", lambda office: None).index(True)

    def _before(self, step: int, named: str, change: Callable[[Ticking], object]) -> list[bool]:
        """For each step whether the note that the request leaves was kept by then."""
        with office_from(self._targeted, self._folder / f"{named} {step}", Ticking) as office:
            count = Job(office).count()
            at = (office.sandbox.now() + timedelta(hours=3)).isoformat() if self._handed else ""
            queued = office.queue_send(count, handed=self._handed, at=at)
            kind = "hand-over" if self._handed else "send"
            with self._meanwhile.before(step, kind, office, lambda: change(office), calls=self._calls):
                office.engine.drain()
            sent = office.send_row(queued.id)
            run = office.detail(sent.run).run
            self.ended, self.code, self.said = sent.state, run.error_code, (run.not_done, run.remedy)
            self.mailed, self.count = len(properly_mailed(office.sandbox)), count.sendable
            self.books = [name for name in office.book_names() if name.startswith("dyntui send")]
            assert sent.potential == sent.sendable + sum(each.people for each in sent.excluded)
        return [isinstance(each, SendCursor) and each.past_recall for each in self._meanwhile.steps]

    def refused(self, step: int, named: str, change: Change) -> bool:
        """Whether a change before a step ends the send by its name, with nothing left of it."""
        what, code = change
        self._before(step, named, what)
        ended = (self.ended, self.code, self.mailed, self.books)
        return ended == ("Failed", code, 0, []) and self.said[0].startswith(_NOTHING_LEFT) and bool(self.said[1])

    def too_late(self, step: int, named: str, change: Change) -> bool:
        """Whether a change before a step changes nothing of the send any more."""
        self._before(step, named, change[0])
        if self._handed:
            return (self.ended, self.code) == ("Handed over", "")
        return (self.ended, self.code, self.mailed) == ("Sent", "", self.count)


def test_what_is_changed_before_a_send_is_asked_for_ends_it_by_name(
    targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends = Changed(Meanwhile(monkeypatch), targeted, tmp_path)
    for named, change in HERE.items():
        assert sends.refused(sends.last_step, named, change), (named, vars(sends))
    for named in ("subject", "filter", "campaign deleted", "book of the list deleted"):
        assert sends.refused(sends.last_step // 2, named, ELSEWHERE[named]), (named, vars(sends))
    assert sends.too_late(sends.last_step + 1, "subject", ELSEWHERE["subject"]), vars(sends)


def _somebody_joins(office: Ticking) -> None:
    """Other hands put somebody into the address book of the send."""
    state = office.sandbox.state
    (book,) = state.db.execute("SELECT id FROM dd_book WHERE name LIKE 'dyntui send %'").fetchone()
    now = dd_storage.now(state)
    with state.transaction():
        made = {"opt_in": "Unknown", "email_type": "Html", "status": "Subscribed", "data": {}}
        memberships.join(state, book, [contact_store.insert(state, "stranger@example.org", now, **made)], now)


@pytest.mark.parametrize("calls_before_the_request", keeping([13, 16, 19], 13))
def test_who_is_put_into_the_book_of_a_send_after_it_was_listed_is_not_mailed(
    calls_before_the_request: int, targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends = Changed(Meanwhile(monkeypatch), targeted, tmp_path, calls=True)
    step = sends.last_step - calls_before_the_request
    assert sends.refused(step, "joined", (_somebody_joins, "SEND_BOOK_NOT_EXACT")), vars(sends)


def test_a_send_whose_address_book_is_deleted_ends_by_that_name(
    targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends = Changed(Meanwhile(monkeypatch), targeted, tmp_path)
    deleted = (lambda office: _book_deleted(office, "dyntui send %"), "SEND_BOOK_GONE")
    for before_the_request in (15, 0):
        assert sends.refused(sends.last_step - before_the_request, "book", deleted), vars(sends)


@pytest.mark.thorough
@pytest.mark.parametrize("handed", [False, True])
@pytest.mark.parametrize("named", [*HERE, *ELSEWHERE])
def test_what_is_changed_before_any_step_ends_a_send_by_name_or_comes_too_late(
    named: str, handed: bool, targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends = Changed(Meanwhile(monkeypatch), targeted, tmp_path, handed=handed)
    change = HERE.get(named) or ELSEWHERE[named]
    for step in range(2, sends.last_step - 5, EVERY):
        assert sends.refused(step, named, change) or sends.code == "SEND_NO_RECIPIENTS", (step, vars(sends))
    if named in HERE:
        assert sends.refused(sends.last_step, named, change), vars(sends)
    # Who deletes the campaign then takes what tells whom it reached along: a person says what became of the send.
    for step in range(sends.last_step + 1, sends.last_step + 9, 4) if named != "campaign deleted" else ():
        assert sends.too_late(step, named, change), (step, vars(sends))
