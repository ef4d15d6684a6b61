"""What commands print: typed answers as JSON, or text for people. Standard output holds the answer, standard error the
rest. All text from remote systems passes through `plain`, so that it cannot control the terminal.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TextIO

import click
import msgspec

from dyntui.cli.lazy import NAMED_PROFILE, PLAIN
from dyntui.model.counted import counted
from dyntui.model.errors import DyntuiError
from dyntui.model.plain import plain

# JSON leaves these as they are, but a terminal may obey them: DEL, C1 controls, bidirectional controls, separators.
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

# A command to be copied, and what stands for the spaces in it while lines are broken at the others.
_COMMANDS = re.compile("`[^`]*`")
_OUR_COMMANDS = re.compile("`dyntui(?=[ `])")
_KEPT = "\0"

# Wider than any table: nothing is cut where no terminal sets the width.
_UNLIMITED = 100_000


def print_json(value: object) -> None:
    """The value as one line of JSON that is safe on a terminal too."""
    click.echo(safe_json(value))


def safe_json(value: object) -> str:
    """The value as one line of JSON without characters that a terminal may obey."""
    text = msgspec.json.encode(value).decode()
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say(text: str) -> None:
    """A message about what is going on."""
    click.echo(whole_words(plain(_of_the_profile(text))), err=True)


def show_error(error: DyntuiError, *, as_json: bool) -> None:
    """An error in its parts, on standard error; as one line of JSON where the answer would have been JSON."""
    if as_json:
        remedy = _of_the_profile(error.remedy)
        parts = {"code": error.code, "message": error.message, "not_done": error.not_done, "remedy": remedy}
        click.echo(safe_json({"error": parts}), err=True)
        return
    click.echo(whole_words(f"dyntui: {plain(error.code)}: {plain(error.message)}"), err=True)
    click.echo(whole_words(f"  Not done: {plain(error.not_done)}"), err=True)
    click.echo(whole_words(f"  Remedy:   {plain(_of_the_profile(error.remedy))}"), err=True)


def whole_words(text: str, on: TextIO | None = None, indent: int = 2) -> str:
    """On a terminal (`on`: standard error), `text` in lines that end between words: a terminal would break ids, codes,
    addresses and commands in two. What is longer than a line stays in one piece."""
    if not (on or sys.stderr).isatty():
        return text
    width = shutil.get_terminal_size().columns - 1
    apart = _COMMANDS.sub(lambda found: found[0].replace(" ", _KEPT), text)
    lines = textwrap.wrap(apart, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace(_KEPT, " ") if lines else text


def _of_the_profile(text: str) -> str:
    """The text with the commands that it names as they have to be typed for the profile that was chosen."""
    profile = NAMED_PROFILE.get()
    return _OUR_COMMANDS.sub(f"`dyntui --profile {shlex.quote(profile)}", text) if profile else text


def number(value: int | None) -> str:
    """12,345; a dash where it is not known."""
    return "–" if value is None else f"{value:,}"


def percent(fraction: float | None) -> str:
    """0.1234 as 12.3 %; a dash where there is nothing to be a share of."""
    return "–" if fraction is None else f"{fraction * 100:.1f} %"


def moment(iso: str) -> str:
    """`2026-11-22T14:05:09.123Z` as `2026-11-22 14:05Z`, UTC; a dash for never."""
    return f"{iso[:16].replace('T', ' ')}Z" if iso else "–"


_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z")


def dated(text: str) -> str:
    """A text with the ISO 8601 times in it as `2026-11-22 14:05Z`."""
    return _TIME.sub(lambda found: moment(found[0]), text)


def local_moment(iso: str) -> str:
    """A time in UTC as the clock on the wall shows it: `Mon 23 Nov 15:05`; a dash for never."""
    return f"{datetime.fromisoformat(iso).astimezone():%a %d %b %H:%M}" if iso else "–"


def are(count: int, one: str, many: str) -> str:
    """`1 row is`, `3,401 rows are`."""
    return counted(count, f"{one} is", f"{many} are")


def yes_no(value: bool) -> str:
    """A truth value in words."""
    return "yes" if value else "no"


def _width() -> int:
    """Columns that a table may take."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _UNLIMITED


def print_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Collection[str] = (),
    whole: Collection[str] = (),
) -> None:
    """Rows under headings; on a terminal within its width, elsewhere uncut.

    `right` names columns of numbers; neither they nor those of `whole` (ids, times, states) are cut while others still
    can be. Where a terminal lacks the width, a column with one value in all rows becomes a line above the table.
    """
    headings = [plain(each) for each in headings]
    if PLAIN.get():
        _print_rows(headings, rows)
        return
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[plain(cell) for cell in row] for row in rows]
    width = _width()
    widths = [max(cell_len(row[place]) for row in [headings, *cells]) for place in range(len(headings))]
    shown = list(range(len(headings)))
    if len(cells) > 1 and sum(widths) + 2 * len(widths) > width:
        same = [place for place in shown if len({row[place] for row in cells}) == 1]
        for place in same if len(same) < len(shown) else same[1:]:
            shown.remove(place)
            if cells[0][place]:
                click.echo(f"{headings[place].upper()}: {cells[0][place]}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for place in shown:
        heading = headings[place]
        # The library takes the width it lacks from columns that may wrap; the text in them is cut instead.
        table.add_column(
            Text(heading.upper(), no_wrap=True, overflow="ellipsis"),
            justify="right" if heading in right else "left",
            no_wrap=heading in right or heading in whole,
        )
    for row in cells:
        table.add_row(*(Text(row[place], no_wrap=True, overflow="ellipsis") for place in shown))
    console = Console(width=width, color_system=None, force_terminal=False, markup=False, highlight=False, emoji=False)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def _print_rows(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Each row as one line that names what it says, for whoever hears it."""
    for row in rows:
        said = ((heading, plain(cell)) for heading, cell in zip(headings, row, strict=True) if cell not in ("", "–"))
        line = "; ".join(f"{heading.strip()}: {cell}" if heading.strip() else cell for heading, cell in said)
        click.echo(whole_words(line, sys.stdout))


def short_ids(ids: Sequence[str]) -> list[str]:
    """The ids' beginnings: eight characters, or as many as it takes to tell these ids apart."""
    length = next((n for n in range(8, 36) if len({each[:n] for each in ids}) == len(set(ids))), None)
    return [each[:length] for each in ids]


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Names and values, one a line, values aligned; empty values are left out."""
    shown = [(name, value) for name, value in facts if value]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        click.echo(whole_words(f"{name + ':':<{width + 2}}{plain(value)}", sys.stdout, width + 2))
