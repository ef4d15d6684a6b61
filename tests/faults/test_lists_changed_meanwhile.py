"""What somebody deletes, or puts out of use, while a list is synchronised: it fails by that name, and people stay where
they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dyntui.model.outcomes import Outcome
from tests.faults.job import FrozenOffice, office_from
from tests.faults.meanwhile import Meanwhile

EVERY = 5
_IN_THE_BOOK = (Outcome.ADDED, Outcome.UNCHANGED)


def _newsletter(office: FrozenOffice) -> str:
    return office.list_named("Newsletter").id


def _book_deleted(office: FrozenOffice) -> None:
    office.in_dotdigital("DELETE", f"/v2/address-books/{office.book_of(_newsletter(office))}")


def _inactive(office: FrozenOffice) -> None:
    office.change_in_dynamics("list", _newsletter(office), statecode=1)


def _deleted(office: FrozenOffice) -> None:
    office.delete_in_dynamics("lists", _newsletter(office))


# What is changed, how its list fails by then, and as what the grid shows it.
CHANGES: dict[str, tuple[Callable[[FrozenOffice], None], str, str]] = {
    "deleted": (_deleted, "LIST_GONE", "Not found in Dynamics"),
    "inactive": (_inactive, "LIST_INACTIVE", "Inactive in Dynamics"),
    "book deleted": (_book_deleted, "BOOK_GONE", "Not found in email service"),
}


class Changed:
    """Synchronisations of a list, and what became of them."""

    def __init__(self, meanwhile: Meanwhile, targeted: Path, folder: Path) -> None:
        self._meanwhile, self._targeted, self._folder = meanwhile, targeted, folder
        self.before(0, "nothing", lambda office: None)
        self.steps = len(meanwhile.steps)
        steps = enumerate(meanwhile.steps, 1)
        self.reading = next(number for number, each in steps if getattr(each, "step", "") == "read")

    def before(self, step: int, named: str, change: Callable[[FrozenOffice], None]) -> None:
        """Something changes before a step."""
        with office_from(self._targeted, self._folder / f"{named} {step}") as office:
            newsletter = _newsletter(office)
            first, other, *_ = [each.person for each in office.members(newsletter) if each.outcome in _IN_THE_BOOK]
            office.leave(newsletter, [first])
            office.change_in_dynamics("contact", other, firstname="Changed")
            there = office.in_book(newsletter)
            run_id = office.start("lists")
            with self._meanwhile.before(step, "lists", office, lambda: change(office)):
                office.engine.drain()
            run = office.detail(run_id)
            (item,) = [each for each in run.items if each.kind == "list"]
            self.note, self.status = item.note, office.list_named("Newsletter").sync_status
            self.left = len(there - office.in_book(newsletter)) if change is not _book_deleted else 0

    def fails_as(self, code: str, status: str) -> bool:
        """Nobody has left the book but who has left the list, at most."""
        return self.note.startswith(f"{code}: ") and self.status == status and self.left <= 1


@pytest.mark.parametrize("named", CHANGES)
def test_a_list_fails_by_what_was_deleted_or_put_out_of_use_while_it_was_read(
    named: str, targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = Changed(Meanwhile(monkeypatch), targeted, tmp_path)
    change, code, status = CHANGES[named]
    lists.before(lists.reading + 1, named, change)
    assert lists.fails_as(code, status), vars(lists)


@pytest.mark.thorough
@pytest.mark.parametrize("named", CHANGES)
def test_a_list_of_which_something_was_deleted_before_any_step_fails_by_that_name_or_is_through(
    named: str, targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = Changed(Meanwhile(monkeypatch), targeted, tmp_path)
    change, code, status = CHANGES[named]
    for step in range(1, lists.steps + 1, EVERY):
        lists.before(step, named, change)
        assert lists.fails_as(code, status) or (step > lists.reading and "_GONE" not in lists.note), vars(lists)
