"""The console over a tiny service that it starts itself, as it would the real one."""

import sys
from pathlib import Path

from dyntui.screens.app import run

from dyntui.service.client import ServiceClient
from dyntui.service.profile import open_profile
from dyntui.service.starting import attach_or_start

TINY = Path(__file__).parents[1] / "service" / "transport" / "tiny_service.py"


async def connect() -> ServiceClient:
    return await attach_or_start(open_profile(), command=(sys.executable, str(TINY)))


sys.exit(run(connect))
