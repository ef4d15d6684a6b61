"""What connects dyntui, and who its users are in Dynamics."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from dyntui.store import accounts
from dyntui.store.accounts import EmailAccount, Organisation, PersonLink

ORGANISATION = Organisation(
    organisation_id="org",
    name="Fjell & Fjord",
    url="https://fjell.crm4.dynamics.com",
    authority="https://login.microsoftonline.com/tenant",
    client_id="client",
    auth="secret",
)


def account(name: str, **more: object) -> EmailAccount:
    values = {"api_user": "api", "endpoint": "https://r1-api.dotdigital.com", "region": "r1", "platform_id": 2**40}
    return EmailAccount(id=name.lower(), name=name, **values | more)  # type: ignore[arg-type]


def test_there_is_one_organisation_and_setting_it_up_again_replaces_it(c: Connection) -> None:
    assert accounts.organisation(c) is None
    accounts.put_organisation(c, ORGANISATION)
    changed = msgspec.structs.replace(ORGANISATION, client_id="other")
    accounts.put_organisation(c, changed)
    assert accounts.organisation(c) == changed


def test_only_one_account_is_the_default_one(c: Connection) -> None:
    accounts.put_account(c, account("Alpha", is_default=True))
    accounts.put_account(c, account("Beta", is_default=True))
    assert [(each.name, each.is_default) for each in accounts.accounts(c)] == [("Beta", True), ("Alpha", False)]
    assert accounts.default_account(c) == account("Beta", is_default=True)
    assert accounts.account(c, "nobody") is None


def test_the_only_account_is_meant_where_none_is_named_and_of_several_none_is(c: Connection) -> None:
    assert accounts.default_account(c) is None
    accounts.put_account(c, account("Alpha"))
    assert accounts.default_account(c) == account("Alpha")
    accounts.put_account(c, account("Beta"))
    assert accounts.default_account(c) is None


def test_a_user_of_the_machine_is_one_user_in_dynamics(c: Connection) -> None:
    first = PersonLink(os_uid=1000, user_id="u1", object_id="o1", name="Maya", linked_on="2026-01-01T00:00:00Z")
    second = msgspec.structs.replace(first, user_id="u2", name="Noor")
    accounts.link_person(c, first)
    accounts.link_person(c, second)
    assert accounts.person(c, 1000) == second
    accounts.remember_roles(c, "u2", "Email Marketing Viewer")
    assert accounts.person(c, 1000) == msgspec.structs.replace(second, roles="Email Marketing Viewer")
    accounts.unlink_person(c, 1000)
    assert accounts.person(c, 1000) is None
