"""Text that leaves the installation: addresses of people are replaced, each by the same word wherever it stands."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote

# Generous: what looks like an address is taken for one, in any script, and as it stands in the path of a request. It
# begins where a word does: to try each letter of a long one would take minutes.
_BETWEEN = r"\s\"'<>()\[\]{},;:|="
_ENCODED = r"\w.~!$*+%-"
_ADDRESS = re.compile(
    rf"(?<![^{_BETWEEN}]) [^{_BETWEEN}]+ @ [^{_BETWEEN}]+ | (?P<encoded>(?<![{_ENCODED}]) [{_ENCODED}]+ %40 [\w.~%-]+)",
    re.VERBOSE,
)


def masked(text: str) -> str:
    """The text with `person-1a2b3c4d@masked` in place of every address."""
    return _ADDRESS.sub(lambda found: f"person-{_short(unquote(found['encoded'] or '') or found[0])}@masked", text)


def _short(address: str) -> str:
    return hashlib.blake2b(address.casefold().encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
