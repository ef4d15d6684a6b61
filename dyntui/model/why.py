"""Why somebody is mailed or not: the gates between a person and the mail, in their order."""

from __future__ import annotations

import msgspec

from dyntui.model.outcomes import Outcome
from dyntui.model.reasons import BY_CODE, PRECEDENCE


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """What a closed gate rests on. `since`: when it happened as far as the source says, `learned_on`: when dyntui
    learned it (ISO 8601 UTC, `""`: not known); `detail`: what makes it concrete, such as the record that said so."""

    code: str
    detail: str = ""
    since: str = ""
    learned_on: str = ""


class ClosedGate(msgspec.Struct, frozen=True, kw_only=True):
    """A gate that keeps a person from the mail, what it rests on (as in `Fact`), and who can mend it and how."""

    code: str
    title: str
    detail: str = ""
    since: str = ""
    learned_on: str = ""
    who: str
    remedy: str


class Asked(msgspec.Struct, frozen=True):
    """A source that was looked at, and when it was read last (`""`: never): what it did not say is not known."""

    source: str
    as_of: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record stands for a send to `where` (marketing lists by name): sendable where `outcome` is `added`.

    `gates`: those that are closed, the first one names the person's reason. `detail` is that of the verdict as counts
    give it. `asked`: what was looked at.
    """

    person: str
    entity: str
    name: str
    address: str
    where: str
    outcome: Outcome
    reason: str = ""
    detail: str = ""
    gates: tuple[ClosedGate, ...] = ()
    asked: tuple[Asked, ...] = ()


def closed(codes: tuple[str, ...], detail: str, facts: tuple[Fact, ...]) -> tuple[ClosedGate, ...]:
    """The closed gates by precedence, each with every fact known of it; `detail` is that of the first one, for which
    no fact may be known."""
    gates: list[ClosedGate] = []
    for code in sorted(dict.fromkeys(codes), key=lambda each: (PRECEDENCE.get(each, len(PRECEDENCE)), each)):
        known = [each for each in facts if each.code == code]
        if not known:
            known = [Fact(code=code, detail=detail if not gates else "")]
        entry = BY_CODE.get(code, BY_CODE["UNKNOWN"])
        gates.extend(
            ClosedGate(
                code=code,
                title=entry.title,
                detail=each.detail,
                since=each.since,
                learned_on=each.learned_on,
                who=entry.who,
                remedy=entry.remedy,
            )
            for each in known
        )
    return tuple(gates)
