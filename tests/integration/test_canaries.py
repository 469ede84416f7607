"""Every instrument sees its canary, and an instrument that is made blind is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.instruments_room import EVERY_KIND, instrumented_cluster, new_database

from pg_dryrun import canaries, contract, dark_writes, effects, fingerprint, roles, secrets_scan, server_log, statements
from pg_dryrun.dark_writes import DarkWrites
from pg_dryrun.observer import counts
from pg_dryrun.subject import Login
from pg_dryrun.wal import WalReader, WalSlice
from pg_embedded.cluster import ThrowawayCluster


@pytest.fixture(scope="module")
def server() -> Iterator[ThrowawayCluster]:
    with instrumented_cluster("canaries") as made:
        yield made


@pytest.fixture
def login(server: ThrowawayCluster) -> Login:
    return new_database(server, EVERY_KIND)


def test_all_see_and_nothing_is_left(login: Login, tmp_path: Path) -> None:
    found = canaries.fly(login, workdir=tmp_path)
    assert [canary for canary in found if not canary.seen] == []
    assert {canary.instrument for canary in found} == {
        "effects",
        "counts",
        "digests",
        "dark writes",
        "write-ahead log",
        "server log",
        "grammar",
        "allow-list",
        "grant matrix",
        "contract",
        "reconciliation",
        "secrets scan",
        "clean-up",
    }
    assert list(tmp_path.iterdir()) == []


def test_they_can_fly_twice(login: Login, tmp_path: Path) -> None:
    for _ in range(2):
        assert all(canary.seen for canary in canaries.fly(login, workdir=tmp_path))


BLINDFOLDS = {
    "effects": (effects, "_changes", lambda _: []),
    "counts": (counts, "count", lambda _observer, tables: dict.fromkeys(tables, 7)),
    "digests": (counts, "changed", lambda _before, _after: ()),
    "dark writes": (dark_writes, "between", lambda _before, _after, _effects: DarkWrites()),
    "server log": (server_log, "_statements", lambda _: ()),
    "grammar": (fingerprint.StatementPrint, "forbidden", lambda _: ()),
    "allow-list": (statements, "undeclared", lambda *_: ()),
    "grant matrix": (roles, "_attempt", lambda _observer, _statement: ("42501", False)),
    "contract": (contract, "_mismatches", lambda _emission, _deployed: iter(())),
    "reconciliation": (statements, "reconcile", lambda _server, _client: ()),
    "secrets scan": (secrets_scan, "_scan_bytes", lambda *_args, **_words: []),
    "write-ahead log": (
        WalReader,
        "between",
        lambda _self, _begin, _end: WalSlice(committed=(), aborted=(), bytes_written=0),
    ),
}


@pytest.mark.parametrize("instrument", sorted(BLINDFOLDS))
def test_a_blind_instrument_is_named(
    login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instrument: str
) -> None:
    where, name, blindfold = BLINDFOLDS[instrument]
    monkeypatch.setattr(where, name, blindfold)
    blind = {canary.instrument for canary in canaries.fly(login, workdir=tmp_path) if not canary.seen}
    assert instrument in blind or "all" in blind


def test_a_server_that_does_not_log_is_blind_in_all(tmp_path: Path) -> None:
    with instrumented_cluster("mute", log_statement="none") as mute:
        found = canaries.fly(new_database(mute), workdir=tmp_path)
    assert [canary.instrument for canary in found if not canary.seen] == ["all"]
