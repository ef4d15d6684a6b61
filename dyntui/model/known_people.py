"""People as support staff look for them: who is known, what was seen of them, in the order of time."""

from __future__ import annotations

import msgspec

from dyntui.model.why import Verdict

_PREFERENCES = (("DO_NOT_BULK_EMAIL", "bulk e-mail"), ("DO_NOT_EMAIL", "e-mail"))
# The reasons that are a contact preference of a record in Dynamics.
PREFERENCES = tuple(code for code, _ in _PREFERENCES)


class KnownPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A record of Dynamics on some marketing list, or an address of which only an opt-out is known (`person` and
    `entity` are `""`). `lists`: how many lists it is on; `reason`: the first closed gate on any of them, as they were
    synchronised last."""

    person: str
    entity: str
    name: str
    address: str
    lists: int = 0
    reason: str = ""


class PersonDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A record, and where it stands on each activated list it is on. `others`: further records with its address;
    `not_allowed`: what the record's own contact preferences forbid, as they were read last, of `PREFERENCES`."""

    person: KnownPerson
    verdicts: tuple[Verdict, ...]
    others: tuple[KnownPerson, ...]
    not_allowed: tuple[str, ...] = ()

    @property
    def preferences(self) -> str:
        """The contact preferences in words."""
        said = (f"{name}: {'do not allow' if code in self.not_allowed else 'allow'}" for code, name in _PREFERENCES)
        return ", ".join(said)


class TimelineEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was seen of a person at `happened_on` (ISO 8601 UTC). `kind`: one of `KINDS`; `where`: the
    campaign or the marketing list; `run`: the run that tells more, `""` where there is none."""

    happened_on: str
    kind: str
    where: str = ""
    detail: str = ""
    run: str = ""


# In the order in which they are offered; the words are what people read.
KINDS: dict[str, str] = {
    "sent": "Email sent",
    "opened": "Opened",
    "clicked": "Clicked",
    "replied": "Replied",
    "bounced": "Bounced",
    "visited": "Page visited",
    "roi": "ROI",
    "answered": "Form answered",
    "scored": "Score changed",
    "opt-in": "Opt-in type changed",
    "left out": "Left out of a send",
    "unsubscribed": "Unsubscribed",
    "suppressed": "Suppressed",
    "opted out": "Opted out in Dynamics",
    "lifted": "Opt-out ended",
    "joined": "Joined a list",
    "changed": "Outcome changed",
    "left": "Left a list",
}
