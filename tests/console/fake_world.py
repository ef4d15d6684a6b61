"""A small company for the console's tests: lists, members, campaigns, suppressions. Deterministic."""

from __future__ import annotations

from functools import lru_cache

from dyntui.model.outcomes import Outcome
from dyntui.service.contract.campaigns import CampaignDetail, CampaignRow, RecipientRow
from dyntui.service.contract.lists import ListRow, MemberRow
from dyntui.service.contract.session import EmailAccount
from dyntui.service.contract.suppressions import SuppressionRow

NAMES = (
    "Anna Karlsson",
    "José Ortega y Álvarez",
    "王小明",
    "Σοφία Παπαδοπούλου",
    "Łukasz Wójcik",
    "Nguyễn Thị Minh Khai",
    "محمد الأمين",
    "Siobhán O’Connell-Fitzgerald of the Western Isles",
    "👩‍👩‍👧 Family Berg 🏔️",
    "Zoë \x1b[31mRed\x07",
    "[bold]Bobby[/bold] Tables",
    "Ravi Shankar",
    "Ingrid\u202eevil",
    "Tom\nNewline",
    "Åse Bjørnstad",
    "קרן לוי",
)

_EXCLUDED = (
    "NO_EMAIL",
    "DO_NOT_BULK_EMAIL",
    "SUPPRESSED",
    "DUPLICATE_ADDRESS",
    "HARD_BOUNCED",
    "INACTIVE",
    "BAD_EMAIL",
    "DO_NOT_EMAIL",
)

ACCOUNT = EmailAccount(
    id="acc-1",
    name="Highland Outfitters",
    is_default=True,
    region="r1 (Europe)",
    endpoint="https://r1-api.dotdigital.com",
    sync_level="DETAILED",
)


def list_rows() -> list[ListRow]:
    """The marketing lists, three of them activated, one of those never synchronised."""
    spec = (
        ("Spring hikers", "contact", False, 412, True, False, ""),
        ("Newsletter readers", "contact", True, 20_480, True, True, "2026-03-02T06:00:12Z"),
        ("Trade fair leads", "lead", False, 96, True, True, ""),
        ("Mountain huts", "account", False, 37, True, False, ""),
        ("Winter sale 2025", "contact", False, 1_204, False, False, ""),
        ("Climbing club ⛰️ Ålesund", "contact", False, 88, True, False, ""),
        ("[red]Hostile[/red] \x1b]0;owned\x07 name", "contact", False, 12, True, False, ""),
        ("Everyone who ever bought a tent", "contact", True, None, True, False, ""),
        ("Guides and instructors", "contact", False, 140, True, True, "2026-03-01T06:00:40Z"),
        ("Empty list", "contact", False, 0, True, False, ""),
        ("Webshop leads Q1", "lead", True, 1_830, True, False, ""),
        ("Old partners", "account", False, 9, False, False, ""),
    )
    rows = []
    for place, (name, kind, dynamic, members, active, activated, synced) in enumerate(spec):
        status = ""
        if activated:
            status = "Synchronised" if synced else "Waiting for its first synchronisation"
        if name.startswith("Guides"):
            status = "Not found in email service"
        rows.append(
            ListRow(
                id=f"list-{place}",
                name=name,
                member_type=kind,
                dynamic=dynamic,
                members=members,
                active=active,
                locked=False,
                activated=activated,
                account=ACCOUNT.name if activated else "",
                sync_status=status,
                last_synced=synced,
                sync_order=1000,
                manual_only=False,
                owner="Sigrid Larsen" if place % 2 == 0 else "Ola Nordmann",
                modified_on="2026-02-20T09:00:00Z",
            )
        )
    return rows


@lru_cache(maxsize=64)
def members_of(row: ListRow, synchronised: bool) -> list[MemberRow]:
    """The members of a list; about one in seven is excluded, one in ninety rejected."""
    rows = []
    for place in range(row.members or 0):
        name = NAMES[place % len(NAMES)]
        outcome: Outcome | None = None
        reason = detail = ""
        if synchronised:
            outcome = Outcome.ADDED if place % 5 == 0 else Outcome.UNCHANGED
            if place % 7 == 3:
                outcome, reason = Outcome.EXCLUDED, _EXCLUDED[(place // 7) % len(_EXCLUDED)]
            elif place % 90 == 11:
                outcome, reason, detail = Outcome.REJECTED, "REJECTED", "ContactInvalid"
            if reason == "SUPPRESSED":
                detail = "Unsubscribed on 2026-01-15"
        address = "" if reason == "NO_EMAIL" else f"person.{place:05}@example.org"
        rows.append(
            MemberRow(
                entity=row.member_type,
                person=f"{row.id}-p{place}",
                name=name,
                address=address,
                outcome=outcome,
                reason=reason,
                detail=detail,
                contact_id=place if outcome in (Outcome.ADDED, Outcome.UNCHANGED) else None,
            )
        )
    return rows


def campaign_details() -> list[CampaignDetail]:
    """Campaigns as they are in dotdigital: one sent, one sending-ready, others."""
    text = (
        "Hello @FIRSTNAME@,\n\nthe snow is gone and the paths are open. Three new routes,\n"
        "two new tents, one weekend with our guides.\n\nhttps://example.org/spring\n\n"
        "Highland Outfitters · $UNSUB$ to unsubscribe\n"
    )
    spec = (
        (101, "Spring is here", "Three new routes 🌱", "Unsent", 0, ""),
        (102, "Winter sale", "Up to 40 % off", "Sent", 18_204, "2026-01-12T08:00:00Z"),
        (103, "Guide newsletter March", "News for guides", "Unsent", 0, ""),
        (104, "[b]Hostile[/b] \x1b[2J campaign", "\x1b]52;c;aGk=\x07", "Unsent", 0, ""),
        (105, "A/B: subject lines", "Which one?", "Unsent", 0, ""),
    )
    details = []
    for id, name, subject, status, sent, on in spec:
        row = CampaignRow(
            id=id,
            name=name,
            subject=subject,
            status=status,
            type="Standard",
            account=ACCOUNT.name,
            split_test=id == 105,
            targets=0,
            sent_on=on,
            sent=sent,
            unique_opens=sent * 41 // 100,
            unique_clicks=sent * 9 // 100,
        )
        details.append(
            CampaignDetail(
                row=row,
                from_name="Highland Outfitters",
                from_address="hello@mail.example.org",
                reply_to="service@example.org",
                text=text,
                tags=("spring", "2026"),
                targets=(),
                sends=(),
            )
        )
    return details


def suppression_rows() -> list[SuppressionRow]:
    """Suppressed addresses of every kind."""
    kinds = (("Unsubscribed", "SUPPRESSED"), ("HardBounced", "HARD_BOUNCED"), ("IspComplained", "COMPLAINED"))
    return [
        SuppressionRow(
            address=f"gone.{place:04}@example.net",
            account=ACCOUNT.name,
            status=kinds[place % 3][0],
            reason=kinds[place % 3][1],
            suppressed_on=f"2026-01-{place % 28 + 1:02}T10:00:00Z",
            learned_on="2026-03-02T06:00:00Z",
        )
        for place in range(160)
    ]


def recipient_rows(campaign: CampaignRow) -> list[RecipientRow]:
    """Who got a campaign and what they did."""
    rows = []
    for place in range(min(campaign.sent, 500)):
        opened = place % 5 < 2
        rows.append(
            RecipientRow(
                address=f"person.{place:05}@example.org",
                contact_id=place,
                sent_on=campaign.sent_on,
                opens=place % 3 + 1 if opened else 0,
                clicks=1 if place % 11 == 0 else 0,
                first_opened="2026-01-12T09:30:00Z" if opened else "",
                last_opened="2026-01-13T18:02:00Z" if opened else "",
                unsubscribed=place % 97 == 5,
                soft_bounced=place % 50 == 3,
                hard_bounced=place % 120 == 7,
                name=NAMES[place % len(NAMES)],
            )
        )
    return rows
