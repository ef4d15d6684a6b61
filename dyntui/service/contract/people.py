"""People: found by name or address, why they are mailed or not, and everything that was seen of them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from dyntui.model.admin_changes import AdminChange as AdminChange
from dyntui.model.known_people import KINDS as KINDS
from dyntui.model.known_people import KnownPerson as KnownPerson
from dyntui.model.known_people import PersonDetail as PersonDetail
from dyntui.model.known_people import TimelineEvent as TimelineEvent
from dyntui.model.outcomes import PersonOutcome
from dyntui.model.people import Entity
from dyntui.model.roles import Ability
from dyntui.model.subject_requests import SubjectExport as SubjectExport
from dyntui.model.subject_requests import SubjectPart as SubjectPart
from dyntui.model.timeline_picture import MOST, PERIODS
from dyntui.model.timeline_picture import TimelinePicture as TimelinePicture
from dyntui.model.why import ClosedGate as ClosedGate
from dyntui.model.why import Verdict as Verdict
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Number, Text, one_of
from dyntui.service.contract.calls import Call
from dyntui.service.contract.console import ON_EVERYWHERE
from dyntui.service.contract.lists import ON_LIST, MemberRow
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import ON_PEOPLE
from dyntui.service.contract.situations import Situation, go, within


class PeopleQuery(Window, frozen=True, kw_only=True):
    """A window on everybody known; `search` looks at name and address, and without it there is nobody."""


class PersonRef(msgspec.Struct, frozen=True, kw_only=True):
    """A record by its id in Dynamics, or by an address that only one record has."""

    person: Text


class WhyQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Who has `address`: would they be mailed the `campaign` (dotdigital's number; of `account` where two accounts hold
    the same one) by a send to its target lists? Without a campaign (0): by a send to each activated list they are
    on."""

    address: Text
    campaign: Number = 0
    account: Text = ""


class WhyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Where the records with `address` stand, the one that would be mailed first. `campaign`: its name where one was
    named. `known`: further records with the address, on lists that were not asked about; `note`: what to know where
    there is no verdict."""

    address: str
    campaign: str
    verdicts: tuple[Verdict, ...]
    known: tuple[KnownPerson, ...]
    note: str = ""


class TimelineQuery(Window, frozen=True, kw_only=True):
    """A window on what was seen of a `person` (a record's id, or an address); only these `kinds` where given."""

    person: Text
    kinds: tuple[Text, ...] = ()


class PictureQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The picture of what was seen of a `person` (a record's id, or an address): `periods` of a `day`, `week` or
    `month` each (0: as many as are usual), up to the one that the day `until` is in (ISO 8601; `""`: today)."""

    person: Text
    by: Annotated[str, one_of(*PERIODS)] = "week"
    periods: Annotated[int, msgspec.Meta(ge=0, le=MOST)] = 0
    until: Text = ""


class RequestsQuery(Window, frozen=True, kw_only=True):
    """A window on who asked for everything known of whom, newest first."""


PEOPLE_SEARCH = Call("people.search", PeopleQuery, Page[KnownPerson], Ability.SEE)
PEOPLE_SHOW = Call("people.show", PersonRef, PersonDetail, Ability.SEE)
PEOPLE_WHY = Call("people.why", WhyQuery, WhyAnswer, Ability.SEE)
PEOPLE_TIMELINE = Call("people.timeline", TimelineQuery, Page[TimelineEvent], Ability.SEE)
PEOPLE_PICTURE = Call("people.picture", PictureQuery, TimelinePicture, Ability.SEE)

# Who asks, about whom and when is kept.
PEOPLE_EXPORT = Call("people.export", PersonRef, SubjectExport, Ability.ADMINISTER)
PEOPLE_REQUESTS = Call("people.requests", RequestsQuery, Page[AdminChange], Ability.ADMINISTER)

ON_FOUND_PEOPLE = Scope("Find a person")
ON_PERSON = Scope("A person")

_RECORDS = tuple(each.value for each in Entity)


def person_of(situation: Situation) -> str:
    """The person in hand, as `PersonRef` names them: a record's id, or the address where it is a contact of dotdigital
    that is known by that alone; `""` where there is nobody."""
    row = situation.one(PersonOutcome) or situation.one(MemberRow)
    if row is None:
        return ""
    return row.person if row.entity in _RECORDS else row.address


def person(situation: Situation) -> str:
    """Somebody is in hand who has a page."""
    return "" if person_of(situation) else "Nobody is selected."


ACTIONS = (
    Action(
        id="people.find",
        title="Find a person",
        known_as=("Engagement Timeline",),
        scopes=(ON_EVERYWHERE,),
        keys=("F",),
        hint="Find a person",
        hinted=within,
        call=PEOPLE_SEARCH,
        command="dyntui people search TEXT",
        tooltip="By name or address, over all marketing lists and opt-outs",
        rule=go,
    ),
    Action(
        id="person.open",
        title="Their page",
        scopes=(ON_PEOPLE, ON_LIST),
        keys=("i",),
        hint="Person",
        call=PEOPLE_SHOW,
        command="dyntui people show PERSON",
        tooltip="Why they would be mailed or not, on every list, and what was seen of them",
        row=True,
        rule=person,
    ),
    Action(
        id="person.why",
        title="Why would they be mailed, or not?",
        scopes=(ON_PERSON,),
        keys=("w",),
        hint="Why",
        call=PEOPLE_WHY,
        command="dyntui why ADDRESS",
        tooltip="Every closed gate in its order, what it rests on, and who can mend it",
    ),
    Action(
        id="person.picture",
        title="Picture or table",
        scopes=(ON_PERSON,),
        keys=("m",),
        hint="Picture",
        call=PEOPLE_PICTURE,
        command="dyntui people picture PERSON",
        tooltip="What was seen of them as a picture; Enter on a kind switches it off and on, in the table too",
    ),
    Action(
        id="person.zoom",
        title="Days, weeks or months",
        scopes=(ON_PERSON,),
        keys=("z",),
        hint="Zoom",
        call=PEOPLE_PICTURE,
        command="dyntui people picture PERSON --by month",
        tooltip="How much time a column of the picture is",
    ),
    Action(
        id="person.earlier",
        title="Earlier in the picture",
        scopes=(ON_PERSON,),
        keys=("left_square_bracket",),
        tooltip="Half a picture back",
    ),
    Action(
        id="person.later",
        title="Later in the picture",
        scopes=(ON_PERSON,),
        keys=("right_square_bracket",),
        tooltip="Half a picture on, today at the furthest",
    ),
    Action(
        id="person.export",
        title="Export everything known of them",
        scopes=(ON_PERSON,),
        keys=("X",),
        hint="Export",
        call=PEOPLE_EXPORT,
        command="dyntui people export PERSON --out FILE",
        tooltip="For a subject request: both sides and what is stored here, as text or JSON; who asked is kept",
    ),
)
