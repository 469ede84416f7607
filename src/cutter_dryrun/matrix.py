"""The accepted baseline "r3" (design 1.5): rows per table after every phase, for a document of N units.

Every cell is written out, zeros included, so that a row in a table that nobody expected is a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

LEDGER = "cutter_governance"

LEDGER_TABLES: tuple[str, ...] = tuple(
    f"{LEDGER}.{table}"
    for table in (
        "decision_backlog_entry",
        "decision_backlog_history",
        "decision_backlog_dependency",
        "decision_backlog_sweep_log",
        "manifest_envelope",
        "manifest_unit_block",
        "review_decision",
        "dot_pair_signature",
        "cut_change_set",
        "cut_change_set_affected_row",
        "verify_result",
        "canonical_address_alias",
    )
)
UNIT_STORE_TABLES: tuple[str, ...] = (
    "iu.source_snapshot",
    "iu.manifest",
    "iu.document",
    "iu.information_unit",
    "iu.unit_version",
    "iu.source_original",
    "iu.source_rendering",
    "iu.deployment_mark",
)
TRACKED_TABLES: tuple[str, ...] = LEDGER_TABLES + UNIT_STORE_TABLES


class Phase(StrEnum):
    """The five phases that write, in order."""

    MARK = "MARK"
    SWEEP = "SWEEP"
    REVIEW = "REVIEW"
    CUT = "CUT"
    VERIFY = "VERIFY"


def _rows_added(phase: Phase, units: int) -> Mapping[str, int]:
    """Rows that one phase adds for a document of ``units`` units; tables not named: none."""
    match phase:
        case Phase.MARK:
            added = {
                "decision_backlog_entry": 1,
                "decision_backlog_history": 1,
                "iu.source_snapshot": 1,
                "iu.manifest": 1,
            }
        case Phase.SWEEP:
            added = {"decision_backlog_history": 1, "decision_backlog_sweep_log": 1}
        case Phase.REVIEW:
            added = {
                "manifest_envelope": 1,
                "manifest_unit_block": units,
                "review_decision": 1,
                "decision_backlog_history": 1,
            }
        case Phase.CUT:
            added = {
                "dot_pair_signature": 1,
                "cut_change_set": 1,
                "cut_change_set_affected_row": units,
                "decision_backlog_history": 1,
                "iu.document": 1,
                "iu.information_unit": units,
                "iu.unit_version": units,
            }
        case Phase.VERIFY:
            added = {"dot_pair_signature": 1, "verify_result": 1, "decision_backlog_history": 1}
    return {name if "." in name else f"{LEDGER}.{name}": rows for name, rows in added.items()}


def totals_after(phase: Phase, units: int) -> Mapping[str, int]:
    """The whole matrix after ``phase`` for one document of ``units`` units: rows above the baseline, every table."""
    totals = dict.fromkeys(TRACKED_TABLES, 0)
    for earlier in Phase:
        for table, rows in _rows_added(earlier, units).items():
            totals[table] += rows
        if earlier is phase:
            break
    return MappingProxyType(totals)


def updates_in(phase: Phase, units: int) -> Mapping[str, int]:
    """Committed UPDATEs that ``phase`` makes, per table; tables not named: none.

    CUT and VERIFY move the entry's status twice inside their transaction (through ``cut_in_progress`` and
    ``verify_in_progress``); VERIFY also enacts every unit and its version.
    """
    entry = f"{LEDGER}.decision_backlog_entry"
    match phase:
        case Phase.MARK:
            return {}
        case Phase.SWEEP | Phase.REVIEW:
            return {entry: 1}
        case Phase.CUT:
            return {entry: 2}
        case Phase.VERIFY:
            return {entry: 2, "iu.information_unit": units, "iu.unit_version": units}


def ledger_rows_after(phase: Phase, units: int) -> int:
    """The sum over the 12 ledger tables: 2, 4, 7 + N, 10 + 2N, 13 + 2N."""
    totals = totals_after(phase, units)
    return sum(totals[table] for table in LEDGER_TABLES)
