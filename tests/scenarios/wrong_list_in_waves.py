"""A wrong list sent in waves of 1 %, 10 % and the rest: it stops by itself after the first, everybody else is named.

python -m tests.scenarios.wrong_list_in_waves 100000         # about as many members

Three in ten of the addresses bounce, as of a list that was bought or is years old. Afterwards the same campaign is sent
to who was not mailed, in two waves with higher limits: who opts out between them, on either side, is not mailed.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

from dyntui.model.outcomes import Outcome
from dyntui.model.waves import Limits, Waves
from tests.scenarios.office import Office
from tests.scenarios.worlds import world

CAMPAIGN = "Newsletter March"
# Of a world's people so many are contacts on the newsletter, give or take.
_ON_THE_LIST = 0.66


def until_over(office: Office, send_id: str, minutes: int = 30, most: int = 60) -> str:
    """The state in which the send ends; the service looks at it as time passes."""
    for _ in range(most):
        office.look_at_sends()
        state = office.send_row(send_id).state
        if state not in ("Scheduled", "In waves"):
            return state
        office.let_pass(minutes=minutes)
    return office.send_row(send_id).state


def main(members: int) -> None:
    """Raises AssertionError where somebody is mailed who should not be, or is not named."""
    with (
        tempfile.TemporaryDirectory() as folder,
        world(Path(folder), people=int(members / _ON_THE_LIST), audience=True, keep=False) as sandbox,
        closing(Office.open(sandbox, Path(folder))) as office,
    ):
        sandbox.switch(dotdigital={"hard_bounce_share": 0.3, "delivered_share": 0.69})
        newsletter = office.activated("Newsletter").id
        office.run("lists")
        office.run("campaigns")
        campaign = office.campaign_named(CAMPAIGN)
        office.target(campaign, newsletter)
        count = office.count(campaign)
        whole = office.send_in_waves(count, Waves(shares=(1, 10)))
        state = until_over(office, whole.id)
        ended = office.send_row(whole.id)
        mailed = {mail["address"] for mail in office.mailed(campaign)}
        people = office.people(ended.run)
        reasons = Counter(each.reason or each.outcome.value for each in people)
        said = f"{count.potential:,} counted, {count.sendable:,} sendable: {state}, {len(mailed):,} mailed"
        print(f"{said}; {ended.error or office.send_page(whole.id).stop}", flush=True)  # noqa: T201
        print(dict(reasons), flush=True)  # noqa: T201
        assert state == "Stopped" and len(mailed) <= max(1, count.sendable // 100)
        assert reasons["WAVE_STOPPED"] == count.sendable - len(mailed) and len(people) == count.potential
        assert {each.address for each in people if each.outcome is Outcome.ADDED} == mailed
        # Again to the others, whatever comes back.
        again = office.count(campaign)
        unlimited = Limits(bounces=100, complaints=100, unsubscribes=100)
        second = office.send_in_waves(again, Waves(shares=(1,), limits=unlimited))
        office.look_at_sends()
        first = {mail["address"] for mail in office.mailed(campaign)}
        waiting = [each for each in office.count_people(again.id, sendable=True) if each.address not in first][:40]
        for here, there in zip(waiting[::2], waiting[1::2], strict=True):
            office.change_in_dynamics(here.entity, here.person, donotemail=1)
            office.unsubscribe(there.address)
        state = until_over(office, second.id)
        mails = office.mailed(campaign)
        everybody = {mail["address"] for mail in mails}
        print(f"again: {state}, {len(everybody):,} mailed in all", flush=True)  # noqa: T201
        assert state == "Sent" and len(mails) == len(everybody)
        assert not everybody & {each.address for each in waiting}
        assert not any(mail["opted_out_at_send"] or mail["suppressed_at_send"] for mail in mails)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
