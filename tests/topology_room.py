"""Orders without a new source on a deployed ledger, for the tests of split, merge, retire, renumber and redirect."""

from __future__ import annotations

from typing import Any

from tests.pipeline_room import MARKER, Ledger

from cutter_agent.db_adapter.reading import LedgerReport
from cutter_agent.model import OperationKind
from cutter_agent.phases import topology as ordering
from cutter_agent.phases.audit import Keys, audit
from cutter_agent.phases.mark import Marker, MarkResult
from cutter_agent.topology import Order, mark_of

WHO = Marker(identity=MARKER, tool_revision="rev-1")


def order(kind: str, *names: str, at: tuple[str, ...] = (), because: str = "it reads better so", **how: Any) -> Order:
    """An order as the command line makes it."""
    marks = tuple(mark_of(word) for word in at)
    return Order(kind=OperationKind(kind), names=names, marks=marks, because=because, **how)


def marked(ledger: Ledger, wanted: Order) -> MarkResult:
    """The proposal of an order."""
    planned = ordering.plan(ledger.executor, order=wanted, marker=WHO)
    return ordering.propose(ledger.executor, planned, clock=ledger.clock)


def applied(ledger: Ledger, wanted: Order) -> str:
    """Marked, swept, approved by somebody else, and cut: the entry's id."""
    entry_id = marked(ledger, wanted).entry.entry_id
    ledger.sweep()
    ledger.judge(entry_id)
    ledger.cut(entry_id)
    return entry_id


def done(ledger: Ledger, kind: str, *names: str, **how: Any) -> str:
    """From the order to the proof."""
    entry_id = applied(ledger, order(kind, *names, **how))
    outcome = ledger.verify(entry_id)
    assert outcome.passed, outcome.result.findings
    return entry_id


def proven(ledger: Ledger, data: bytes, **how: Any) -> str:
    """A text that is cut, or cut again, and verified."""
    entry_id = ledger.applied(data, **how)
    outcome = ledger.verify(entry_id)
    assert outcome.passed, outcome.result.findings
    return entry_id


def report(ledger: Ledger) -> LedgerReport:
    return LedgerReport(ledger.exec_adapter)


def texts(ledger: Ledger, as_of: int | None = None) -> dict[str, str]:
    """Address to own text, in document order."""
    return {unit.canonical_address: unit.body for unit in report(ledger).units("L1", as_of=as_of)}


def parents(ledger: Ledger) -> dict[str, str | None]:
    return {unit.canonical_address: unit.parent for unit in report(ledger).units("L1", as_of=None)}


def operations(ledger: Ledger, cut_seq: int) -> dict[str, str]:
    """Address to the ledger's word for what a cut did to it."""
    rows = ledger.admin(
        "SELECT u.canonical_address, a.operation_kind FROM cutter_governance.cut_change_set_affected_row a "
        "JOIN cutter_governance.cut_change_set c USING (change_set_id) "
        "JOIN iu.information_unit u ON u.unit_id = a.target_row_id WHERE c.cut_seq = %s",
        cut_seq,
    )
    return dict(rows)


def audited(ledger: Ledger) -> list[str]:
    """Codes of every defect an audit of everything finds."""
    keys = Keys(executor=ledger.exec_key.public, verifier=ledger.verify_key.public)
    return [defect.code for found in audit(ledger.verifier, asked=None, keys=keys) for defect in found.defects]


def aliases(ledger: Ledger) -> dict[str, tuple[str, str]]:
    """Text of each alias to the address of its unit and its kind."""
    rows = ledger.admin(
        "SELECT a.alias_text, u.canonical_address, a.alias_kind FROM cutter_governance.canonical_address_alias a "
        "JOIN iu.information_unit u ON u.unit_id = a.target_unit_id ORDER BY a.valid_from"
    )
    return {text: (address, kind) for text, address, kind in rows}
