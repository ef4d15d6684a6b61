"""dotdigital's flat and tiered rate limits on the sandbox clock."""

import json
from datetime import timedelta

import pytest

from dyntui.sandbox.limits_dotdigital import DotdigitalLimiter, DotdigitalLimits, tier_of
from dyntui.sandbox.request import Request
from tests.sandbox.core.conftest import START

READ = Request("GET", "/v2/contacts/17")


def test_the_flat_limit_refuses_with_http_400_and_the_vendors_text() -> None:
    judge = DotdigitalLimiter("flat", DotdigitalLimits(flat_per_hour=2))
    assert [judge.arrive(READ, START)[0] for _ in range(2)] == [None, None]
    refusal, headers = judge.arrive(READ, START)
    assert refusal is not None
    assert refusal.status == 400
    assert json.loads(refusal.body)["message"].endswith(
        "temporarily capped. Please contact support. ERROR_APIUSAGE_EXCEEDED"
    )
    assert headers == {}


def test_the_flat_limit_is_a_rolling_hour() -> None:
    judge = DotdigitalLimiter("flat", DotdigitalLimits(flat_per_hour=2))
    judge.arrive(READ, START)
    judge.arrive(READ, START + timedelta(minutes=30))
    assert judge.arrive(READ, START + timedelta(minutes=60))[0] is None
    assert judge.arrive(READ, START + timedelta(minutes=61))[0] is not None


def test_sending_a_campaign_is_not_counted() -> None:
    judge = DotdigitalLimiter("flat", DotdigitalLimits(flat_per_hour=1))
    judge.arrive(READ, START)
    assert judge.arrive(Request("POST", "/v2/campaigns/send"), START)[0] is None
    assert judge.usage(START) == (1, 0)


def test_the_tiered_limit_refuses_with_429_and_four_headers() -> None:
    judge = DotdigitalLimiter("tiered", DotdigitalLimits(high_per_minute=1))
    refusal, headers = judge.arrive(READ, START)
    assert refusal is None
    assert headers == {
        "X-RateLimit-Limit": "1",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(START.timestamp()) + 60),
        "X-RateLimit-Scope": "highCallRate",
    }
    refusal, headers = judge.arrive(READ, START + timedelta(seconds=59))
    assert refusal is not None
    assert (refusal.status, headers["X-RateLimit-Remaining"]) == (429, "0")
    assert judge.arrive(READ, START + timedelta(seconds=60))[0] is None


def test_the_tiers_have_windows_of_their_own() -> None:
    judge = DotdigitalLimiter("tiered", DotdigitalLimits(high_per_minute=1))
    judge.arrive(READ, START)
    assert judge.arrive(Request("PUT", "/v2/contacts/17"), START)[0] is None


@pytest.mark.parametrize(
    ("method", "path", "tier"),
    [
        ("GET", "/v2/contacts", "low"),
        ("GET", "/v2/address-books/3/contacts", "low"),
        ("POST", "/v2/address-books/3/contacts/import", "low"),
        ("PUT", "/contacts/v3/import", "low"),
        ("POST", "/v2/address-books/3/contacts", "medium"),
        ("DELETE", "/v2/contacts/17", "medium"),
        ("GET", "/v2/contacts/ann@example.org", "high"),
        ("GET", "/v2/account-info", "high"),
        ("GET", "/v2/contacts/import/0b1e", "unlimited"),
        ("GET", "/contacts/v3/import/0b1e", "unlimited"),
        ("POST", "/v2/campaigns/send", "unlimited"),
    ],
)
def test_heavy_calls_are_in_low_tiers_and_polls_in_none(method: str, path: str, tier: str) -> None:
    assert tier_of(method, path) == tier


def test_usage_is_told_even_when_nothing_is_limited() -> None:
    judge = DotdigitalLimiter("off", DotdigitalLimits())
    for _ in range(15):
        judge.arrive(READ, START)
    assert judge.usage(START) == (15, 1985)
