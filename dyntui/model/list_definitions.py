"""What a marketing list is, apart from how it is synchronised: its name, and the query of a dynamic one."""

from __future__ import annotations

import re

# The column takes 128 characters (attribute metadata of `listname`), that of the description 2,000.
LONGEST_NAME = 128
LONGEST_DESCRIPTION = 2000
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def name_fault(name: str) -> str:
    """Why a text cannot be the name of a list, in a sentence; `""` where it can."""
    if not name.strip():
        return "A marketing list needs a name."
    if len(name.strip()) > LONGEST_NAME:
        return f"A name has at most {LONGEST_NAME} characters; this one has {len(name.strip())}."
    return "A name has no control characters." if _CONTROLS.search(name) else ""


def description_fault(text: str) -> str:
    """Why a text cannot be a description, in a sentence; `""` where it can."""
    if len(text) > LONGEST_DESCRIPTION:
        return f"A description has at most {LONGEST_DESCRIPTION:,} characters; this one has {len(text):,}."
    return ""


def query_fault(dynamic: bool, view: str, query: str) -> str:
    """Why a list cannot have these as its query, in a sentence; `""` where it can."""
    if view and query:
        return "Name a saved view or write FetchXML, not both."
    if not dynamic and (view or query):
        return "A static list has no query: its members are put on it one by one."
    return "A dynamic list needs a saved view or FetchXML." if dynamic and not (view or query) else ""
