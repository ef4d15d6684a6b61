"""What a test does with a sandbox, wherever that runs: in a process of its own, or in the test's.

    sandbox.info["dataverse_url"]                   # how a client reaches it and signs in, as a dict
    sandbox.control.get("/calls").json()            # an httpx client at the control address
    sandbox.order({"system": "dotdigital", ...})    # let calls fail
    sandbox.reset()                                 # no faults, counters at nothing, limits off
    sandbox.advance(3600)                           # its clock goes on

The environment variable DYNTUI_SANDBOX_SWITCHES sets switches of every sandbox that tests open, as the control call
`POST /settings` takes them: `{"dotdigital": {"since_inclusive": false}}`.
"""

from __future__ import annotations

import json
import os
from typing import Any

import httpx

SWITCHES = "DYNTUI_SANDBOX_SWITCHES"


class SandboxControls:
    """`info` is how a client reaches the sandbox, `control` a client at its control address."""

    def __init__(self, info: dict[str, Any], control: httpx.Client) -> None:
        self.info = info
        self.control = control
        switches = json.loads(os.environ.get(SWITCHES) or "{}")
        if switches:
            self.switch(**switches)

    def switch(self, **systems: dict[str, Any]) -> None:
        """Sets switches: `switch(dotdigital={"audience": False})`."""
        self.control.post("/settings", json=systems).raise_for_status()

    def reset(self) -> None:
        """What one test ordered shall not meet the next one: faults end, counters start at nothing, limits are off."""
        self.control.delete("/faults").raise_for_status()
        self.control.post("/limits", json={"scheme": "off"}).raise_for_status()
        self.control.post("/calls/reset").raise_for_status()

    def order(self, *faults: dict[str, Any]) -> None:
        """Let calls fail: `{"system", "method", "route", "kind", "times", ...}`, see the sandbox's faults."""
        self.control.post("/faults", json=list(faults)).raise_for_status()

    def calls(self) -> dict[str, int]:
        """Calls per `system METHOD route` since the last reset."""
        counted = self.control.get("/calls").raise_for_status().json()
        return {f"{each['system']} {each['method']} {each['route']}": each["count"] for each in counted}

    def advance(self, seconds: float) -> None:
        """Let the sandbox's clock go on."""
        self.control.post("/clock", json={"advance_seconds": seconds}).raise_for_status()
