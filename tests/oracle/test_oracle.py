"""The oracle stands on its own feet: it knows nothing of the product, and its own rules are tried by examples."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.oracle import counting, synchronising
from tests.oracle.addresses import sendable, spelled_in
from tests.oracle.edits import SPELLINGS
from tests.oracle.histories import history
from tests.oracle.memory import Memory
from tests.oracle.precedence import ORDER
from tests.oracle.rows import MarketingList, Record, Snapshot

HERE = Path(__file__).parent
JUDGES = ("addresses", "counting", "judging", "memory", "precedence", "rows", "synchronising")


@pytest.mark.parametrize("name", JUDGES)
def test_the_oracle_imports_nothing_of_the_product_nor_of_what_drives_it(name: str) -> None:
    tree = ast.parse((HERE / f"{name}.py").read_text("utf-8"))
    imported = {each.module or "" for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)}
    imported |= {part.name for each in ast.walk(tree) if isinstance(each, ast.Import) for part in each.names}
    known = {f"tests.oracle.{judge}" for judge in JUDGES}
    assert not {each for each in imported - known if each.split(".")[0] in ("dyntui", "tests", "screens")}


def test_what_draws_the_histories_touches_the_sandbox_only() -> None:
    for name in ("edits", "histories"):
        text = (HERE / f"{name}.py").read_text("utf-8")
        assert not re.findall(r"dyntui\.(?!sandbox)\w+", text), name


def test_the_order_of_reasons_is_the_published_one() -> None:
    page = (HERE.parents[1] / "docs" / "reference" / "reasons.md").read_text("utf-8")
    assert tuple(re.findall(r"^\| \d+ \| `(\w+)`", page, re.MULTILINE)) == ORDER


def test_an_opt_out_is_found_under_every_spelling_but_where_no_address_is_left() -> None:
    address = "p12@north.example"
    *readable, hopeless = SPELLINGS
    assert [spelling(address) for spelling in readable if address not in spelled_in(spelling(address))] == []
    assert spelled_in(hopeless(address)) == set()


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("ann@example.org", True),
        (" ANN@Example.ORG ", True),
        ("o'neil+news@mail.example.co.uk", True),
        ("ann@xn--exmple-cua.org", True),
        ("<ann@example.org>", False),
        ("Ann <ann@example.org>", False),
        ("ann@example.org, bob@example.org", False),
        ("ann@ex\u00e4mple.org", False),
        ("ann\u200b@example.org", False),
        ("ann..lee@example.org", False),
        ("ann.@example.org", False),
        ("ann@localhost", False),
        ("ann@-example.org", False),
        ("ann@exa_mple.org", False),
        ("ann@example.1", False),
        ("a" * 65 + "@example.org", False),
        ("", False),
    ],
)
def test_mail_goes_only_where_it_can_go(text: str, good: bool) -> None:
    assert sendable(text) is good


def test_who_opted_out_in_either_system_stays_so_when_their_record_is_deleted() -> None:
    key, on = ("contact", "c"), MarketingList("l", "L", "contact", False, True, True, 1, (("contact", "c"),), False)
    record = Record(key, {}, ("ann@example.org", "", ""), True, False, 0, "", False, "2026-01-01T00:00:00Z", {})
    nothing: dict[int, frozenset[int]] = {}
    there = Snapshot({key: record}, {"l": on}, {}, {}, {1: "L"}, nothing, nothing, (), {})
    gone, said = replace(there, records={}), {"DO_NOT_EMAIL", "UNKNOWN_PERSON"}
    for typed, right in (({}, said), ({"s": "Ann <ann@example.org>"}, said | {"SUPPRESSED"})):
        memory = Memory()
        memory.learn(there)
        memory.learn(replace(gone, suppressions=typed))
        found = counting.counted(["l"], 1, gone, memory)[key], synchronising.synchronised(on, gone, memory)[key]
        assert [(each.outcomes, each.reasons) for each in found] == [({"excluded"}, right)] * 2


def test_a_seed_gives_one_history() -> None:
    assert history(7) == history(7) != history(8)
