"""The organisation, its email accounts, and which Dynamics user each operating-system user is.

Public:
    organisation(c) -> Organisation | None; keep_organisation(c, Organisation)
    accounts(c) -> list[EmailAccount]; account(c, account_id) -> EmailAccount | None; keep_account(c, EmailAccount)
    default_account(c) -> EmailAccount | None
    person(c, os_uid) -> PersonLink | None; link_person(c, PersonLink)
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select, update

from dyntui.store.schema import email_account, person_link
from dyntui.store.schema import organisation as organisation_table
from dyntui.store.upserts import upsert


class Organisation(msgspec.Struct, frozen=True, kw_only=True):
    """The one organisation of a profile. `auth`: `secret` or `certificate`; the secret itself is in the keyring."""

    url: str
    authority: str
    client_id: str
    auth: str
    organisation_id: str = ""
    name: str = ""
    ca_file: str = ""
    service_user_id: str = ""
    connected_on: str = ""


class EmailAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A connected dotdigital account; `id` is also the row id of its `dyntui_emailaccount`."""

    id: str
    name: str
    description: str
    is_default: bool
    region: str
    endpoint: str
    api_user: str
    ca_file: str
    sync_level: str
    platform_id: int


class PersonLink(msgspec.Struct, frozen=True, kw_only=True):
    """Which Dynamics user an operating-system user signed in as; `object_id` is Entra's."""

    os_uid: int
    user_id: str
    object_id: str
    name: str
    linked_on: str


def organisation(c: Connection) -> Organisation | None:
    """The connected organisation; None before the first setup."""
    row = c.execute(select(organisation_table)).one_or_none()
    if row is None:
        return None
    return Organisation(**{name: row._mapping[name] for name in Organisation.__struct_fields__})


def keep_organisation(c: Connection, kept: Organisation) -> None:
    """Connects the profile's organisation, or changes how it is reached."""
    columns = ("id", *Organisation.__struct_fields__)
    upsert(c, organisation_table, columns, ("id",), [(1, *msgspec.structs.astuple(kept))])


def accounts(c: Connection) -> list[EmailAccount]:
    """All email accounts, the default one first, then by name."""
    rows = c.execute(select(email_account).order_by(email_account.c.is_default.desc(), email_account.c.name))
    return [EmailAccount(**row._mapping) for row in rows]


def account(c: Connection, account_id: str) -> EmailAccount | None:
    """An email account by id."""
    row = c.execute(select(email_account).where(email_account.c.id == account_id)).one_or_none()
    return None if row is None else EmailAccount(**row._mapping)


def default_account(c: Connection) -> EmailAccount | None:
    """The default email account; the first by name where none is marked."""
    return next(iter(accounts(c)), None)


def keep_account(c: Connection, kept: EmailAccount) -> None:
    """Adds an email account or changes it; a new default takes the mark from the one before."""
    if kept.is_default:
        c.execute(update(email_account).where(email_account.c.id != kept.id).values(is_default=False))
    columns = EmailAccount.__struct_fields__
    upsert(c, email_account, columns, ("id",), [msgspec.structs.astuple(kept)])


def person(c: Connection, os_uid: int) -> PersonLink | None:
    """Who an operating-system user is in Dynamics; None before they signed in."""
    row = c.execute(select(person_link).where(person_link.c.os_uid == os_uid)).one_or_none()
    return None if row is None else PersonLink(**row._mapping)


def link_person(c: Connection, link: PersonLink) -> None:
    """Remembers who signed in; a later sign-in takes the place of an earlier one."""
    upsert(c, person_link, PersonLink.__struct_fields__, ("os_uid",), [msgspec.structs.astuple(link)])
