"""The console over a world of its tests, for looking at it by hand: `python -m tests.console.play [WORLD]`.

Runs stand still at what they have saved last. The worlds are told in `tests.console.worlds`; the one that is asked for
is made first, which takes some seconds, and kept in the folder that `--kept` names for the next time.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from dyntui.screens.app import run

from dyntui.model.roles import Role

from .service import Service
from .worlds import Opening, Worlds, opened


def main() -> int:
    """Runs the console until the person quits."""
    parser = argparse.ArgumentParser()
    parser.add_argument("world", nargs="?", default="worked")
    parser.add_argument("--role", default=Role.MANAGER.value)
    parser.add_argument("--kept", type=Path)
    asked = parser.parse_args()
    opening, there = Opening(asked.world, Role(asked.role)), AsyncExitStack()
    with tempfile.TemporaryDirectory(prefix="dyntui-console-") as folder:
        Worlds.folder = asked.kept or Path(folder)

        async def connect() -> Service:
            service = await there.enter_async_context(opened(opening, Path(folder)))
            service.connect()
            return service

        return run(connect, first_steps=True)


if __name__ == "__main__":
    sys.exit(main())
