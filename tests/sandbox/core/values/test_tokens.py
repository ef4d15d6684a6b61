"""Access tokens as the resources read them."""

import base64
import json
from datetime import timedelta

from dyntui.sandbox.entra.tokens import issue, read
from dyntui.sandbox.state import State, open_state


def test_a_token_tells_who_for_what_and_until_when(state: State) -> None:
    bearer = issue(state, oid="o", audience="https://org", tenant="t", app_id="a", seconds=60)
    token = read(state, f"Bearer {bearer}")
    assert token is not None
    assert (token.oid, token.app_id, token.audience, token.is_app) == ("o", "a", "https://org", False)
    assert token.expires == state.clock.now() + timedelta(seconds=60)


def test_an_expired_token_is_no_token(state: State) -> None:
    bearer = issue(state, oid="o", audience="https://org", tenant="t", seconds=60)
    state.advance(timedelta(seconds=60))
    assert read(state, bearer) is None


def test_a_token_of_another_world_is_no_token(state: State) -> None:
    other = open_state(seed=8, clock=state.clock)
    bearer = issue(other, oid="o", audience="https://org", tenant="t")
    assert read(state, bearer) is None
    other.db.close()


def test_a_changed_or_broken_token_is_no_token(state: State) -> None:
    header, body, signature = issue(state, oid="o", audience="https://org", tenant="t").split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = base64.urlsafe_b64encode(json.dumps({**claims, "oid": "x"}).encode()).rstrip(b"=").decode()
    for bearer in (f"{header}.{forged}.{signature}", "", "Bearer", "a.b.c", "ünïcode", "Basic YTpi"):
        assert read(state, bearer) is None
