"""Calls held against descriptions: what was compared, what differs, and which of that is an artefact."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.artefacts import ARTEFACTS, Artefact
from tests.conformance.description import Description, Fault, Operation, load
from tests.conformance.traffic import Exchange

ENVIRONMENT = "DYNTUI_DESCRIPTIONS"
_BESIDE = Path(__file__).parents[3] / "shared" / "reference" / "data" / "specs"
# What the services generate about themselves counts; the hand-written files contradict them in places (see --all).
_GENERATED = (
    "dotdigital-v2-api-swagger.json",
    "dotdigital-contacts-service.json",
    "dotdigital-insight-data-service.json",
    "dotdigital-configuration-service.json",
)
_V2_MESSAGE = re.compile(rb'\s*\{\s*"message"\s*:\s*"[^"]', re.DOTALL)


def folder() -> Path | None:
    """Where the vendor's descriptions are: the folder that the environment names, else the one beside the checkout."""
    named = os.environ.get(ENVIRONMENT)
    found = Path(named) if named else _BESIDE
    return found if found.is_dir() else None


def descriptions(where: Path, *, hand_written: bool = False) -> list[Description]:
    """The descriptions of a folder; only those which the services generate unless `hand_written`."""
    paths = sorted(path for path in where.iterdir() if path.suffix in {".json", ".yaml"})
    return [load(path) for path in paths if hand_written or path.name in _GENERATED]


@dataclass(slots=True)
class Comparison:
    """What was compared and what came of it. Differences and artefacts are counted by kind.

    A description that a service generates about itself counts more than a hand-written one of the same operation: what
    only the latter says otherwise is a contradiction between the two, no difference. `judges_requests`: whether
    requests are compared, too.
    """

    descriptions: Sequence[Description]
    artefacts: Sequence[Artefact] = ARTEFACTS
    judges_requests: bool = True
    requests: int = 0
    answers: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    invalid: Counter[str] = field(default_factory=Counter)
    differing: Counter[str] = field(default_factory=Counter)
    excused: Counter[Artefact] = field(default_factory=Counter)
    contradicting: Counter[str] = field(default_factory=Counter)

    def compare(self, calls: Iterable[Exchange]) -> None:
        """Compares calls; those to other systems than the described one are passed over."""
        for call in calls:
            found = [each.operation(call.method, call.path) for each in self.descriptions]
            if not any(found) and _is_dotdigital(call.path):
                self.unknown[f"{call.method} {call.path}"] += 1
            operations = [each for each in found if each is not None]
            generated = any(each.description.name in _GENERATED for each in operations)
            for operation in operations:
                self._compare(operation, call, overruled=generated and operation.description.name not in _GENERATED)

    def _compare(self, operation: Operation, call: Exchange, *, overruled: bool) -> None:
        self.operations.add(operation.name)
        if self.judges_requests:
            self.requests += 1
            faults = operation.request_faults(call.path, call.query, call.content_type, call.body)
            self._note(self.contradicting if overruled else self.invalid, operation, faults)
        if call.status is not None:
            self.answers += 1
            faults = answer_faults(operation, call.status, call.answer_type, call.answer)
            self._note(self.contradicting if overruled else self.differing, operation, faults)

    def _note(self, into: Counter[str], operation: Operation, faults: Iterable[Fault]) -> None:
        for fault in faults:
            known = next((each for each in self.artefacts if each.covers(operation.name, fault)), None)
            if known is not None:
                self.excused[known] += 1
            else:
                into[f"{operation.name} | {fault.place} | {fault.text}"] += 1

    def report(self) -> str:
        """The comparison in words, differences first."""
        lines = [f"request invalid {count}x: {text}" for text, count in self.invalid.most_common()]
        lines += [f"answer differs {count}x: {text}" for text, count in self.differing.most_common()]
        lines += [f"not described {count}x: {text}" for text, count in self.unknown.most_common()]
        kinds = {text.rpartition(" | ")[0] for text in self.contradicting}
        lines += [f"hand-written description contradicts the generated one: {text}" for text in sorted(kinds)]
        lines += [f"artefact {count}x: {artefact.reason}" for artefact, count in self.excused.most_common()]
        lines.append(
            f"{self.requests} requests, {sum(self.invalid.values())} invalid; {self.answers} answers,"
            f" {sum(self.differing.values())} differing; {sum(self.excused.values())} artefacts of"
            f" {len(self.excused)} kinds; {len(self.operations)} operations"
        )
        return "\n".join(lines)

    @property
    def clean(self) -> bool:
        return not (self.invalid or self.differing or self.unknown)


def answer_faults(operation: Operation, status: int, content_type: str, body: bytes) -> list[Fault]:
    """What is wrong with an answer. The description of v2 lists no error at all: there the one documented shape counts,
    `{"message": text}`."""
    described = operation.definition["responses"]
    if status >= 400 and str(status) not in described and operation.template.startswith("/v2/"):
        return [] if _V2_MESSAGE.match(body) else [Fault(f"answer {status}", 'is not {"message": text}')]
    return operation.answer_faults(status, content_type, body)


def _is_dotdigital(path: str) -> bool:
    return path.startswith(("/v2/", "/contacts/v3", "/insightData/v3", "/configuration/v3", "/events/v3"))
