"""Many documents in one call (`iu-cutter cut FOLDER --jobs N`): side by side, each by itself, nothing lost, again for
nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from pathlib import Path

import psutil
import pytest
from tests.pipeline_room import law
from tests.terminals import watched

from cutter_agent.cli import inputs, orders
from cutter_agent.cli.bulk import survey
from cutter_agent.cli.bulk.worker import Worker
from cutter_agent.errors import InputChanged
from cutter_agent.model import RiskClass

WORDS = orders.Words(
    profile=None, code=None, ref=None, title=None, label=None, risk=RiskClass.STANDARD, marker="agent:marker"
)
REFUSED = {"bad.txt", "two-a.txt", "two-b.txt"}


def _law(number: int, articles: int = 6) -> bytes:
    return f"Luật số: {number}/2021/QH15\n".encode() + law(articles, code=f"B{number}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six sound laws, and of each kind of trouble one."""
    folder = tmp_path / "laws"
    folder.mkdir()
    for number in range(1, 7):
        (folder / f"{number:02}.txt").write_bytes(_law(number))
    (folder / "bad.txt").write_bytes(b"\xd0\xff broken")
    (folder / "doubt.txt").write_bytes(_law(8).replace("Điều 3.".encode(), "Điều 33.".encode()))
    (folder / "twin.txt").write_bytes(_law(1))
    (folder / "two-a.txt").write_bytes(_law(7))
    (folder / "two-b.txt").write_bytes(_law(7, articles=7))
    return folder


def _by_name(answer) -> dict[str, dict]:
    return {Path(document["file"]).name: document for document in answer.json["documents"]}


def test_a_folder_by_two_processes_then_again_then_one_edited_file(embedded, folder: Path) -> None:
    first = embedded("cut", str(folder), "--jobs", "2", "--json")
    assert first.code == 3, first.err
    said = _by_name(first)
    assert list(said) == sorted(said), "the records stand in the order of the files, whoever was first"
    assert {name for name, one in said.items() if one.get("status") == "verified_complete"} == {
        *(f"{number:02}.txt" for number in range(1, 7)), "twin.txt",
    }  # fmt: skip
    assert {name: one["error"]["code"] for name, one in said.items() if "error" in one} == {
        "bad.txt": "INPUT_REFUSED",
        "doubt.txt": "AWAITING_REVIEW",
        "two-a.txt": "DOCUMENT_TWICE",
        "two-b.txt": "DOCUMENT_TWICE",
    }
    assert (said["twin.txt"]["same_as"], said["twin.txt"]["steps"]) == (str(folder / "01.txt"), [])
    assert "two-b.txt" in said["two-a.txt"]["error"]["message"]
    assert first.json["summary"] == {
        "documents": 11, "advanced": 6, "unchanged": 1, "awaiting_review": 1, "failed": 3,
    }  # fmt: skip
    assert first.json["reasons"] == {"DOCUMENT_TWICE": 2, "INPUT_REFUSED": 1, "AWAITING_REVIEW": 1}
    before = embedded.counts()
    assert before["iu.document"] == 6

    again = embedded("cut", str(folder), "--jobs", "2")
    assert again.code == 3
    assert "11 documents: 7 unchanged, 1 awaiting review, 3 failed (2 DOCUMENT_TWICE" in again.err
    assert embedded.counts() == before

    (folder / "02.txt").write_bytes(_law(2, articles=7))
    for name in REFUSED | {"doubt.txt"}:
        (folder / name).unlink()
    edited = embedded("cut", str(folder), "--jobs", "2", "--json")
    assert edited.code == 0, edited.err
    assert {name for name, one in _by_name(edited).items() if one["steps"]} == {"02.txt"}
    _status_watches_until_ctrl_c(embedded)


def _status_watches_until_ctrl_c(embedded) -> None:
    process = embedded.start("status", "--watch", "0.2", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    looks = 0
    for line in process.stdout:
        assert b"\x1b" not in line, "a pipe is no terminal"
        looks += b"7 verified_complete, 1 review_pending" in line
        if looks == 2:
            break
    process.send_signal(signal.SIGINT)
    process.stdout.read()
    assert process.wait(60) == 0
    assert looks == 2
    seen = watched(embedded, "status", "--watch", "0.2", "--limit", "7", lines=10, columns=200, looks=2)
    looks_there = seen.split("\x1b[2J\x1b[H")[1:]
    assert len(looks_there) >= 2, "the screen is emptied before each look"
    first = looks_there[0].splitlines()
    assert re.match(r"\d\d:\d\d:\d\d the newest 7: .*verified_complete", first[0])
    assert len(first) <= 10 - 2, "a look fits the terminal"
    refused = embedded("status", "--watch", "1", "--json")
    assert (refused.code, refused.error["code"]) == (2, "USAGE")


def test_a_process_of_the_crew_that_dies_takes_one_document_with_it(embedded, tmp_path: Path, bytecode: Path) -> None:
    folder = tmp_path / "laws"
    folder.mkdir()
    for number in range(1, 6):
        (folder / f"{number:02}.txt").write_bytes(_law(number, articles=40))
    assert embedded("db", "init").code == 0
    process = embedded.start(
        "cut", str(folder), "--jobs", "2", "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    killed: list[int] = []
    watcher = threading.Thread(target=_kill_one_that_cuts, args=(process.pid, embedded, killed))
    watcher.start()
    out, err = process.communicate(timeout=240)
    watcher.join(60)
    assert killed, err
    assert process.returncode in {70, 0}, err  # 0: it died between two documents
    again = embedded("cut", str(folder), "--jobs", "2", "--json")
    assert again.code == 0, again.err
    assert {one["status"] for one in again.json["documents"]} == {"verified_complete"}
    counts = embedded.counts()
    assert counts["iu.document"] == counts["cutter_governance.verify_result"] == 5
    assert counts["cutter_governance.dot_pair_signature"] == 10
    assert out


def _kill_one_that_cuts(pid: int, command, killed: list[int]) -> None:
    """As soon as the ledger has an entry, end one process of the crew as the kernel would."""
    parent = psutil.Process(pid)
    while parent.is_running() and not killed and parent.status() != psutil.STATUS_ZOMBIE:
        if not command.query("SELECT 1 FROM cutter_governance.decision_backlog_entry LIMIT 1"):
            continue
        for child in parent.children():
            if "cutter_agent.cli.bulk.member" in " ".join(child.cmdline()):
                os.kill(child.pid, signal.SIGKILL)
                killed.append(child.pid)
                return


def test_a_file_that_is_written_between_two_looks_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "law.txt"
    path.write_bytes(_law(1))
    looked = survey.look(str(path), WORDS)
    assert isinstance(looked, survey.Surveyed)
    path.write_bytes(_law(1, articles=9))
    worker = Worker.__new__(Worker)
    worker._words = WORDS
    record = worker._try(looked, lambda _: None)
    assert record["error"]["code"] == "INPUT_CHANGED"


def test_a_file_that_grows_while_it_is_read_is_not_taken(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "law.txt"
    path.write_bytes(_law(1))
    read = inputs._bounded

    def and_then_it_grows(stream, name: str, limit: int) -> bytes:
        data = read(stream, name, limit)
        with path.open("ab") as other:
            other.write(b"more\n")
        return data

    monkeypatch.setattr(inputs, "_bounded", and_then_it_grows)
    with pytest.raises(InputChanged) as refused:
        inputs.read_source(str(path), label=None)
    assert refused.value.path == str(path)
