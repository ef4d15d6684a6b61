"""The facts of a run, for whoever shows one."""

from __future__ import annotations

from dyntui.model.sync_types import RUN_KINDS
from dyntui.service.contract.runs import RunRow, calls_text, run_text

from .runs_under_way import run_tone
from .widgets.facts import Fact
from .wording import lasted, moment


def type_of(run: RunRow) -> str:
    """Its type by the name that people know; one of a later version has none."""
    return RUN_KINDS[run.kind].title if run.kind in RUN_KINDS else run.kind


def run_facts(run: RunRow) -> list[Fact]:
    """How it stands, whose it is, and what it took."""
    return [
        ("Status", run_text(run), run_tone(run)),
        ("Type", type_of(run), ""),
        ("Account", run.account, ""),
        ("Started by", run.started_by, ""),
        ("Started", moment(run.started_on) or "not yet", ""),
        ("Took", lasted(run.started_on, run.ended_on) or "—", ""),
        ("Dynamics", _calls(run, run.dataverse_reads, run.dataverse_writes), "muted"),
        ("dotdigital", _calls(run, run.dotdigital_reads, run.dotdigital_writes), "muted"),
    ]


def run_facts_in_short(run: RunRow) -> list[Fact]:
    """Of two each one line: people by outcome are what the page is for."""
    facts = {label: (label, value, tone) for label, value, tone in run_facts(run)}
    took = lasted(run.started_on, run.ended_on)
    whose = ", by ".join(filter(None, (run.account, run.started_by)))
    started = ", ".join(filter(None, (facts["Started"][1], f"took {took}" if took else "")))
    return [
        facts["Status"],
        ("Account", whose, ""),
        ("Started", started, ""),
        *([facts["Dynamics"], facts["dotdigital"]] if not run.error_code else []),
    ]


def _calls(run: RunRow, reads: int, writes: int) -> str:
    """What was asked of a system; of a run under way nothing may be counted yet."""
    return calls_text(reads, writes) if run.status.ended or reads or writes else "—"
