"""The console on the fake service, for looking at it by hand: `python -m tests.console.play [--pace SECONDS]`."""

from __future__ import annotations

import argparse
import asyncio
import sys

from dyntui.screens.app import run

from dyntui.model.roles import Role

from .fake_service import FakeService, advancing


def main() -> int:
    """Runs the console; runs of the fake service get on by themselves."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pace", type=float, default=0.4)
    parser.add_argument("--role", default=Role.MANAGER.value)
    parser.add_argument("--signed-out", action="store_true")
    parser.add_argument("--unconfigured", action="store_true")
    asked = parser.parse_args()
    service = FakeService(Role(asked.role), configured=not asked.unconfigured, signed_in=not asked.signed_out)
    tasks: list[asyncio.Task[None]] = []

    async def connect() -> FakeService:
        tasks.append(asyncio.create_task(advancing(service, asked.pace)))
        return service

    return run(connect, first_steps=True)


if __name__ == "__main__":
    sys.exit(main())
