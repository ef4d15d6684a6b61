"""Histories that notice bugs: each plays one seed and says what was wrong, in a line; "" when nothing was.

    python -m tests.planted.detectors KEPT DETECTOR SEED COUNT      one line of JSON a history, until one notices

Run in a copy of the tree it tries what is there. `KEPT` holds the worlds that histories begin in (`make_worlds`); they
are made by the product as it is.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from tests.planted.bugs import CONSENT, CROWDED, DECISIONS, PAGES, RESTLESS, SENDS, WORLDS

# No history takes as long: one that does is going round in circles.
_SECONDS = 120
_PAGE = 4


class Detector(msgspec.Struct, frozen=True):
    """`play(seed, kept, folder)` answers what it noticed, or raises it. `switches`: of the sandbox."""

    play: Callable[[int, Path, Path], str]
    switches: dict[str, Any] = {}


class Noticed(msgspec.Struct, frozen=True):
    """What a history noticed (`""`: nothing), and the seconds of a processor that it took."""

    seed: int
    words: str
    seconds: float


def _world(seed: int, kept: Path, folder: Path, *, about_consent: bool = False) -> str:
    from tests.oracle.histories import history
    from tests.oracle.many import played

    found = played(kept / "empty", history(seed, about_consent=about_consent)).found
    return found[0].kind if found else ""


def _short_pages(seed: int, kept: Path, folder: Path) -> str:
    """Worlds of some tens of people, in pages of a few."""
    from dyntui.dataverse import rows
    from dyntui.dotdigital import contacts
    from dyntui.sync import member_listing

    member_listing.PAGE = _PAGE
    for pages, size in ((rows.pages, "maxpagesize"), (contacts.contact_pages, "limit")):
        assert size in pages.__kwdefaults__
        pages.__kwdefaults__[size] = _PAGE
    return _world(seed, kept, folder)


def _of_kind(kind: str) -> Callable[[int, Path, Path], str]:
    def play(seed: int, kept: Path, folder: Path) -> str:
        from tests.faults.kinds import KINDS

        of = KINDS[kind]
        of.play(seed, kept / of.world, folder, of.steps)
        return ""

    return play


DETECTORS = {
    WORLDS: Detector(_world),
    CONSENT: Detector(partial(_world, about_consent=True)),
    PAGES: Detector(_short_pages, {"dotdigital": {"short_pages": 3}}),
    **{each: Detector(_of_kind(each)) for each in (DECISIONS, SENDS, RESTLESS, CROWDED)},
}


def make_worlds(folder: Path, names: Iterable[str]) -> None:
    """The worlds in which histories of these detectors begin."""
    from tests.faults import kinds
    from tests.oracle.many import empty_world

    chosen = set(names)
    if chosen & {WORLDS, PAGES, CONSENT}:
        (folder / "empty").mkdir()
        empty_world(folder / "empty")
    kinds.make_worlds(folder, chosen & kinds.KINDS.keys())


def look(name: str, kept: Path, seed: int) -> Noticed:
    """Plays a history; whatever it raises was noticed."""
    from tests.sandbox_controls import SWITCHES

    detector = DETECTORS[name]
    os.environ[SWITCHES] = json.dumps(detector.switches)
    began = time.process_time()
    signal.signal(signal.SIGPROF, _too_long)
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    try:
        with tempfile.TemporaryDirectory(prefix="dyntui-planted-") as folder:
            words = detector.play(seed, kept, Path(folder))
    except Exception as wrong:  # noqa: BLE001 - a bug may show as anything
        words = " ".join(f"{type(wrong).__name__}: {wrong}".removeprefix("AssertionError: ").split())
        words = words or "an assertion of the history"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return Noticed(seed, words, time.process_time() - began)


def _too_long(*_: object) -> None:
    raise TimeoutError("the history does not come to an end")


def main(kept: str, name: str, first: str, count: str) -> None:
    """See the module."""
    from tests.shared_statements import share_compiled_statements

    logging.disable(logging.CRITICAL)
    share_compiled_statements()
    for seed in range(int(first), int(first) + int(count)):
        noticed = look(name, Path(kept), seed)
        sys.stdout.write(msgspec.json.encode(noticed).decode() + "\n")
        sys.stdout.flush()
        if noticed.words:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
