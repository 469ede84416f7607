"""``make bench-recut-scale``: one article of a law of 100,000 units is edited, and the law is cut again.

Run: ``python -m benchmarks.recut_scale [--units N] [--pairs N]``. Each pair is a first cut of a law and a re-cut of it,
each by a process of its own on one server. Told of each: ledger rows and rows of the unit store that the re-cut wrote
(goal 13 + 2k in the ledger, at most k versions), the size of its manifest, its time over the first cut's (goal 0.3, the
median of the pairs), phase by phase, processor time, peak memory, and how long one SHA-256 over the law and one over
each unit takes. Ends with 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg
from benchmarks.bulk import apart, deployed, line, total_s
from benchmarks.bulk_laws import law
from psycopg import sql
from tests import pipeline_room as room

from pg_embedded.cluster import ThrowawayCluster
from pg_embedded.server import AdminLogin

GOAL = 0.3
EDITED = 77
_SETTINGS = {"max_connections": "30", "shared_buffers": "512MB", "max_wal_size": "8GB"}


def main() -> int:
    """Laws cut, edited, cut again; the exit code."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--units", type=int, default=100_000)
    words.add_argument("--pairs", type=int, default=2, help="laws that are cut and cut again, one after the other")
    given = words.parse_args()
    ratios, held = [], True
    with (
        ThrowawayCluster.create(name="bench-recut-scale", settings=_SETTINGS) as cluster,
        deployed(cluster, "recut_scale") as login,
    ):
        apart(login, 1000, "WARM")
        for number in range(1, given.pairs + 1):
            first, again, wrote = _pair(login, given.units, f"L{number}")
            ratios.append(total_s(again) / total_s(first))
            held = _told(first, again, wrote, ratios[-1]) and held
    middle = statistics.median(ratios)
    print(f"time {middle:.2f} x of the first cut (goal {GOAL}); hashing alone {_hashing_s(given.units):.2f} s")
    return 0 if middle <= GOAL and held else 1


def _pair(login: AdminLogin, units: int, code: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, int]]:
    """A first cut, a re-cut, and what the re-cut wrote: rows by table, and the bytes of its manifest."""
    first = apart(login, units, code)
    before = _rows(login)
    again = apart(login, units, code, edited=EDITED)
    after = _rows(login)
    return first, again, {name: after[name] - before[name] for name in after if after[name] != before[name]}


def _told(first: dict[str, Any], again: dict[str, Any], wrote: dict[str, int], ratio: float) -> bool:
    """One pair in lines; whether it wrote what it should."""
    ledger = sum(count for name, count in wrote.items() if name.startswith("cutter_governance."))
    changed = wrote.get("iu.unit_version", 0)
    print(f"first cut: {line(first)}")
    print(f"re-cut:    {line(again)}")
    print(f"  {changed} unit changed; {ledger} ledger rows (goal {13 + 2 * changed}); {wrote}")
    print(f"  {ratio:.2f} x the time, {again['cpu'] / first['cpu']:.2f} x our processor time", flush=True)
    return ledger == 13 + 2 * changed


def _rows(login: AdminLogin) -> dict[str, int]:
    tables = [name for name in (*room.TABLES, *room.STORE_TABLES) if "deployment" not in name]
    with psycopg.connect(**login) as admin:
        counts = {}
        for name in tables:
            row = admin.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*name.split(".")))).fetchone()
            counts[name] = int(row[0]) if row else 0
        row = admin.execute("SELECT sum(length(canonical_json)) FROM iu.manifest").fetchone()
        counts["bytes of manifests"] = int(row[0]) if row else 0
    return counts


def _hashing_s(units: int) -> float:
    """One digest over all bytes, and one over each line, as a cut makes them."""
    data = law(units)
    began = time.perf_counter()
    hashlib.sha256(data).hexdigest()
    for each in data.splitlines(keepends=True):
        hashlib.sha256(each).hexdigest()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
