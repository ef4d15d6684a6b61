"""The consent watch beside an office, on the same clock: it looks whenever that is due while time passes."""

from __future__ import annotations

from datetime import datetime, timedelta

from dyntui.sync.connections import OF_THE_WATCH, Connections
from dyntui.sync.consent_watch import ConsentWatch
from tests.scenarios.office import Office


class Watched:
    """An office whose service is watching. `learned`: the runs of the audit that say what the watch has learned."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.learned: list[str] = []
        around = office.sandbox.surroundings(sleep=office._pass_time)
        self.connections = Connections(office.db, office.secrets, around, OF_THE_WATCH)
        self._watch = ConsentWatch(
            office.db,
            self.connections,
            clock=office.sandbox.now,
            ids=office.resources.ids,
            learned=self.learned.append,
        )
        self.looks = 0
        self.due = office.sandbox.now()

    def look(self) -> None:
        """Once, whether it is due or not."""
        self.looks += 1
        began = self.office.sandbox.now()
        seconds = self.office.wait(self._watch.look())
        self.due = max(self.office.sandbox.now(), began) + timedelta(seconds=seconds)

    def until(self, moment: datetime) -> None:
        """Time passes until then, and the watch looks whenever it is due."""
        while self.due <= moment:
            self.office.sandbox.time.skip_to(self.due)
            self.look()
        self.office.sandbox.time.skip_to(moment)

    def minutes(self, minutes: float) -> None:
        """Time passes."""
        self.until(self.office.sandbox.now() + timedelta(minutes=minutes))

    def close(self) -> None:
        self.office.wait(self.connections.close())
