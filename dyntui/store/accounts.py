"""The connected organisation, its email accounts, and who of this machine's users is whom in Dynamics.

No secret is kept here: those are in the keyring.

Public:
    organisation(c) -> Organisation | None; put_organisation(c, Organisation)
    accounts(c) -> list[EmailAccount], the default one first; names(c) -> {id: name}; account(c, id); default_account(c)
    put_account(c, EmailAccount); rename_account(c, before, after); forget_account(c, id)
    sign_in_by(c, auth); sign_in_as(c, account_id, api_user)
    reading(EmailAccount, level="") -> Reading; removal_limits(c, id) -> Limits
    created_defaults(EmailAccount | None, usual) -> CreatedDefaults
    person(c, os_uid) -> PersonLink | None; link_person(c, PersonLink); unlink_person(c, os_uid)
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Table, delete, select, update

from dyntui.model import campaign_results
from dyntui.model.campaign_results import Reading, ResultKind
from dyntui.model.created_records import CreatedDefaults
from dyntui.model.guard import GUARD_PEOPLE, GUARD_PERCENT, Limits
from dyntui.store.schema import campaign, email_account, metadata, person_link, schedule
from dyntui.store.schema import organisation as organisation_table
from dyntui.store.upserts import upsert


class Organisation(msgspec.Struct, frozen=True, kw_only=True):
    """The Dynamics organisation. `auth`: one of `dyntui.model.sign_in`; `managed_identity`: the client id of the
    user-assigned one, `""` for the machine's own; `connected_on` ISO 8601 UTC."""

    organisation_id: str
    name: str
    url: str
    authority: str
    client_id: str
    auth: str
    ca_file: str = ""
    service_user_id: str = ""
    connected_on: str = ""
    managed_identity: str = ""


class EmailAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A connected dotdigital account. `id` is also its row id in Dynamics, `platform_id` dotdigital's number.
    `double_opt_in`: whom it asks to confirm, `off`, `single` or `all`; `""` while nobody knows.
    `copies_suppressions`: whom it suppresses is suppressed in the other accounts too; `suppression_flags`: what is set
    on their records in Dynamics (`dyntui.model.suppression_flags`). `takes_off_unsubscribed`: who unsubscribes from a
    static list leaves it in Dynamics too (`dyntui.sync.taking_off`); `takes_off_suppressed`: who is suppressed leaves
    the static lists that a campaign is sent to (`dyntui.sync.suppressed_targets`). `new_respondents`: what becomes of
    who answers a form and is not known in Dynamics (`dyntui.model.forms.NewRespondents`). Removals are held where
    they are more than `removal_people` and more than `removal_percent` of the book (`dyntui.model.guard`).
    `budget_percent`: of its calls dyntui may use no more. `lead_topic` and `last_name`: of records that are made of
    strangers, `""` as the configuration says; `record_owner`: the user of Dynamics (principal name) whose they are,
    `""` the owner of the list. `reads_opens` and so on: which kinds of results are read of its campaigns
    (`dyntui.model.campaign_results`)."""

    id: str
    name: str
    api_user: str
    endpoint: str
    region: str
    platform_id: int
    description: str = ""
    is_default: bool = False
    ca_file: str = ""
    sync_level: str = "DETAILED"
    double_opt_in: str = ""
    copies_suppressions: bool = True
    new_respondents: str = "ignore"
    removal_people: int = GUARD_PEOPLE
    removal_percent: int = GUARD_PERCENT
    budget_percent: int = 100
    lead_topic: str = ""
    last_name: str = ""
    record_owner: str = ""
    reads_opens: bool = True
    reads_clicks: bool = True
    reads_page_views: bool = True
    reads_roi: bool = True
    suppression_flags: str = "bulk"
    takes_off_unsubscribed: bool = False
    takes_off_suppressed: bool = False


class PersonLink(msgspec.Struct, frozen=True, kw_only=True):
    """A user of this machine and the Dynamics user they signed in as. `object_id`: Entra's, for CallerObjectId;
    `roles`: those of the connector as they were last read, one a line."""

    os_uid: int
    user_id: str
    object_id: str
    name: str
    linked_on: str
    roles: str = ""


def organisation(c: Connection) -> Organisation | None:
    """The organisation, once connected."""
    row = c.execute(select(organisation_table)).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    del values["id"]
    return Organisation(**values)


def put_organisation(c: Connection, known: Organisation) -> None:
    """Keep what connects the organisation."""
    _put(c, organisation_table, {"id": 1} | msgspec.structs.asdict(known), "id")


def sign_in_by(c: Connection, auth: str) -> None:
    """How the organisation is signed in to from now on, by a secret; what else is known of it stays."""
    c.execute(update(organisation_table).values(auth=auth, managed_identity=""))


def accounts(c: Connection) -> list[EmailAccount]:
    """All email accounts: the default one first, then by name."""
    rows = c.execute(select(email_account).order_by(email_account.c.is_default.desc(), email_account.c.name))
    return [EmailAccount(**row._mapping) for row in rows]


def names(c: Connection) -> dict[str, str]:
    """The email accounts' names by id."""
    return {row.id: row.name for row in c.execute(select(email_account.c.id, email_account.c.name))}


def account(c: Connection, account_id: str) -> EmailAccount | None:
    """An email account by its id."""
    row = c.execute(select(email_account).where(email_account.c.id == account_id)).one_or_none()
    return None if row is None else EmailAccount(**row._mapping)


def default_account(c: Connection) -> EmailAccount | None:
    """The account meant where none is named: the default one, else the only one."""
    known = accounts(c)
    return known[0] if known and (known[0].is_default or len(known) == 1) else None


def put_account(c: Connection, known: EmailAccount) -> None:
    """Keep an email account; where it is the default one, no other is. Where more is read of its campaigns' results
    than before, they are to be read from the beginning."""
    before = account(c, known.id)
    if before is not None:
        for level in ("", *campaign_results.LEVELS):
            if not reading(before, level).holds(reading(known, level)):
                of_level = (campaign.c.account_id == known.id, campaign.c.sync_level == level)
                c.execute(update(campaign).where(*of_level).values(read_again=True))
    if known.is_default:
        c.execute(update(email_account).where(email_account.c.id != known.id).values(is_default=False))
    _put(c, email_account, msgspec.structs.asdict(known), "id")


def sign_in_as(c: Connection, account_id: str, api_user: str) -> None:
    """The API user of an email account from now on; what else is known of it stays, and one that is gone stays gone."""
    c.execute(update(email_account).where(email_account.c.id == account_id).values(api_user=api_user))


def removal_limits(c: Connection, account_id: str) -> Limits:
    """When removals of an account are held."""
    known = account(c, account_id)
    return Limits(people=known.removal_people, percent=known.removal_percent) if known is not None else Limits()


_SWITCHES = {
    ResultKind.OPENS: "reads_opens",
    ResultKind.CLICKS: "reads_clicks",
    ResultKind.PAGE_VIEWS: "reads_page_views",
    ResultKind.ROI: "reads_roi",
}


def reading(known: EmailAccount, of_campaign: str = "") -> Reading:
    """What is read of an account's campaign that has this sync level of its own, `""` for none."""
    switched_on = [kind for kind, name in _SWITCHES.items() if getattr(known, name)]
    return campaign_results.reading(known.sync_level, of_campaign, switched_on)


def created_defaults(known: EmailAccount | None, usual: CreatedDefaults) -> CreatedDefaults:
    """What records say that are made of an account's strangers: its own words, else the configuration's."""
    if known is None:
        return usual
    return CreatedDefaults(
        topic=known.lead_topic or usual.topic,
        last_name=known.last_name or usual.last_name,
        owner=known.record_owner or usual.owner,
    )


def forget_account(c: Connection, account_id: str) -> None:
    """The account is not connected any more, and nothing of it runs by itself. What is known of people, opt-outs above
    all, stays, and counts again when the account is connected again."""
    c.execute(delete(schedule).where(schedule.c.account_id == account_id))
    c.execute(delete(email_account).where(email_account.c.id == account_id))


def rename_account(c: Connection, before: str, after: str) -> None:
    """Everything that is kept of an email account belongs to the id `after` from now on."""
    c.execute(update(email_account).where(email_account.c.id == before).values(id=after))
    for table in metadata.tables.values():
        if "account_id" in table.c:
            c.execute(update(table).where(table.c.account_id == before).values(account_id=after))


def person(c: Connection, os_uid: int) -> PersonLink | None:
    """Whom a user of this machine is in Dynamics."""
    row = c.execute(select(person_link).where(person_link.c.os_uid == os_uid)).one_or_none()
    return None if row is None else PersonLink(**row._mapping)


def link_person(c: Connection, link: PersonLink) -> None:
    """Remember a sign-in, in place of an earlier one."""
    _put(c, person_link, msgspec.structs.asdict(link), "os_uid")


def remember_roles(c: Connection, user_id: str, roles: str) -> None:
    """Keep what Dynamics last said of a user's roles."""
    c.execute(update(person_link).where(person_link.c.user_id == user_id).values(roles=roles))


def unlink_person(c: Connection, os_uid: int) -> None:
    """Forget a sign-in."""
    c.execute(delete(person_link).where(person_link.c.os_uid == os_uid))


def _put(c: Connection, table: Table, values: dict[str, Any], key: str) -> None:
    upsert(c, table, list(values), (key,), [tuple(values.values())])
