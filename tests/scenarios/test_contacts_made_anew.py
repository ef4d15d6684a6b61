"""A contact of dotdigital that is another one than the person had before says nothing of what they cleared."""

from __future__ import annotations

from dyntui.model.labels import LabelType
from dyntui.sandbox.dotdigital import contact_store
from tests.scenarios.office import Office
from tests.scenarios.test_address_books import change_in_dotdigital, in_dynamics, some, two_way
from tests.scenarios.test_address_books import in_dotdigital as value_of
from tests.scenarios.test_mapped_columns import mapped
from tests.scenarios.test_members_and_books import in_dotdigital


def made_anew(office: Office, address: str, book: int) -> None:
    """Somebody deletes the contact, and the person signs up once more, with nothing but the address."""
    contact = contact_store.by_email(office.sandbox.state, address)
    assert contact is not None
    in_dotdigital(office, "DELETE", f"/v2/contacts/{contact.id}")
    in_dotdigital(office, "POST", f"/v2/address-books/{book}/contacts", {"email": address})
    again = contact_store.by_email(office.sandbox.state, address)
    assert again is not None and again.id != contact.id


def test_who_was_deleted_in_dotdigital_and_signs_up_again_keeps_their_values_in_dynamics(office: Office) -> None:
    two_way(office, ("FIRSTNAME", "firstname"), ("LASTNAME", "lastname"))
    ada, bob = some(office, 2)
    office.let_pass(hours=2)
    office.run("address-books")
    book = office.book_of(office.list_named("Newsletter").id)
    # Of one what was sent is known last, of the other what was seen.
    change_in_dotdigital(office, bob.address, FIRSTNAME="Bea")
    office.let_pass(minutes=5)
    office.run("address-books")
    assert in_dynamics(office, bob.person, "firstname") == "Bea"
    was = [in_dynamics(office, each.person, "firstname") for each in (ada, bob)]
    for each in (ada, bob):
        made_anew(office, each.address, book)
    office.let_pass(minutes=5)
    office.run("lists")
    assert [in_dynamics(office, each.person, "firstname") for each in (ada, bob)] == was
    assert [value_of(office, each.address, "FIRSTNAME") for each in (ada, bob)] == was
    # What is said of the new contact counts as ever.
    change_in_dotdigital(office, ada.address, FIRSTNAME="Augusta")
    change_in_dotdigital(office, bob.address, FIRSTNAME=None)
    office.let_pass(minutes=5)
    office.run("lists")
    assert [in_dynamics(office, each.person, "firstname") for each in (ada, bob)] == ["Augusta", None]


def test_who_takes_another_address_keeps_what_only_the_former_contact_had_said(office: Office) -> None:
    """CITY comes from dotdigital alone: nothing puts it into the contact of the new address."""
    mapped(office, ("CITY", LabelType.STRING, "address1_city"))
    two_way(office, ("CITY", "address1_city"))
    (ada,) = some(office, 1)
    change_in_dotdigital(office, ada.address, CITY="Oslo")
    office.let_pass(minutes=5)
    office.run("lists")
    assert in_dynamics(office, ada.person, "address1_city") == "Oslo"
    office.change_in_dynamics("contact", ada.person, emailaddress1="ada.anew@ada.example")
    office.let_pass(minutes=5)
    office.run("lists")
    assert contact_store.by_email(office.sandbox.state, "ada.anew@ada.example") is not None
    for _ in range(2):
        office.let_pass(minutes=30)
        run = office.run("lists")
        assert run.run.tally.adds_up
    assert in_dynamics(office, ada.person, "address1_city") == "Oslo"
