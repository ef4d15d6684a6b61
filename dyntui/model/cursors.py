"""Where a run is: what is stored with it, in one transaction with the work that it stands for, so that whoever takes
the run up goes on from there.

A kind of run names its cursor in `dyntui.model.sync_types`; one that begins anew after an interruption has none of its
own. Cursors that an earlier version stored are still read: fields it did not know have their defaults, and fields that
are not used any more are passed over. So a field keeps its name and its meaning, and a new one has a default with which
an older cursor is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from dyntui.model.campaign_results import ResultKind
from dyntui.model.errors import DyntuiError


class Removing(msgspec.Struct, frozen=True, omit_defaults=True):
    """Removals from an address book that are under way in dotdigital: their ids, and a fingerprint of the book and of
    who is to leave it."""

    ids: tuple[str, ...] = ()
    of: str = ""


class Cursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a run that begins anew after an interruption. Stored as JSON, without what has its default: `{}` at the
    start. Whatever the kind, removals that are under way (`removing`) are waited for and not begun again."""

    removing: Removing = Removing()


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """What Dynamics said of a list before the run: its status of synchronisation, and the id of its address book."""

    status: str = ""
    book: int = 0


class Asking(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question of what changed: for the lists `of`, from the link `since` on; `next`: the place of the next page."""

    of: tuple[str, ...] = ()
    since: str = ""
    next: str = ""


class OneList(Cursor, frozen=True, kw_only=True, omit_defaults=True, rename={"importing": "import"}):
    """Of a run that synchronises marketing lists, one after the other: where it is in the one in hand.

    `reading`: the list whose members are being read; `listing`: in which part of it (`records`, `rows`, `done`; `""`
    before the first), `next`: the place of the next page, `confirmed`: the records of which the list has a row as well.
    `list`: the list that is synchronised; `step`: what is to be done next (`read`, `plan`, `remove`, `import`,
    `channels`, `close`, `done`). `importing`: the id of dotdigital's import that is under way. `guarded`: it was
    decided who of those to be removed waits for approval. `note`: what the audit is to say of the list. `status`: how
    it ended (`dyntui.model.outcomes.RunStatus`). `consent`: how often something had been learned of who opted out when
    it was decided who is imported (`dyntui.store.consent_news`).

    Of a reading of everybody on the list: `why`, in words; `asked_on`: when it began by Dynamics' clock; `columns`:
    how records are asked for (`dyntui.sync.member_rows.as_asked`); `rows`: how many rows of the list were read,
    `count`: how many members Dynamics counted before. Where it proves what was said to have changed: `compare`: the
    mark of those who were on the list as far as was known, `differs`: the ids of those of them who are another than was
    known, `strange`: of those who were not known, `backdated`: how many rows of these say that they had been there.
    `changes`: the question of what changed that is under way.

    `alone`: the address of the one person whose import shows whether the email account mails whoever is imported;
    `alone_so_far`: how many were imported alone for that.

    `in_book`: how many contacts the list's address book held when it was read, `joined` and `left`: how many this run
    has put into it and taken out of it since.

    `only`: the ids of those about whom the synchronisation is, where it is about one address; none: everybody.
    """

    reading: str = ""
    listing: str = ""
    next: str = ""
    confirmed: int = 0
    list: str = ""
    step: str = ""
    importing: str = ""
    guarded: bool = False
    note: str = ""
    told: Told = Told()
    status: str = ""
    why: str = ""
    asked_on: str = ""
    columns: str = ""
    rows: int = 0
    count: int | None = None
    compare: str = ""
    differs: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    backdated: int = 0
    changes: Asking = Asking()
    consent: int = 0
    in_book: int = -1
    joined: int = 0
    left: int = 0
    alone: str = ""
    alone_so_far: int = 0
    only: tuple[str, ...] = ()


class ListsCursor(OneList, frozen=True, kw_only=True, omit_defaults=True):
    """Of a synchronisation of marketing lists. `due`: the ids of all of them, None before that is known; `read`: how
    many of them have been read, `place`: how many are finished; `failed`: the ids of those that failed. `typed`: the
    addresses that dotdigital would be told of besides, where the run is a plan. `untold`: of how many suppressions
    Dynamics did not know when the lists were begun."""

    due: tuple[str, ...] | None = None
    read: int = 0
    place: int = 0
    failed: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()
    untold: int = 0

    def next_list(self, *, read: int | None = None, place: int | None = None) -> ListsCursor:
        """With another list in hand."""
        return ListsCursor(
            due=self.due,
            read=self.read if read is None else read,
            place=self.place if place is None else place,
            failed=self.failed,
            typed=self.typed,
            untold=self.untold,
        )


class UndoCursor(OneList, frozen=True, kw_only=True, omit_defaults=True):
    """Of an undo. `consent`: who must not be mailed is known; `place`: how many of the places that the run wrote to are
    finished; `failed`: the items of those that failed."""

    consent: bool = False
    place: int = 0
    failed: tuple[str, ...] = ()


class LabelsCursor(Cursor, frozen=True, kw_only=True, omit_defaults=True):
    """Of a comparison of data labels, by their names: those that were `learned` and `removed` here, and those that the
    email service was to get (`create`). `compared`: that is known."""

    compared: bool = False
    learned: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    create: tuple[str, ...] = ()


class MembersCursor(Cursor, frozen=True, kw_only=True, omit_defaults=True):
    """Of a change of a list's members. `step`: what is to be done next (`decide`, `write`, `done`)."""

    step: str = "decide"


class FeedCursor(Cursor, frozen=True, kw_only=True, omit_defaults=True):
    """Of a run that reads a feed page by page. `since`, `until`: the moments between which its news are, by
    dotdigital's clock, `since` `""` where it is read from the beginning; `next`: the place of the next page, `page`:
    its number, `done`: how many rows were read, `repeats`: the feed did not go on, `read`: it is through."""

    since: str = ""
    until: str = ""
    next: str = ""
    page: int = 0
    done: int = 0
    repeats: bool = False
    read: bool = False


class PreferencesCursor(OneList, frozen=True, kw_only=True, omit_defaults=True):
    """Of a synchronisation of marketing preferences. `since`, `until`: the moments between which the news of choices
    are; `leaf`: the preference up to whose id choices have been read; `repeats`: a feed of them did not go on."""

    since: str = ""
    until: str = ""
    leaf: int = 0
    repeats: bool = False


class CampaignsCursor(Cursor, frozen=True, kw_only=True, omit_defaults=True):
    """Of a synchronisation of email campaigns. `news`: the ids of the campaigns whose results are to be read, None
    before that is known; `place`: how many have been. `since`, `until`: the moments between which their news are.

    Of the campaign in hand: `step`: which of its feeds is being read, or `tell`, `""` before its totals were; `next`:
    the place of the next page, `page`: its number; `results_since`: from when on its feeds are read, `""` from the
    beginning, `roi_since`: its ROI; `kinds`: what is read of its recipients; `totals`: a fingerprint of its totals;
    `repeats`: one of its feeds did not go on; `untimed`: whom a time was given for that cannot be.
    """

    news: tuple[int, ...] | None = None
    place: int = 0
    since: str = ""
    until: str = ""
    step: str = ""
    next: str = ""
    page: int = 0
    results_since: str = ""
    roi_since: str = ""
    kinds: tuple[ResultKind, ...] = tuple(ResultKind)
    totals: str = ""
    repeats: bool = False
    untimed: tuple[str, ...] = ()

    def next_campaign(self) -> CampaignsCursor:
        """With the campaign after this one in hand."""
        return CampaignsCursor(news=self.news, place=self.place + 1, since=self.since, until=self.until)


# What comes once the platform has a send: it offers no recall.
PAST_RECALL = frozenset({"follow", "handed", "clear", "done"})


class SendCursor(OneList, frozen=True, kw_only=True, omit_defaults=True):
    """Of a send. `phase`: what is to be done next, `""` at the start; `read`, `place`: how many target lists have been
    read and synchronised; `after`, `done`: the person up to whom recipients are in the address book, and how many.

    Of the request to create the platform's send: `asked`: it may be on its way, so it is looked for and not made again;
    `turned_away`: dotdigital said that it had not taken one up; `shown_before`: what the campaign showed of earlier
    sends; `looked_for`: how often it was looked for; `waits`: how often a limit was waited for, `apart`: for how many
    of them the last look was put off until a minute after the proof; `proofs`: how often the people were proved anew;
    `mailed_as_of`: what the campaign showed when it was last read who had been mailed it; `unlisted`: how often it was
    waited for people to show in the address book. `looked_on`: when every source of opt-outs had been asked the last
    time before the request.

    `ended`: code, message, what was not done and remedy of what has ended the send; a run that is interrupted as it
    ends goes on with that, and never with the send.
    """

    phase: str = ""
    read: int = 0
    place: int = 0
    after: str = ""
    done: int = 0
    asked: bool = False
    turned_away: bool = False
    shown_before: str = ""
    looked_for: int = 0
    waits: int = 0
    apart: int = 0
    proofs: int = 0
    mailed_as_of: str = ""
    unlisted: int = 0
    looked_on: str = ""
    ended: tuple[str, ...] = ()

    @property
    def may_exist(self) -> bool:
        """Whether a request to create the send has left, and was not refused in words."""
        return self.asked or self.turned_away

    @property
    def past_recall(self) -> bool:
        """Whether dotdigital may have the send by now, or has it: there is nothing left to cancel."""
        return self.asked or self.phase in PAST_RECALL

    def entering(self, phase: str) -> SendCursor:
        """At the beginning of a phase, with what all later ones need to know of the request."""
        return SendCursor(
            phase=phase,
            turned_away=self.turned_away,
            shown_before=self.shown_before,
            waits=self.waits,
            apart=self.apart,
            proofs=self.proofs,
            mailed_as_of=self.mailed_as_of,
            unlisted=self.unlisted,
            looked_on=self.looked_on,
        )


C = TypeVar("C", bound=Cursor)


def cursor_of(stored: Mapping[str, Any], kind: type[C]) -> C:
    """A cursor as it is stored with a run, by this version or an earlier one. Raises RUN_CURSOR_UNREADABLE.

    That of a send which cannot be read is one in doubt: a request may be on its way, and none is made again.
    """
    try:
        return msgspec.convert(stored, kind, strict=False)
    except msgspec.ValidationError as error:
        if issubclass(kind, SendCursor):
            return kind(phase="create", asked=True)
        raise DyntuiError(
            "RUN_CURSOR_UNREADABLE",
            "What is stored of how far the run has come cannot be read by this version.",
            not_done="The run did not go on.",
            remedy="Start it again: it begins anew, and changes nothing twice.",
            detail=str(error),
        ) from error
