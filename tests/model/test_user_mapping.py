"""Who may be whom: suggestions by address, and where people sign in to dotdigital."""

from __future__ import annotations

import pytest

from dyntui.model.user_mapping import Candidate, MappedUser, app_address, user_rows


def candidate(name: str, address: str = "", user_name: str = "") -> Candidate:
    return Candidate(id=f"id of {name}", name=name, address=address, user_name=user_name)


def test_only_the_one_with_the_same_address_is_suggested_who_is_nobody_yet() -> None:
    people = [
        candidate("Ada", "Ada@x.example"),
        candidate("Bo", "bo@y.example", "bo@x.example"),
        candidate("Two", "two@x.example"),
        candidate("Zwei", user_name="two@x.example"),
        candidate("Cy", "cy@x.example"),
    ]
    cy = MappedUser(
        dotdigital="c@x.example",
        user_id="id of Cy",
        name="Cy",
        address="cy@x.example",
        mapped_by="Mira",
        mapped_on="2026-11-22T12:00:00Z",
    )
    gone = MappedUser(
        dotdigital="left@x.example", user_id="id of Di", name="Di", address="", mapped_by="", mapped_on=""
    )
    there = ["ada@x.example", "bo@x.example", "two@x.example", "cy@x.example", "c@x.example"]
    rows = {each.dotdigital: each for each in user_rows(there, {"c@x.example": cy, "left@x.example": gone}, people)}
    suggested = {address: each.suggested for address, each in rows.items() if each.suggested}
    assert suggested == {"ada@x.example": "Ada", "bo@x.example": "Bo"}
    assert (rows["c@x.example"].name, rows["c@x.example"].gone) == ("Cy", "")
    assert "does not name this user" in rows["left@x.example"].gone
    assert (
        "no role"
        in {each.dotdigital: each for each in user_rows(["c@x.example"], {"c@x.example": cy}, [])}["c@x.example"].gone
    )


@pytest.mark.parametrize(
    ("endpoint", "app"),
    [
        ("https://r1-api.dotdigital.com", "https://r1-app.dotdigital.com/"),
        ("https://R3-API.dotmailer.com/", "https://r3-app.dotmailer.com/"),
        ("https://r1-api.dotdigital.com.evil.example", ""),
        ("https://localhost:8443", ""),
        ("", ""),
    ],
)
def test_people_sign_in_at_the_address_of_the_region_alone(endpoint: str, app: str) -> None:
    assert app_address(endpoint) == app
