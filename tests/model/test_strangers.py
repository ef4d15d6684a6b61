"""What becomes of strangers: every membership action against every kind of stranger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.created_records import CreatedDefaults, created, unknown_placeholders
from dyntui.model.membership_actions import MembershipAction, offered
from dyntui.model.outcomes import Outcome
from dyntui.model.people import Entity
from dyntui.model.strangers import Effect, Match, Stranger, judge

ANN, BEN = Match("1", "Ann"), Match("2", "Ben")
KINDS = {
    "suppressed": Stranger(address="a@x.example", consent="SUPPRESSED", matches=(ANN,)),
    "opted out record": Stranger(address="a@x.example", matches=(Match("1", "Ann", "DO_NOT_EMAIL"), BEN)),
    "pending": Stranger(address="a@x.example", channel="PENDING_OPT_IN", matches=(ANN,)),
    "malformed": Stranger(address="a@localhost"),
    "known": Stranger(address="a@x.example", matches=(ANN,)),
    "several": Stranger(address="a@x.example", matches=(ANN, BEN)),
    "picked": Stranger(address="a@x.example", matches=(ANN, BEN), picked="2"),
    "unknown": Stranger(address="a@x.example"),
    "moved": Stranger(address="a@x.example", known_as="known as contact 1 Ann"),
}
STAYS, LEAVES, JOINS, MADE = Effect.STAY, Effect.REMOVE, Effect.JOIN, Effect.CREATE
# Of each kind what every action makes of it; the last two are one column, with a list of the right type.
TABLE = {
    #                    ignore                remove               known                          ... or create
    "suppressed": ((LEAVES, "SUPPRESSED"), (LEAVES, "SUPPRESSED"), (LEAVES, "SUPPRESSED"), (LEAVES, "SUPPRESSED")),
    "opted out record": ((STAYS, ""), (LEAVES, ""), (LEAVES, "DO_NOT_EMAIL"), (LEAVES, "DO_NOT_EMAIL")),
    "pending": ((STAYS, ""), (LEAVES, ""), (STAYS, "PENDING_OPT_IN"), (STAYS, "PENDING_OPT_IN")),
    "malformed": ((STAYS, ""), (LEAVES, ""), (STAYS, "BAD_EMAIL"), (STAYS, "BAD_EMAIL")),
    "known": ((STAYS, ""), (LEAVES, ""), (JOINS, ""), (JOINS, "")),
    "several": ((STAYS, ""), (LEAVES, ""), (STAYS, "AMBIGUOUS_MATCH"), (STAYS, "AMBIGUOUS_MATCH")),
    "picked": ((STAYS, ""), (LEAVES, ""), (JOINS, ""), (JOINS, "")),
    "unknown": ((STAYS, ""), (LEAVES, ""), (STAYS, "UNKNOWN_PERSON"), (MADE, "")),
    "moved": ((STAYS, ""), (LEAVES, ""), (STAYS, "UNKNOWN_PERSON"), (STAYS, "UNKNOWN_PERSON")),
}
COLUMNS = (MembershipAction.IGNORE, MembershipAction.REMOVE, MembershipAction.KNOWN, MembershipAction.CONTACTS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_action_makes_of_every_kind_of_stranger_what_the_table_says(kind: str) -> None:
    found = tuple(judge(action, "contact", KINDS[kind]) for action in COLUMNS)
    assert tuple((each.effect, each.reason) for each in found) == TABLE[kind]
    as_lead = judge(MembershipAction.LEADS, "lead", KINDS[kind])
    assert (as_lead.effect, as_lead.reason) == TABLE[kind][3]


def test_an_ambiguous_stranger_names_the_candidates_and_a_picked_record_joins() -> None:
    said = judge(MembershipAction.KNOWN, "contact", KINDS["several"])
    assert said.outcome is Outcome.REJECTED and said.detail == "contact 1 Ann; contact 2 Ben"
    assert judge(MembershipAction.KNOWN, "contact", KINDS["picked"]).person == "2"


STRANGERS = st.builds(
    Stranger,
    address=st.sampled_from(["a@x.example", "nobody", ""]),
    channel=st.sampled_from(["", "PENDING_OPT_IN", "UNKNOWN"]),
    consent=st.sampled_from(["", "SUPPRESSED", "DO_NOT_EMAIL", "UNSUBSCRIBED_LIST"]),
    matches=st.lists(
        st.builds(Match, st.sampled_from("123"), st.just("N"), st.sampled_from(["", "DO_NOT_BULK_EMAIL"])), max_size=3
    ).map(tuple),
    picked=st.sampled_from(["", "1", "9"]),
)


@given(st.sampled_from(Entity), st.booleans(), STRANGERS)
def test_nobody_who_said_no_and_nobody_unmailable_is_added_or_made(
    kind: Entity, dynamic: bool, stranger: Stranger
) -> None:
    for action in offered(kind, dynamic):
        said = judge(action, kind, stranger)
        if stranger.consent or stranger.channel or any(each.opted_out for each in stranger.matches):
            assert said.effect in (STAYS, LEAVES)
        if said.effect is JOINS:
            assert said.person in {each.id for each in stranger.matches}
        if said.effect is MADE:
            assert not stranger.matches and stranger.address == "a@x.example"
        assert said.outcome is not Outcome.EXCLUDED or said.reason


@given(st.text(max_size=400), st.text(max_size=80), st.sampled_from([Entity.CONTACT, Entity.LEAD]))
def test_a_created_record_has_a_last_name_and_no_value_is_longer_than_its_column(
    name: str, list_name: str, entity: Entity
) -> None:
    row = created(entity, "ann.lee@x.example", {"FIRSTNAME": name, "LASTNAME": name}, list_name, CreatedDefaults())
    assert row["lastname"] and all(len(str(value)) <= 100 for value in row.values())
    assert ("subject" in row) is (entity is Entity.LEAD)
    assert created(entity, "ann.lee@x.example", {}, list_name, CreatedDefaults())["lastname"] == "ann.lee"


def test_a_name_is_cut_as_dynamics_counts_and_no_character_in_two() -> None:
    long = {"FIRSTNAME": "😀" * 40, "LASTNAME": "a" + "😀" * 40}
    row = created(Entity.LEAD, "ann@x.example", long, "", CreatedDefaults())
    assert row["firstname"] == "😀" * 25 and row["lastname"] == "a" + "😀" * 24
    blank = CreatedDefaults(last_name=" ")
    assert created(Entity.CONTACT, "ann@x.example", {}, "News", blank)["lastname"] == "ann"


def test_an_administrator_may_say_what_created_records_are_called() -> None:
    said = CreatedDefaults(topic="{list}: {address}", last_name="of {local}")
    row = created(Entity.LEAD, "ann@x.example", {"FIRSTNAME": " Ann "}, "News", said)
    assert row == {
        "emailaddress1": "ann@x.example",
        "firstname": "Ann",
        "lastname": "of ann",
        "subject": "News: ann@x.example",
    }


def test_a_name_with_the_words_of_a_placeholder_in_it_is_written_as_it_is() -> None:
    said = CreatedDefaults(topic="{list} of {address}")
    assert created(Entity.LEAD, "ann@x.example", {}, "The {address} {local}", said)["subject"] == (
        "The {address} {local} of ann@x.example"
    )


@pytest.mark.parametrize(
    ("pattern", "unknown"),
    [
        ("{nope}", ("{nope}",)),
        ("{list} {List} {}", ("{List}", "{}")),
        ("{local}", ()),
        ("a { b }", ("{ b }",)),
        ("{", ()),
    ],
)
def test_a_placeholder_that_does_not_exist_is_found(pattern: str, unknown: tuple[str, ...]) -> None:
    assert unknown_placeholders(pattern) == unknown
