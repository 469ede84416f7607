"""Many runs: the page over them, what a rule keeps, and the keys that signed them."""

from __future__ import annotations

import fcntl
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.evidence_room import HOSTILE, failing, passing

from pg_dryrun import attestation, cli, keyring, library, report, retention
from pg_dryrun.errors import UsageError
from pg_dryrun.evidence import Folder
from pg_dryrun.ledger import Kind, RunLedger
from pg_dryrun.record import Record, RevisionFacts, spell
from pg_dryrun.verification import verify
from sealing.keys import PublicKey, SigningKey

KEY = SigningKey.generate()
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def kept(out: Path, run_id: str, *, days_ago: float, record: Record | None = None, commit: str = "c" * 40) -> Path:
    """A run as it lies there, ended so many days before NOW."""
    record = record or passing(run_id)
    ended = NOW - timedelta(days=days_ago)
    record = replace(
        record,
        run=replace(record.run, id=run_id, ended_at=ended.isoformat()),
        revision=RevisionFacts(commit=commit, clean=True),
    )
    folder = Folder.create(out, run_id=run_id, started=ended)
    folder.write("created.jsonl", b"")
    for name, data in report.render(record).items():
        folder.write(name, data)
    attestation.attest(folder, record, deterministic_sha256=spell(record)["deterministic_sha256"], key=KEY)
    return folder.path


def chosen(out: Path, **rule: object) -> dict[str, str]:
    """Run id to why it stays, or "removed"."""
    asked = retention.Rule(older_than=timedelta(days=30), keep_last=0)
    choices = retention.choose(library.runs_in(out), replace(asked, **rule), now=NOW)  # type: ignore[arg-type]
    return {item.run.folder.name.rpartition("-")[2]: "removed" if item.removed else item.why for item in choices}


def test_the_rule_removes_what_is_old_and_keeps_the_newest_pass_of_each_commit(tmp_path: Path) -> None:
    kept(tmp_path, "a1", days_ago=100)
    kept(tmp_path, "a2", days_ago=90)
    kept(tmp_path, "b1", days_ago=80, commit="b" * 40)
    kept(tmp_path, "f1", days_ago=70, record=failing())
    kept(tmp_path, "y1", days_ago=3, record=failing())
    assert chosen(tmp_path) == {
        "a1": "removed",
        "a2": "the newest PASS of its commit",
        "b1": "the newest PASS of its commit",
        "f1": "removed",
        "y1": "young",
    }
    assert chosen(tmp_path, keep_last=2)["f1"] == "among the newest 2"


def test_a_run_under_way_and_one_that_left_something_stay(tmp_path: Path) -> None:
    live = kept(tmp_path, "live", days_ago=100, record=failing())
    left = kept(tmp_path, "left", days_ago=100, record=failing())
    RunLedger.open(left / "created.jsonl").will_create(Kind.FILE, str(tmp_path / "dump"))
    with (live / "created.jsonl").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        why = chosen(tmp_path)
    assert why["live"] == "under way"
    assert why["left"].startswith("left 1 things behind: pg-dryrun clean"), why


def test_what_goes_is_written_down_first_and_the_rest_still_holds(tmp_path: Path) -> None:
    old = kept(tmp_path, "old", days_ago=100, record=failing())
    new = kept(tmp_path, "new", days_ago=1)
    (tmp_path / "latest").symlink_to(old.name)
    runs = library.runs_in(tmp_path)
    assert [run.folder for run in runs] == [new, old]
    choices = retention.choose(runs, retention.Rule(older_than=timedelta(days=30), keep_last=0), now=NOW)
    assert retention.remove(tmp_path, choices, now=NOW) == [old]
    assert sorted(path.name for path in tmp_path.iterdir()) == [new.name, "removed.jsonl"]
    line = json.loads((tmp_path / "removed.jsonl").read_text())
    assert (line["folder"], line["verdict"]) == (old.name, "PRODUCT_FAIL")
    assert len(line["envelope_sha256"]) == 64
    assert verify(new, keys=[KEY.public]).holds


def test_the_page_shows_every_run_and_whether_its_evidence_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = kept(tmp_path, "good", days_ago=1)
    bad = kept(tmp_path, "bad", days_ago=2, record=replace(failing(), summary=HOSTILE))
    touched = bad / "report.md"
    touched.write_bytes(touched.read_bytes() + b" ")
    (tmp_path / "20260101T000000Z-dead").mkdir()
    (tmp_path / "20260101T000000Z-dead" / "created.jsonl").write_bytes(b"")
    (tmp_path / "notes").mkdir()
    assert cli.run(["index", "--out", str(tmp_path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {Path(run["folder"]).name.rpartition("-")[2]: run["evidence_holds"] for run in said["runs"]} == {
        "good": True,
        "bad": False,
        "dead": None,
    }
    page = (tmp_path / "index.html").read_text("utf-8")
    assert f'href="{good.name}/report.html"' in page
    assert page.count("<script>") == 1, "the page's own"
    assert ">broken<" in page
    assert ">holds<" in page
    assert "no report" in page
    assert "3 rehearsals" in page


def test_prune_only_says_what_it_would_do_until_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = kept(tmp_path, "old", days_ago=4000, record=failing())
    words = ["prune", "--out", str(tmp_path), "--keep-last", "0"]
    assert cli.run(words) == 0
    assert "1 would be removed; add --yes" in capsys.readouterr().out
    assert old.is_dir()
    assert cli.run([*words, "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["removed"] == 1
    assert not old.exists()
    assert cli.run([*words, "--older-than", "soon"]) == 2
    assert cli.run(["prune", "--out", str(tmp_path / "nowhere")]) == 2


def test_a_new_key_signs_and_the_old_ones_public_half_stays(tmp_path: Path) -> None:
    (first,) = keyring.known(tmp_path)
    signed = kept(tmp_path / "runs", "one", days_ago=1)
    envelope_key = attestation.own_key(tmp_path)
    now, before = keyring.rotate(tmp_path)
    assert (before.keyid, before.retired_at is not None) == (first.keyid, True)
    assert now.keyid != first.keyid
    assert attestation.own_key(tmp_path).public.keyid == now.keyid
    assert PublicKey.load(before.public).verifies(envelope_key.sign(b"x"), b"x")
    assert PublicKey.load(now.public).keyid == now.keyid
    private = [path for path in (tmp_path / "keys").rglob("*") if path.is_file() and b"PRIVATE" in path.read_bytes()]
    assert private == [tmp_path / "keys" / "ed25519.pem"]
    assert [item.keyid for item in keyring.known(tmp_path)] == [now.keyid, first.keyid]
    assert verify(signed, keys=[KEY.public]).holds


def test_a_rotation_that_was_cut_off_is_done_again(tmp_path: Path) -> None:
    keyring.known(tmp_path)
    SigningKey.generate().save(tmp_path / "keys" / ".ed25519.pem.new")
    assert len(keyring.rotate(tmp_path)) == 2


def test_the_folder_of_runs_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        library.runs_in(tmp_path / "nowhere")
