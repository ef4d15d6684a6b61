"""What dyntui says to dotdigital, and what the sandbox answers, held against the vendor's own descriptions.

    python -m tests.conformance.recorded [--all] [RECORDING...]

Recordings are files of `dyntui sandbox --record`; with none given, the main job is done on a sandbox and recorded.
Tests write them too: `DYNTUI_SANDBOX_RECORD=folder pytest tests/scenarios` keeps one of each sandbox in that folder.
The descriptions are looked for in the folder that $DYNTUI_DESCRIPTIONS names, else beside the checkout. `--all` takes
the hand-written ones as well, and tells where they contradict those which the services generate. Exit code 0: no
request is invalid and no answer differs, but for named artefacts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from dyntui.sandbox.recording import Recorder
from tests.conformance.differences import ENVIRONMENT, Comparison, descriptions, folder
from tests.conformance.traffic import exchanges
from tests.scenarios.office import Office
from tests.scenarios.worlds import world


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="compare with the hand-written descriptions, too")
    parser.add_argument("recordings", nargs="*", type=Path)
    options = parser.parse_args()
    where = folder()
    if where is None:
        sys.stderr.write(f"There are no descriptions: name their folder in {ENVIRONMENT}.\n")
        return 2
    comparison = Comparison(descriptions(where, hand_written=options.all))
    with tempfile.TemporaryDirectory() as home:
        for path in options.recordings or [record_main_job(Path(home))]:
            comparison.compare(exchanges(_lines(path)))
    sys.stdout.write(comparison.report() + "\n")
    return 0 if comparison.clean else 1


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        yield from file


def record_main_job(home: Path) -> Path:
    """Does everything that dyntui does with dotdigital once, and answers where it is recorded."""
    recording = home / "recording.jsonl"
    with world(home, people=300, audience=True) as sandbox, closing(Recorder(recording)) as recorder:
        sandbox.gateway.recorder = recorder
        with closing(Office.open(sandbox, home)) as office:
            _main_job(office)
    return recording


def _main_job(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    office.run("lists")
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    office.send(office.count(campaign))
    office.let_pass(days=2)
    office.unsubscribe(office.members(newsletter.id)[0].address, book=office.book_of(newsletter.id))
    for sync_type in ("campaigns", "suppressions", "lists"):
        office.run(sync_type)
    office.report(campaign)
    office.deactivate(newsletter.id)


if __name__ == "__main__":
    sys.exit(main())
