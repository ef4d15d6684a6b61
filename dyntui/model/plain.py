"""Remote text made harmless: shown as plain text, control characters as symbols, never as markup or control codes."""

from __future__ import annotations

import re

# Controls, what separates lines or paragraphs, halves of characters, and bidirectional controls, which can reorder what
# stands beside them on the line.
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def _symbol(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


def escaped(toml: str) -> str:
    """A TOML document in whose strings these characters are written as escapes, and read as what they are; its lines
    end as they do."""
    return _HARMFUL.sub(lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04X}", toml)


def plain(text: str) -> str:
    """`text` with every control character, line separator and bidirectional control shown as a symbol."""
    return _HARMFUL.sub(_symbol, text)
