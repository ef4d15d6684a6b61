"""What frames every screen: the sections on top, the trail, a banner when the service is lost, the run under way and
the key hints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.widget import Widget
from textual.widgets import Button, Input, Static

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.actions import Action, Scope, disabled_reason, is_typed, key_name
from dyntui.service.contract.console import ON_CHOICES, ON_EVERYWHERE, ON_GRID, ON_ROWS, ON_TEXT
from dyntui.service.contract.runs import RunRow
from dyntui.service.contract.subjects import of

from .perform import hint_of, keys_for, scopes_in_focus, situation_of
from .places import SECTIONS
from .widgets.bars import block_bar
from .widgets.cells import fit, single_line, width_of
from .widgets.line import Line, Part
from .wording import hour, number, share

WIDE = 110
# Fewer lines than this are too few for everything that 80x24 shows.
LOW = 24


_LONGEST_ACCOUNT = 24


def _click(action_id: str) -> str:
    return f"screen.perform('{action_id}')"


class TopBar(Line):
    """The sections with their number keys; where one stands is shown."""

    def show_sections(self, here: str, width: int, who: Sequence[str], *, warned: bool = False) -> None:
        """Draws the bar for a width; `here` is the section's name, `who` stands on the right, longest first. `warned`:
        the last of them has room whatever is cut for it."""
        parts: list[Part] = []
        kept = width_of(who[-1]) + 3 if warned else 0
        words, around = sections_in(width - kept)
        pad = " " * ((around - _CLOSE) // 2)
        for place, (section, text) in enumerate(zip(SECTIONS, words, strict=True), start=1):
            chosen = section.name == here
            parts.append(Part(" ", ""))
            parts.append(Part(f"{pad}{place} {text}{pad}", "chosen" if chosen else "", _click(f"go.{section.name}")))
        room = width - sum(len(part.text) for part in parts) - 2
        right = next((text for text in who if width_of(text) <= room), "")
        self.show(*parts, right=[Part(f"{right} ", "warn" if warned else "muted")])


# What stands around a word in the top bar: two spaces, the key and a space before it, one after it; where room is
# scarce, one space and no more.
_AROUND = 5
_CLOSE = 3
# A word that is shorter still, where all words are whole by it.
_SHORTER = {"suppressions": "Suppressed"}
_SHORTEST = 2


def sections_in(width: int) -> tuple[list[str], int]:
    """The words of the sections for a top bar of this width, and how many cells stand around each: rather shorter
    words, and closer ones, than one that is cut."""
    short = [section.short for section in SECTIONS]
    shorter = [_SHORTER.get(section.name, section.short) for section in SECTIONS]
    ways = [(short, _AROUND), (short, _CLOSE), (shorter, _CLOSE)]
    if width >= WIDE:
        ways.insert(0, ([section.title for section in SECTIONS], _AROUND))
    for words, around in ways:
        if fitting(words, width, around) == words:
            return words, around
    return fitting(short, width, _CLOSE), _CLOSE


def fitting(words: Sequence[str], width: int, around: int = _AROUND) -> list[str]:
    """The words as they fit side by side into the top bar, the longest ones cut as far as it takes."""
    room = max(width - around * len(words), 0)
    longest = max(map(len, words))
    while longest > _SHORTEST and sum(min(len(word), longest) for word in words) > room:
        longest -= 1
    return [word if len(word) <= longest else f"{word[: longest - 1]}…" for word in words]


class Trail(Line):
    """Where one is: the way from the section to the thing on the screen, and the email account that is chosen."""

    _steps: tuple[str, ...] = ()
    _note = ""
    _account = ""

    def show_account(self, name: str) -> None:
        """Names the chosen email account; `""` where there is only one."""
        if name != self._account:
            self._account = name
            self.show_trail(*self._steps, note=self._note)

    def show_trail(self, *steps: str, note: str = "") -> None:
        """Draws the way; the last step is where one is."""
        self._steps, self._note = steps, note
        parts = [Part(" ")]
        for step in steps[:-1]:
            parts += [Part(step, "muted"), Part(" › ", "muted")]
        if steps:
            parts.append(Part(steps[-1], "strong"))
        right = [Part(f"{note} ", "muted")] if note and note != self._account else []
        if self._account:
            name = fit(self._account, min(width_of(self._account), _LONGEST_ACCOUNT))
            right.append(Part(f"@ {name} ", "accent", _click("accounts.choose")))
        self.show(*parts, right=right)


class RunStrip(Line):
    """The run that is under way, on one line; not there while nothing runs."""

    def show_runs(self, runs: Sequence[RunRow]) -> None:
        """Draws the newest of the active runs and how many more there are."""
        self.display = bool(runs)
        if not runs:
            return
        run = runs[-1]
        parts = [Part(f" ▶ {run.title}", "accent"), Part(f"  {progress_text(run)} ")]
        if run.progress.of:
            parts.append(Part(block_bar(run.progress.done / run.progress.of, 16), "accent"))
            parts.append(Part(f" {share(run.progress.done, run.progress.of)}"))
        more = [Part(f"and {number(len(runs) - 1)} more ", "muted")] if len(runs) > 1 else []
        self.show(*parts, right=more)


def progress_text(run: RunRow) -> str:
    """How far a run is, in words."""
    if run.cancelling:
        return "cancelling…"
    if run.progress.of:
        return f"{run.progress.stage} {number(run.progress.done)} of {number(run.progress.of)}"
    return run.progress.stage or str(run.status)


@dataclass(frozen=True)
class Trouble:
    """Why something could not be read, and when it last was (ISO 8601, `""`: never)."""

    error: DyntuiError
    read_on: str


class TroubleStrip(Line):
    """What could not be read, or is waited for, on one line; not there while all is well."""

    def show_troubles(self, troubles: Sequence[Trouble], away: str, width: int) -> None:
        """Draws the newest trouble, and how many more there are; else whom a question waits for."""
        self.display = bool(troubles or away)
        if not troubles:
            self.show(Part(fit(f" … waiting for an answer · {away} · 1 tells more", width), "warn"))
            return
        newest = troubles[-1]
        more, again = _click("app.trouble"), _click("app.refresh")
        parts = [
            *(Part(" e", "key", more), Part(" tells more  ", "muted", more)),
            *(Part("r", "key", again), Part(" reads again ", "muted", again)),
        ]
        if len(troubles) > 1:
            parts.insert(0, Part(f" and {len(troubles) - 1} more  ", "muted"))
        room = width - sum(width_of(part.text) for part in parts) - 1
        age = f"as of {hour(newest.read_on)} · " if newest.read_on else ""
        text = f" ✗ {age}{newest.error.code}: {newest.error.message}"
        self.show(Part(fit(text, max(20, room)), "bad"), right=parts)


class Banner(Static):
    """A warning across the screen, above everything else of the page."""

    def warn(self, text: str) -> None:
        """Shows the warning, or takes it away when empty."""
        self.display = bool(text)
        self.update(text)


def hinted(scopes: Sequence[Scope]) -> list[Action]:
    """The actions with a place in the key hints: what the screen is for first, then moving about."""
    general = {ON_EVERYWHERE: 3, ON_ROWS: 2, ON_GRID: 1, ON_CHOICES: 1, ON_TEXT: 1}
    order = {scope: (general.get(scope, 0), place) for place, scope in enumerate(scopes)}

    def rank(action: Action) -> tuple[int, bool, int]:
        general, place = min(order[each] for each in action.scopes if each in order)
        return general, not action.hint, place

    own = of(*(scope for scope in scopes if scope not in general))
    actions = [action for action in of(*scopes) if action.hint or (action.palette and action in own)]
    return sorted(actions, key=rank)


HINTS_AT_80 = 7
# From so many cells on there is room for whatever can be done on a page.
ROOMY = 140
OF_ANY_ROWS = ("rows.export",)


def typing_scopes(node: Widget) -> tuple[Scope, ...]:
    """The scopes of the line in which somebody types, where letters are no keys; else nothing."""
    focused = node.screen.focused
    return getattr(focused, "SCOPES", ()) if isinstance(focused, Input) else ()


class KeyHints(Line):
    """The keys that work now; those that do not say so by being dim, and why when they are tried."""

    def refresh_hints(self) -> None:
        """Draws the hints for what has the focus."""
        width = self.size.width or self.app.size.width
        situation = situation_of(self)
        seen: set[str] = set()
        shown: list[tuple[str, str, Action]] = []
        typing = typing_scopes(self)
        typed = of(*typing)
        for action in hinted((*typing, *((ON_EVERYWHERE,) if typing else scopes_in_focus(self)))):
            hint = hint_of(self, action)
            if not hint and not action.hint and not disabled_reason(action, situation):
                hint = action.aside or (action.title if width >= ROOMY else "")
            if not hint or not action.hinted(situation):
                continue
            usable = [each for each in keys_for(self, action) if not typing or action in typed or not is_typed(each)]
            if not usable:
                continue
            key = key_name(usable[0])
            if key in seen:
                continue
            seen.add(key)
            shown.append((key, hint, action))
        limit = HINTS_AT_80 if width < WIDE else 12 if width < ROOMY else 20
        # A button answers Enter itself.
        focused = self.screen.focused
        button = str(focused.label) if isinstance(focused, Button) else ""
        if button:
            width -= self._needed([("Enter", button, None)]) + 1
            limit -= 1
        # Two keys for one thing would only take room from others.
        entered = {hint for key, hint, _ in shown if key == "Enter"} | {button}
        shown = [one for one in shown if one[0] == "Enter" or one[1] not in entered or one[2].id == "app.back"]
        if not situation.depth:
            # There it only takes a filter or marks back.
            shown = [one for one in shown if one[2].id != "app.back" or one[1] != one[2].hint]
        tail = [one for one in shown if one[2].id in ("app.back", "app.palette", "app.help", "app.quit_at_top")]
        rest = [one for one in shown if one not in tail]
        while rest and (len(rest) + len(tail) > limit or self._needed(rest + tail) > width):
            # Where there is no room for all, what has no word of its own goes first, what works everywhere next, what
            # works on any rows, what cannot be taken, then what is only hinted where there is room.
            unnamed = [one for one in rest if not one[2].hint and not one[2].aside]
            aside = [one for one in rest if not one[2].hint]
            everywhere = [one for one in rest if ON_EVERYWHERE in one[2].scopes]
            of_rows = [one for one in rest if one[2].id in OF_ANY_ROWS]
            refused = [one for one in rest if disabled_reason(one[2], situation)]
            rest.remove((unnamed or everywhere or of_rows or refused or aside or rest)[-1])
        parts: list[Part] = [Part(" ")]
        if button:
            parts += [Part("Enter", "key"), Part(f" {single_line(button)}  ", "muted")]
        for key, hint, action in rest + tail:
            off = bool(disabled_reason(action, situation))
            parts.append(Part(key, "off" if off else "key", _click(action.id)))
            parts.append(Part(f" {hint}  ", "off" if off else "muted", _click(action.id)))
        self.show(*parts)

    @staticmethod
    def _needed(shown: Sequence[tuple[str, str, Action | None]]) -> int:
        return sum(width_of(single_line(key)) + width_of(hint) + 3 for key, hint, _ in shown) - 1
