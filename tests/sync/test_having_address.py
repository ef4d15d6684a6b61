from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import httpx
import pytest
from sqlalchemy import Connection

from dyntui.sync.having_address import everybody, spelt_otherwise
from tests.dataverse.conversation import Conversation

R = TypeVar("R")
ME = "11111111-1111-1111-1111-111111111111"
SOMEBODY = "22222222-2222-2222-2222-222222222222"


class Kept:
    """A store in which nothing is known, and which counts what is kept."""

    def __init__(self) -> None:
        self.writes = 0

    async def read(self, what: Callable[[Connection], R], /) -> R:
        return ""  # type: ignore[return-value]

    async def write(self, what: Callable[[Connection], R], /) -> R:
        self.writes += 1
        return None  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("name", "address", "compares_alike", "reads_everybody", "kept"),
    [
        ("# dyntui", None, True, False, 1),
        ("# dyntui", None, False, True, 1),
        # A name in a script without capitals tells nothing, an address does.
        ("同期サービス", "ann@example.com", True, False, 1),
        ("同期サービス", "ann@example.com", False, True, 1),
        # Nobody tells: it is asked again the next time.
        ("同期サービス", None, True, True, 0),
    ],
)
async def test_how_an_organisation_compares_text_is_asked_with_a_name_or_an_address(
    name: str, address: str | None, compares_alike: bool, reads_everybody: bool, kept: int
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("WhoAmI"):
            return httpx.Response(200, json={"UserId": ME})
        turned = " and " in request.url.params["$filter"]
        if request.url.path.endswith("systemusers"):
            rows = [{"systemuserid": ME, "fullname": name}]
        else:
            rows = [{"contactid": SOMEBODY, "emailaddress1": address}] if address else []
        return httpx.Response(200, json={"value": rows if compares_alike or not turned else []})

    store = Kept()
    async with Conversation(answer, forever=True).client() as dv:
        condition = await spelt_otherwise(store, dv)
    assert (condition == everybody("emailaddress1"), store.writes) == (reads_everybody, kept)
