"""Trust in cheap answers: what no document promises is proved until it has shown itself to be right, and then daily.

A *cheap answer* says what changed (a delta link, a count, rows created since); its *proof* reads everything. What the
proof finds and the cheap answer did not say is a *difference*.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from dyntui.model.moments import moment_of, to_come

# The questions that have cheap answers: what changed of people's records in Dynamics, who joined or left a static list,
# what changed in an address book, and who opted out.
RECORDS, MEMBERS, BOOK, OPT_OUTS = "records", "members", "book", "opt-outs"
QUESTIONS = (RECORDS, MEMBERS, BOOK, OPT_OUTS)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """`first_days`: how long each cheap answer of a connection is followed by its proof; `proof_hours`: how old a proof
    may become after that."""

    first_days: float = 14.0
    proof_hours: float = 24.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How a question has done so far. `since`: when it was asked first; `proofs`: how often a proof followed it;
    `differences`: how many those found, `found`: the last of them in words; `last_proof`: of what is asked about now.
    Times are ISO 8601 UTC, `""`: never."""

    since: str = ""
    proofs: int = 0
    differences: int = 0
    found: str = ""
    last_proof: str = ""


def why_proved(asked: Asked, rule: Rule, now: datetime) -> str:
    """Why the proof follows the cheap answer now; `""` where the cheap answer rules."""
    if asked.differences:
        often = "once" if asked.differences == 1 else f"{asked.differences} times"
        return f"what was said to have changed was wrong {often}, last: {asked.found}"
    since, last = moment_of(asked.since), moment_of(asked.last_proof)
    if since is None or last is None or not asked.proofs:
        return "it was not proved before"
    if now - since < timedelta(days=rule.first_days):
        return f"in the first {rule.first_days:g} days of a connection all is proved"
    if to_come(last, now):
        return "the last proof is dated as to come, by a clock that was ahead"
    if now - last >= timedelta(hours=rule.proof_hours):
        return f"the last proof was {age_of(asked.last_proof, now)} old"
    return ""


def age_of(moment: str, now: datetime) -> str:
    """How long ago a stored moment was, as a person says it."""
    then = moment_of(moment)
    if then is None:
        return "unknown time"
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"
