"""What requests may hold: numbers and text that a database can keep, and names of a fixed set."""

from __future__ import annotations

from typing import Annotated

import msgspec

# 64 bits, signed: what SQLite and PostgreSQL keep, and what both remote systems number their things with.
Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

# Ids, names, paths, reasons: longer ones are no names, and a database or a file system would choke on them.
Text = Annotated[str, msgspec.Meta(max_length=4000)]


# FetchXML, as people paste it or as a view holds it.
Query = Annotated[str, msgspec.Meta(max_length=100_000)]


def one_of(*names: str) -> msgspec.Meta:
    """One of these names, such as the views of a grid."""
    return msgspec.Meta(pattern=rf"^({'|'.join(names)})\Z")
