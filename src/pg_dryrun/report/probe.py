"""What the probe found, in one sentence."""

from __future__ import annotations

from pg_dryrun.probe_record import ProbeRecord


def sentence(record: ProbeRecord) -> str:
    """How much was driven, what was found, and why not more."""
    driven = f"{record.statements} declared statements and {len(record.phases)} phases were driven once, on a clone"
    if not record.statements and not record.phases:
        driven = "nothing was driven"
    found = f"{len(record.defects)} defects" if record.defects else "no defect"
    trouble = f" It was not driven to its end: {record.trouble}." if record.trouble else ""
    return f"After the run had failed, {driven}: {found}. The verdict is the run's alone.{trouble}"
