"""Rows as they arrive: in order, some at a time, and the block lives on whether or not all were taken."""

from __future__ import annotations

import tracemalloc

import pytest
from tests.pipeline_room import Ledger, law

from cutter_agent.db_adapter.reading import LedgerReport
from cutter_agent.db_adapter.settings import Isolation
from cutter_agent.errors import Internal, VerificationFailed

VALUES = {"document_ref": "law/L1", "as_of": 1, "at": None}


def test_rows_come_in_order_and_the_block_goes_on(ledger: Ledger) -> None:
    ledger.applied(law(40, clauses=10))
    with ledger.exec_adapter.read(Isolation.REPEATABLE_READ) as block:
        streamed = list(block.stream("export_units", VALUES))
        assert streamed == block.fetch("export_units", VALUES)
        assert len(streamed) == 441
        rows = block.stream("export_units", VALUES)
        assert next(rows) == streamed[0]
        with pytest.raises(Internal, match="while rows are streaming"):
            block.fetch("export_units", VALUES)
        rows.close()  # type: ignore[attr-defined]
        assert block.fetch("export_units", VALUES) == streamed


class Stopped(Exception):
    """What a taker raises in the middle."""


def _stop_in_the_middle(ledger: Ledger) -> None:
    with ledger.exec_adapter.read() as block:
        for _ in block.stream("export_units", VALUES):
            raise Stopped


def _leave_rows(ledger: Ledger) -> None:
    with ledger.exec_adapter.read() as block:
        left = block.stream("export_units", VALUES)
        next(left)


def test_a_taker_that_fails_in_the_middle_does_not_wait_for_ever(ledger: Ledger) -> None:
    ledger.applied(b"".join(line + b" " + b"x" * 20_000 + b"\n" for line in law(20, clauses=5).split(b"\n")))
    for _ in range(3):
        with pytest.raises(Stopped):
            _stop_in_the_middle(ledger)
    with pytest.raises(Internal, match="commit while rows are streaming"):
        _leave_rows(ledger)
    with ledger.exec_adapter.read() as block:
        assert len(block.fetch("export_units", VALUES)) == 121


def test_a_statement_must_be_declared_and_its_parameters_given(ledger: Ledger) -> None:
    with ledger.exec_adapter.read() as block:
        with pytest.raises(Internal, match="not declared"):
            next(iter(block.stream("nothing_of_this_name")))
        with pytest.raises(Internal, match="missing"):
            next(iter(block.stream("export_units", {})))


def test_a_document_is_exported_in_memory_for_some_of_it(ledger: Ledger) -> None:
    text = law(20, clauses=5)
    padded = b"".join(line + b" " + b"x" * 20_000 + b"\n" for line in text.split(b"\n"))
    ledger.applied(padded)
    report = LedgerReport(ledger.exec_adapter)
    with report.export("L1", as_of=None) as (head, units):
        assert (head.cut_seq, head.document_code) == (1, "L1")
        tracemalloc.start()
        length = sum(len(unit.text.encode()) for unit in units())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert length == len(padded)
        assert [unit.address for unit in units()] == [unit.address for unit in units()]
    assert peak < len(padded) / 2, "the bodies were all held at once"


def test_what_is_not_the_snapshot_is_said_at_the_end(ledger: Ledger) -> None:
    ledger.applied(law(3))
    ledger.tamper("DELETE FROM iu.unit_version WHERE render_order = 2")
    with LedgerReport(ledger.exec_adapter).export("L1", as_of=1) as (_, units):
        found = units()
        assert next(found).version == 1
        with pytest.raises(VerificationFailed, match="as of cut 1"):
            list(found)
