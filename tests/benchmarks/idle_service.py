"""How much of a core a long-lived service takes while nothing happens.

    python -m tests.benchmarks.idle_service [--minutes N]

A service with everything that `dyntui serve` runs is connected to the sandbox, every schedule is paused, and nobody
asks it for anything: what is left are its timers, the watch of opt-outs and the engine. Counted is the time that the
system has given the process, in user and in system mode.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dyntui.model.sync_types import SYNC_TYPES
from dyntui.service.contract.schedules import SCHEDULES_SAVE, SaveSchedules, ScheduleEdit
from tests.faults.real_service import RealService
from tests.served_worlds import served_world

_SETTLES_SECONDS = 75
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(process: int) -> tuple[float, float]:
    """User and system time of a process so far (proc(5), `stat`)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / _TICKS, int(fields[12]) / _TICKS


def say(text: str) -> None:
    """A line that shows at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=3.0)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="dyntui-idle-") as name:
        folder = Path(name)
        with served_world(folder) as sandbox:
            service = RealService(folder)
            service.start()
            service.set_up(sandbox)
            paused = tuple(ScheduleEdit(sync_type=kind, paused=True) for kind in SYNC_TYPES)
            service.call(SCHEDULES_SAVE, SaveSchedules(edits=paused))
            service.stop()
            serving = [Path(sys.executable).with_name("dyntui"), "serve"]
            with subprocess.Popen(serving, env=os.environ | service.environment) as process:
                try:
                    time.sleep(_SETTLES_SECONDS)
                    say(f"process {process.pid}")
                    before, began = cpu_seconds(process.pid), time.monotonic()
                    time.sleep(minutes * 60)
                    took = time.monotonic() - began
                    user, system = (now - was for now, was in zip(cpu_seconds(process.pid), before, strict=True))
                    share = 100 * (user + system) / took
                    say(f"user {user:.2f} s, system {system:.2f} s in {took:.0f} s: {share:.2f} % of a core")
                finally:
                    process.terminate()
            service.close()


if __name__ == "__main__":
    main()
