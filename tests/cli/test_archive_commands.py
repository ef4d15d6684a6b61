"""`dyntui campaigns archive` and `unarchive`, and what is listed."""

from __future__ import annotations

import json
from collections.abc import Callable

from dyntui.model.admin_changes import AdminChange
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.contract.administration import ADMINISTRATION
from dyntui.service.contract.archive import (
    CAMPAIGNS_ARCHIVE,
    CAMPAIGNS_UNARCHIVE,
    ArchiveCampaigns,
    Archived,
    LeftOut,
)
from dyntui.service.contract.campaign_changes import CAMPAIGNS_CHANGES
from dyntui.service.contract.campaigns import (
    CAMPAIGN_GET,
    CAMPAIGNS_PAGE,
    CampaignDetail,
    CampaignRef,
    CampaignsQuery,
)
from dyntui.service.contract.session import HELLO
from dyntui.service.contract.target_counts import CAMPAIGN_COUNT, CountTargets
from tests.cli.scripted_service import ScriptedService, a_campaign, a_hello, page_of

PUT_AWAY = a_campaign(archived_on="2026-11-22T14:05:09Z", archived_by="Mira Sandahl")
OPEN = LeftOut(
    id=7,
    name="Autumn",
    account="Main",
    code="CAMPAIGN_SEND_OPEN",
    why="The email campaign 'Autumn' cannot be archived: a send of it is under way.",
    remedy="Wait until it is out.",
)


def test_campaigns_are_archived_and_taken_out_by_name_or_id(dyntui: Callable, service: ScriptedService) -> None:
    service.answers(CAMPAIGNS_PAGE, page_of(a_campaign()))
    service.answers(CAMPAIGNS_ARCHIVE, Archived(rows=(PUT_AWAY,)))
    service.answers(CAMPAIGNS_UNARCHIVE, Archived(rows=(a_campaign(),)))
    done = dyntui("campaigns", "archive", "Spring", "7")
    assert service.requests(CAMPAIGNS_ARCHIVE) == [ArchiveCampaigns((CampaignRef(42, "Main"), CampaignRef(7)))]
    assert done.code == 0 and "by Mira Sandahl" in done.out
    # What is named is looked for among the archived ones too.
    assert service.requests(CAMPAIGNS_PAGE)[-1].view == "all"
    taken_out = dyntui("campaigns", "unarchive", "42", "--account", "Main")
    assert service.requests(CAMPAIGNS_UNARCHIVE) == [ArchiveCampaigns((CampaignRef(42, "Main"),), account="Main")]
    assert taken_out.code == 0 and taken_out.out.split()[-1] == "no"
    assert dyntui("campaigns", "archive").code == Exit.USAGE


def test_those_that_could_not_be_archived_are_named_with_the_remedy(dyntui: Callable, service: ScriptedService) -> None:
    service.answers(CAMPAIGNS_ARCHIVE, Archived(rows=(PUT_AWAY,), left_out=(OPEN,)))
    done = dyntui("campaigns", "archive", "42", "7")
    assert done.code == Exit.LOCKED
    assert "Spring" in done.out and "CAMPAIGN_SEND_OPEN" in done.err and "Wait until it is out." in done.err


def test_as_json_the_answer_stands_alone(dyntui: Callable, service: ScriptedService) -> None:
    service.answers(CAMPAIGNS_ARCHIVE, Archived(rows=(PUT_AWAY,), left_out=(OPEN,)))
    done = dyntui("campaigns", "archive", "42", "7", "--json")
    said = json.loads(done.out)
    assert sorted(said) == ["left_out", "rows"]
    assert (said["rows"][0]["archived_on"], said["rows"][0]["archived_by"]) == (
        PUT_AWAY.archived_on,
        PUT_AWAY.archived_by,
    )
    assert sorted(said["left_out"][0]) == ["account", "code", "id", "name", "remedy", "why"]
    assert json.loads(done.err)["error"]["code"] == "CAMPAIGN_SEND_OPEN" and done.code == Exit.LOCKED


def test_what_is_archived_is_listed_in_its_view_and_by_a_search(dyntui: Callable, service: ScriptedService) -> None:
    service.answers(CAMPAIGNS_PAGE, page_of(a_campaign()))
    assert "archived" not in dyntui("campaigns", "list").out
    dyntui("campaigns", "list", "--search", "Spr")
    dyntui("campaigns", "list", "--search", "Spr", "--view", "sent")
    service.answers(CAMPAIGNS_PAGE, page_of(PUT_AWAY))
    assert "by Mira Sandahl" in dyntui("campaigns", "list", "--view", "archived").out
    assert service.requests(CAMPAIGNS_PAGE) == [
        CampaignsQuery(),
        CampaignsQuery(view="all", search="Spr"),
        CampaignsQuery(view="sent", search="Spr"),
        CampaignsQuery(view="archived"),
    ]


def test_the_page_of_a_campaign_says_that_it_is_archived(dyntui: Callable, service: ScriptedService) -> None:
    about = {"from_name": "", "from_address": "", "reply_to": "", "text": "", "tags": (), "targets": (), "sends": ()}
    service.answers(CAMPAIGN_GET, CampaignDetail(row=PUT_AWAY, **about))
    assert "by Mira Sandahl" in next(
        line for line in dyntui("campaigns", "show", "42").out.splitlines() if line.startswith("Archived:")
    )


def test_who_changed_what_is_listed_of_all_campaigns_or_of_one(dyntui: Callable, service: ScriptedService) -> None:
    change = AdminChange(
        subject="campaigns",
        account="Main",
        thing="target lists of Spring",
        about="42",
        changed_by="Mira Sandahl",
        changed_on="2026-11-22T14:05:09Z",
        before="none",
        after="Newsletter",
    )
    service.answers(CAMPAIGNS_CHANGES, page_of(change))
    service.answers(CAMPAIGNS_PAGE, page_of(a_campaign()))
    done = dyntui("campaigns", "history")
    assert done.code == 0 and "Mira Sandahl" in done.out and "target lists of Spring" in done.out
    assert dyntui("campaigns", "history", "Spring", "--account", "Main", "--json").code == 0
    asked = [(each.campaign, each.account) for each in service.requests(CAMPAIGNS_CHANGES)]
    assert asked == [(0, ""), (42, "Main")]


def test_an_archived_campaign_is_refused_before_its_number_is_asked_for(
    dyntui: Callable, service: ScriptedService
) -> None:
    refused = DyntuiError("CAMPAIGN_ARCHIVED", "It is archived.", not_done="-", remedy="-", exit=Exit.USAGE)
    service.answers(HELLO, a_hello())
    service.answers(CAMPAIGN_COUNT, refused)
    done = dyntui("campaigns", "send", "42")
    assert done.code == Exit.USAGE and "CAMPAIGN_ARCHIVED" in done.err
    assert service.requests(CAMPAIGN_COUNT) == [CountTargets(id=42, to_send=True)]


def test_what_administrators_changed_is_listed_with_its_subject(dyntui: Callable, service: ScriptedService) -> None:
    change = AdminChange(
        subject="labels",
        account="Main",
        thing="SHOE_SIZE",
        changed_by="Mira Sandahl",
        changed_on="2026-11-22T14:05:09Z",
        before="",
        after="Numeric",
    )
    service.answers(ADMINISTRATION, page_of(change))
    unknown = dyntui("audit", "administration", "--subject", "lables")
    assert unknown.code == 2 and "'labels'" in unknown.err and service.requests(ADMINISTRATION) == []
    done = dyntui("audit", "administration", "--subject", "labels", "--account", "Main")
    assert done.code == 0 and "labels" in done.out and "SHOE_SIZE" in done.out
    assert [(each.subject, each.account) for each in service.requests(ADMINISTRATION)] == [("labels", "Main")]
