"""Pages of the manual about servers: a ledger to back up, one to upgrade, a production to rehearse on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from tests import first_release
from tests.first_release import FirstRelease
from tests.manual_pages import ROOT
from tests.manual_stages import LAW
from tests.plants_room import SMALL_LAW, scratch_copy

from cutter_agent.db_adapter import setup
from cutter_agent.model import Lane
from pg_embedded import programs
from pg_embedded.cluster import ThrowawayCluster
from sealing.keys import SigningKey

DATABASE = "ledger"
READER, READER_PASSWORD = "onlooker", "only-looks-at-it-7731"
SHOP = """
CREATE ROLE app_role LOGIN;
CREATE SCHEMA shop AUTHORIZATION app_role;
SET ROLE app_role;
CREATE TABLE shop.stock (item integer PRIMARY KEY, number integer NOT NULL);
CREATE TABLE shop.sale (id bigserial PRIMARY KEY, item integer NOT NULL REFERENCES shop.stock);
INSERT INTO shop.stock VALUES (1, 10), (2, 20);
"""
MIGRATE = """#!/bin/sh
exec psql --quiet --set ON_ERROR_STOP=1 --command "UPDATE shop.stock SET number = number + 1"
"""


def _programs() -> str:
    """PATH with PostgreSQL's own programs behind ours."""
    own, servers = Path(sys.executable).parent, programs.embedded().path("psql").parent
    return os.pathsep.join([str(own), str(servers), os.environ.get("PATH", os.defpath)])


def _administrator(cluster: ThrowawayCluster) -> dict[str, str]:
    return {
        "PGHOST": str(cluster.admin["host"]),
        "PGPORT": str(cluster.admin["port"]),
        "PGUSER": str(cluster.admin["user"]),
        "PGPASSWORD": str(cluster.admin["password"]),
        "PATH": _programs(),
    }


def _lanes(cluster: ThrowawayCluster, folder: Path, release: FirstRelease | None = None) -> dict[str, str]:
    """Keys of the environment for both lanes; the old release's public keys below those of today."""
    made = {
        "DOT_CUTTER_DB_HOST": str(cluster.admin["host"]),
        "DOT_CUTTER_DB_PORT": str(cluster.admin["port"]),
        "DOT_CUTTER_DB_NAME": DATABASE,
        "DOT_CUTTER_DB_SSLMODE": "disable",
    }
    for word, lane in (("EXEC", Lane.EXEC), ("VERIFY", Lane.VERIFY)):
        key = SigningKey.generate()
        key.save(folder / f"{word}.pem")
        public = [key.public, *(release.public_keys(lane) if release else ())]
        (folder / f"{word}.pub.pem").write_bytes(b"".join(each.pem() for each in public))
        made |= {
            f"DOT_CUTTER_{word}_DB_USER": lane.value,
            f"DOT_CUTTER_{word}_DB_PASSWORD": f"{lane.value}-of-the-first-release",
            f"DOT_CUTTER_{word}_SIGNING_KEY": str(folder / f"{word}.pem"),
            f"DOT_CUTTER_{word}_PUBLIC_KEY": str(folder / f"{word}.pub.pem"),
        }
    return made


def _create(cluster: ThrowawayCluster, name: str) -> None:
    with psycopg.connect(**cluster.admin, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))


def _deployed(cluster: ThrowawayCluster) -> None:
    _create(cluster, DATABASE)
    login = cluster.admin_of(DATABASE)
    passwords = {lane: f"{lane.value}-of-the-first-release" for lane in Lane}
    setup.prepare(
        setup.Administrator(
            host=login["host"], port=login["port"], dbname=DATABASE, user=login["user"], password=login["password"]
        ),
        passwords,
    )


@contextmanager
def two_servers(folder: Path) -> Iterator[Mapping[str, str]]:
    """A ledger with an administrator's login; ``$LAW`` with the code ``$CODE``; and a server that is empty."""
    (folder / "luat.txt").write_text(LAW, "utf-8")
    with (
        ThrowawayCluster.create(name="backed-up") as first,
        ThrowawayCluster.create(name="restored") as second,
    ):
        _deployed(first)
        yield {
            **_administrator(first),
            **_lanes(first, folder),
            "LAW": "luat.txt",
            "CODE": "L14-2008-QH12",
            "NEW_HOST": str(second.admin["host"]),
            "NEW_PORT": str(second.admin["port"]),
            "NEW_PASSWORD": str(second.admin["password"]),
        }


@contextmanager
def old_schema(folder: Path) -> Iterator[Mapping[str, str]]:
    """A ledger at an old schema, with documents that are cut, and entries that wait."""
    with ThrowawayCluster.create(name="first-release") as cluster:
        _create(cluster, DATABASE)
        release = first_release.deploy(cluster.admin_of(DATABASE))
        yield {
            **_administrator(cluster),
            **_lanes(cluster, folder, release),
            "WAITING_FOR_VERIFY": release.waiting["VERIFY"],
            "WAITING_FOR_CUT": release.waiting["CUT"],
        }


@contextmanager
def shop_server(folder: Path) -> Iterator[Mapping[str, str]]:
    """A production ``app`` with the role ``app_role``, and a program ``./migrate``."""
    (folder / "migrate").write_text(MIGRATE, "utf-8")
    (folder / "migrate").chmod(0o755)
    with ThrowawayCluster.create(name="shop") as cluster:
        _create(cluster, "app")
        with psycopg.connect(**cluster.admin_of("app"), autocommit=True) as admin:
            admin.execute(SHOP)
        yield _administrator(cluster)


@contextmanager
def marked_production(folder: Path) -> Iterator[Mapping[str, str]]:
    """A ledger, a clean checkout of this commit, the rehearsal's key, and a login that only reads."""
    checkout = folder / "checkout"
    checkout.mkdir()
    (folder.parent / "home").mkdir(exist_ok=True)
    scratch_copy(checkout, None)
    (folder / "law.txt").write_text(SMALL_LAW, "utf-8")
    (folder.parent / "home" / "onlooker.password").write_text(READER_PASSWORD)
    (folder.parent / "home" / "onlooker.password").chmod(0o600)
    keys = folder.parent / "home" / ".local" / "share" / "pg-dryrun" / "keys"
    keys.mkdir(mode=0o700, parents=True)
    key = SigningKey.generate()
    key.save(keys / "ed25519.pem")
    (folder / "signer.pub.pem").write_bytes(key.public.pem())
    with ThrowawayCluster.create(name="production", fresh_identity=True) as cluster:
        _deployed(cluster)
        with psycopg.connect(**cluster.admin_of(DATABASE), autocommit=True) as admin:
            admin.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{READER_PASSWORD}' IN ROLE pg_read_all_data")
        yield {
            **_administrator(cluster),
            **_lanes(cluster, folder),
            "LAW": "../law.txt",
            "PYTHONPATH": str(checkout / "src"),
        }


@contextmanager
def a_checkout(folder: Path) -> Iterator[Mapping[str, str]]:
    """A checkout that is set up, seen from an empty folder: its tests and sources can be imported."""
    yield {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}


@contextmanager
def a_checkout_of_ones_own(folder: Path) -> Iterator[Mapping[str, str]]:
    """The reader stands in a checkout, and has a law."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, timeout=60)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / "LAW.txt").write_text(LAW, "utf-8")
    yield {}


@contextmanager
def lent_servers(folder: Path) -> Iterator[Mapping[str, str]]:
    """``prod.dump`` of the shop and its plan, ``./migrate.sh``, server programs on the PATH and in ``$PROGRAMS``, and
    somebody's throw-away server at ``$CLONE_HOST``, prepared for the instruments."""
    owned = {"wal_level": "logical", "logging_collector": "on", "log_destination": "jsonlog", "log_filename": "server"}
    with shop_server(folder) as login:
        _run(["pg_dump", "-Fc", "-f", "prod.dump", "app"], folder, login)
        asked = ["psql", "-XAtc", "SELECT system_identifier FROM pg_control_system()", "-o", "identifier", "app"]
        _run(asked, folder, login)
    known = (folder / "identifier").read_text("ascii").strip()
    plan = f'[source]\nkind = "dump"\npath = "prod.dump"\nsystem_identifier = "{known}"\n'
    (folder / "rehearsal.toml").write_text(plan, "utf-8")
    (folder / "migrate").rename(folder / "migrate.sh")
    with ThrowawayCluster.create(
        name="lent", settings=owned | {"log_connections": "on"}, fresh_identity=True
    ) as cluster:
        yield {
            "PATH": _programs(),
            "PROGRAMS": str(programs.embedded().bin_dir),
            "CLONE_HOST": str(cluster.admin["host"]),
            "CLONE_PORT": str(cluster.admin["port"]),
            "CLONE_USER": str(cluster.admin["user"]),
            "CLONE_PASSWORD": str(cluster.admin["password"]),
        }


@contextmanager
def shop_dump(folder: Path) -> Iterator[Mapping[str, str]]:
    """``prod.dump`` of the shop."""
    with shop_server(folder) as login:
        _run(["pg_dump", "-Fc", "-f", "prod.dump", "app"], folder, login)
    yield {}


@contextmanager
def a_rehearsal(folder: Path) -> Iterator[Mapping[str, str]]:
    """``runs/latest`` of some program, and the public key of who rehearsed."""
    with shop_server(folder) as login:
        _run(["pg_dump", "-Fc", "-f", "prod.dump", "app"], folder, login)
        words = ["pg-dryrun", "run", "--dump", "prod.dump", "--as", "app_role", "--", "./migrate"]
        _run(words, folder, {**login, "HOME": str(folder.parent / "home")})
    (folder / "signer.pub.pem").write_bytes((folder / "runs" / "latest" / "signer.pub.pem").read_bytes())
    yield {}


def _run(words: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    (folder.parent / "home").mkdir(exist_ok=True)
    known = {name: value for name, value in os.environ.items() if not name.startswith(("DOT_CUTTER_", "PG"))}
    subprocess.run(words, cwd=folder, env=known | environment, check=True, capture_output=True, timeout=300)
