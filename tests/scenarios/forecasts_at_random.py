"""Sends at random, in some of which something changes after somebody has confirmed them: what was counted is held,
person by person, against what the simulated platform mailed, and against the causes that dyntui names.

python -m tests.scenarios.forecasts_at_random 1000 7         # as many sends, from this seed on
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.service.contract.campaigns import CampaignRow
from tests.scenarios.office import Office
from tests.scenarios.worlds import world

# As many campaigns are copied in a world before another one is made; each send opts some people out for good.
_SENDS_OF_A_WORLD = 40
_PEOPLE = 150
_CHANGES = ("do not email", "unsubscribes", "leaves", "loses the address")


class Differs(AssertionError):
    """What was counted, what was mailed and what is said of it do not agree."""


def campaigns(office: Office, count: int) -> list[CampaignRow]:
    """So many campaigns that nobody has had."""
    office.copy_campaign("Newsletter March", count)
    office.run("campaigns")
    return [each for each in office.all_campaigns() if each.name.startswith("Copy of")][:count]


def change(office: Office, list_id: str, person: PersonOutcome, what: str) -> None:
    """Something happens to somebody who was counted as sendable."""
    if what == "do not email":
        office.change_in_dynamics(person.entity, person.person, donotemail=1)
    elif what == "unsubscribes":
        office.unsubscribe(person.address)
    elif what == "leaves":
        office.leave(list_id, [person.person])
    else:
        office.change_in_dynamics(person.entity, person.person, emailaddress1="")


def play(office: Office, list_id: str, campaign: CampaignRow, chance: random.Random) -> Counter[str]:
    """One send; what changed. Raises Differs."""
    office.target(campaign, list_id)
    count = office.count(campaign)
    forecast = {each.person: each for each in office.count_people(count.id, sendable=True)}
    confirmed = office.sandbox.now()
    changed: dict[str, str] = {}
    held = chance.random() < 0.3
    at = confirmed + timedelta(hours=2)
    queued = office.schedule_send(count, at) if held else office.queue_send(count)
    if chance.random() < 0.5:
        for person in chance.sample(sorted(forecast), min(len(forecast), chance.randint(1, 4))):
            changed[person] = chance.choice(_CHANGES)
            change(office, list_id, forecast[person], changed[person])
    if held:
        office.let_pass(hours=2)
        office.look_at_sends()
    office.engine.drain()
    sent = office.send_row(queued.id)
    if sent.state != "Sent":
        raise Differs(f"the send ended as {sent.state}: {sent.error}")
    fact = {mail["address"] for mail in office.mailed(campaign)}
    named = {each.person_id: each for each in office.changes(sent.id)}
    people = {each.person: each for each in office.people(sent.run)}
    mailed = {person for person, each in people.items() if each.outcome is Outcome.ADDED}
    if {people[person].address for person in mailed} != fact:
        raise Differs("what is said of everybody is not what was mailed")
    missing, more = set(forecast) - mailed, mailed - set(forecast)
    # A held send is counted anew: of two records with one address the other one may be mailed instead.
    if missing != set(changed) or (more and not held) or not more <= set(named):
        raise Differs(f"changed were {changed}, not mailed were {missing}, mailed besides were {more}")
    if not missing <= set(named) or any(each.was == "added" for key, each in named.items() if key not in missing):
        raise Differs(f"not mailed were {missing}, named were {sorted(named)}")
    if not changed and named:
        raise Differs(f"nothing changed, and {sorted(named)} are named")
    for person in missing:
        each = named[person]
        if not (each.reason and each.cause and confirmed.isoformat()[:19] <= each.on[:19] <= sent.sent_on[:19]):
            raise Differs(f"{each} has no cause with a date between {confirmed} and {sent.sent_on}")
    return Counter(changed.values() or ["nothing"])


def main(sends: int, seed: int) -> Counter[str]:
    """So many sends, world after world; how often what changed."""
    seen: Counter[str] = Counter()
    done = 0
    while done < sends:
        with (
            tempfile.TemporaryDirectory() as folder,
            world(Path(folder), people=_PEOPLE) as sandbox,
            closing(Office.open(sandbox, Path(folder))) as office,
        ):
            newsletter = office.activated("Newsletter").id
            office.run("lists")
            for campaign in campaigns(office, min(_SENDS_OF_A_WORLD, sends - done)):
                seen += play(office, newsletter, campaign, random.Random(f"{seed} {done}"))
                done += 1
                office.let_pass(minutes=5)  # what dotdigital allows in an hour is less than all sends of a world take
                print(f"{done:5} sends: " + ", ".join(f"{n} {what}" for what, n in seen.most_common()), flush=True)  # noqa: T201
    return seen


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 7)
