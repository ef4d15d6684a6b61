"""The engagement timeline of a lead: what was seen of it, and what of that stands in Dynamics."""

from __future__ import annotations

from dyntui.model.people import Entity
from dyntui.service.contract.people import PictureQuery
from tests.scenarios.office import Office
from tests.scenarios.test_forms import answered, responses
from tests.scenarios.test_web_behaviour import looked_at, visits

SEEN = ("sent", "opened", "clicked", "visited", "roi", "answered")


def test_the_timeline_of_a_lead_holds_mails_opens_clicks_visits_orders_and_forms(office: Office) -> None:
    leads = office.activated("Open leads with e-mail")
    office.run("lists")
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, leads.id)
    count = office.count(campaign)
    mailed = office.count_people(count.id, sendable=True)
    # Nearly everybody clicks: of so few leads somebody has to order, too.
    office.sandbox.switch(dotdigital={"open_share": 0.95, "click_share": 0.9})
    sent = office.send(count)
    office.let_pass(days=3)
    for each in mailed:
        answered(office, each.address, "Wet, but fun")
        looked_at(office, f"of {each.address}", each.address, "tents")
    for kind in ("campaigns", "forms", "web-behaviour"):
        office.run(kind)
    timelines = {each.person: office.timeline(person=each.person, kinds=SEEN) for each in mailed}
    kinds = {person: {event.kind for event in events} for person, events in timelines.items()}
    assert sent.sendable == len(mailed) > 10
    assert all({"sent", "answered", "visited"} <= seen for seen in kinds.values())
    assert {kind for seen in kinds.values() for kind in seen} == set(SEEN)

    most = max(timelines, key=lambda person: len(kinds[person]))
    events = timelines[most]
    (lead,) = [each for each in mailed if each.person == most]
    assert lead.entity == Entity.LEAD
    assert {"sent", "opened", "clicked"} <= {event.kind for event in events if event.where == campaign.name}
    assert [event.happened_on for event in events] == sorted((event.happened_on for event in events), reverse=True)
    picture = office.wait(office._people.picture(office.context, PictureQuery(person=most, by="month")))
    drawn = {row.kind: sum(row.counts) for row in picture.rows}
    assert {kind: drawn[kind] for kind in kinds[most]} == {
        kind: sum(event.kind == kind for event in events) for kind in kinds[most]
    }

    # The same stands in Dynamics, with the lead that it belongs to.
    told = office.sandbox.state.db.execute(
        "SELECT DISTINCT dyntui_name FROM dv_dyntui_engagement WHERE dyntui_leadid = ?", (most,)
    ).fetchall()
    assert {f"Opened: {campaign.name}", f"Clicked: {campaign.name}"} <= {row[0] for row in told}
    assert {row["dyntui_leadid"] for row in visits(office)[lead.address]} == {most}
    assert most in {row["dyntui_leadid"] for row in responses(office)[lead.address]}
