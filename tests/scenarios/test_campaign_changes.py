"""What people change about email campaigns stands in a listing: who, when, before and after."""

from __future__ import annotations

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Role
from dyntui.service.accounts import EmailAccounts
from dyntui.service.administration import Administration
from dyntui.service.archive import Archive
from dyntui.service.campaign_changes import CampaignChanges
from dyntui.service.contract.accounts import EditAccount
from dyntui.service.contract.administration import AdministrationQuery
from dyntui.service.contract.archive import ArchiveCampaigns
from dyntui.service.contract.campaign_changes import CampaignChangesQuery
from dyntui.service.contract.campaigns import CampaignRef, ChangeTargets, EditCampaign
from tests.scenarios.office import Office
from tests.scenarios.test_manage_members import signed_in

SPRING, OTHER = "Newsletter March", "Trade news"
Kept = tuple[str, str, str]


def changes(office: Office, **asked: object) -> list[Kept]:
    listing = CampaignChanges(office.resources, office._campaigns)
    page = office.wait(listing.changes(office.context, CampaignChangesQuery(**asked)))  # type: ignore[arg-type]
    assert all(each.changed_by and each.changed_on and each.account == "Main" for each in page.rows)
    return [(each.thing, each.before, each.after) for each in page.rows]


def change(office: Office, campaign: int, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> None:
    asked = ChangeTargets(id=campaign, add=add, remove=remove)
    office.wait(office._campaigns.change_targets(office.context, asked))


def test_target_lists_sync_levels_and_the_archive_are_listed_of_all_and_of_one(office: Office) -> None:
    newsletter, leads = office.activated("Newsletter"), office.activated("Winter leads")
    office.run("campaigns")
    signed_in(office)
    office.give_roles("manager", Role.MANAGER)
    spring, other = office.campaign_named(SPRING), office.campaign_named(OTHER)
    change(office, spring.id, add=(newsletter.id, leads.id))
    # What changes nothing is no change.
    change(office, spring.id, add=(newsletter.id,))
    change(office, spring.id, remove=(newsletter.id,))
    office.wait(office._campaigns.edit(office.context, EditCampaign(id=spring.id, sync_level="SUMMARY")))
    room = Archive(office.resources, office._campaigns)
    office.wait(room.archive(office.context, ArchiveCampaigns((CampaignRef(other.id),))))
    of_spring = [
        (f"sync level of {SPRING}", "as the email account says", "SUMMARY"),
        (f"target lists of {SPRING}", "Newsletter, Winter leads", "Winter leads"),
        (f"target lists of {SPRING}", "none", "Newsletter, Winter leads"),
    ]
    archived = (OTHER, "not archived", "archived")
    assert changes(office) == changes(office, account="Main") == [archived, *of_spring]
    assert changes(office, campaign=spring.id) == of_spring and changes(office, campaign=other.id) == [archived]
    assert changes(office, search="summary") == of_spring[:1]
    with pytest.raises(DyntuiError) as told:
        changes(office, campaign=999_999)
    assert told.value.code == "CAMPAIGN_UNKNOWN"


def test_what_administrators_changed_of_any_subject_is_in_one_listing(office: Office) -> None:
    office.activated("Newsletter")
    office.run("campaigns")
    signed_in(office)
    spring = office.campaign_named(SPRING)
    office.wait(office._campaigns.edit(office.context, EditCampaign(id=spring.id, sync_level="NONE")))
    accounts = EmailAccounts(office.resources, lambda: None)
    office.wait(accounts.edit(office.context, EditAccount(account="Main", budget_percent=50)))
    listing = Administration(office.resources)

    def subjects(**asked: str) -> list[str]:
        page = office.wait(listing.changes(office.context, AdministrationQuery(**asked)))
        return [each.subject for each in page.rows]

    assert subjects() == subjects(account="Main") == ["accounts", "campaigns"]
    assert subjects(subject="campaigns") == subjects(search="sync level") == ["campaigns"]


def test_what_dynamics_took_before_it_refused_is_known_and_listed(office: Office) -> None:
    newsletter, leads = office.activated("Newsletter"), office.activated("Winter leads")
    office.run("campaigns")
    signed_in(office)
    office.give_roles("manager", Role.MANAGER)
    spring = office.campaign_named(SPRING)
    office.delete_in_dynamics("lists", leads.id)
    with pytest.raises(DyntuiError):
        change(office, spring.id, add=(newsletter.id, leads.id))
    assert changes(office) == [(f"target lists of {SPRING}", "none", "Newsletter")]
    shown = office.wait(office._campaigns.targets(office.context, CampaignRef(spring.id)))
    assert [each.name for each in shown.rows] == ["Newsletter"]
