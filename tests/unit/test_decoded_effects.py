"""test_decoding's text into effects: hostile names and values, and refusal of what is not known."""

from __future__ import annotations

import pytest

from pg_dryrun.effects import Change, CommittedTransaction, Verb, merge, parse
from pg_dryrun.errors import ToolFault
from pg_dryrun.wal import WalSlice, WalTransaction

FENCE = "message: transactional: 1 prefix: pg_dryrun, sz: 4 content:step"


def lines(xid: int, *data: str) -> list[tuple[int, str]]:
    return [(xid, f"BEGIN {xid}"), *((xid, line) for line in data), (xid, f"COMMIT {xid}")]


@pytest.mark.parametrize(
    ("data", "changes"),
    [
        ("table public.k: INSERT: id[integer]:1 v[text]:'a''b: TRUNCATE: (x)'", [("public.k", Verb.INSERT)]),
        ('table "A b"."c.d": UPDATE: old-key: x[integer]:1 new-tuple: x[integer]:2', [("A b.c.d", Verb.UPDATE)]),
        ('table s."we""ird: INSERT:": DELETE: (no-tuple-data)', [('s.we"ird: INSERT:', Verb.DELETE)]),
        ('table a.b, "C".d: TRUNCATE: restart_seqs cascade', [("a.b", Verb.TRUNCATE), ("C.d", Verb.TRUNCATE)]),
        ("table s.t: INSERT: v[text]:'COMMIT 5\nBEGIN 6'", [("s.t", Verb.INSERT)]),
    ],
)
def test_only_the_head_of_a_change_is_read(data: str, changes: list[tuple[str, Verb]]) -> None:
    transactions, fences = parse(lines(7, data))
    assert [(change.table, change.verb) for change in transactions[0].changes] == changes
    assert fences == ()


def test_a_fence_is_ours_by_its_prefix_not_by_its_content() -> None:
    foreign = "message: transactional: 1 prefix: other, sz: 30 content:x prefix: pg_dryrun, sz: 4 content:step"
    transactions, fences = parse([*lines(8, foreign), (8, foreign), *lines(9, FENCE)])
    assert [item.xid for item in transactions] == [8, 9]
    assert fences == (9,)


@pytest.mark.parametrize(
    "data",
    [
        lines(7, "streaming block"),
        lines(7, "table s.t: REWRITE: x"),
        lines(7, "table s: INSERT: x"),
        lines(7, 'table "s: INSERT: x'),
        [(7, "table s.t: INSERT: x")],
        [(7, "COMMIT 7")],
        [(7, "BEGIN 7")],
    ],
)
def test_what_is_not_known_is_a_fault_of_the_tool_never_a_missed_effect(data: list[tuple[int, str]]) -> None:
    with pytest.raises(ToolFault):
        parse(data)


def committed(xid: int, **records: int) -> WalTransaction:
    return WalTransaction(xid=xid, records={name.replace("_", " "): number for name, number in records.items()})


def test_a_commit_that_decoding_is_silent_about_is_listed_with_its_reason() -> None:
    decoded = [
        CommittedTransaction(xid=5, changes=(Change(table="s.t", verb=Verb.INSERT),)),
        CommittedTransaction(xid=9, changes=()),
    ]
    log = WalSlice(
        committed=(committed(5), committed(6, Sequence_LOG=1), committed(7), committed(8, Heap_LOCK=2), committed(9)),
        aborted=(),
        bytes_written=1,
    )
    merged = merge(decoded, log, fence=9)
    assert [(item.xid, len(item.changes), item.why) for item in merged] == [
        (5, 1, ""),
        (6, 0, "a sequence moved"),
        (7, 0, "an id taken, or unlogged or temporary rows"),
        (8, 0, "rows locked"),
    ]


def test_a_decoded_commit_that_the_log_does_not_have_means_one_of_them_is_blind() -> None:
    with pytest.raises(ToolFault, match="no commit record"):
        merge([CommittedTransaction(xid=5, changes=())], WalSlice(committed=(), aborted=(), bytes_written=0), fence=5)
