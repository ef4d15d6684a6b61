"""What kind of device a mail was read on, by the user agent that fetched it: as much as that says, and no more."""

from __future__ import annotations

import re
from typing import Final

PHONE, TABLET, COMPUTER, HIDDEN, UNKNOWN = "phone", "tablet", "computer", "hidden", ""
# In this order: of what passes images on for its readers nothing can be told of them.
_RULES: Final = (
    (HIDDEN, re.compile(r"GoogleImageProxy|YahooMailProxy|MicrosoftPreview|\bproxy\b", re.IGNORECASE)),
    # Mail Privacy Protection of Apple fetches every image through a relay of its own that says just this.
    (HIDDEN, re.compile(r"\AMozilla/5\.0\s*\Z")),
    (TABLET, re.compile(r"iPad|Tablet|Kindle|Silk/|Android(?!.*Mobile)", re.IGNORECASE)),
    (PHONE, re.compile(r"iPhone|iPod|Mobile|Windows Phone|BlackBerry", re.IGNORECASE)),
    (COMPUTER, re.compile(r"Windows NT|Macintosh|Mac OS X|X11|CrOS|Linux", re.IGNORECASE)),
)


def device_of(user_agent: str | None) -> str:
    """`phone`, `tablet`, `computer`, `hidden` behind a service that fetches images for its readers, or `""`."""
    agent = user_agent or ""
    return next((name for name, rule in _RULES if rule.search(agent)), UNKNOWN)
