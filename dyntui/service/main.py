"""`python -m dyntui.service.main`: the service of one profile, in the foreground of its own process."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from dyntui.model.errors import DyntuiError
from dyntui.service import assembly
from dyntui.service.handing_over import take_over
from dyntui.service.process import Build, Life, run_service
from dyntui.service.profile import open_profile


def main(arguments: Sequence[str] | None = None, build: Build = assembly.build) -> int:
    """Runs until told to end what `build` puts together; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dyntui.service.main", description=__doc__)
    parser.add_argument("--profile", default="default")
    parser.add_argument("--private", action="store_true", help="end when no client is attached and no run is active")
    parser.add_argument("--ready-fd", type=int, default=None, help="descriptor on which the starter awaits readiness")
    parser.add_argument("--secrets-fd", type=int, default=None, help="descriptor on which the starter hands them over")
    chosen = parser.parse_args(arguments)
    if chosen.secrets_fd is not None:
        take_over(chosen.secrets_fd)
    life = Life(long_lived=not chosen.private, ready=chosen.ready_fd)
    try:
        return run_service(open_profile(chosen.profile), build, life)
    except DyntuiError as error:
        sys.stderr.write(f"{error.code}: {error.message} {error.not_done} {error.remedy}\n")
        return int(error.exit)


if __name__ == "__main__":
    sys.exit(main())
