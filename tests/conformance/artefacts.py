"""Differences between the vendor's descriptions and the traffic which are the descriptions' own, with the reasons."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.conformance.description import Fault


@dataclass(frozen=True, slots=True)
class Artefact:
    """Differences whose operation, place and text all match; `reason` says why they are none."""

    operation: str
    place: str
    text: str
    reason: str
    _patterns: tuple[re.Pattern[str], ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_patterns", tuple(map(re.compile, (self.operation, self.place, self.text))))

    def covers(self, operation: str, fault: Fault) -> bool:
        values = (operation, fault.place, fault.text)
        return all(pattern.search(value) for pattern, value in zip(self._patterns, values, strict=True))


_NULL = r"^None (for not nullable|is not of type 'string')$"

ARTEFACTS = (
    Artefact(
        r"^GET /v2/.*campaigns",
        r"\.(htmlContent|plainTextContent)$",
        _NULL,
        "Required and never empty is what is sent; the reference says that lists of campaigns leave the content null.",
    ),
    Artefact(
        r"^GET /v2/campaigns",
        r"\.(dateFirstOpened|dateLastOpened|sentDate|dateSent|dateLastSent)$",
        _NULL,
        "A date that there is not: by description never null, and nothing says what stands for it (year 1, by switch).",
    ),
    Artefact(
        r" /contacts/v3",
        r"\.preferences\[\*\]$",
        r"^'name' is a required property$",
        "A preference requires `name`, which is described nowhere; publicName and privateName are.",
    ),
    Artefact(
        r" /contacts/v3",
        r"\.preferences$",
        r"^\[\] should be non-empty$",
        "At least one is what may be sent; nothing says that a part asked for is left out when there is none of it.",
    ),
    Artefact(
        r" /contacts/v3/delete",
        r"(body \$|\.deleted|\.identifier)",
        r"is valid under each of",
        "`oneOf` over identifiers whose last alternative, any custom one, takes in e-mail and mobile number as well.",
    ),
)
