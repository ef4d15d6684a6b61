"""What is old enough is forgotten; what later runs show, and who was mailed, never."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.service.config import AuditSettings
from dyntui.service.housekeeping import forget
from tests.scenarios.office import Office

# As long as it is where nobody has said otherwise.
KEPT = timedelta(days=30)


def test_runs_are_forgotten_after_their_time_and_what_later_ones_show_stays(office: Office) -> None:
    assert AuditSettings().keep_days == KEPT.days
    newsletter = office.activated("Newsletter")
    first, second = office.run("lists"), office.run("lists")
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    sent = office.send(office.count(campaign))
    assert office.wait(forget(office.resources, KEPT)) == 0
    office.let_pass(days=29)
    last = office.run("lists")
    people = office.people(last.run.id)
    office.let_pass(days=2)
    assert office.wait(forget(office.resources, KEPT)) == 3
    for gone in (first, second):
        with pytest.raises(DyntuiError) as unknown:
            office.detail(gone.run.id)
        assert unknown.value.code == "RUN_UNKNOWN"
    assert office.people(last.run.id) == people
    assert office.detail(sent.run).run.tally.adds_up
    again = office.run("lists")
    assert again.run.tally.adds_up
