"""The same list by a `dlt` pipeline, in an environment of its own beside dyntui's: people per second."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from dyntui.cli.output import say
from tests.benchmarks.plain_script import PlainScript
from tests.benchmarks.world import World

_PIPELINE = Path(__file__).with_name("dlt_pipeline.py")


def speed(there: World, python: str) -> float:
    """Members of the list per second. `python`: that of an environment in which dlt is installed."""
    line = there.sandbox.line
    with PlainScript(line) as script:
        told = {
            "authority": line.authority,
            "dataverse_url": line.dataverse_url,
            "client_id": line.client_id,
            "client_secret": line.client_secret,
            "ca_file": line.ca_file,
            "region": script.region,
            "api_user": line.api_user,
            "api_password": line.api_password,
            "list": there.list_id,
            "book": script.new_address_book("By a dlt pipeline"),
        }
    ran = subprocess.run([python, _PIPELINE], input=json.dumps(told), capture_output=True, text=True, check=False)
    assert not ran.returncode, ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    people, seconds = len(there.members), found["seconds"]
    say(f"The dlt pipeline: {people:,} people, {found['imported']:,} of them imported, in {seconds:.2f} s")
    return people / seconds
