"""A little of everything around contacts and campaigns for a world: forms, scores, preferences, programs, web visits.

Derived from the contacts that are there and a seed, so that the same world gets the same.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from dyntui.sandbox.dotdigital import codec, dates, insight, scoring, storage
from dyntui.sandbox.state import State

_SHOP = "https://shop.kestrel-outdoor.example"
_PATHS = ("tents", "boots", "rucksacks/alpine-40", "sale", "guides/how-to-layer", "basket", "stores")
_CHOICES = ("Hiking", "Climbing", "Paddling", "Ski touring")
_SOURCES = ("Direct", "Email", "Embedded", "Popover", "Facebook", "Twitter", "GooglePlus", "Other")
_SURVEYS = (("How was your last trip?", True), ("Choose your newsletter", False))
_PREFERENCES = (("Newsletters", ("Monthly news", "Offers", "Local events")), ("Products", ("Tents", "Climbing gear")))
_PROGRAMS = (("Welcome series", "Active"), ("Win back", "Draft"), ("Birthday", "Deactivated"))


def seed(state: State, number: int, share: float = 0.2) -> None:
    """Fills what is empty, for about `share` of the contacts; does nothing where there is something already."""
    if state.db.execute("SELECT 1 FROM dd_survey LIMIT 1").fetchone():
        return
    with state.transaction():
        now = storage.now(state)
        leaves = _preferences(state, now)
        surveys = [_survey(state, name, assigned, now) for name, assigned in _SURVEYS]
        state.db.executemany(
            "INSERT INTO dd_program (name, status, created) VALUES (?, ?, ?)",
            [(name, status, now - 200 * dates.DAY) for name, status in _PROGRAMS],
        )
        people = list(_chosen(state, number, share))
        state.db.executemany(
            "INSERT INTO dd_score (contact_id, label, score, engagement, suitability, modified)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [_score(contact, draws, now) for contact, _, draws in people],
        )
        state.db.executemany(
            "INSERT INTO dd_opt_in (preference_id, contact_id, opted_in, modified) VALUES (?, ?, ?, ?)",
            [
                (leaf, contact, draws[9 + n] % 2, now - draws[8] * dates.DAY // 3)
                for contact, _, draws in people
                for n, leaf in enumerate(leaves)
            ],
        )
        state.db.executemany(
            "INSERT INTO dd_survey_response (survey_id, email, started, completed, answers) VALUES (?, ?, ?, ?, ?)",
            [_response(surveys[draws[2] % 2], email, draws, now) for _, email, draws in people if draws[1] < 80],
        )
        state.db.executemany(
            "INSERT INTO dd_insight (collection, key, contact_id, document, created, updated)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [_visit(contact, draws, now) for contact, _, draws in people if draws[0] < 128],
        )


def _chosen(state: State, number: int, share: float) -> Iterator[tuple[int, str, Sequence[int]]]:
    """Some contacts with 32 bytes of their own chance."""
    for contact, email in state.db.execute("SELECT id, email FROM dd_contact WHERE email IS NOT NULL ORDER BY id"):
        draws = hashlib.blake2b(f"{number}/{email}".encode(), digest_size=32).digest()
        if draws[31] < share * 256:
            yield contact, email, draws


def _score(contact: int, draws: Sequence[int], now: int) -> tuple[Any, ...]:
    engagement, suitability = draws[3] % 101, draws[4] % 101
    score = (engagement + suitability) // 2
    return contact, scoring.label(score), score, engagement, suitability, now - draws[5] * dates.DAY // 4


def _preferences(state: State, now: int) -> list[int]:
    leaves = []
    for place, (category, names) in enumerate(_PREFERENCES, 1):
        parent = _preference(state, category, False, 0, place, now)
        leaves += [_preference(state, name, True, parent, n, now) for n, name in enumerate(names, 1)]
    return leaves


def _preference(state: State, name: str, leaf: bool, category: int, place: int, now: int) -> int:
    cursor = state.db.execute(
        "INSERT INTO dd_preference (public_name, private_name, is_preference, is_public, category_id, position,"
        " created, modified) VALUES (?, ?, ?, 1, ?, ?, ?, ?)",
        (name, name, leaf, category, str(place), now - 300 * dates.DAY, now - 300 * dates.DAY),
    )
    return int(cursor.lastrowid or 0)


# -- forms -----------------------------------------------------------------------------------------------------------

_EMAIL_FIELD, _CHOICE_FIELD, _TEXT_FIELD = 1, 2, 3


def _survey(state: State, name: str, assigned: bool, now: int) -> int:
    document = {
        "url": f"{_SHOP}/p/{name.split(maxsplit=1)[0].lower()}",
        "dateSurveyCreated": dates.iso(now - 120 * dates.DAY),
        "dateSurveyModified": dates.iso(now - 100 * dates.DAY),
        "state": "Active",
        "firstActiveDate": dates.iso(now - 100 * dates.DAY),
        "lastInactiveDate": None,
        "scheduledStartDate": None,
        "scheduledEndDate": None,
        "confirmationMode": "Text",
        "submissionMode": "Multiple",
        "fieldCount": 3,
        "notifyCreatorOnResponse": False,
        "respondentNotificationType": "None",
        "respondentNotificationCampaignId": 0,
        "isAssignedToAddressBook": assigned,
        "assignedAddressBookTarget": "AllContacts",
        "assignedSpecificAddressBookId": 0,
        "totalViews": 0,
        "totalBounces": 0,
        **{f"source{source}Total": 0 for source in _SOURCES},
    }
    cursor = state.db.execute(
        "INSERT INTO dd_survey (name, document, pages) VALUES (?, ?, ?)",
        (name, codec.text(document), codec.text(_pages())),
    )
    return int(cursor.lastrowid or 0)


def _pages() -> list[dict[str, Any]]:
    choices = [{"id": 10 + n, "text": text} for n, text in enumerate(_CHOICES)]
    return [
        {
            "id": 1,
            "name": "Page 1",
            "fields": [
                _field(_EMAIL_FIELD, "email", "Your e-mail address", required=True),
                _field(_CHOICE_FIELD, "radiolist", "What do you like best?", choices=choices),
                _field(_TEXT_FIELD, "textarea", "Anything else?"),
            ],
        }
    ]


def _field(
    key: int, kind: str, text: str, *, required: bool = False, choices: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    return {
        "id": key,
        "type": kind,
        "text": text,
        "isRequired": required,
        "defaultValue": "",
        "mode": "",
        "choices": choices or [],
        "subFields": [],
        "hasOtherOption": False,
        "otherOptionChoiceId": 0,
        "otherOptionSubFieldId": 0,
        "otherOptionTextFieldId": 0,
        "isAssignedToContactDataField": False,
        "assignedContactDataFieldName": "",
        "assignedContactDataExistsAction": "OverwriteData",
    }


def _response(survey: int, email: str, draws: Sequence[int], now: int) -> tuple[Any, ...]:
    """One response; some are anonymous, some were given up."""
    started = now - draws[6] * dates.DAY // 3 - draws[7] * 60_000
    answers = [
        {"fieldId": _EMAIL_FIELD, "subFieldId": 0, "value": email},
        # The answer of a choice question is the id of the choice.
        {"fieldId": _CHOICE_FIELD, "subFieldId": 0, "value": 10 + draws[8] % len(_CHOICES)},
        {
            "fieldId": _TEXT_FIELD,
            "subFieldId": 0,
            "value": ("", "Great service!", "=1+1", "[bold]Tack så mycket[/]")[draws[9] % 4],
        },
    ]
    anonymous, given_up = draws[10] < 25, draws[11] < 25
    return (
        survey,
        None if anonymous else email,
        started,
        None if given_up else started + (1 + draws[12]) * 1000,
        codec.text(answers[1:] if anonymous else answers),
    )


def _visit(contact: int, draws: Sequence[int], now: int) -> tuple[Any, ...]:
    began = now - draws[13] * dates.DAY // 4 - draws[14] * 60_000
    pages = [
        (f"{_SHOP}/{_PATHS[(draws[15] + n) % len(_PATHS)]}", began + n * (20 + draws[16]) * 1000)
        for n in range(1 + draws[17] % 5)
    ]
    document = insight.session(pages, f"198.51.100.{draws[18] % 254 + 1}", draws[19] % 5)
    return insight.WEB, f"{contact}-{began}", contact, codec.text(document), began, pages[-1][1]
