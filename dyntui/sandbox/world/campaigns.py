"""The company's campaigns in dotdigital: sent ones with the activity they drew, and ones that wait to be sent.

The past is not made up but lived through: old campaigns are sent by the simulated service itself on a clock that
stands in the past, and their audience reacts while it catches up.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dyntui.sandbox.dotdigital import life, routes
from dyntui.sandbox.request import Headers, Request
from dyntui.sandbox.state import State
from dyntui.sandbox.world import hostile

HISTORY = timedelta(days=90)
"""How far back the clock stands when the first of the past campaigns is sent."""

_SHOP = "https://butik.skarnfjall.example"
_HTML = """<html><body><h1>{subject}</h1>
<p>Hej @FIRSTNAME@!</p>
<p><a href="{shop}/nyheter">Nyheter</a> <a href="{shop}/rea">Rea</a> <a href="{shop}/guider">Guider</a></p>
<p><a href="http://$UNSUB$">Avsluta prenumerationen</a></p></body></html>"""
_TEXT = "{subject}\n\nHej @FIRSTNAME@!\n{shop}/nyheter\n\nhttp://$UNSUB$\n"


@dataclass(frozen=True, slots=True)
class _Campaign:
    name: str
    subject: str
    kind: str = "Standard"
    status: str = "Unsent"
    tags: tuple[str, ...] = ()
    split: tuple[str, ...] = ()


_PAST = (
    # campaign, days after the beginning of the history, address book
    (_Campaign("January sale", "Vinterrean är här", tags=("sale",)), 0, "Webshop customers"),
    (_Campaign("Competition: the winners", "Du kan ha vunnit", tags=("competition",)), 30, "Winter competition"),
    (_Campaign("Umeå opens", "Vi öppnar i Umeå", tags=("store", "local")), 60, "Store opening Umeå"),
)
_WAITING = (
    _Campaign("Newsletter March", "Våren på fjället", tags=("newsletter",)),
    _Campaign("Alpine Club invitation", "Klubbkväll med bildvisning", tags=("club",)),
    _Campaign("Spring leads offer", "Ditt första tält", tags=("leads",)),
    _Campaign("Trade news", "Nyheter för återförsäljare", tags=("trade",)),
    _Campaign("Sleeping bags A/B", "Varm i minus tjugo?", tags=("test",), split=("Version A", "Version B")),
    _Campaign("Welcome", "Välkommen till Skarnfjäll", kind="Triggered", status="Triggered"),
    _Campaign(hostile.CAMPAIGN_NAME, "=1+1 \u202e[bold]Sista chansen"),
)


def build(state: State, advance: Callable[[timedelta], None]) -> None:
    """Writes all campaigns and sends the past ones. `advance` moves the standing clock; HISTORY passes altogether."""
    sender = state.db.execute("SELECT id FROM dd_from_address ORDER BY id").fetchone()[0]
    passed = timedelta()
    for campaign, days, book in _PAST:
        advance(timedelta(days=days) - passed)
        passed = timedelta(days=days)
        campaign_id = _add(state, campaign, sender)
        book_id = state.db.execute("SELECT id FROM dd_book WHERE name = ?", (book,)).fetchone()[0]
        _call(state, "POST", "/v2/campaigns/send", {"campaignId": campaign_id, "addressBookIds": [book_id]})
    advance(HISTORY - passed)
    for campaign in _WAITING:
        _add(state, campaign, sender)
    life.tick(state)
    # The truth about mails begins with the world's opening: what a client under test caused and nothing else.
    state.db.execute("DELETE FROM dd_mail")
    state.db.execute("DELETE FROM dd_mail_refused")


def _add(state: State, campaign: _Campaign, sender: int) -> int:
    row = state.db.execute(
        "INSERT INTO dd_campaign (name, subject, from_name, from_id, html, text, status, type, tags, split_options)"
        " VALUES (?, ?, 'Skarnfjäll Friluft', ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            *(campaign.name, campaign.subject, sender, _HTML.format(subject=campaign.subject, shop=_SHOP)),
            *(_TEXT.format(subject=campaign.subject, shop=_SHOP), campaign.status, campaign.kind),
            *(json.dumps(campaign.tags), json.dumps(campaign.split) if campaign.split else None),
        ),
    ).fetchall()
    return int(row[0][0])


def _call(state: State, method: str, path: str, body: Any) -> None:
    """A call of the vendor's own web application. Raises RuntimeError when the service refuses it."""
    account = state.config.dotdigital
    login = base64.b64encode(f"{account.api_user}:{account.api_password}".encode()).decode()
    headers = Headers({"Authorization": f"Basic {login}", "Content-Type": "application/json"})
    request = Request(method, path, "", headers, json.dumps(body).encode(), "", account.region)
    response = routes.handle(state, request, account.region)
    if response.status >= 400:
        raise RuntimeError(f"{method} {path}: {response.status} {response.body.decode()}")
