"""When a send goes out and in how many parts: one below the other, each changed with Enter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from dyntui.model.held_sends import as_written, in_time, time_of
from dyntui.model.moments import text_of
from dyntui.model.sends import HANDED_WORDS, SPLIT_WORDS
from dyntui.model.split_tests import SplitTest, split_of
from dyntui.model.waves import LONGEST_PAUSE, SHORTEST_PAUSE, shares_of
from dyntui.service.contract.sends import Limits, Waves

from .facts_question import FactsQuestion
from .wording import in_both_times, number

_KEEP = "keep"
_NOT_HELD = (
    "This service ends with its last client: it can neither hold a send until its hour nor send in waves. Start "
    "`dyntui serve`, which stays; or send it at once, or let dotdigital hold it."
)
_LIMITS = tuple(Limits.__struct_fields__)
_MEANS = {
    "at": "Such as 2026-12-01 18:00, or 18:00 alone; in local time unless it ends in Z. Empty: at once, when you "
    "confirm. Until then it can be cancelled, and at its hour everybody is decided anew.",
    "handed": "Held by dyntui, its service has to run then: everybody is decided anew, and it can be cancelled. Handed "
    "to dotdigital it goes out even if this machine is off; nobody is looked at again then, and it has no recall.",
    "split": "A metric (opens, clicks or ROI), the share that gets the versions, and hours: opens, 20%, 4h. Empty: "
    "everybody gets the first version.",
    "how": "In waves the first people get it, then more, then the rest: what comes back stops the next wave. Enter "
    "changes it.",
    "shares": "Of everybody, in per cent: 1 %, 10 %, rest.",
    "pause": "Minutes from the end of a wave to the next one. Bounces and complaints take a while to arrive.",
    "bounces": "Per cent of those mailed above which no other wave begins.",
    "complaints": "Per cent of those mailed above which no other wave begins; a single one counts.",
    "unsubscribes": "Per cent of those mailed above which no other wave begins.",
    _KEEP: "Shown in the summary, and asked once more there.",
}


class SendOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`at`: when it goes out (ISO 8601 UTC), `""` for at once; `handed`: dotdigital holds it until then; `waves`: None
    for all at once; `split`: how a split test picks its winner, None where it is sent as one mail."""

    at: str = ""
    handed: bool = False
    waves: Waves | None = None
    split: SplitTest | None = None

    @property
    def when(self) -> str:
        """In words."""
        if not self.at:
            return "immediately, once you confirm the summary"
        return f"{in_both_times(self.at)}, {'handed to dotdigital now' if self.handed else 'held by dyntui until then'}"

    @property
    def how(self) -> str:
        """In words."""
        if self.split is not None:
            return f"as a split test: {self.split.words}"
        return (
            "all at once"
            if self.waves is None
            else f"in waves: {self.waves.words}, {number(self.waves.pause)} min apart"
        )

    @property
    def warning(self) -> str:
        """What cannot be taken back, in words; `""` where dyntui keeps it in hand."""
        return " ".join([*([HANDED_WORDS] if self.handed else []), *([SPLIT_WORDS] if self.split is not None else [])])

    @property
    def stops(self) -> str:
        """What stops the next wave, in words; `""` where there are none."""
        if self.waves is None:
            return ""
        limits = self.waves.limits
        said = (f"{getattr(limits, name):g} % {name}" for name in _LIMITS)
        return f"above {', '.join(said)} of those mailed"


class SendQuestion(FactsQuestion[SendOptions]):
    """Asks when and how a campaign is sent, going on from what was chosen before."""

    WORD = "Option"

    def __init__(self, before: SendOptions, now: datetime, *, tests: bool = False, holds: bool = True) -> None:
        """`tests`: the campaign is a split test; `holds`: the service stays to hold a send or send in waves."""
        super().__init__("When and how it is sent", told=_MEANS["at"])
        self._at = before.at
        self._handed = before.handed
        self._tests = tests
        self._holds = holds
        self._split = before.split
        self._in_waves = before.waves is not None
        self._waves = before.waves or Waves()
        self._now = now

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """When, how, and of waves their shares, pause and limits."""
        waves = self._waves
        limits = [(name, f"Stops above {name}", f"{getattr(waves.limits, name):g} %") for name in _LIMITS]
        of_waves = [("shares", "Waves", waves.words), ("pause", "Minutes between", str(waves.pause)), *limits]
        return [
            ("at", "When", in_both_times(self._at) if self._at else "at once"),
            *([("handed", "Held by", "dotdigital" if self._handed else "dyntui")] if self._at else []),
            *([("split", "Split test", self._split.words if self._split else "no")] if self._tests else []),
            *([("how", "How", "in waves" if self._in_waves else "all at once")] if self._may_be_divided else []),
            *(of_waves if self._in_waves and self._may_be_divided else []),
            (_KEEP, "Take it over", ""),
        ]

    @property
    def _may_be_divided(self) -> bool:
        """dotdigital takes a send as one."""
        return self._split is None and not (self._at and self._handed)

    def meaning(self, key: str) -> str:
        """What an option means."""
        return _MEANS[key]

    def change(self, key: str) -> None:
        """All at once or in waves; the others are typed."""
        waves = self._waves
        divided = self._in_waves and self._may_be_divided
        if key == _KEEP and not self._holds and (divided or (self._at and not self._handed)):
            self.console.notify(_NOT_HELD, title="Not taken over", severity="warning", markup=False)
        elif key == _KEEP:
            self.dismiss(
                SendOptions(
                    at=self._at,
                    handed=bool(self._at) and self._handed,
                    waves=waves if divided else None,
                    split=self._split,
                )
            )
        elif key == "handed":
            self._handed = not self._handed
        elif key == "split":
            split = self._split or SplitTest()
            self.type_in(key, f"{split.by}, {split.percentage}%, {split.hours}h")
        elif key == "how":
            self._in_waves = not self._in_waves
        elif key == "at":
            self.type_in(key, as_written(datetime.fromisoformat(self._at)) if self._at else "")
        elif key == "shares":
            self.type_in(key, ", ".join([f"{each:g} %" for each in waves.shares] + ["rest"]))
        elif key == "pause":
            self.type_in(key, str(waves.pause))
        else:
            self.type_in(key, f"{getattr(waves.limits, key):g}")

    def typed(self, key: str, text: str) -> str:
        """A time, shares, minutes or per cent."""
        take: Callable[[str], None] = {
            "at": self._take_time,
            "split": self._take_split,
            "shares": self._take_shares,
            "pause": self._take_pause,
        }.get(key, lambda text: self._take_limit(key, text))
        try:
            take(text)
        except ValueError as wrong:
            said = f"{wrong}".removesuffix(".")
            return f"{said[0].upper()}{said[1:]}."
        return ""

    def _take_time(self, text: str) -> None:
        at = time_of(text, self._now) if text else None
        if at is not None and (wrong := in_time(at, self._now)):
            raise ValueError(wrong)
        self._at = text_of(at)

    def _take_split(self, text: str) -> None:
        self._split = split_of(text) if text else None

    def _take_shares(self, text: str) -> None:
        self._waves = msgspec.structs.replace(self._waves, shares=shares_of(text))

    def _take_pause(self, text: str) -> None:
        if not text.isdecimal() or not SHORTEST_PAUSE <= int(text) <= LONGEST_PAUSE:
            raise ValueError(f"the pause is {SHORTEST_PAUSE} to {LONGEST_PAUSE} minutes")
        self._waves = msgspec.structs.replace(self._waves, pause=int(text))

    def _take_limit(self, key: str, text: str) -> None:
        try:
            percent = float(text.removesuffix("%").strip())
        except ValueError:
            percent = -1.0
        if not 0 <= percent <= 100:
            raise ValueError("that is no share in per cent, from 0 to 100")
        limits = msgspec.structs.replace(self._waves.limits, **{key: percent})
        self._waves = msgspec.structs.replace(self._waves, limits=limits)
