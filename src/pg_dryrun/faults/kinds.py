"""Every kind of fault, in the order of the report."""

from __future__ import annotations

from collections.abc import Mapping

from pg_dryrun.fault_record import FaultKind
from pg_dryrun.faults import conflicts, cuts, shortages
from pg_dryrun.faults.scene import Fault

_ALL: tuple[type[Fault], ...] = (
    cuts.BackendKilled,
    cuts.CutBefore,
    cuts.CutDuring,
    cuts.CutAfter,
    cuts.Delayed,
    cuts.AnswerSwallowed,
    cuts.BlackHole,
    conflicts.Serialization,
    conflicts.Deadlock,
    conflicts.LockTimeout,
    conflicts.StatementTimeout,
    shortages.Denied,
    shortages.TooManyConnections,
    shortages.DiskFull,
    cuts.ServerStopped,
    cuts.WriterKilled,
)


def faults_by_kind(*, small_disk: bool) -> Mapping[FaultKind, type[Fault]]:
    """What makes each kind on this machine."""
    found = {fault.kind: fault for fault in _ALL}
    if not small_disk:
        found[FaultKind.DISK_FULL] = shortages.ForgedDiskFull
    return found
