"""The cutter as something to be broken: its five commands on one small law, its tables, its statements by name."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cutter_agent import segmenter
from cutter_agent.db_adapter import statements
from cutter_agent.idempotency import document_ref, entry_id, entry_key
from cutter_agent.model import Lane, OperationKind
from cutter_dryrun import faulted
from cutter_dryrun.matrix import TRACKED_TABLES
from pg_dryrun.errors import UsageError
from pg_dryrun.fault_record import FaultKind
from pg_dryrun.faults.interface import Breakable, Command, EnumeratedScenario, FaultOrder, Form, Places
from sealing.digest import sha256_hex
from sealing.keys import SigningKey

LAW = """Chương I
QUY ĐỊNH CHUNG
Điều 1. Phạm vi điều chỉnh
Luật này quy định việc giữ sổ của một tổ chức khi máy chủ ngừng giữa chừng.
Điều 2. Nguyên tắc
1. Việc đã ghi thì không ghi lại.
2. Việc chưa ghi thì được ghi đúng một lần.
Điều 3. Hiệu lực thi hành
Luật này có hiệu lực từ ngày được ghi vào sổ.
"""
"""Written for this purpose."""
_COMMANDS = (faulted.mark, faulted.sweep, faulted.review, faulted.cut, faulted.verify)
_PROFILE = "vn-law"
_REF, _CODE = "rehearsal/faults", "REHEARSAL-FAULTS"
_FIRST_INSTANT = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)
_BETWEEN_COMMANDS = timedelta(minutes=5)

VOLATILE: Mapping[str, tuple[str, ...]] = {}
"""Columns whose values hang on the moment, by table: none. Times come from the command's clock, which stands still."""


def cutter_as_breakable(workdir: Path) -> Breakable:
    """With two fresh signing keys in ``workdir``, which goes with the run."""
    keys = workdir / "fault-keys"
    keys.mkdir(mode=0o700)
    for lane in Lane:
        key = SigningKey.generate()
        key.save(keys / f"{lane.value}.pem")
        (keys / f"{lane.value}.pub").write_bytes(key.public.pem())
    common = {
        "keys": str(keys),
        "text": LAW,
        "profile": _PROFILE,
        "document_ref": _REF,
        "document_code": _CODE,
        "entry_id": _entry_id(),
    }
    return Breakable(
        commands=tuple(
            Command(
                name=function.__name__,
                function=f"{faulted.__name__}:{function.__name__}",
                arguments={**common, "instant": (_FIRST_INSTANT + number * _BETWEEN_COMMANDS).isoformat()},
            )
            for number, function in enumerate(_COMMANDS)
        ),
        state={table: VOLATILE.get(table, ()) for table in TRACKED_TABLES},
        statement_names={item.numbered_sql: item.name for item in statements.load().values()},
    )


SCENARIOS: tuple[EnumeratedScenario, ...] = (
    EnumeratedScenario(
        id="S14",
        title="backend killed at every statement boundary of every phase",
        kinds=(FaultKind.BACKEND_KILLED,),
    ),
    EnumeratedScenario(
        id="S15",
        title="the answer to COMMIT lost, and black-holed",
        kinds=(FaultKind.CUT_AFTER, FaultKind.CUT_DURING, FaultKind.ANSWER_SWALLOWED, FaultKind.BLACK_HOLE),
        places=Places.COMMITS,
    ),
    EnumeratedScenario(
        id="S20",
        title="the server stops at once in the middle of a phase, and comes back",
        kinds=(FaultKind.SERVER_STOPPED,),
        places=Places.MIDDLE,
    ),
)


def _entry_id() -> str:
    profile = segmenter.profiles.load(_PROFILE)
    return entry_id(
        entry_key(
            snapshot_sha256=sha256_hex(LAW.encode()),
            profile_id=profile.id,
            profile_version=profile.version,
            document_ref=document_ref(_REF),
            operation_kind=OperationKind.FIRST_CUT,
            base_change_set=None,
        )
    )


def fault_order(form: Form, only: str | None = None) -> FaultOrder:
    """The enumeration over the cutter. With ``only`` (a pair's id) nothing but that.

    Raises:
        UsageError: ``only`` names no command or no kind; whether its boundary exists is known when it was recorded.
    """
    if only is not None:
        _require_sense(only)
        return FaultOrder(make=cutter_as_breakable, form=Form.ONE, only=only)
    return FaultOrder(make=cutter_as_breakable, scenarios=SCENARIOS, form=form)


def _require_sense(only: str) -> None:
    command, _, rest = only.partition(":")
    boundary, _, kind = rest.rpartition(":")
    commands = [function.__name__ for function in _COMMANDS]
    if not boundary or not fnmatch.filter(commands, command) or not fnmatch.filter(list(FaultKind), kind):
        raise UsageError(
            f"{only!r} is no pair of boundary and fault",
            remedy=f"Write COMMAND:BOUNDARY:KIND, e.g. cut:commit:cut-after. Commands: {', '.join(commands)}."
            f" Kinds: {', '.join(FaultKind)}.",
        )
