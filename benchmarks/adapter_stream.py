"""What a real MARK, sweep, review, CUT and VERIFY send, recorded once, to be sent again by anybody."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests import pipeline_room as room

from cutter_agent.db_adapter.interface import Parameters, Row
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import ConnectionSettings, Isolation
from cutter_agent.db_adapter.statements import Statement, load
from cutter_agent.db_adapter.transaction import BEGIN, Transaction
from cutter_agent.model import Lane

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One statement of a block: with ``rows`` or ``lines`` a COPY, with ``streamed`` read row by row, without
    ``fetches`` asked only for how many rows it touched."""

    statement: Statement
    parameters: Parameters | None
    rows: Sequence[Sequence[object]] | None = None
    lines: Sequence[str] | None = None
    streamed: bool = False
    fetches: bool = True

    @property
    def values(self) -> list[object] | None:
        given = self.parameters or {}
        return [given[name] for name in self.statement.parameters] or None


@dataclass(frozen=True, kw_only=True)
class Block:
    """BEGIN, calls, COMMIT."""

    lane: Lane
    phase: str
    isolation: Isolation
    writes: bool
    calls: list[Call] = field(default_factory=list)

    @property
    def begin(self) -> str:
        return load()[BEGIN[self.isolation, self.writes]].numbered_sql


class _Recorded:
    """A block that notes what it is asked and passes it on."""

    def __init__(self, inner: Transaction, calls: list[Call]) -> None:
        self._inner, self._calls = inner, calls

    def __getattr__(self, name: str) -> Any:
        if name == "savepoint":
            raise NotImplementedError("no phase uses one; sending it again is not written")
        return getattr(self._inner, name)

    def fetch(self, name: str, parameters: Parameters | None = None) -> list[Row]:
        self._note(name, parameters)
        return self._inner.fetch(name, parameters)

    def fetch_one(self, name: str, parameters: Parameters | None = None) -> Row | None:
        self._note(name, parameters)
        return self._inner.fetch_one(name, parameters)

    def execute(self, name: str, parameters: Parameters | None = None) -> int:
        self._note(name, parameters, fetches=False)
        return self._inner.execute(name, parameters)

    def stream(self, name: str, parameters: Parameters | None = None) -> Iterator[Row]:
        self._calls.append(Call(statement=load()[name], parameters=parameters, streamed=True))
        return self._inner.stream(name, parameters)

    def copy_rows(self, name: str, rows: Iterable[Sequence[object]]) -> int:
        taken = [tuple(row) for row in rows]
        self._calls.append(Call(statement=load()[name], parameters=None, rows=taken))
        return self._inner.copy_rows(name, taken)

    def copy_lines(self, name: str, lines: Iterable[str]) -> int:
        taken = list(lines)
        self._calls.append(Call(statement=load()[name], parameters=None, lines=taken))
        return self._inner.copy_lines(name, taken)

    def fetch_as(
        self, name: str, parameters: Parameters, columns: Sequence[str], make: Callable[[tuple[Any, ...]], T]
    ) -> list[T]:
        self._note(name, parameters)
        return self._inner.fetch_as(name, parameters, columns, make)

    def _note(self, name: str, parameters: Parameters | None, *, fetches: bool = True) -> None:
        kept = dict(parameters) if parameters else None
        self._calls.append(Call(statement=load()[name], parameters=kept, fetches=fetches))


class _Recorder(RealPostgresAdapter):
    blocks: list[Block]

    @contextmanager
    def _block(
        self, phase: str, isolation: Isolation, *, writes: bool, within_s: float | None = None
    ) -> Generator[Transaction]:
        made = Block(lane=self.lane, phase=phase, isolation=isolation, writes=writes)
        with super()._block(phase, isolation, writes=writes, within_s=within_s) as inner:
            yield _Recorded(inner, made.calls)  # type: ignore[misc] - a stand-in of the same shape
        self.blocks.append(made)


class _RecordingLedger(room.Ledger):
    def __post_init__(self) -> None:
        self.blocks: list[Block] = []
        super().__post_init__()

    def adapter(self, lane: Lane) -> RealPostgresAdapter:
        made = _Recorder(settings=lane_settings(self.login, lane), lane=lane, role=room.NAMES.of(room.Role(lane.value)))
        made.blocks = self.blocks
        self.stack.callback(made.close)
        return made


def lane_settings(login: Mapping[str, Any], lane: Lane) -> ConnectionSettings:
    """How a lane of the deployed database connects."""
    role = room.Role(lane.value)
    return ConnectionSettings(
        host=login["host"],
        port=login["port"],
        dbname=login["dbname"],
        user=room.NAMES.of(role),
        password=room.PASSWORDS[role],
    )


def record(login: Any, law: bytes) -> list[Block]:
    """Every block of one law's way from MARK to VERIFY, on a deployed and empty database; what it wrote stays."""
    with ExitStack() as stack:
        ledger = _RecordingLedger(login=login, stack=stack)
        entry = ledger.applied(law)
        ledger.verify(entry)
        return ledger.blocks
