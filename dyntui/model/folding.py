"""Text as searches compare it: without case, and without the accents of Latin letters, so that `hakansson` finds
Håkansson and the other way round. Letters that are two (æ) and other scripts stay as they are."""

from __future__ import annotations

import unicodedata
from typing import Final

# Latin letters that Unicode does not take apart (UnicodeData.txt has no decomposition of them).
_WHOLE: Final = {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "ŧ": "t"}
# Latin-1 Supplement, Latin Extended-A and B; Latin Extended Additional; Combining Diacritical Marks.
_LATIN: Final = (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
MARKS: Final = tuple(chr(code) for code in range(0x300, 0x370))


def _letters() -> dict[str, str]:
    found = dict(_WHOLE)
    for letter in map(chr, _LATIN):
        parts = unicodedata.normalize("NFKD", letter)
        if letter == letter.casefold() and len(parts) > 1 and set(parts[1:]) <= set(MARKS):
            found[letter] = _WHOLE.get(parts[0], parts[0])
    return found


# A letter with an accent to the one without; a mark by itself to none.
BASES: Final = _letters()
_BASES: Final = str.maketrans({**BASES, **dict.fromkeys(MARKS, "")})


def fold(text: str) -> str:
    """The text without case and accents."""
    return text.lower() if text.isascii() else text.casefold().translate(_BASES)


def sought(search: str) -> str:
    """What a search looks for: blanks around it were copied along with an address or a name. Blanks alone are what
    somebody means."""
    return fold(search.strip() or search)
