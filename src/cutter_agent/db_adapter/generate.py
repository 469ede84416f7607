"""``python -m cutter_agent.db_adapter.generate`` (``make schema``): remake what migrations, statements and code decide.

schema.sql, expected/catalog.json, expected/uses.json, docs/reference/{tables,rights,states}.md. It runs the migrations
on a throw-away server. Tests compare each file with ``artefacts()``; nothing at run time uses this module.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from cutter_agent.db_adapter import catalog as catalogs
from cutter_agent.db_adapter import reference_pages, schema, schema_text, statements, uses
from pg_embedded.cluster import ThrowawayCluster
from sealing.digest import sha256_hex

ROOM = Path(__file__).resolve().parent
REPOSITORY = ROOM.parents[2]


def artefacts(admin: psycopg.Connection, pg_dump: Path, login: Mapping[str, str | int]) -> dict[Path, str]:
    """Every generated file and what it must hold, from a database that the migrations have just made."""
    described = schema.describe(admin)
    return {
        ROOM / "schema.sql": schema_text.render(schema_text.dump(pg_dump, login)),
        ROOM / "expected" / catalogs.CATALOG_FILE: _json(catalogs.to_json(described)),
        ROOM / "expected" / uses.USES_FILE: _json(_uses(described)),
        REPOSITORY / "docs" / "reference" / "tables.md": reference_pages.tables_page(described),
        REPOSITORY / "docs" / "reference" / "rights.md": reference_pages.rights_page(),
        REPOSITORY / "docs" / "reference" / "states.md": reference_pages.states_page(),
    }


def _uses(described: catalogs.Catalog) -> dict[str, Any]:
    return {
        sha256_hex(statement.numbered_sql.encode()): uses.to_json(uses.parse(statement.numbered_sql, described))
        for statement in statements.load().values()
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Write every file that is not current; say which."""
    with ThrowawayCluster.create(name="generate") as cluster:
        login: dict[str, Any] = dict(cluster.admin)
        with psycopg.connect(**login, autocommit=True) as admin:
            schema.migrate(admin)
            files = artefacts(admin, cluster.programs.path("pg_dump"), login)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            sys.stdout.write(f"wrote {path.relative_to(REPOSITORY)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
