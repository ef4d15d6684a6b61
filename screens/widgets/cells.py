"""Text for the cells of a grid: harmless, on one line, and exactly as wide as the terminal will draw it.

Terminals disagree about joined emoji, flags, variation selectors and piled-up marks; what they disagree about is
written in a form of which the width is certain, so that columns stand whatever a name contains.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rich.cells import get_character_cell_size

from dyntui.model.plain import plain

# Further combining marks on one letter are left out: they would run over the lines above and below.
_MARKS_PER_LETTER = 2
ELLIPSIS = "…"
_BRACKETS = re.compile(r"\\*\[")


@lru_cache(maxsize=8192)
def _drawn(char: str) -> tuple[str, int]:
    """What is drawn for a character, and how many cells wide: width 0 with text is a combining mark."""
    code = ord(char)
    if 0x1F1E6 <= code <= 0x1F1FF:  # regional indicators: half a flag each
        return chr(code - 0x1F1E6 + ord("A")), 1
    if 0x1F3FB <= code <= 0x1F3FF or 0xE0000 <= code <= 0xE0FFF or 0xFE00 <= code <= 0xFE0F:
        return "", 0  # skin tones, tags, variation selectors
    category = unicodedata.category(char)
    if category in ("Co", "Cn"):
        return "\ufffd", 1
    if category == "Cf":
        return "", 0
    if category in ("Mn", "Me"):
        return char, 0
    return char, get_character_cell_size(char)


@lru_cache(maxsize=16384)
def literal(text: str) -> str:
    """`text` as plain text for where only markup is taken: no bracket in it begins a tag. Of backslashes right before a
    bracket none is left, as they would take the escape away again."""
    return _BRACKETS.sub(r"\\[", single_line(text))


def single_line(text: str) -> str:
    """`text` as plain text of certain width."""
    text = plain(text)
    if text.isascii():
        return text
    parts: list[str] = []
    marks = 0
    for char in text:
        drawn, width = _drawn(char)
        if drawn and width == 0:
            marks += 1
            if marks > _MARKS_PER_LETTER or not parts:
                continue
        else:
            marks = 0
        parts.append(drawn)
    return "".join(parts)


def width_of(text: str) -> int:
    """Cells that a text made by `single_line` takes."""
    if text.isascii():
        return len(text)
    return sum(_drawn(char)[1] for char in text)


@lru_cache(maxsize=16384)
def fit(text: str, width: int, align_right: bool = False) -> str:
    """`text`, made harmless, in exactly `width` cells: cut with an ellipsis or filled with spaces."""
    if width <= 0:
        return ""
    text = single_line(text)
    cells = width_of(text)
    if cells > width:
        kept: list[str] = []
        used = 0
        for char in text:
            size = _drawn(char)[1]
            if used + size > width - 1:
                break
            kept.append(char)
            used += size
        text = "".join(kept) + ELLIPSIS
        cells = used + 1
    filling = " " * (width - cells)
    return filling + text if align_right else text + filling


def wrap(text: str, width: int) -> list[str]:
    """`text`, made harmless, in lines of at most `width` cells, broken at spaces where there are any."""
    lines: list[str] = []
    line = ""
    for word in single_line(text).split(" "):
        joined = f"{line} {word}" if line else word
        if width_of(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        line = word
        while width_of(line) > width > 0:
            cut = next(place for place in range(len(line), 0, -1) if width_of(line[:place]) <= width or place == 1)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line] if line or not lines else lines
