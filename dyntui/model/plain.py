"""Remote text made harmless: shown as plain text, control characters as symbols, never as markup or control codes."""

from __future__ import annotations

import unicodedata

# Bidirectional controls can reorder what stands beside them on the line.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _symbol(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if char in _BIDI or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
        return "\ufffd"
    return char


def plain(text: str) -> str:
    """`text` with every control character, line separator and bidirectional control shown as a symbol."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_symbol(char) for char in text)
