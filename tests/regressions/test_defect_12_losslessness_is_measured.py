"""Losslessness was a number declared by the same agent that made the pieces. Nobody compared bytes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.pipeline_room import Ledger, law

import cutter_agent.verifier
from sealing.digest import sha256_hex

VERIFIER = Path(next(iter(cutter_agent.verifier.__path__)))
CUTTING_SIDE = ("segmenter", "validation", "manifest", "vocabulary", "phases", "idempotency")


def test_the_verifier_shares_no_code_with_the_side_that_cuts() -> None:
    imported = {
        node.module
        for path in VERIFIER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
    }
    assert imported
    assert [name for name in imported if name.startswith(tuple(f"cutter_agent.{room}" for room in CUTTING_SIDE))] == []


@pytest.mark.parametrize("data", [law(5, clauses=2), b"\xef\xbb\xbfplain\r\n\r\n\ttext", "a\u00a0b\u2028".encode()])
def test_the_verifier_rebuilds_the_very_bytes(ledger: Ledger, data: bytes) -> None:
    outcome = ledger.verify(ledger.applied(data))
    assert outcome.passed
    assert outcome.result.rebuilt_sha256 == sha256_hex(data)


def test_one_byte_that_is_gone_is_found(ledger: Ledger) -> None:
    data = law(3)
    entry_id = ledger.applied(data)
    ledger.tamper(
        "UPDATE iu.unit_version SET body = left(body, -1),"
        " content_hash = encode(sha256(convert_to(left(body, -1), 'UTF8')), 'hex') WHERE render_order = 2"
    )
    outcome = ledger.verify(entry_id)
    assert not outcome.passed
    assert outcome.result.rebuilt_sha256 != sha256_hex(data)
    assert {"rebuilt_digest", "body", "content_hash"} <= {str(finding["code"]) for finding in outcome.result.findings}
