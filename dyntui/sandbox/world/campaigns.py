"""The company's campaigns in dotdigital: sent ones with the activity they drew, and ones that wait to be sent."""

from dataclasses import dataclass

from dyntui.sandbox.dotdigital import bulk_load, life
from dyntui.sandbox.dotdigital.dates import DAY, milliseconds
from dyntui.sandbox.state import State
from dyntui.sandbox.world import hostile

_SENDER = "Skarnfjäll Friluft"
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
    # campaign, days ago, address book
    (_Campaign("January sale", "Vinterrean är här", tags=("sale",)), 88, "Webshop customers"),
    (_Campaign("Competition: the winners", "Du kan ha vunnit", tags=("competition",)), 61, "Winter competition"),
    (_Campaign("Umeå opens", "Vi öppnar i Umeå", tags=("store", "local")), 24, "Store opening Umeå"),
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


def build(state: State) -> None:
    """Writes all campaigns, sends the past ones and lets their audience react up to now."""
    now = milliseconds(state.clock.now())
    for campaign, days, book in _PAST:
        book_id = state.db.execute("SELECT id FROM dd_book WHERE name = ?", (book,)).fetchone()[0]
        bulk_load.past_send(state, _add(state, campaign), [book_id], now - days * DAY)
    for campaign in _WAITING:
        _add(state, campaign)
    life.tick(state)


def _add(state: State, campaign: _Campaign) -> int:
    return bulk_load.campaign(
        state,
        campaign.name,
        campaign.subject,
        _HTML.format(subject=campaign.subject, shop=_SHOP),
        _TEXT.format(subject=campaign.subject, shop=_SHOP),
        from_name=_SENDER,
        tags=campaign.tags,
        kind=campaign.kind,
        status=campaign.status,
        split_options=campaign.split,
    )
