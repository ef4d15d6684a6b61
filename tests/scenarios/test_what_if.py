"""What a count says of who would be mailed if something were mended, against what is so once it is."""

from __future__ import annotations

from dyntui.model.what_if import opened
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.target_counts import TargetCount
from tests.scenarios.office import Office


def test_who_would_be_mailed_if_something_were_mended_is_once_it_is(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    assert sum(each.people for each in count.closed_by) == count.potential - count.sendable
    # One more of them has said no besides.
    without = [*office.count_people(count.id, reason="BAD_EMAIL"), *office.count_people(count.id, reason="NO_EMAIL")]
    first, *others = without
    assert others
    office.change_in_dynamics("contact", first.person, donotemail=1)
    office.run("lists")
    count = office.count(campaign)
    foreseen = opened(count.closed_by, ("BAD_EMAIL", "NO_EMAIL"))
    assert 0 < foreseen < len(others) + 1
    for number, each in enumerate((first, *others)):
        office.change_in_dynamics("contact", each.person, emailaddress1=f"mended{number}@person.example")
    office.run("lists")
    after = office.count(campaign)
    assert after.sendable == count.sendable + foreseen
