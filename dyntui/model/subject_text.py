"""What a subject request answers as text that people read: `lines(export)`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dyntui.model.known_people import KINDS
from dyntui.model.subject_requests import SubjectExport


def lines(export: SubjectExport) -> Iterator[str]:
    """The whole answer, line by line: who asked, what is missing, each system's rows, and what was seen in the order of
    time."""
    yield f"Everything known of {export.person}"
    yield f"Asked by {export.asked_by or 'somebody'} on {export.asked_on}"
    yield f"Records in Dynamics: {', '.join(export.records) or 'none'}"
    yield f"Addresses: {', '.join(export.addresses) or 'none'}"
    for each in export.shared_with:
        yield f"Shares an address with: {each.entity} {each.person} (nothing of them is told here)"
    for missing in export.not_read:
        yield f"NOT READ, and missing below: {missing}"
    for part in export.parts:
        yield ""
        yield f"== {part.system}: {part.what} ({len(part.rows)}) =="
        for place, row in enumerate(part.rows):
            if place:
                yield ""
            for name, value in row.items():
                said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
                yield f"{name}: {said}"
    yield ""
    yield f"== What was seen, the newest first ({len(export.timeline)}) =="
    for event in export.timeline:
        parts = (event.happened_on, KINDS.get(event.kind, event.kind), event.where, event.detail)
        yield "  ".join(filter(None, parts))
