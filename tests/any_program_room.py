"""What the tests of `pg-dryrun run` share: a small production as dumps, and the real command in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pg_dryrun.observer import connect
from pg_dryrun.subject import Login
from pg_embedded import programs
from pg_embedded.cluster import ThrowawayCluster

PRODUCTION = """
CREATE ROLE app LOGIN PASSWORD 'password-of-production';
CREATE ROLE bench LOGIN;
GRANT ALL ON SCHEMA public TO bench;
CREATE SCHEMA shop AUTHORIZATION app;
SET ROLE app;
CREATE TABLE shop.item (id serial PRIMARY KEY, name text NOT NULL, price integer);
CREATE TABLE shop.sale (id bigserial PRIMARY KEY, item integer REFERENCES shop.item, at timestamptz DEFAULT now());
CREATE MATERIALIZED VIEW shop.sold AS SELECT item, count(*) FROM shop.sale GROUP BY 1;
CREATE UNLOGGED TABLE shop.scratch (n integer);
INSERT INTO shop.item (name, price) SELECT 'item ' || g, g FROM generate_series(1, 1000) g;
INSERT INTO shop.sale (item) SELECT g FROM generate_series(1, 500) g;
"""
PSQL, PGBENCH = (str(programs.embedded().path(name)) for name in ("psql", "pgbench"))


@dataclass(frozen=True, kw_only=True)
class Dumps:
    """The same production in two formats."""

    plain: Path
    custom: Path


def dump_production(folder: Path) -> Dumps:
    """Make it, dump it, throw it away."""
    made = Dumps(plain=folder / "prod.sql", custom=folder / "prod.dump")
    with ThrowawayCluster.create(name="production") as cluster:
        with connect(Login(**cluster.admin), purpose="test") as admin:
            admin.execute("CREATE DATABASE prod")
        login = Login(**cluster.admin_of("prod"))
        with connect(login, purpose="test", settings={"search_path": "public"}) as observer:
            observer.execute(PRODUCTION)
        for letter, path in (("p", made.plain), ("c", made.custom)):
            subprocess.run(
                [cluster.programs.path("pg_dump"), f"-F{letter}", "-f", path],
                env={**os.environ, **login.environment()},
                check=True,
                timeout=60,
            )
    return made


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one command said."""

    code: int
    out: str
    err: str

    @property
    def shape(self) -> dict[str, Any]:
        """Standard output as the one JSON document that it must be."""
        return dict(json.loads(self.out))

    @property
    def program(self) -> dict[str, Any]:
        """The command's part of a `run --json`."""
        found = self.shape["program"]
        assert found is not None, self.shape["summary"]
        return dict(found)

    @property
    def folder(self) -> Path:
        """The evidence."""
        return Path(self.shape["folder"])

    def check(self, check_id: str) -> dict[str, Any]:
        """One check of a `run --json`."""
        (found,) = [item for item in self.shape["checks"] if item["id"] == check_id]
        return dict(found)

    def warnings(self) -> dict[str, str]:
        """Warnings by code and subject, without those that depend on the machine's speed."""
        return {
            f"{item['code']} {item['subject']}".strip(): item["message"]
            for item in self.program["warnings"]
            if not item["timing"]
        }


@dataclass(frozen=True, kw_only=True)
class Tool:
    """``pg-dryrun`` with a folder of its own for keys and runs."""

    home: Path

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """As a user has it who works with production: its address and password are all about."""
        production = {"PGHOST": "production.example", "PGPASSWORD": "password-of-production", "PGSERVICE": "prod"}
        production["PGHOSTADDR"] = "192.0.2.1"
        return {**os.environ, "XDG_DATA_HOME": str(self.home / "data"), **production, **(extra or {})}

    def argv(self, *words: str) -> list[str]:
        """The command itself."""
        return [str(Path(sys.executable).with_name("pg-dryrun")), *words]

    def __call__(self, *words: str, env: Mapping[str, str] | None = None, timeout_s: float = 120) -> Answer:
        """Run one command to its end."""
        done = subprocess.run(
            self.argv(*words),
            capture_output=True,
            text=True,
            env=self.environment(env),
            cwd=self.home,
            timeout=timeout_s,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Answer(code=done.returncode, out=done.stdout, err=done.stderr)

    def run(self, dump: Path, role: str, *words: str, options: tuple[str, ...] = (), **keywords: Any) -> Answer:
        """``run --json`` of a command on ``dump``."""
        head = ("run", "--json", "--dump", str(dump), "--as", role, "--database", "prod")
        return self(*head, *options, "--", *words, **keywords)

    def python(self, dump: Path, code: str, *, options: tuple[str, ...] = (), **keywords: Any) -> Answer:
        """``run --json`` of a Python program as the role of the shop."""
        script = self.home / "writer.py"
        script.write_text(code)
        return self.run(dump, "app", sys.executable, str(script), options=options, **keywords)
