"""Queries: what comes back, in which shape, page by page."""

from .api import Client


def test_a_created_row_can_be_read_back(admin: Client) -> None:
    contact = admin.create("contacts", firstname="Ada", lastname="Example", emailaddress1="ada@example.org")
    row = admin.row("contacts", contact, "fullname,emailaddress1")
    assert row["fullname"] == "Ada Example"
    assert row["contactid"] == contact
    assert list(row)[:2] == ["@odata.context", "@odata.etag"]
