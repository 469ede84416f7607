"""Writers that nobody here wrote, rehearsed from the outside: their effects shown, accepted, and found again.

pgbench is in ``test_run_any_program``; here are an Alembic upgrade, Procrastinate's schema with a job run, and a Django
``migrate``. The expected figures are what those programs document of themselves, not what this tool printed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import django
import pytest
from tests.any_program_room import Answer, Dumps, Tool, dump_production

MIGRATION = '''
"""A category for every item."""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "a1", None, None, None


def upgrade():
    columns = sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text)
    op.create_table("category", *columns, schema="shop")
    op.bulk_insert(
        sa.table("category", sa.column("id", sa.Integer), sa.column("name", sa.Text), schema="shop"),
        [{"id": 1, "name": "cheap"}, {"id": 2, "name": "dear"}],
    )
    op.add_column("item", sa.Column("category", sa.Integer), schema="shop")
    op.execute("UPDATE shop.item SET category = CASE WHEN price > 900 THEN 2 ELSE 1 END")
    op.alter_column("item", "price", type_=sa.BigInteger, schema="shop")
'''
ALEMBIC_ENV = """
import os
from alembic import context
from sqlalchemy import create_engine

engine = create_engine(os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1))
with engine.connect() as connection:
    context.configure(connection=connection, version_table_schema="shop")
    with context.begin_transaction():
        context.run_migrations()
"""
PROCRASTINATE = """
import asyncio
from procrastinate import App, PsycopgConnector

app = App(connector=PsycopgConnector())  # libpq's own variables
done = []

@app.task(name="add")
async def add(a, b):
    done.append(a + b)

async def main():
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for number in range(3):
            await add.defer_async(a=number, b=1)
        await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)

asyncio.run(main())
assert sorted(done) == [1, 2, 3], done
"""
DJANGO = """
import os, sys
import django
from django.conf import settings
from django.core.management import call_command

settings.configure(
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
        "PASSWORD": os.environ["PGPASSWORD"], "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"],
    }},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()
call_command("migrate", verbosity=0)
"""

Rehearse = Callable[..., Answer]


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> Dumps:
    """Production, as pg_dump wrote it."""
    return dump_production(tmp_path_factory.mktemp("dumps"))


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """The command, with an empty folder of runs."""
    return Tool(home=tmp_path)


def _migrations(application: str) -> int:
    """How many migrations Django brings for one of its applications, by its own files."""
    folder = Path(django.__file__).parent / "contrib" / application / "migrations"
    return len(list(folder.glob("0*.py")))


def rehearsed(tool: Tool, rehearse: Rehearse) -> Answer:
    """Shown, accepted, and equal the second time. The first answer."""
    first = rehearse()
    assert first.code == 0, first.out + first.err
    accepted = tool.home / "accepted.toml"
    assert tool("accept", str(first.folder), "-o", str(accepted)).code == 0
    again = rehearse(options=("--expect", str(accepted)))
    assert again.code == 0, again.program["differences"]
    assert again.program["differences"] == []
    return first


def test_an_alembic_upgrade(tool: Tool, dumps: Dumps) -> None:
    versions = tool.home / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions / "a1_category.py").write_text(MIGRATION)
    (versions.parent / "env.py").write_text(ALEMBIC_ENV)
    (tool.home / "alembic.ini").write_text(f"[alembic]\nscript_location = {versions.parent}\n")
    words = [sys.executable, "-m", "alembic", "-c", str(tool.home / "alembic.ini"), "upgrade", "head"]
    first = rehearsed(tool, lambda **how: tool.run(dumps.custom, "app", *words, **how))
    rows = first.program["rows"]
    assert rows["shop.item"]["updated"] == 1000
    assert rows["shop.category"]["inserted"] == 2
    assert rows["shop.alembic_version"]["inserted"] == 1
    assert "TABLE_REWRITE shop.item" in first.warnings()
    assert "shop.item" in [lock["relation"] for lock in first.program["exclusive_locks"]]
    assert any("columns" in line and "shop.item" in line and " category " in line for line in first.program["schema"])
    assert first.program["transactions_rolled_back"] == 0


def test_procrastinates_schema_and_a_job_run(tool: Tool, dumps: Dumps) -> None:
    script = tool.home / "jobs.py"
    script.write_text(PROCRASTINATE)
    first = rehearsed(tool, lambda **how: tool.run(dumps.custom, "bench", sys.executable, str(script), **how))
    rows = first.program["rows"]
    assert rows["public.procrastinate_jobs"]["inserted"] == 3
    # Each job: deferred, started, succeeded (a trigger writes the events).
    assert rows["public.procrastinate_events"]["inserted"] == 9
    assert first.program["sequences"]["public.procrastinate_jobs_id_seq"] == 3
    assert any("procrastinate_fetch_job" in line for line in first.program["schema"])


def test_a_django_migrate(tool: Tool, dumps: Dumps) -> None:
    script = tool.home / "migrate.py"
    script.write_text(DJANGO)
    first = rehearsed(tool, lambda **how: tool.run(dumps.custom, "bench", sys.executable, str(script), **how))
    rows = first.program["rows"]
    # Four models (content types, users, groups, permissions), each with four permissions.
    assert rows["public.django_migrations"]["inserted"] == _migrations("contenttypes") + _migrations("auth")
    assert rows["public.django_content_type"]["inserted"] == 4
    assert rows["public.auth_permission"]["inserted"] == 16
    for table in ("public.auth_user", "public.auth_group"):
        assert any(table in line for line in first.program["schema"])
