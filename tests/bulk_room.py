"""A server of one's own that can be stopped, started and starved of disk, and folders of laws with all kinds of trouble
in them, each known beforehand."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from tests.command_room import CommandLine
from tests.pipeline_room import law

from cutter_agent.db_adapter import setup
from cutter_agent.model import Lane
from pg_dryrun.faults.small_disk import SmallDisk
from pg_embedded.cluster import ThrowawayCluster
from sealing.keys import SigningKey

LEDGER = "ledger"
CONNECTIONS = 8
"""Of each lane: two processes with a verifier each, and some that were killed and are not gone yet."""
WITHIN_S = 240.0
_PASSWORD = "of a throw-away server"


@dataclass(kw_only=True)
class OwnServer:
    """The command with the keys of this server, and the server."""

    command: CommandLine
    cluster: ThrowawayCluster
    disk: SmallDisk | None = None

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection[Any]]:
        """As the superuser, in the ledger's database."""
        with psycopg.connect(**self.cluster.admin_of(LEDGER), autocommit=True) as connection:
            yield connection

    def value(self, query: str) -> Any:
        """The one value of a query."""
        with self.admin() as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def rows(self) -> dict[str, int]:
        """Rows of the tables that say what was done how often."""
        return {name: self.value(f"SELECT count(*) FROM {name}") for name in COUNTED}

    def verified(self) -> int:
        """Documents that were proven."""
        return int(self.value("SELECT count(*) FROM cutter_governance.verify_result"))

    def somebody_waits(self) -> bool:
        """For a lock that another one has."""
        return bool(self.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody can write a verdict in the block: a run cannot come to its end, however fast the machine is."""
        with self.admin() as connection, connection.transaction():
            connection.execute("LOCK TABLE cutter_governance.verify_result IN EXCLUSIVE MODE")
            yield


COUNTED = (
    "iu.document",
    "iu.information_unit",
    "cutter_governance.decision_backlog_entry",
    "cutter_governance.decision_backlog_history",
    "cutter_governance.cut_change_set",
    "cutter_governance.dot_pair_signature",
    "cutter_governance.verify_result",
)


@contextmanager
def own_server(command: CommandLine, *, small_disk: bool = False) -> Iterator[OwnServer]:
    """With ``small_disk`` its ledger is on a disk of 48 MB. Raises ``EnvironmentFault`` where there is none."""
    with ExitStack() as stack:
        cluster = stack.enter_context(ThrowawayCluster.create(name="bulk"))
        disk = stack.enter_context(SmallDisk(cluster.data_dir)) if small_disk else None
        with psycopg.connect(**cluster.admin, autocommit=True) as admin:
            where = b""
            if disk is not None:
                admin.execute(f"CREATE TABLESPACE small LOCATION '{disk.path}'".encode())
                where = b" TABLESPACE small"
            admin.execute(b"CREATE DATABASE ledger TEMPLATE template0" + where)
        keys = command.cwd / "keys"
        keys.mkdir()
        login = cluster.admin_of(LEDGER)
        administrator = setup.Administrator(
            host=login["host"], port=login["port"], dbname=LEDGER, user=login["user"], password=login["password"]
        )
        setup.prepare(administrator, dict.fromkeys(Lane, _PASSWORD), connection_limit=CONNECTIONS)
        yield OwnServer(command=replace(command, extra=_lanes(login, keys)), cluster=cluster, disk=disk)


def _lanes(login: Mapping[str, Any], folder: Path) -> dict[str, str]:
    made = {
        "DOT_CUTTER_DB_HOST": str(login["host"]),
        "DOT_CUTTER_DB_PORT": str(login["port"]),
        "DOT_CUTTER_DB_NAME": LEDGER,
        "DOT_CUTTER_DB_SSLMODE": "disable",
        "DOT_CUTTER_CONNECTION_LIMIT": str(CONNECTIONS),
    }
    for word, lane in (("EXEC", Lane.EXEC), ("VERIFY", Lane.VERIFY)):
        key = SigningKey.generate()
        key.save(folder / f"{word}.pem")
        (folder / f"{word}.pub.pem").write_bytes(key.public.pem())
        made |= {
            f"DOT_CUTTER_{word}_DB_USER": lane.value,
            f"DOT_CUTTER_{word}_DB_PASSWORD": _PASSWORD,
            f"DOT_CUTTER_{word}_SIGNING_KEY": str(folder / f"{word}.pem"),
            f"DOT_CUTTER_{word}_PUBLIC_KEY": str(folder / f"{word}.pub.pem"),
        }
    return made


BROKEN: Mapping[str, tuple[bytes, str]] = {
    "no-utf8.txt": (b"\xd0\xff broken", "INPUT_REFUSED"),
    "empty.txt": (b"", "INPUT_REFUSED"),
    "nul.txt": ("Điều 1. Có\x00 lỗi\n".encode(), "INPUT_REFUSED"),
    "torn.docx": (b"PK\x03\x04 torn", "FORMAT_REFUSED"),
    "torn.pdf": (b"%PDF-1.7 torn", "FORMAT_REFUSED"),
}


@dataclass(kw_only=True)
class Troubled:
    """A folder: the documents in it that are sound, how many files are refused with which code, how many are twins."""

    path: Path
    articles: int
    sound_files: list[str] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    twins: int = 0

    @property
    def sound(self) -> int:
        """How many documents are sound."""
        return len(self.sound_files)

    @property
    def units(self) -> int:
        """Of all of them together."""
        return self.sound * (self.articles + 2)

    @property
    def files(self) -> int:
        """All of them."""
        return self.sound + self.twins + sum(self.refused.values())


def troubled_folder(path: Path, files: int, *, articles: int = 4, seed: int = 2013) -> Troubled:
    """About ``files`` files: of twenty one is broken, one has another's bytes, two say they are one document."""
    path.mkdir()
    found = Troubled(path=path, articles=articles)
    chance = random.Random(seed)  # noqa: S311 - which file is which, the same in every run
    kinds = list(BROKEN.items())
    for number in range(1, files + 1):
        name = f"{number:05}"
        text = _law(number, articles)
        match number % 20:
            case 7:
                ending, (data, code) = kinds[chance.randrange(len(kinds))]
                (path / f"{name}-{ending}").write_bytes(data + b" " * number if data else data)
                found.refused[code] = found.refused.get(code, 0) + 1
            case 11:
                (path / f"{name}-a.txt").write_bytes(text)
                (path / f"{name}-b.txt").write_bytes(text + b"More.\n")
                found.refused["DOCUMENT_TWICE"] = found.refused.get("DOCUMENT_TWICE", 0) + 2
            case 13:
                (path / f"{name}.txt").write_bytes(_law(number - 1, articles))
                found.twins += 1
            case _:
                (path / f"{name}.txt").write_bytes(text)
                found.sound_files.append(str(path / f"{name}.txt"))
    return found


def _law(number: int, articles: int) -> bytes:
    return f"Luật số: {number}/2025/QH15\n".encode() + law(articles, code=f"K{number}")


def wait_until(reached: Callable[[], bool], process: subprocess.Popen[bytes], err: Path) -> None:
    """Look until it is so. Fails when the process ends before, with what is in ``err``, or after a while."""
    until_s = time.monotonic() + WITHIN_S
    while not reached():
        assert process.poll() is None, (process.returncode, err.read_text("utf-8")[-2000:])
        assert time.monotonic() < until_s
        time.sleep(0.02)


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C on a terminal: every process of the run is told."""
    os.killpg(process.pid, signal.SIGINT)
