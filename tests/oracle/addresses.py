"""What an address is: read generously where somebody says no, strictly where mail shall go (spec.md 9)."""

from __future__ import annotations

import re
import unicodedata

_SOMEWHERE = re.compile(r"([^\s@<>()\[\]\",;:|\\]+)@([\w.-]+)")
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_TOP = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")


def plain(text: str) -> str:
    """The form in which addresses are compared: without surrounding blanks, in lower case."""
    return text.strip().lower()


def sendable(text: str) -> bool:
    """Whether mail can go there: letters, digits and marks of ASCII before one @, and a dotted name after it."""
    local, at, domain = plain(text).partition("@")
    labels = domain.split(".")
    return bool(
        at
        and len(local) <= 64
        and len(plain(text)) <= 254
        and _LOCAL.fullmatch(local)
        and len(labels) >= 2
        and all(_LABEL.fullmatch(label) for label in labels[:-1])
        and _TOP.fullmatch(labels[-1])
    )


def spelled_in(text: str) -> set[str]:
    """Every address that can be got out of a text: within brackets, behind a name or `mailto:`, several in a row, with
    marks that nobody sees, in whatever width and case."""
    seen = unicodedata.normalize("NFKC", text)
    shown = "".join(" " if unicodedata.category(each) == "Cc" else each for each in seen)
    visible = "".join(each for each in shown if unicodedata.category(each) != "Cf").lower()
    found = set()
    for before, after in _SOMEWHERE.findall(visible):
        local, domain = before.strip("'/."), after.strip(".-_")
        if local and domain:
            found.add(f"{local}@{domain}")
    return found
