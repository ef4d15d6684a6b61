"""Sends as store, contract and both faces show them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

import msgspec

from dyntui.model.counted import people_of
from dyntui.model.outcomes import ReasonCount
from dyntui.model.split_tests import SplitTest
from dyntui.model.waves import Waves


class SendRow(msgspec.Struct, frozen=True, kw_only=True):
    """One dispatch; `potential` is `sendable` + the sum of `excluded`.

    `state`: Scheduled (held until `send_at`), Missed (its hour passed, and a person has to say what is to be done),
    Queued, Preparing, In waves, Handed over (dotdigital has it, and mails somebody later), Sending, Sent, Stopped
    (before its last wave), Failed, Refused, Cancelled. `confirmed`: how many people would have been mailed when
    somebody said that it is to be sent. `doubt`: why it is not known who was mailed - `cancelled`: in dotdigital, which
    does not tell whom it reached; `emptied`: it was taken back from dotdigital by emptying its address book;
    `unproved`: dotdigital did not answer and does not show the send; `stopped`: it says `Sent` and shows fewer people
    as mailed - or `""`. `decision`: `mailed` or `not mailed`, as `decided_by` found in dotdigital's outbox on
    `decided_on`; `""` as long as nobody has said so.

    `waves`: how it is divided, where it is. Each wave is a send of its own: `waves_of` names the whole one, `wave` says
    which it is. Of the whole one `wave` says how many have begun, `mailed` how many people those that were sent mailed,
    `next_on` when the next one is to begin.

    `handed_for`: the time that was, or is to be, handed to dotdigital with the send, `""` where there is none. `split`:
    how a split test picks its winner, None where the send is none. `out_by`: when dotdigital is to have begun with its
    last mail, `""` where it does so at once.
    """

    id: str
    campaign: int
    campaign_name: str
    account_id: str = ""
    run: str
    state: str
    created_by: str
    created_on: str
    sent_on: str
    potential: int
    sendable: int
    excluded: tuple[ReasonCount, ...]
    lists: tuple[str, ...]
    error: str = ""
    doubt: str = ""
    decision: str = ""
    decided_by: str = ""
    decided_on: str = ""
    send_at: str = ""
    confirmed: int = 0
    waves: Waves | None = None
    waves_of: str = ""
    wave: int = 0
    mailed: int = 0
    next_on: str = ""
    handed_for: str = ""
    split: SplitTest | None = None
    out_by: str = ""

    @property
    def held(self) -> bool:
        """It has not begun, and waits for its hour or for a person."""
        return self.state in HELD

    @property
    def goes_out(self) -> str:
        """When it, its next wave, or the rest of a split test begins (ISO 8601 UTC); `""` where nothing more does."""
        if self.state == HANDED_OVER:
            return self.handed_for if self.split is None else self.out_by
        if self.held and not self.wave:
            return self.send_at
        return self.next_on if self.state in ("In waves", "Missed") else ""

    @property
    def people_mailed(self) -> int | None:
        """How many people it has mailed so far; None where that is not known, or nothing has gone out."""
        if self.waves is not None and not self.waves_of:
            return self.mailed
        return self.sendable if self.was_mailed else None

    @property
    def was_mailed(self) -> bool:
        """Whether all of it was, as far as dotdigital says or somebody has found."""
        return self.decision == "mailed" or (self.state == "Sent" and self.decision != "not mailed")

    @property
    def meant(self) -> int:
        """How many people it was to mail when somebody confirmed it, also where it was stopped before that."""
        return max(self.sendable, self.confirmed)

    @property
    def undecided(self) -> bool:
        """Who was mailed is not known, and nobody has said so."""
        return bool(self.doubt) and not self.decision

    @property
    def standing(self) -> str:
        """The state in words, with what is not known of it."""
        if self.decision:
            return f"{self.state}, {self.decision} as {self.decided_by or 'somebody'} found"
        said = _DOUBTS.get(self.doubt, self.state)
        if self.state == HANDED_OVER:
            return "Handed to dotdigital" if self.handed_for else "Split test under way"
        if self.waves is None:
            return said
        of = f"{self.wave} of {self.waves.count}"
        if self.waves_of:
            return f"Wave {of}: {said}"
        return f"{said}, {of} waves" if self.wave and self.state != "Sent" else said


def also_held(sends: Iterable[SendRow], moment: Callable[[str], str]) -> str:
    """The sends of a campaign that are held, in words for whoever is about to send it once more; `""` where none is.
    `moment`: a time as it is shown."""
    waiting = [each for each in sends if each.held and not each.waves_of]
    if not waiting:
        return ""
    first = waiting[0]
    when = f"until {moment(first.send_at)}" if first.state == "Scheduled" else "as it has missed its hour"
    more = f", and {len(waiting) - 1:,} more" if len(waiting) > 1 else ""
    return f"to {people_of(first.meant)} {when}{more}: whoever has it by one of the two is left out of the other"


# What is said before somebody confirms a send that dotdigital holds until its date.
HANDED_WORDS = (
    "It goes out even where no service of dyntui runs, and no call takes it back: cancelling empties its address book. "
    "Nobody who joins a list until then is mailed. Whoever opts out until then leaves the book while a service runs; "
    "otherwise only those are left out whom dotdigital itself suppresses."
)
# The same of a split test.
SPLIT_WORDS = (
    "dotdigital picks the winner and mails the rest by itself, and no call takes it back. Whoever opts out until then "
    "leaves the address book while a service runs."
)


class PersonChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is something else by now than when the send was confirmed. `was`: the outcome then, with the reason
    where there was one, `""` where they were not counted; `outcome`, `reason`, `detail`: now. `cause`: what has
    changed, in words; `on`: when that was (ISO 8601 UTC), or only when it was `noticed`."""

    person_id: str
    entity: str
    name: str
    address: str
    was: str
    outcome: str
    reason: str
    detail: str
    cause: str = ""
    on: str = ""
    noticed: bool = False


class SendResults(msgspec.Struct, frozen=True, kw_only=True):
    """What those whom a send mailed did with it, as far as dotdigital has told: `mailed` of them by our own books,
    `known` of them among dotdigital's recipients, `delivered` to those of the latter who did not bounce; `opens` and
    `clicks` count events, everything else people. Rates are fractions of what `dyntui.model.rates` says, with `known`
    for what was sent, and None where there is nothing to be a share of. `opens_read`, `clicks_read`: whether these are
    read at all."""

    mailed: int
    known: int = 0
    delivered: int = 0
    opened: int = 0
    opens: int = 0
    clicked: int = 0
    clicks: int = 0
    hard_bounced: int = 0
    soft_bounced: int = 0
    unsubscribed: int = 0
    forwards: int = 0
    replies: int = 0
    delivery_rate: float | None = None
    open_rate: float | None = None
    click_rate: float | None = None
    click_to_open_rate: float | None = None
    bounce_rate: float | None = None
    unsubscribe_rate: float | None = None
    opens_read: bool = True
    clicks_read: bool = True


# Not begun: held until its hour, or past it.
HELD = ("Scheduled", "Missed")
# dotdigital has it, and is to mail somebody later: the service looks after it until then.
HANDED_OVER = "Handed over"
# The service has more to do about these, or a person has.
LIVE = (*HELD, "In waves")

_DOUBTS = {
    "cancelled": "Cancelled in dotdigital, nobody knows whom it reached",
    "emptied": "Taken back, its address book was emptied; see the outbox",
    "unproved": "Not known whether it was made",
    "stopped": "Sent or stopped, see the outbox",
}

_BOOKS = "dyntui send "


def book_of_send(send_id: str) -> str:
    """The name of a send's own address book: unique, and recognisable for the person who finds one left over."""
    return f"{_BOOKS}{send_id}"


def send_of_book(name: str) -> str:
    """The id of the send whose address book has this name; `""` for any other book."""
    try:
        return str(uuid.UUID(name.removeprefix(_BOOKS))) if name.startswith(_BOOKS) else ""
    except ValueError:
        return ""
