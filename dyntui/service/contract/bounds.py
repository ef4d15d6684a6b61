"""What requests may hold: numbers that a database can keep."""

from __future__ import annotations

from typing import Annotated

import msgspec

# 64 bits, signed: what SQLite and PostgreSQL keep, and what both remote systems number their things with.
Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
