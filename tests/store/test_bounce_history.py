"""What the store knows of bounces before a send."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from dyntui.store import bounce_history
from dyntui.store.schema import campaign, recipient, target_count, target_person


def sent(c: Connection, id: int, on: str, people: int, hard: int, account: str = "a") -> None:
    summary = {"numTotalSent": people, "numTotalHardBounces": hard, "numTotalSoftBounces": 1}
    c.execute(insert(campaign).values(account_id=account, id=id, sent_on=on, summary=summary, tags=[]))


def had(c: Connection, id: int, address: str, on: str, *, soft: bool = False, account: str = "a") -> None:
    values = {"account_id": account, "campaign_id": id, "contact_id": hash(address) % 10_000, "address": address}
    c.execute(insert(recipient).values(**values, sent_on=on, soft_bounced=soft))


def test_the_last_campaigns_of_the_account_and_the_last_mail_of_everybody_count(c: Connection) -> None:
    sent(c, 1, "2026-01-01", 100, 4)
    sent(c, 2, "2026-02-01", 100, 6)
    sent(c, 3, "2026-03-01", 1000, 900, account="b")
    # Sent since, and their results were not read yet.
    for each in range(10, 22):
        sent(c, each, "2026-04-01", 0, 0)
    had(c, 1, "ann@x.org", "2026-01-01", soft=True)
    had(c, 2, "ann@x.org", "2026-02-01")
    had(c, 1, "bob@x.org", "2026-01-01")
    had(c, 2, "bob@x.org", "2026-02-01", soft=True)
    had(c, 3, "cleo@x.org", "2026-03-01", account="b")
    c.execute(insert(target_count).values(id="n", account_id="a", campaign_id=2, lists=[]))
    people = {"ann": "added", "bob": "added", "cleo": "added", "dora": "added", "eve": "excluded"}
    for name, outcome in people.items():
        values = {"count_id": "n", "person_id": name, "address": f"{name}@x.org", "fields": {}, "outcome": outcome}
        c.execute(insert(target_person).values(**values))
    found = bounce_history.forecast(c, "a", "n", 4)
    assert (found.campaigns, found.history, found.rate) == (2, 200, 0.06)
    # Cleo had mail of another account, Ann's last one did not bounce.
    assert (found.never_mailed, found.bounced_before) == (2, 1)
