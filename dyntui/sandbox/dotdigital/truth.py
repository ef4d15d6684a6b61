"""The sandbox's own book-keeping for tests: every mail really sent, every attempt refused, every grave mistake."""

from collections.abc import Sequence
from typing import Any, Protocol

from dyntui.sandbox.dotdigital import codec, contact_store, dates
from dyntui.sandbox.state import State


class Addressed(Protocol):
    """A contact that a send addresses."""

    @property
    def contact_id(self) -> int: ...
    @property
    def email(self) -> str: ...
    @property
    def status(self) -> str: ...


def record(
    state: State, send_id: str, campaign: int, addressed: Sequence[Addressed], direct: set[int], at: int
) -> None:
    """Books the mails of one send, and separately who was addressed but not mailed, with the status that forbade it.

    Whether a mailed person was suppressed is asked of the vendor's lists, and whether opted out of Dataverse: both
    independent of the filter that chose the recipients.
    """
    mailed = [one for one in addressed if one.status == "Subscribed"]
    emails = [one.email for one in mailed]
    opted_out = state.opted_out(emails) if emails else set()
    banned = contact_store.blocked(state, emails)
    state.db.executemany(
        "INSERT INTO dd_mail (address, contact_id, campaign_id, send_id, sent_on, suppressed_at_send,"
        " opted_out_at_send) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (one.email, one.contact_id, campaign, send_id, at, one.email in banned, one.email in opted_out)
            for one in mailed
        ),
    )
    state.db.executemany(
        "INSERT INTO dd_mail_refused (address, contact_id, campaign_id, send_id, at, reason, direct)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (one.email, one.contact_id, campaign, send_id, at, one.status, one.contact_id in direct)
            for one in addressed
            if one.status != "Subscribed"
        ),
    )


def ask_to_confirm(state: State, contacts: Sequence[tuple[str, int]], at: int) -> None:
    """Books the mails by which new contacts (address, id) are asked to confirm their opt-in."""
    state.db.executemany(
        "INSERT INTO dd_confirmation (address, contact_id, sent_on) VALUES (?, ?, ?)",
        [(address, contact_id, at) for address, contact_id in contacts],
    )


def mailed(state: State) -> list[dict[str, Any]]:
    """Every mail really sent: those of campaigns, oldest first, then those that ask to confirm an opt-in, which belong
    to no campaign."""
    return [*_of_campaigns(state), *_confirmations(state)]


def _confirmations(state: State) -> list[dict[str, Any]]:
    rows = state.db.execute("SELECT address, contact_id, sent_on FROM dd_confirmation ORDER BY id").fetchall()
    banned = contact_store.blocked(state, [row[0] for row in rows])
    opted_out = state.opted_out([row[0] for row in rows]) if rows else set()
    return [
        {
            "address": address,
            "contact_id": contact_id,
            "campaign_id": None,
            "send_id": None,
            "sent_on": dates.iso(sent_on),
            "suppressed_at_send": address in banned,
            "opted_out_at_send": address in opted_out,
        }
        for address, contact_id, sent_on in rows
    ]


def _of_campaigns(state: State) -> list[dict[str, Any]]:
    rows = state.db.execute(
        "SELECT address, contact_id, campaign_id, send_id, sent_on, suppressed_at_send, opted_out_at_send FROM dd_mail"
        " ORDER BY id"
    )
    return [
        {
            "address": address,
            "contact_id": contact_id,
            "campaign_id": campaign_id,
            "send_id": send_id,
            "sent_on": dates.iso(sent_on),
            "suppressed_at_send": bool(suppressed),
            "opted_out_at_send": bool(opted_out),
        }
        for address, contact_id, campaign_id, send_id, sent_on, suppressed, opted_out in rows
    ]


def mail_count(state: State) -> int:
    """Number of mails sent."""
    return int(state.db.execute("SELECT count(*) FROM dd_mail").fetchone()[0])


def attempted_suppressed(state: State) -> list[dict[str, Any]]:
    """Contacts that sends addressed although the platform may not mail them; `direct` when named by contactIds."""
    rows = state.db.execute(
        "SELECT address, contact_id, campaign_id, send_id, at, reason, direct FROM dd_mail_refused ORDER BY id"
    )
    return [
        {
            "address": address,
            "contact_id": contact_id,
            "campaign_id": campaign_id,
            "send_id": send_id,
            "at": dates.iso(at),
            "reason": reason,
            "direct": bool(direct),
        }
        for address, contact_id, campaign_id, send_id, at, reason, direct in rows
    ]


def violation(state: State, kind: str, detail: dict[str, Any], at: int) -> None:
    """Books a call that no careful client makes."""
    state.db.execute("INSERT INTO dd_violation (at, kind, detail) VALUES (?, ?, ?)", (at, kind, codec.text(detail)))


def violations(state: State) -> list[dict[str, Any]]:
    """All violations, oldest first."""
    rows = state.db.execute("SELECT at, kind, detail FROM dd_violation ORDER BY id")
    return [{"at": dates.iso(at), "kind": kind, "detail": codec.decode(detail)} for at, kind, detail in rows]
