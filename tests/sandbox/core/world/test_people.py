"""The stream of people a world is made of."""

import re
from collections import Counter

import pytest

from dyntui.sandbox.dotdigital.addresses import normal, valid
from dyntui.sandbox.world import hostile
from dyntui.sandbox.world.people import Individual, contacts_among, generate

SIZE = 6000
RESERVED = re.compile(r"@(example\.(com|org|net)|[a-z0-9.-]+\.(example|test|invalid))$")


@pytest.fixture(scope="module")
def people() -> list[Individual]:
    return list(generate(3, SIZE, 150))


def share(people: list[Individual], chosen: int) -> float:
    return chosen / len(people)


def test_the_same_seed_gives_the_same_people(people: list[Individual]) -> None:
    assert list(generate(3, SIZE, 150)) == people
    assert list(generate(4, 50, 150)) != people[:50]


def test_most_are_contacts_and_the_rest_are_leads(people: list[Individual]) -> None:
    assert contacts_among(SIZE) == SIZE * 0.88
    assert Counter(person.is_lead for person in people) == {False: 5280, True: 720}


def test_ids_are_guids_and_nobody_shares_one(people: list[Individual]) -> None:
    assert len({person.id for person in people}) == SIZE
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}", p.id) for p in people)


def test_every_valid_address_is_of_a_reserved_domain(people: list[Individual]) -> None:
    for person in people:
        for email in filter(None, (person.email, person.second_email)):
            if valid(normal(email)):
                assert RESERVED.search(normal(email)), email


def test_some_have_no_address_and_some_a_broken_one(people: list[Individual]) -> None:
    missing = sum(not person.email for person in people)
    broken = sum(bool(person.email) and not valid(normal(person.email or "")) for person in people)
    assert 0.01 < share(people, missing) < 0.03
    assert 0.005 < share(people, broken) < 0.02


def test_some_share_an_address_also_in_other_letter_case(people: list[Individual]) -> None:
    spelled: dict[str, set[str]] = {}
    for person in people:
        if person.email:
            spelled.setdefault(normal(person.email), set()).add(person.email)
    holders = Counter(normal(person.email) for person in people if person.email)
    assert 0.03 < share(people, sum(count for count in holders.values() if count > 1)) < 0.15
    assert any(len(ways) > 1 for ways in spelled.values())
    assert any(email.startswith("info@") and count > 3 for email, count in holders.items())


def test_opt_outs_are_as_common_as_in_life(people: list[Individual]) -> None:
    assert 0.02 < share(people, sum(person.no_email for person in people)) < 0.04
    assert 0.03 < share(people, sum(person.no_bulk for person in people)) < 0.05


def test_a_merged_record_points_to_an_active_contact_with_its_address(people: list[Individual]) -> None:
    by_id = {person.id: person for person in people}
    merged = [person for person in people if person.state == "merged"]
    assert merged
    for person in merged:
        master = by_id[person.merged_into or ""]
        assert (master.is_lead, master.state) == (False, "active")
        assert normal(master.email or "") == normal(person.email or "")


def test_contacts_and_leads_have_states_of_their_own(people: list[Individual]) -> None:
    assert {person.state for person in people if not person.is_lead} == {"active", "inactive", "merged"}
    assert {person.state for person in people if person.is_lead} == {"open", "qualified", "disqualified"}


def test_every_hostile_name_occurs_even_in_a_small_world() -> None:
    names = {(person.first, person.last) for person in generate(1, 200, 5)}
    assert names >= set(hostile.NAMES)


def test_names_fit_their_columns(people: list[Individual]) -> None:
    assert max(len(person.first) for person in people) <= 50
    assert max(len(person.last) for person in people) <= 50
    assert max(len(person.city) for person in people) <= 80


@pytest.mark.parametrize("size", [0, 1, 2, 10])
def test_the_smallest_worlds_exist(size: int) -> None:
    assert len(list(generate(1, size, 0))) == size
