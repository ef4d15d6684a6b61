"""What somebody decides while a run is under way that may be past it: another one comes after that run, and does it.
And what two people decide at once, or a call that is killed, about what waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.conflicts import ConflictOf, SettleConflicts, TakeOther
from dyntui.service.contract.held import DecideHeld
from dyntui.service.contract.quarantine import IgnoreRefused, PickMatch
from dyntui.service.contract.sends import SendCampaign
from dyntui.service.contract.suppressions import AddSuppression
from dyntui.service.identity import Identities
from dyntui.service.suppressions import Suppressions
from tests.faults.cut_short import Call, CutShort
from tests.faults.job import LIST, FrozenOffice, Job, office_from, properly_mailed
from tests.faults.meanwhile import Meanwhile
from tests.faults.waiting import held_people
from tests.scenarios.office import status_there
from tests.scenarios.test_strangers import on_the_list, records
from tests.thorough import keeping

# -- what they do ----------------------------------------------------------------------------------------------------


def let_go(office: FrozenOffice) -> Call:
    """All but five of those whose removal waits."""
    asked = DecideHeld(list=office.list_named(LIST).id, people=tuple(held_people(office)[5:]), remove=True)
    return lambda: office._held.decide(office.context, asked)


def keep(office: FrozenOffice) -> Call:
    asked = DecideHeld(list=office.list_named(LIST).id, remove=False)
    return lambda: office._held.decide(office.context, asked)


def pick_one(office: FrozenOffice, which: int = 0) -> Call:
    (row,) = office.refused(reason="AMBIGUOUS_MATCH")
    record = records(office, "contact", row.address)[which]
    asked = PickMatch(list=row.list, stranger=row.person, record=record)
    return lambda: office._quarantine.pick(office.context, asked)


def pick_the_other(office: FrozenOffice) -> Call:
    return pick_one(office, 1)


def ignore(office: FrozenOffice) -> Call:
    row = next(each for each in office.refused() if each.reason != "AMBIGUOUS_MATCH")
    asked = IgnoreRefused(list=row.list, people=(row.person,), days=10, why="known")
    return lambda: office._quarantine.ignore(office.context, asked)


def take(office: FrozenOffice) -> Call:
    of = tuple(ConflictOf(person=each.person, label=each.label) for each in office.conflicts())
    return lambda: office._conflicts.take(office.context, TakeOther(of=of))


def settle(office: FrozenOffice) -> Call:
    of = tuple(ConflictOf(person=each.person, label=each.label) for each in office.conflicts())
    return lambda: office._conflicts.settle(office.context, SettleConflicts(of=of))


def suppress(office: FrozenOffice) -> Call:
    use_cases = Suppressions(office.resources, Identities(office.resources), office._runs)
    asked = AddSuppression(address=somebody(office), reason="asked on the telephone")
    return lambda: use_cases.add(office.context, asked)


def somebody(office: FrozenOffice) -> str:
    """The address of somebody in the list's book."""
    (list_id,) = [office.list_named(LIST).id]
    return min(office.in_book(list_id))


# -- while a run is under way ----------------------------------------------------------------------------------------


@contextmanager
def decided_before_the_end(
    kept: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    kind: str,
    decides: Callable[[FrozenOffice], Call],
    begins: Callable[[FrozenOffice], object],
) -> Iterator[FrozenOffice]:
    """An office in which something was decided before the last step of a run of a kind; all that follows is done."""
    meanwhile = Meanwhile(monkeypatch)
    with office_from(kept, folder / "straight") as office:
        with meanwhile.before(0, kind, office, lambda: None, killed=False):
            begins(office)
        last = len(meanwhile.steps)
    with office_from(kept, folder / "meanwhile") as office:
        decision = decides(office)
        with meanwhile.before(last, kind, office, lambda: office.wait(decision()), killed=False):
            begins(office)
        yield office


def statuses(office: FrozenOffice, kind: str) -> list[RunStatus]:
    """Of the runs of a kind, the newest first."""
    return [each.status for each in sorted(office.audit(limit=100).rows, key=lambda each: each.id) if each.kind == kind]


def five_go(office: FrozenOffice) -> None:
    office.decide_held(office.list_named(LIST).id, *held_people(office)[:5], remove=True)


def all_lists(office: FrozenOffice) -> None:
    office.run("lists")


@pytest.mark.parametrize("begins", keeping([five_go, all_lists], five_go), ids=lambda each: each.__name__)
def test_removals_let_go_during_a_synchronisation_that_is_past_them_leave_right_after_it(
    begins: Callable[[FrozenOffice], None], waiting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going: set[str] = set()

    def decides(office: FrozenOffice) -> Call:
        people = set(held_people(office)[5:])
        going.update(each.address for each in office.members(office.list_named(LIST).id) if each.person in people)
        return let_go(office)

    how = {"kind": "lists", "decides": decides, "begins": begins}
    with decided_before_the_end(waiting, tmp_path, monkeypatch, **how) as office:
        assert going and not going & office.in_book(office.list_named(LIST).id)
        assert statuses(office, "lists")[-1] is not RunStatus.QUEUED


def test_removals_let_go_while_a_synchronisation_is_queued_leave_with_it_or_right_after_it(
    waiting: Path, tmp_path: Path
) -> None:
    with office_from(waiting, tmp_path) as office:
        office.start("lists")
        office.wait(let_go(office)())
        office.wait(keep(office)())
        office.engine.stop()
        office.engine.start()
        office.engine.drain()
        assert RunStatus.QUEUED not in statuses(office, "lists") and held_people(office) == []
        assert office.held() == ()


def test_a_record_picked_during_a_synchronisation_that_is_past_it_joins_right_after_it(
    waiting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = {"kind": "lists", "decides": pick_one, "begins": all_lists}
    with decided_before_the_end(waiting, tmp_path, monkeypatch, **how) as office:
        chosen, other = records(office, "contact", "twin@strangers.example")
        there = on_the_list(office, office.list_named(LIST).id)
        assert chosen in there and other not in there


def test_dotdigital_is_told_of_a_suppression_right_after_the_run_and_no_send_before_mails_it(
    targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = ""

    def decides(office: FrozenOffice) -> Call:
        nonlocal address
        count, add, address = Job(office).count(), suppress(office), somebody(office)

        async def both() -> None:
            await add()
            await office._sending.send(office.context, SendCampaign(count=count.id, confirm=count.sendable))

        return both

    how = {"kind": "suppressions", "decides": decides, "begins": lambda office: office.run("suppressions")}
    with decided_before_the_end(targeted, tmp_path, monkeypatch, **how) as office:
        mailed = [mail["address"] for mail in properly_mailed(office.sandbox)]
        assert mailed and address not in mailed
        assert status_there(office.sandbox, address) == "Suppressed"
        assert statuses(office, "suppressions")[-2:] == [RunStatus.COMPLETED, RunStatus.COMPLETED]


# -- two people at once, and calls that are killed ---------------------------------------------------------------------

# Two calls, what whoever is second is told, `""`: nothing.
PAIRS = (
    (let_go, keep, "NOTHING_HELD"),
    (keep, let_go, "NOTHING_HELD"),
    (keep, keep, "NOTHING_HELD"),
    (pick_one, pick_the_other, ""),
    (take, settle, ""),
    (settle, take, "NO_CONFLICT"),
    (settle, settle, "NO_CONFLICT"),
)


def shown(office: FrozenOffice) -> tuple[object, ...]:
    """What is to be seen of all that was decided, in both systems and here."""
    office.engine.drain()
    office.run("lists")
    conflicts = [(each.person, each.label, each.taken) for each in office.conflicts(settled=True)]
    refused = [(each.person, each.reason) for each in office.refused()]
    decisions = [replace(each, run="") for each in office.decisions()]
    return office.digest(), decisions, sorted(conflicts), sorted(refused)


@pytest.mark.parametrize(
    ("one", "other", "late"), keeping(PAIRS, PAIRS[1]), ids=lambda each: getattr(each, "__name__", "")
)
def test_of_two_who_decide_at_once_it_is_as_if_one_had_come_after_the_other(
    one: Callable[[FrozenOffice], Call],
    other: Callable[[FrozenOffice], Call],
    late: str,
    waiting: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut, orders = CutShort(monkeypatch), []
    for first, second in ((one, other), (other, one)):
        with office_from(waiting, tmp_path / f"{first.__name__} {len(orders)}") as office:
            calls = first(office), second(office)
            for call in calls:
                cut.both(office, call, nothing, 0)
            orders.append(shown(office))
    cut.steps, step = 1, 0
    while step < cut.steps:
        step += 1
        with office_from(waiting, tmp_path / str(step)) as office:
            said = cut.both(office, one(office), other(office), step)
            steps = cut.steps
            assert [each for each in said if isinstance(each, str)] in ([], [late]), said
            assert shown(office) in orders, (step, said)
            cut.steps = steps


async def nothing() -> None:
    """Nobody else does anything."""


@pytest.mark.parametrize(
    "decides", keeping((let_go, keep, pick_one, ignore, take, settle), let_go), ids=lambda each: each.__name__
)
def test_a_decision_that_is_killed_before_one_of_its_steps_can_be_made_again(
    decides: Callable[[FrozenOffice], Call], waiting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut, endings = CutShort(monkeypatch), []
    for step in steps_until_it_is_over(cut):
        with office_from(waiting, tmp_path / str(step)) as office:
            call = decides(office)
            if cut.killed(office, call, step):
                office.engine.drain()
                cut.both(office, call, nothing, 0)
            endings.append(shown(office))
    assert len(endings) > 1 and all(each == endings[-1] for each in endings)


def test_a_suppression_whose_service_is_killed_is_told_by_the_next_run_or_added_again(
    targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = CutShort(monkeypatch)
    for step in steps_until_it_is_over(cut):
        with office_from(targeted, tmp_path / str(step)) as office:
            add, address = suppress(office), somebody(office)
            killed = cut.killed(office, add, step)
            if killed and step > 1:
                # The row in Dynamics is what counts.
                office.run("suppressions")
            elif killed:
                cut.both(office, add, nothing, 0)
            office.engine.drain()
            assert status_there(office.sandbox, address) == "Suppressed", step


def test_a_suppression_that_is_added_again_after_a_kill_has_one_row_in_dynamics(
    targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = CutShort(monkeypatch)
    with office_from(targeted, tmp_path) as office:
        add, address = suppress(office), somebody(office)
        # The row is there, and nothing is known of it here.
        assert cut.killed(office, add, 2)
        (row,) = office.records_where("dyntui_suppression", dyntui_address=address)
        office.let_pass(minutes=1)
        cut.both(office, add, nothing, 0)
        assert office.records_where("dyntui_suppression", dyntui_address=address) == {row}
        # One that somebody has corrected in Dynamics meanwhile says what it says now.
        office.change_in_dynamics("dyntui_suppression", row, dyntui_address="other@example.org")
        cut.both(office, add, nothing, 0)
        office.engine.drain()
        said = office.records_where("dyntui_suppression", dyntui_address=address, dyntui_origin="a person")
        assert said and row not in said and status_there(office.sandbox, address) == "Suppressed"


def steps_until_it_is_over(cut: CutShort) -> Iterator[int]:
    """From the first step on, and once without a kill."""
    step = 0
    while step == 0 or cut.last_was_killed:
        step += 1
        yield step
