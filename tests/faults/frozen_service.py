"""The service of a profile as it is, but for its clock, which stands still: what it stamps can be compared."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from dyntui.service.assembly import Assembly
from dyntui.service.main import main
from dyntui.service.profile import Profile


def build(profile: Profile, long_lived: bool) -> Assembly:
    return Assembly(profile, long_lived, clock=lambda: datetime(2026, 11, 22, 12, 0, tzinfo=UTC))


if __name__ == "__main__":
    sys.exit(main(build=build))
