"""Addresses that a text mentions: consent is read generously, while addresses for sending are taken strictly.

Somebody who types who must not be mailed writes `Ann <ann@example.org>`, `mailto:ann@example.org`, two addresses in one
field, or copies a character along that nobody sees. Whatever address can be got out of such a text is opted out, under
every spelling that both systems might know it by; too many are harmless, one too few is a mail to somebody who said no.

Public: `addresses_in(text) -> tuple[str, ...]`, `shown(text) -> str`.
"""

from __future__ import annotations

import html
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

import idna

from dyntui.model.people import is_address, normalise

_SHOWN = 60
# dotdigital keeps no longer address (dotdigital_api.md 3.3).
_LONGEST = 256
_TERMINAL_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# What a local part may hold unquoted (RFC 5322, 3.2.3; RFC 6531 for letters beyond ASCII), and what a domain may.
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~.\-]+\Z")
_DOMAIN = re.compile(r"[\w.\-]+")
# Within a local part these more often stand between two things, as in `e-mail=ann@a.example/bob@b.example`.
_BETWEEN = re.compile(r"[/=|'`*?&!#{}$%^~]")
_COMMENT = re.compile(r"\([^()]*\)")
_AROUND_AT = re.compile(r"\s*@\s*")
_SPELLED_AT = re.compile(r"\s*[\[({<]\s*(?:at|@)\s*[\])}>]\s*", re.IGNORECASE)
_SPELLED_DOT = re.compile(r"\s*[\[({<]\s*(?:dot|\.)\s*[\])}>]\s*", re.IGNORECASE)


def addresses_in(text: str | None) -> tuple[str, ...]:
    """Every address that can be got out of a text, normalised, in the order of their appearance; none for no address.

    A domain beyond ASCII is given both as it is written and as the domain name system knows it, in either direction.
    """
    if not text or not text.strip():
        return ()
    whole = normalise(text)
    found = [whole] if is_address(whole) else []
    for reading in _readings(text):
        found.extend(_mentioned(reading))
    return tuple(dict.fromkeys(found))


def _readings(text: str) -> Iterator[str]:
    """The text as it may have been meant, without what nobody sees."""
    seen: set[str] = set()
    plain = html.unescape(text)
    for raw in dict.fromkeys((plain, unquote(plain), text)):
        each = _visible(unicodedata.normalize("NFKC", raw))
        spelled = _SPELLED_DOT.sub(".", _SPELLED_AT.sub("@", each))
        for reading in (each, each.replace('"', ""), _COMMENT.sub("", each), spelled):
            joined = _AROUND_AT.sub("@", reading.lower())
            if joined not in seen:
                seen.add(joined)
                yield joined


def _visible(text: str) -> str:
    """Without characters that have no shape of their own; white space of every kind is a blank."""
    kept: list[str] = []
    for char in _TERMINAL_CODE.sub("", text):
        if char.isspace():
            kept.append(" ")
        elif not _is_invisible(char):
            kept.append("." if char in "。．｡" else char)
    return "".join(kept)


def _is_invisible(char: str) -> bool:
    # Format and control characters (Unicode categories Cf, Cc), variation selectors, fillers that are drawn as nothing.
    return (
        unicodedata.category(char) in ("Cf", "Cc", "Co", "Cs")
        or "\ufe00" <= char <= "\ufe0f"
        or char in "\u034f\u115f\u1160\u3164\uffa0\u2800"
    )


def _mentioned(text: str) -> Iterator[str]:
    parts = text.split("@")
    for before, behind in itertools.pairwise(parts):
        local, domain = _LOCAL.search(before[-_LONGEST:]), _DOMAIN.match(behind[:_LONGEST])
        if local is None or domain is None:
            continue
        for name in _locals(local[0]):
            for host in _hosts(domain[0].strip(".-_")):
                address = f"{name}@{host}"
                if len(address) <= _LONGEST:
                    yield address


def _locals(text: str) -> Iterable[str]:
    """The local part as it stands, and what is left of it behind what may be no part of it."""
    bare = text.strip(".")
    return dict.fromkeys(each for each in (bare, text, _BETWEEN.split(bare)[-1].strip(".-")) if each)


def _hosts(domain: str) -> Iterable[str]:
    labels = domain.split(".")
    if len(labels) < 2 or not all(labels) or len(labels[-1]) < 2:
        return ()
    spellings = [domain]
    try:
        if not domain.isascii():
            spellings.append(idna.encode(domain, uts46=True).decode())
        elif "xn--" in domain:
            spellings.append(idna.decode(domain))
    except UnicodeError:
        pass  # no name that could be registered: it counts as it is written
    return dict.fromkeys(spellings)


def shown(text: str | None) -> str:
    """A text as a person can look at it: what nobody sees is spelled out, what is long is cut off."""
    spelled = "".join(
        char if char.isprintable() and not _is_invisible(char) else f"\\u{ord(char):04x}" for char in text or ""
    )
    return spelled if len(spelled) <= _SHOWN else f"{spelled[: _SHOWN - 1]}…"
