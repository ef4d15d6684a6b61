"""Forms: what becomes of questions, and what an answer says in words."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from dyntui.model.forms import GivenValue, Question, answers, merged, questions_text
from dyntui.model.matching import Candidate, winners
from dyntui.model.people import Entity

SPORT = Question(id=2, text="What do you like best?", choices={10: "Hiking", 11: "Climbing"})
NAME = Question(id=3, text="Your first name", label="firstname")
LINE = Question(id=4, line=7, text="How was it?: The food", choices={1: "Good", 2: "Bad"})
ALL = (SPORT, NAME, LINE)


@pytest.mark.parametrize(
    ("given", "said", "unknown"),
    [
        (GivenValue(2, 0, 11), "What do you like best?: Climbing", False),
        (GivenValue(2, 0, "11"), "What do you like best?: Climbing", False),
        (GivenValue(2, 0, [10, 11]), "What do you like best?: Hiking, Climbing", False),
        (GivenValue(2, 0, 99), "What do you like best?: choice 99", True),
        (GivenValue(2, 0, "by boat"), "What do you like best?: by boat", True),
        (GivenValue(4, 7, 2), "How was it?: The food: Bad", False),
        (GivenValue(3, 5, "Ada"), "Your first name: Ada", False),
        (GivenValue(3, 0, True), "Your first name: Yes", False),
        (GivenValue(3, 0, 12.5), "Your first name: 12.5", False),
        (GivenValue(3, 0, {"a": 1}), 'Your first name: {"a":1}', True),
        (GivenValue(8, 0, "[bold]x[/]"), "question 8: [bold]x[/]", True),
        (GivenValue(2, 0, None), "", False),
        (GivenValue(2, 0, ""), "", False),
        (GivenValue(2, 0, []), "", False),
    ],
)
def test_an_answer_is_put_into_words_and_nothing_that_was_answered_is_dropped(
    given: GivenValue, said: str, unknown: bool
) -> None:
    found = answers([given], ALL)
    assert "; ".join(f"{each.question}: {each.answer}" for each in found.answers) == said
    assert found.unknown is unknown


def test_what_somebody_typed_instead_of_choosing_may_be_thousands_of_digits() -> None:
    (found,) = answers([GivenValue(2, 0, "9" * 5000)], ALL).answers
    assert found.answer == "9" * 5000


def test_what_dotdigital_would_fill_a_name_with_names_a_new_record() -> None:
    assert answers([GivenValue(3, 0, "Ada"), GivenValue(2, 0, 10)], ALL).names == {"FIRSTNAME": "Ada"}


def test_questions_that_are_not_asked_any_more_stay_known_with_their_choices() -> None:
    first = merged((), ALL)
    assert (first.new, first.gone, first.questions) == ((), (), ALL)
    extra = Question(id=9, text="Anything else?")
    fewer = Question(id=2, text="What do you like best?", choices={11: "Climbing"})
    second = merged(first.questions, (fewer, extra))
    assert (second.new, second.gone) == (("Anything else?",), ("Your first name", "How was it?: The food"))
    assert second.questions[0].choices == {10: "Hiking", 11: "Climbing"}
    assert answers([GivenValue(4, 7, 1), GivenValue(2, 0, 10)], second.questions).unknown is False
    assert "The food (no longer asked)\n  - Good" in questions_text(second.questions)
    assert merged(second.questions, (fewer, extra)).gone == ()
    assert merged(second.questions, (*ALL, extra)).new == ("Your first name", "How was it?: The food")


def test_one_record_is_chosen_for_an_address_in_whatever_order_they_are_read() -> None:
    def made(entity: Entity, number: int, **more: Any) -> Candidate:
        return Candidate(entity=entity, id=str(number), name="", address="a@x.org", **{"active": True, **more})

    best = made(Entity.CONTACT, 5, created_on="2020-01-01")
    others = [
        made(Entity.CONTACT, 6, created_on="2020-01-01"),
        made(Entity.CONTACT, 1, created_on="2021-01-01"),
        made(Entity.LEAD, 2, created_on="2019-01-01"),
        made(Entity.CONTACT, 3, created_on="2018-01-01", active=False),
    ]
    for order in permutations([best, *others]):
        assert winners(order) == {"a@x.org": best}
