"""The way to production, end to end between two clusters: a marked one, and the one where the commit is rehearsed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from tests.plants_room import SMALL_LAW, scratch_copy

from pg_embedded.cluster import ThrowawayCluster
from sealing.keys import SigningKey

TIMEOUT_S = 240
DATABASE = "laws"
READER, READER_PASSWORD = "onlooker", "only-looks-at-it-7731"


@dataclass(kw_only=True)
class Site:
    """A production on a cluster of its own, a clean checkout, and a home with the key that signs rehearsals."""

    cluster: ThrowawayCluster
    copy: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def call(self, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cutter_agent", *words],
            cwd=self.copy,
            env={**self.environment, **extra},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def sql(self, *statements: str) -> None:
        with psycopg.connect(**self.cluster.admin_of(DATABASE), autocommit=True) as admin:
            for statement in statements:
                admin.execute(statement)

    def rehearse(self) -> Path:
        """`iu-cutter dry-run` on this production; the folder of the run that passed."""
        address = self.cluster.admin_of(DATABASE)
        plan = self.home / "plan.toml"
        plan.write_text(
            f'[source]\nkind = "dsn"\nhost = "{address["host"]}"\nport = {address["port"]}\n'
            f'dbname = "{DATABASE}"\nuser = "{READER}"\npassword_file = "{self.home / "reader"}"\n'
        )
        done = self.call(
            "dry-run",
            "--faults",
            "none",
            "--law",
            str(self.home / "law.txt"),
            "--plan",
            str(plan),
            "--out",
            str(self.home / "runs"),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return (self.home / "runs" / "latest").resolve()

    def mark(self, key: Path, *words: str) -> None:
        done = self.call("db", "mark", "production", "--key", str(key), "--because", "people rely on it", *words)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    copy, home = tmp_path / "copy", tmp_path / "home"
    copy.mkdir()
    home.mkdir()
    scratch_copy(copy, None)
    (home / "law.txt").write_text(SMALL_LAW, "utf-8")
    with ThrowawayCluster.create(name="production", fresh_identity=True) as cluster:
        made = Site(cluster=cluster, copy=copy, home=home)
        made.environment = _environment(made)
        with psycopg.connect(**cluster.admin, autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        assert made.call("db", "init").returncode == 0
        made.sql(
            f"CREATE ROLE {READER} LOGIN PASSWORD '{READER_PASSWORD}' IN ROLE pg_read_all_data",
        )
        (home / "reader").write_text(READER_PASSWORD)
        (home / "reader").chmod(0o600)
        yield made


def _environment(site: Site) -> dict[str, str]:
    address = site.cluster.admin_of(DATABASE)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DOT_CUTTER_", "PG"))}
    kept |= {
        "PYTHONPATH": str(site.copy / "src"),
        "HOME": str(site.home),
        "NO_COLOR": "1",
        "PGUSER": address["user"],
        "PGPASSWORD": address["password"],
        "DOT_CUTTER_DB_HOST": address["host"],
        "DOT_CUTTER_DB_PORT": str(address["port"]),
        "DOT_CUTTER_DB_NAME": DATABASE,
        "DOT_CUTTER_DB_SSLMODE": "disable",
    }
    for word, lane in (("EXEC", "cutter_exec"), ("VERIFY", "cutter_verify")):
        key = SigningKey.generate()
        key.save(site.home / f"{lane}.pem")
        (site.home / f"{lane}.pub.pem").write_bytes(key.public.pem())
        kept |= {
            f"DOT_CUTTER_{word}_DB_USER": lane,
            f"DOT_CUTTER_{word}_DB_PASSWORD": f"{lane}-4f1c9d",
            f"DOT_CUTTER_{word}_SIGNING_KEY": str(site.home / f"{lane}.pem"),
            f"DOT_CUTTER_{word}_PUBLIC_KEY": str(site.home / f"{lane}.pub.pem"),
        }
    return kept


def tool_key(site: Site) -> Path:
    """The public half of the key with which rehearsals of this home are signed, made before the first one."""
    folder = site.home / ".local" / "share" / "pg-dryrun" / "keys"
    folder.mkdir(mode=0o700, parents=True)
    key = SigningKey.generate()
    key.save(folder / "ed25519.pem")
    path = site.home / "rehearsals.pub.pem"
    path.write_bytes(key.public.pem())
    return path


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 8, done.stdout + done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "ATTESTATION_REQUIRED"
    assert "dry-run" in error["remedy"]
    return str(error["message"])


def test_a_marked_production_lets_in_what_was_rehearsed_on_it_and_nothing_else(site: Site) -> None:
    law, key = str(site.home / "law.txt"), tool_key(site)
    site.mark(key)
    assert "DOT_CUTTER_ATTESTATION is not set" in refused(site.call("cut", law, "--json"))
    assert "DOT_CUTTER_ATTESTATION is not set" in refused(site.call("status", "--json"))

    folder = site.rehearse()
    given = {"DOT_CUTTER_ATTESTATION": str(folder)}
    done = site.call("cut", law, "--json", **given)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["documents"][0]["status"] == "verified_complete"
    envelope = {"DOT_CUTTER_ATTESTATION": str(folder / "attestation.dsse.json")}
    assert site.call("status", "--json", **envelope).returncode == 0

    page = folder / "report.html"
    page.write_bytes(page.read_bytes().replace(b"PASS", b"FAIL", 1))
    assert "evidence as it was written" in refused(site.call("status", "--json", **given))

    site.sql("ALTER TABLE iu.document ADD COLUMN note text")
    assert "schema that is there now" in refused(site.call("status", "--json", **envelope))
    site.sql("ALTER TABLE iu.document DROP COLUMN note")
    assert site.call("status", "--json", **envelope).returncode == 0

    changed = site.copy / "src" / "cutter_agent" / "model.py"
    changed.write_text(changed.read_text("utf-8") + "# changed\n", "utf-8")
    assert "a clean tree: src/cutter_agent/model.py" in refused(site.call("status", "--json", **envelope))
    git = ["git", "-c", "user.name=scratch", "-c", "user.email=scratch@invalid"]
    subprocess.run([*git, "commit", "-aqm", "another"], cwd=site.copy, check=True, timeout=60)
    assert "an attestation of commit" in refused(site.call("status", "--json", **envelope))

    stranger = site.home / "stranger.pub.pem"
    stranger.write_bytes(SigningKey.generate().public.pem())
    site.mark(stranger)
    assert "an attestation that can be believed" in refused(site.call("status", "--json", **envelope))
    assert "an attestation that can be believed" in refused(
        site.call("status", "--json", DOT_CUTTER_ATTESTATION=str(site.home / "law.txt"))
    )


def test_a_mark_goes_with_the_data_until_somebody_says_that_it_is_a_copy(site: Site) -> None:
    key = tool_key(site)
    shown = json.loads(site.call("db", "mark", "--json").stdout)
    assert (shown["kind"], shown["is_production"]) == (None, False)
    site.mark(key)
    shown = json.loads(site.call("db", "mark", "--json").stdout)
    assert (shown["kind"], shown["is_production"], shown["max_age_s"]) == ("production", True, 14 * 86400)

    done = site.call("db", "mark", "copy", "--because", "restored for tests", "--json")
    assert json.loads(done.stdout)["is_production"] is False
    assert site.call("status").returncode == 0
    site.sql(
        # As after a restore on another server: the copy's mark came along and says nothing here.
        "INSERT INTO iu.deployment_mark"
        " (mark_seq, kind, system_identifier, allowed_keys, max_age_s, marked_by, marked_at, because)"
        " VALUES (99, 'copy', '1', '[]', 60, 'somebody', now(), 'elsewhere')"
    )
    refused(site.call("status", "--json"))
    with pytest.raises(psycopg.errors.RestrictViolation):
        site.sql("DELETE FROM iu.deployment_mark")
    for words, says in (
        (("production", "--because", "x"), "names the keys"),
        (("none", "--key", str(key), "--because", "x"), "names the keys"),
        (("none",), "says why"),
        (("production", "--key", str(key), "--because", "x", "--max-age", "soon"), "is no time"),
    ):
        done = site.call("db", "mark", *words, "--json")
        assert done.returncode == 2
        assert says in json.loads(done.stdout)["error"]["message"]
