"""What the record itself says about whether a person may be mailed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.people import Entity, Gate, Person, first, is_address, normalise, record_gates
from dyntui.model.reasons import CATALOGUE, PRECEDENCE


def person(**facts: object) -> Person:
    return Person(**({"entity": Entity.CONTACT, "id": "p1", "address": "ada@example.org"} | facts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, None),
        ({"address": ""}, "NO_EMAIL"),
        ({"address": "  "}, "NO_EMAIL"),
        ({"address": "ada@"}, "BAD_EMAIL"),
        ({"address": "ada@localhost"}, "BAD_EMAIL"),
        ({"address": "a@b@example.org"}, "BAD_EMAIL"),
        ({"address": "ada\x1b[31m@example.org"}, "BAD_EMAIL"),
        ({"address": "Ada@Example.ORG "}, None),
        ({"address": "\u00a0ada@example.org\u2003"}, None),
        ({"address": "boo\u212a@example.org"}, "BAD_EMAIL"),
        ({"do_not_email": True}, "DO_NOT_EMAIL"),
        ({"do_not_bulk_email": True}, "DO_NOT_BULK_EMAIL"),
        ({"do_not_email": True, "do_not_bulk_email": True}, "DO_NOT_EMAIL"),
        ({"state_code": 1}, "INACTIVE"),
        ({"state_code": 1, "merged": True}, "MERGED"),
        ({"entity": Entity.LEAD, "state_code": 1}, "LEAD_QUALIFIED"),
        ({"entity": Entity.LEAD, "state_code": 2}, "INACTIVE"),
        ({"state_code": 1, "do_not_email": True, "address": "x"}, "INACTIVE"),
    ],
)
def test_the_first_closed_gate_by_the_published_precedence_names_the_reason(
    facts: dict[str, object], reason: str | None
) -> None:
    gate = first(record_gates(person(**facts)))
    assert (gate.reason if gate else None) == reason


def test_every_gate_behind_the_first_stays_known() -> None:
    gates = record_gates(person(address="", do_not_bulk_email=True, state_code=1))
    assert {gate.reason for gate in gates} == {"INACTIVE", "NO_EMAIL", "DO_NOT_BULK_EMAIL"}


@given(st.lists(st.sampled_from([Gate(reason.code) for reason in CATALOGUE])))
def test_the_first_gate_does_not_depend_on_the_order_in_which_gates_were_found(gates: list[Gate]) -> None:
    assert first(gates) == first(list(reversed(gates)))
    if gates:
        assert PRECEDENCE[first(gates).reason] == min(PRECEDENCE[gate.reason] for gate in gates)  # type: ignore[union-attr]


@given(st.text())
def test_an_address_with_white_space_or_control_characters_inside_is_never_one(text: str) -> None:
    address = normalise(text)
    if is_address(address):
        assert not any(char.isspace() or ord(char) < 0x20 for char in address)
        assert address.count("@") == 1


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
