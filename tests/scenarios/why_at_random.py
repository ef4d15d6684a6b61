"""`why` for random people of a large world, against whom the simulated platform mails afterwards; how long it takes.

python -m tests.scenarios.why_at_random 1000000 10000 7         # people in the world, people asked about, the seed

The world is synchronised in full, people opt out on both sides without a further synchronisation, and the campaign is
sent at the end: whoever `why` calls mailable is mailed, and nobody else of those asked about. With `--store` the rows
are written straight into a store, for figures of a million where simulating one takes too long; that proves no truth.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from dyntui.model.outcomes import Outcome
from dyntui.model.paging import Window
from dyntui.store import known_people, member_window, person_search
from dyntui.store import lists as list_store
from dyntui.store.schema import list_member
from tests.benchmarks.million import fill
from tests.scenarios.office import Office
from tests.scenarios.worlds import world

CAMPAIGN = "Newsletter March"
_OPT_OUTS = 200


def said(name: str, milliseconds: list[float]) -> None:
    """Median, p95 and worst."""
    took = sorted(milliseconds)
    at = [took[int(len(took) * share)] for share in (0.5, 0.95)]
    print(f"{name}: median {at[0]:.1f} ms, p95 {at[1]:.1f} ms, worst {took[-1]:.1f} ms of {len(took):,}", flush=True)  # noqa: T201


def main(people: int, asked: int, seed: int, *, store: bool) -> int:
    """How many answers were wrong."""
    chance = random.Random(seed)
    small = 500 if store else people
    with (
        tempfile.TemporaryDirectory() as folder,
        world(Path(folder), people=small, keep=False) as sandbox,
        closing(Office.open(sandbox, Path(folder))) as office,
    ):
        newsletter = office.activated("Newsletter").id
        office.run("suppressions")
        office.run("lists")
        office.run("campaigns")
        campaign = office.campaign_named(CAMPAIGN)
        office.target(campaign, newsletter)
        if store:
            fill(Path(folder) / "dyntui.db", newsletter, people)
        with office.db.read() as c:
            assert list_store.stored(c, [newsletter])
            m = list_member.c
            of_it = select(m.address, m.outcome).where(m.list_id == newsletter)
            total = member_window.window(c, Window(limit=1), list_id=newsletter).total
            places = sorted(chance.sample(range(total), min(asked, total)))
            chunks = [places[start : start + 500] for start in range(0, len(places), 500)]
            members = [row for some in chunks for row in c.execute(of_it.where(m.seq.in_(some))).all()]
        addressed = [each for each in members if each.address]
        print(f"{total:,} members, {len(addressed):,} of them asked about", flush=True)  # noqa: T201
        if not store:
            mailable = [each for each in addressed if each.outcome == Outcome.ADDED.value]
            for each in chance.sample(mailable, min(_OPT_OUTS, len(mailable) // 4)):
                office.unsubscribe(each.address)
            office.run("suppressions")
        took, answers = list[float](), dict[str, bool]()
        for each in addressed:
            began = time.process_time()
            answer = office.why(each.address, campaign.id)
            took.append(1000 * (time.process_time() - began))
            answers[each.address] = any(one.outcome is Outcome.ADDED for one in answer.verdicts)
        said("why", took)
        # As the service does while nothing else is to be done.
        with office.db.write() as c:
            while person_search.catch_up(c, 5000):
                pass
        took = []
        with office.db.read() as c:
            for each in addressed[:1000]:
                letters = chance.randint(3, 12)
                began = time.process_time()
                known_people.window(c, Window(search=each.address[:letters], limit=50))
                took.append(1000 * (time.process_time() - began))
        said("person search", took)
        if store:
            return 0
        count = office.count(campaign)
        sent = office.send(count)
        mailed = {mail["address"] for mail in office.mailed(campaign)}
        wrong = {address for address, yes in answers.items() if yes != (address in mailed)}
        print(f"{sent.state}: {len(mailed):,} mailed, {len(wrong)} answers differ {sorted(wrong)[:5]}", flush=True)  # noqa: T201
        return len(wrong)


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[1:] if each.isdecimal()]
    sys.exit(bool(main(*(numbers + [1_000_000, 10_000, 7][len(numbers) :]), store="--store" in sys.argv)))
