"""A folder full of trouble on a machine full of trouble: each thing is named, nothing is lost or done twice, and the
same command goes on (issue: bad input in bulk).

The short form has 20 files; ``make bulk-trouble`` has 10,000.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest
from tests.bulk_room import (
    WITHIN_S,
    OwnServer,
    Troubled,
    interrupt,
    own_server,
    troubled_folder,
    wait_until,
)
from tests.command_room import Answer, CommandLine
from tests.pipeline_room import law

from pg_dryrun.errors import EnvironmentFault
from pg_embedded import resident

FULL = os.environ.get("DOT_CUTTER_CAMPAIGN") == "full"
FILES, BEFORE = (10_000, 3000) if FULL else (20, 5)
LAWS, ARTICLES = 4, 60


@pytest.mark.timeout(7200 if FULL else 900)
def test_ctrl_c_a_kill_and_a_restart_of_the_server_lose_nothing(iu_cutter: CommandLine, tmp_path: Path) -> None:
    folder = troubled_folder(tmp_path / "laws", FILES)
    with own_server(iu_cutter) as server:
        first = server.command("cut", *folder.sound_files[:BEFORE], "--jobs", "2", "--json", timeout_s=3600)
        assert first.code == 0, first.err
        _interrupted(server, folder)
        assert server.verified() == BEFORE
        _killed(server, folder)
        before = server.verified()
        assert BEFORE <= before <= BEFORE + 2, "a verifier may finish what it had begun"
        ended = _restarted(server, folder)
        assert ended.json["summary"] == {
            "documents": folder.files,
            "advanced": folder.sound - before,
            "unchanged": before + folder.twins,
            "awaiting_review": 0,
            "failed": sum(folder.refused.values()),
        }, "only the rest"
        assert ended.json["reasons"] == folder.refused
        rows = server.rows()
        assert rows == {
            "iu.document": folder.sound,
            "iu.information_unit": folder.units,
            "cutter_governance.decision_backlog_entry": folder.sound,
            "cutter_governance.decision_backlog_history": 5 * folder.sound,
            "cutter_governance.cut_change_set": folder.sound,
            "cutter_governance.dot_pair_signature": 2 * folder.sound,
            "cutter_governance.verify_result": folder.sound,
        }
        again = server.command("cut", str(folder.path), "--jobs", "2", "--json", timeout_s=3600)
        assert again.code == 3, again.err
        assert again.json["summary"]["unchanged"] == folder.sound + folder.twins
        assert server.rows() == rows


@dataclass
class _Begun:
    """A run whose words go into files: a pipe that nobody empties would stop it after some hundred documents."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    def ended(self, timeout_s: float = WITHIN_S) -> Answer:
        """What it said, when it has ended."""
        code = self.process.wait(timeout_s)
        return Answer(code=code, out=self.out.read_bytes(), err=self.err.read_text("utf-8"))


def _begun(server: OwnServer, folder: Troubled, *words: str) -> _Begun:
    """The whole folder, begun while nobody can write a verdict, and somebody waits to: its end cannot be reached."""
    said = Path(tempfile.mkdtemp(dir=folder.path.parent))
    with (said / "out").open("wb") as out, (said / "err").open("wb") as err:
        process = server.command.start("cut", str(folder.path), "--jobs", "2", *words, stdout=out, stderr=err)
    begun = _Begun(process=process, out=said / "out", err=said / "err")
    wait_until(server.somebody_waits, process, begun.err)
    return begun


def _interrupted(server: OwnServer, folder: Troubled) -> None:
    with server.held():
        begun = _begun(server, folder)
        interrupt(begun.process)
        ended = begun.ended()
    assert ended.code == 130, ended.err
    assert "up to here" in ended.err
    assert "the same command goes on from there" in ended.err
    assert "Traceback" not in ended.err, ended.err


def _killed(server: OwnServer, folder: Troubled) -> None:
    with server.held():
        process = _begun(server, folder).process
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 4, "two processes, each with its verifier"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(WITHIN_S)
    gone, alive = psutil.wait_procs(family, timeout=WITHIN_S)
    assert not alive, f"{alive} live on without anybody to work for"
    assert len(gone) == len(family)


def _restarted(server: OwnServer, folder: Troubled) -> Answer:
    with suppress(psycopg.OperationalError), server.held():  # whoever is connected is cut off, this test as well
        begun = _begun(server, folder, "--json")
        server.cluster.stop()
    assert not server.cluster.running
    server.cluster.start()
    ended = begun.ended(timeout_s=3600)
    assert ended.code == 3, [one["error"] for one in ended.json["documents"] if one.get("error", {}).get("sqlstate")]
    return ended


def test_a_servers_disk_that_fills_stops_the_run_and_the_same_command_finishes_it(
    iu_cutter: CommandLine, tmp_path: Path
) -> None:
    folder = tmp_path / "laws"
    folder.mkdir()
    for number in range(1, LAWS + 1):
        text = f"Luật số: {number}/2026/QH15\n".encode() + law(ARTICLES, code=f"F{number}")
        (folder / f"{number}.txt").write_bytes(text)
    with _on_a_small_disk(iu_cutter) as server:
        disk = server.disk
        assert disk is not None
        one = server.command("cut", str(folder / "1.txt"), "--json")
        assert one.code == 0, one.err
        disk.fill()
        full = server.command("cut", str(folder), "--jobs", "2", "--json", timeout_s=WITHIN_S)
        assert full.code == 7, full.err
        errors = [document["error"] for document in full.json["documents"] if "error" in document]
        assert {error["sqlstate"] for error in errors} == {"53100"}, errors
        assert all(error["remedy"] for error in errors)
        assert full.json["summary"]["failed"] == len(errors) > 0
        assert full.json["summary"]["unchanged"] == 1
        disk.free()
        done = server.command("cut", str(folder), "--jobs", "2", "--json", timeout_s=WITHIN_S)
        assert done.code == 0, done.err
        rows = server.rows()
    assert rows["iu.document"] == rows["cutter_governance.verify_result"] == LAWS
    assert rows["iu.information_unit"] == LAWS * (ARTICLES + 2)
    assert rows["cutter_governance.dot_pair_signature"] == 2 * LAWS


@contextmanager
def _on_a_small_disk(command: CommandLine) -> Iterator[OwnServer]:
    with ExitStack() as stack:
        try:
            server = stack.enter_context(own_server(command, small_disk=True))
        except EnvironmentFault as none:
            pytest.skip(f"no small disk: {none}")
        yield server


def test_a_disk_of_ones_own_that_fills_leaves_no_half_of_anything(embedded: CommandLine, tmp_path: Path) -> None:
    """A bound on the size of files (RLIMIT_FSIZE): the kernel takes a part and refuses the rest, as a quota does."""
    starved = _bounded(embedded, 2000, "status", "--json")
    assert starved.returncode == 7, starved.stderr
    assert b"RESIDENT_UNAVAILABLE" in starved.stdout
    assert b"File too large" in starved.stdout
    path = tmp_path / "law.txt"
    path.write_bytes(law(40))
    done = embedded("cut", str(path), "--code", "D1")
    assert done.code == 0, done.err
    before = embedded.counts()
    with resident.attach(embedded.home / "server"):
        for form, words in {"out.jsonl": ("export", "D1"), "out.txt": ("rebuild", "D1")}.items():
            refused = _bounded(embedded, 1, *words, "-o", form)
            assert refused.returncode == 2, refused.stderr
            assert b"File too large" in refused.stderr
            assert b"Make room there" in refused.stderr
            assert not [path for path in tmp_path.iterdir() if form in path.name]
            assert embedded(*words, "-o", form).code == 0
    assert (tmp_path / "out.txt").read_bytes() == path.read_bytes()
    assert embedded.counts() == before


def _bounded(command: CommandLine, blocks: int, *words: str) -> subprocess.CompletedProcess[bytes]:
    """One command whose files may have at most so many blocks of 512 bytes (or of 1,024, as the shell counts). Python
    itself would keep half a compiled module."""
    return subprocess.run(
        ["/bin/sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *command.argv(*words)],
        env={**command.environment(), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=command.cwd,
        capture_output=True,
        timeout=WITHIN_S,
        check=False,
    )
