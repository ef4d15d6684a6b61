"""The kinds of histories, each with what plays one from a seed and the world that it begins in."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import msgspec

from tests.faults import crowded, decisions, history, restless
from tests.faults.history import Ended
from tests.faults.job import make_ready_for_histories, new_office

CONNECTED, READY = "connected", "ready"


class Kind(msgspec.Struct, frozen=True):
    """`play(seed, world, folder, steps)`. `world`: just connected, or ready to send; `steps`: how long it is."""

    play: Callable[[int, Path, Path, int], Ended]
    world: str
    steps: int


KINDS = {
    "sends": Kind(history.play, READY, history.STEPS),
    "restless": Kind(restless.play, READY, restless.STEPS),
    "decisions": Kind(decisions.play, CONNECTED, decisions.STEPS),
    "crowded": Kind(crowded.play, READY, crowded.STEPS),
}


def make_worlds(folder: Path, kinds: Collection[str]) -> None:
    """The worlds in which histories of these kinds begin, each in a folder of its name."""
    wanted = {KINDS[each].world for each in kinds}
    connected, ready = folder / CONNECTED, folder / READY
    if wanted:
        connected.mkdir()
        with new_office(connected):
            pass
    if READY in wanted:
        ready.mkdir()
        make_ready_for_histories(connected, ready)
