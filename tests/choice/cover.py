"""The rule by which `make test` chooses: the cheapest tests that run most branches, and one of every file."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from typing import NamedTuple


class Measured(NamedTuple):
    """A test by its id, what it costs, and the branches it ran, one bit each."""

    name: str
    seconds: float
    branches: int

    @property
    def file(self) -> str:
        """Where the test stands."""
        return self.name.partition("::")[0]


def chosen(tests: Sequence[Measured], *, share: float, always: Collection[str] = ()) -> set[str]:
    """Names of tests that together run this share of the branches that all of them run. Those chosen `always` are among
    them; the next one is whichever runs the most branches a second that no other has run. Of a file of which none is
    among them the cheapest one is."""
    found = set(always)
    missing = _run(tests) & ~_run([each for each in tests if each.name in found])
    few_enough = _run(tests).bit_count() * (1 - share)
    waiting = [(-_worth(test, missing), place) for place, test in enumerate(tests) if test.name not in found]
    heapq.heapify(waiting)
    while missing.bit_count() > few_enough:
        # What a test is worth only falls: whichever still is worth what the heap says, is worth the most.
        promised, place = heapq.heappop(waiting)
        worth = -_worth(tests[place], missing)
        if worth == promised:
            found.add(tests[place].name)
            missing &= ~tests[place].branches
        elif worth:
            heapq.heappush(waiting, (worth, place))
    return found | _cheapest_of_each(tests, {test.file for test in tests if test.name in found})


def _cheapest_of_each(tests: Sequence[Measured], but: Collection[str]) -> set[str]:
    files: dict[str, Measured] = {}
    for test in tests:
        if test.file not in but and (test.file not in files or test.seconds < files[test.file].seconds):
            files[test.file] = test
    return {each.name for each in files.values()}


def _worth(test: Measured, missing: int) -> float:
    return (test.branches & missing).bit_count() / max(test.seconds, 0.001)


def _run(tests: Sequence[Measured]) -> int:
    run = 0
    for test in tests:
        run |= test.branches
    return run
