"""A mail as people look at it before it goes out: its HTML as text, and the links in it.

Nothing is fetched: a link is looked at as it is written, since following it may do something.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

import msgspec

# What somebody looks at, not an archive of it.
LONGEST: Final = 1_000_000
MOST_LINKS: Final = 500
# dotdigital's placeholder for the link by which a reader unsubscribes (dotdigital_api.md 7.3).
UNSUBSCRIBES: Final = "$UNSUB$"

_HIDDEN = frozenset({"head", "script", "style", "title", "template"})
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset", "figure", "footer"}
    | {"form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section"}
    | {"table", "tbody", "tfoot", "thead", "tr", "ul"}
)
_APART = frozenset({"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "p", "table", "ul", "ol"})
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


class PreviewLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link: its place in the text (`[1]`), where it leads as written, the words that are clicked, and what is odd
    about it, `""` for nothing."""

    number: int
    url: str
    text: str
    problem: str = ""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """`text`: the HTML as text, its links numbered."""

    text: str
    links: tuple[PreviewLink, ...]
    unsubscribes: bool


def preview(html: str) -> Preview:
    """Of any HTML, however broken; of what is longer than a million letters the beginning."""
    reader = _Reader()
    reader.feed(html[:LONGEST])
    reader.close()
    return Preview(
        text=reader.whole(),
        links=tuple(reader.links[:MOST_LINKS]),
        unsubscribes=UNSUBSCRIBES in html,
    )


def problem_of(url: str, text: str) -> str:
    """What is odd about a link, in a few words; `""` for nothing."""
    words = url.strip()
    if not words or words == "#":
        return "leads nowhere"
    scheme = _SCHEME.match(words)
    if scheme is None:
        return "" if words.startswith(("$", "@", "#")) else "is no complete address"
    name = scheme[1].casefold()
    if name in ("mailto", "tel", "sms"):
        return ""
    if name not in ("http", "https"):
        return f"opens with {name}:"
    shown = _SCHEME.match(text.strip())
    if shown is not None and _host(text) != _host(words):
        return "shows another address than it leads to"
    return "is not encrypted" if name == "http" and UNSUBSCRIBES not in words and "$" not in words else ""


def _host(url: str) -> str:
    return url.strip().partition("://")[2].partition("/")[0].casefold().removeprefix("www.")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[PreviewLink] = []
        self._lines: list[str] = []
        self._line: list[str] = []
        self._hidden: list[str] = []
        self._open: list[tuple[str, int]] = []
        self._gap = False

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Of what begins with `<![` nothing is shown. Python's own way of reading it fails over what has no name there
        (3.11: AssertionError)."""
        return self.parse_bogus_comment(i, report)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden.append(tag)
            return
        given = dict(attrs)
        if tag in _BLOCKS or tag == "br":
            self._end_line()
            self._gap = self._gap or tag in _APART
        if tag == "li":
            self._line.append("- ")
        elif tag == "hr":
            self._lines.append("-" * 20)
        elif tag in ("td", "th") and self._line:
            self._line.append("  ")
        elif tag == "img" and (alt := (given.get("alt") or "").strip()):
            self._word(f"[picture: {alt}]")
        elif tag == "a" and "href" in given:
            self._open.append((given.get("href") or "", len(self._line)))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]
        elif tag == "a" and self._open:
            self._end_link()
        elif tag in _BLOCKS:
            self._end_line()
            self._gap = self._gap or tag in _APART

    def handle_data(self, data: str) -> None:
        self._word(data)

    def _word(self, data: str) -> None:
        if not self._hidden:
            self._line.append(_SPACES.sub(" ", data))

    def _end_link(self) -> None:
        url, start = self._open.pop()
        if self._hidden:
            return
        words = "".join(self._line[start:]).strip()
        number = len(self.links) + 1
        self.links.append(PreviewLink(number=number, url=url.strip(), text=words, problem=problem_of(url, words)))
        self._line.append(f"[{number}]")

    def _end_line(self) -> None:
        # A link that goes on over lines keeps the words of its last one.
        self._open = [(url, 0) for url, _ in self._open]
        text = _SPACES.sub(" ", "".join(self._line)).strip() if self._line else ""
        self._line = []
        if not text or text == "-":
            return
        if self._gap and self._lines and self._lines[-1]:
            self._lines.append("")
        self._gap = False
        self._lines.append(text)

    def whole(self) -> str:
        """Everything that was read."""
        self._end_line()
        return "\n".join(self._lines)
