"""A world in which somebody has to decide about everything that can wait: held removals, a stranger whom two records
match, a refused row, conflicts of values."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from dyntui.model.membership_actions import MembershipAction
from dyntui.model.merge import ConflictRule
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.lists import EditList
from tests.faults.job import LIST, FrozenOffice, office_from
from tests.scenarios.test_address_books import change_in_dotdigital, two_way
from tests.scenarios.test_strangers import meet_strangers


def make_everything_wait(connected: Path, folder: Path) -> None:
    """Keeps such a world in the folder."""
    with office_from(connected, folder) as office:
        two_way(office, ("FIRSTNAME", "firstname"))
        two_way(office, ("LASTNAME", "lastname"), rule=ConflictRule.DYNAMICS, more=True)
        met = meet_strangers(office)
        # Only one person's values are in conflict.
        change_in_dotdigital(office, met["known address"], FIRSTNAME=None, LASTNAME=None)
        newsletter = met["list"]
        office.run("address-books")
        everything_waits(office, newsletter)


def everything_waits(office: FrozenOffice, newsletter: str) -> None:
    """Something of everything waits for a decision about a list that is synchronised."""
    office.edit(EditList(id=newsletter, membership_action=MembershipAction.KNOWN))
    members = office.members(newsletter)
    having = Counter(each.address for each in members)
    there = [each for each in members if each.outcome is Outcome.ADDED and having[each.address] == 1]
    clash, refused, *others = there
    office.let_pass(hours=2)
    office.change_in_dynamics("contact", clash.person, firstname="Here", lastname="Here")
    change_in_dotdigital(office, clash.address, FIRSTNAME="There", LASTNAME="There")
    office.change_in_dynamics("contact", refused.person, emailaddress1="someone@spamtrap.test")
    office.leave(newsletter, [each.person for each in others[: len(there) // 3]])
    assert office.run("lists").run.status is RunStatus.HELD
    assert {each.kind.value for each in office.decisions()} == {"removals", "refused", "ambiguous", "conflicts"}


def held_people(office: FrozenOffice) -> list[str]:
    """Whose removal waits, by id."""
    members = office.members(office.list_named(LIST).id)
    return [each.person for each in members if each.outcome is Outcome.HELD]
