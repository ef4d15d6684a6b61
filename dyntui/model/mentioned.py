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
from collections.abc import Iterable, Iterator, Sequence
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
_AROUND_AT = re.compile(r"\s*@[\s@]*")
# The first dot of a domain is never followed by a blank, as in `ann@a. example`, nor by another dot.
_BROKEN_DOMAIN = re.compile(r"(@[\w-]+)\s*\.[\s.]*(?=\w)")
# The place in a numbered list: `1.ann@a.example`.
_NUMBERED = re.compile(r"\d{1,3}\.")
# Letters of scripts that set no blanks between words (Chinese, Japanese, Thai...) or that no name of a mailbox mixes
# with Latin ones.
_WORDS = re.compile(r"[\u0590-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff]+")
# What joins two addresses and may be part of either.
_JOINS = re.compile(r"[-_+.]")
_SPELLED_AT = re.compile(r"\s*[\[({<]\s*(?:at|@)\s*[\])}>]\s*|\s+at\s+", re.IGNORECASE)
_SPELLED_DOT = re.compile(r"\s*[\[({<]\s*(?:dot|\.)\s*[\])}>]\s*|\s+dot\s+", re.IGNORECASE)


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
            joined = _BROKEN_DOMAIN.sub(r"\1.", _AROUND_AT.sub("@", reading.lower()))
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
    last = len(parts) - 2
    for place, (left, right) in enumerate(itertools.pairwise(parts)):
        before, behind = left[-_LONGEST:], right[:_LONGEST]
        local, domain = _LOCAL.search(before), _DOMAIN.match(behind)
        if local is None or domain is None:
            continue
        names = [local[0], *(name for _, name in _torn(before) if place > 0)]
        hosts = [domain[0], *(host for host, _ in _torn(behind) if place < last)]
        for name in dict.fromkeys(each for some in names for each in _locals(some)):
            for host in dict.fromkeys(each for some in hosts for each in _hosts(some.strip(".-_"))):
                address = f"{name}@{host}"
                if len(address) <= _LONGEST:
                    yield address


def _torn(between: str) -> Iterator[tuple[str, str]]:
    """What stands between two `@` with nothing in it that parts it, as in `ann@a.example-bob@b.example`: the domain of
    the first and the name of the second, wherever they may meet."""
    if _LOCAL.fullmatch(between):
        for join in _JOINS.finditer(between):
            yield between[: join.start()], between[join.end() :]


def _locals(text: str) -> Iterable[str]:
    """The local part as it stands, and what is left of it behind what may be no part of it."""
    bare = text.strip(".")
    behind = _BETWEEN.split(bare)[-1].strip(".-_")
    word = _NUMBERED.sub("", _WORDS.split(behind)[-1], count=1)
    return dict.fromkeys(each for each in (bare, text, behind, word) if each)


def _hosts(domain: str) -> Iterable[str]:
    """The domain in every spelling, and what stands before a word that somebody wrote on without a blank."""
    found: dict[str, None] = {}
    for each in dict.fromkeys((domain, _WORDS.split(domain)[0].strip(".-_"))):
        labels = each.split(".")
        if len(labels) >= 2 and all(labels) and len(labels[-1]) >= 2:
            found.update(dict.fromkeys(_spellings(each)))
    return found


def _spellings(domain: str) -> Iterator[str]:
    yield domain
    try:
        if "xn--" in domain:
            yield idna.decode(domain)
        # Older rules write `ss` for the sharp s.
        for each in dict.fromkeys((domain, domain.replace("ß", "ss"))):
            if each != domain or not domain.isascii():
                yield idna.encode(each, uts46=True).decode()
    except UnicodeError:
        pass  # no name that could be registered: it counts as it is written


def without_id(addresses: Sequence[str]) -> str:
    """What stands for a row that names addresses and whose own id cannot be read; no system has such an id."""
    return f"row without an id: {' '.join(sorted(addresses))}"[:200]


def shown(text: str | None) -> str:
    """A text as a person can look at it: what nobody sees is spelled out, what is long is cut off."""
    spelled = "".join(
        char if char.isprintable() and not _is_invisible(char) else f"\\u{ord(char):04x}" for char in text or ""
    )
    return spelled if len(spelled) <= _SHOWN else f"{spelled[: _SHOWN - 1]}…"
