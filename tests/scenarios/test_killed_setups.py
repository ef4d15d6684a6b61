"""Setup goes on to its end whatever call it ended at; `python -m tests.faults.killed_setup` tries every one of them."""

from __future__ import annotations

import functools
import random

import pytest

from tests.faults.killed_setup import (
    Story,
    after_a_loss,
    after_the_end,
    differences,
    ends,
    losses,
    stories,
    undisturbed,
)

# Where something is kept here and there, and what is no business key by itself.
_AT_ANY_RATE = {
    "first setup": ("PATCH dyntui_emailaccounts", "POST roles "),
    "first Manager": ("POST systemusers",),
    "lost store": ("PATCH dyntui_emailaccounts",),
    "second profile": ("the secret",),
}
# Their calls are among those of the first setup, where any answer may be lost.
_AS_IN_THE_FIRST = ("first Manager", "lost store")


@functools.cache
def worlds() -> dict[str, Story]:
    return {story.name: story for story in stories()}


@pytest.mark.thorough
@pytest.mark.parametrize("name", list(_AT_ANY_RATE))
def test_setup_goes_on_after_a_kill_or_a_lost_answer_and_nothing_is_there_twice(name: str) -> None:
    story = worlds()[name]
    right, met = undisturbed(story), ends(story)
    for kind in _AT_ANY_RATE[name]:
        left = [each for each in met if each.after.startswith(kind)][-1]
        assert not differences(after_the_end(story, left), right), left.after
    if name not in _AS_IN_THE_FIRST:
        call, what, how = random.Random(name).choice(losses(story))
        ended, _ = after_a_loss(story, call, how)
        assert not differences(ended, right), (what, how)
