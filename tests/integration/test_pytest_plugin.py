"""The plugin in a suite of its own: a clone per test, effects as an assertion, a failure that can be understood."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
import pytest

from pg_dryrun.fixture.effects import Effects
from pg_dryrun.subject import Login
from pg_embedded import programs
from pg_embedded.server import AdminLogin

pytest_plugins = ("pytester",)

CONFTEST = """
import psycopg, pytest
from pg_dryrun.fixture.production import Production

SCHEMA = '''
CREATE SCHEMA shop;
CREATE TABLE shop.sale (id serial PRIMARY KEY, item text NOT NULL);
INSERT INTO shop.sale (item) SELECT 'old ' || g FROM generate_series(1, 3) g;
CREATE ROLE app;
GRANT USAGE ON SCHEMA shop TO app;
GRANT SELECT, INSERT, UPDATE ON shop.sale TO app;
GRANT USAGE ON SEQUENCE shop.sale_id_seq TO app;
'''

def build(admin):
    with psycopg.connect(**admin.keywords(), autocommit=True) as connection:
        connection.execute(SCHEMA)

@pytest.fixture(scope="session")
def pg_dryrun_production():
    return Production(build=build, role="app")

@pytest.fixture
def shop(pg_dryrun):
    with psycopg.connect(pg_dryrun.url, autocommit=True) as connection:
        yield connection
"""
GOOD = """
import psycopg, pytest
from pathlib import Path

def test_rows(pg_dryrun, shop):
    with pg_dryrun.effects() as effects:
        shop.execute("INSERT INTO shop.sale (item) VALUES ('a'), ('b')")
        shop.execute("UPDATE shop.sale SET item = 'c' WHERE id = 1")
        with pytest.raises(psycopg.errors.UndefinedTable):
            shop.execute("SELECT * FROM shop.nothing")
    effects.assert_rows({"shop.sale": {"inserted": 2, "updated": 1}})
    assert effects.sequences == {"shop.sale_id_seq": 2}
    assert [item.sqlstate for item in effects.errors] == ["42P01"]
    assert any(item.text.startswith("INSERT") for item in effects.statements)
    assert effects.rows["shop.sale"].rows_before == 3

def test_a_clone_of_its_own(pg_dryrun, shop):
    assert shop.execute("SELECT count(*) FROM shop.sale").fetchone() == (3,)
    assert shop.execute("SELECT current_user").fetchone() == ("app",)

def test_reading_and_rolling_back_is_nothing(pg_dryrun, shop):
    with pg_dryrun.effects() as effects:
        shop.execute("SELECT * FROM shop.sale")
        with shop.transaction(force_rollback=True):
            shop.execute("UPDATE shop.sale SET item = 'gone'")
    effects.assert_nothing()

def test_two_blocks_are_apart(pg_dryrun, shop):
    with pg_dryrun.effects() as first:
        shop.execute("INSERT INTO shop.sale (item) VALUES ('a')")
    with pg_dryrun.effects() as second:
        shop.execute("INSERT INTO shop.sale (item) VALUES ('b'), ('c')")
    first.assert_rows({"shop.sale": {"inserted": 1}})
    second.assert_rows({"shop.sale": {"inserted": 2}})

def test_accepted(pg_dryrun, shop):
    with pg_dryrun.effects() as effects:
        shop.execute("INSERT INTO shop.sale (item) VALUES ('a')")
    pg_dryrun.assert_accepted(effects, "accepted.toml")
"""
BAD = """
import pytest

def test_one_row_too_many(pg_dryrun, shop):
    with pg_dryrun.effects() as effects:
        shop.execute("INSERT INTO shop.sale (item) VALUES ('a'), ('b')")
    effects.assert_rows({"shop.sale": {"inserted": 1}})

def test_not_nothing(pg_dryrun, shop):
    with pg_dryrun.effects() as effects:
        shop.execute("SELECT nextval('shop.sale_id_seq')")
    effects.assert_nothing()

def test_its_own_error_comes_first(pg_dryrun, shop):
    with pg_dryrun.effects():
        raise LookupError("mine")
"""


def run(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    """Without what else this environment brings along: it takes longer to load than these suites to run."""
    others = ("cacheprovider", "xdist", "schemathesis", "langsmith_plugin")
    without = [word for name in others for word in ("-p", f"no:{name}")]
    return pytester.runpytest_subprocess(*without, *words, timeout=120)


def test_effects_of_a_block_are_asserted(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(GOOD)
    missing = run(pytester, "-k", "accepted")
    missing.assert_outcomes(failed=1)
    missing.stdout.fnmatch_lines(["*accepted.toml is not there yet; pytest --pg-dryrun-accept writes it*"])
    run(pytester, "-k", "accepted", "--pg-dryrun-accept").assert_outcomes(passed=1)
    run(pytester).assert_outcomes(passed=5)
    accepted = Path(pytester.path, "accepted.toml")
    accepted.write_text(accepted.read_text().replace("inserted = 1", "inserted = 7"))
    changed = run(pytester, "-k", "accepted")
    changed.assert_outcomes(failed=1)
    changed.stdout.fnmatch_lines(["*! rows shop.sale inserted: accepted 7, found 1"])


def test_a_failure_says_what_the_block_did(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(BAD)
    result = run(pytester)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines_random(
        [
            "*! shop.sale inserted: expected 1, found 2",
            "*shop.sale: 2 inserted",
            "*1 × INSERT INTO shop.sale (item) VALUES ($1), ($2)",
            "*+ sequence shop.sale_id_seq moved by 1",
            "*LookupError: mine",
        ]
    )


def test_without_a_production_the_remedy_is_said(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(pg_dryrun): pass")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*pg_dryrun: no production: give --pg-dryrun-dump FILE*"])
    result = run(pytester, "--pg-dryrun-dump", "nowhere.dump")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*nowhere.dump*"])


def test_a_dump_and_nothing_left(
    pytester: pytest.Pytester, fresh_database: AdminLogin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(**fresh_database, autocommit=True) as admin:
        admin.execute("CREATE TABLE public.t (a int PRIMARY KEY)")
    login = Login(**fresh_database)
    dump = [programs.embedded().path("pg_dump"), "-Fc", "-f", pytester.path / "prod.dump"]
    subprocess.run(dump, env={**os.environ, **login.environment()}, check=True, timeout=60)
    pytester.makepyfile(
        """
        import psycopg
        def test_x(pg_dryrun):
            with pg_dryrun.effects() as effects, psycopg.connect(pg_dryrun.url) as connection:
                connection.execute("INSERT INTO public.t VALUES (1)")
                connection.commit()
            effects.assert_rows({"public.t": {"inserted": 1}})
            assert "DATABASE_URL" in pg_dryrun.environment
        """
    )
    pytester.makeini("[pytest]\npg_dryrun_dump = prod.dump\n")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    run(pytester).assert_outcomes(passed=1)
    assert list(tmp_path.glob("pg-dryrun-tests-*")) == []


def test_effects_are_not_known_inside_the_block() -> None:
    with pytest.raises(RuntimeError, match="when the with block"):
        Effects().rows  # noqa: B018 - the question itself is refused
