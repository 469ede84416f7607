"""`iu-cutter cut` and what follows it, through the real command on a data folder of its own (design 4.2, 4.3)."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from cutter_agent.home.server import DATABASE
from pg_embedded import resident

LAW = """Luật số: 12/2020/QH14
LUẬT
VỀ VIỆC THỬ
Chương I
QUY ĐỊNH CHUNG
Điều 1. Phạm vi
1. Luật này quy định việc thử.
2. Gồm có:
a) việc một;
b) việc hai.
Điều 2. Hiệu lực
Luật này có hiệu lực.
"""
CODE = "L12-2020-QH14"
DOUBTFUL = LAW.replace("Điều 2. Hiệu lực", "Điều 7. Hiệu lực")
"""A gap in the numbering: an exception, which no policy passes by."""


@pytest.fixture
def law(tmp_path: Path) -> Path:
    path = tmp_path / "luat.txt"
    path.write_text(LAW, encoding="utf-8")
    return path


@pytest.fixture
def doubtful(tmp_path: Path) -> Path:
    path = tmp_path / "ngo.txt"
    path.write_text(DOUBTFUL, encoding="utf-8")
    return path


def test_six_real_codes_are_cut_and_rebuilt_byte_for_byte_and_a_second_cut_writes_nothing(
    embedded, tmp_path: Path, real_laws: dict[str, bytes]
) -> None:
    folder = tmp_path / "codes"
    folder.mkdir()
    for name, data in real_laws.items():
        (folder / f"{name}.txt").write_bytes(data)
    first = embedded("cut", str(folder), "--json")
    documents = first.json["documents"]
    assert len(documents) == 6
    waiting = [document for document in documents if "error" in document]
    assert {document["error"]["code"] for document in waiting} <= {"AWAITING_REVIEW"}
    assert first.code == (10 if waiting else 0)
    for document in waiting:
        answer = embedded(
            "review", document["document_code"], "--approve", "--rationale", "read it", "--reviewer", "bà Hai", "--json"
        )
        assert (answer.code, answer.json["status"]) == (0, "reviewed_approved"), answer.err
    if waiting:
        assert embedded("cut", str(folder)).code == 0

    before = embedded.counts()
    again = embedded("cut", str(folder), "--json")
    assert again.code == 0
    assert again.json["summary"] == {
        "documents": 6,
        "advanced": 0,
        "unchanged": 6,
        "awaiting_review": 0,
        "failed": 0,
    }
    assert all(document["status"] == "verified_complete" for document in again.json["documents"])
    in_words = embedded("cut", str(folder / "bo-luat-lao-dong-2019.txt"))
    assert "nothing was written" in in_words.out.decode()
    assert embedded.counts() == before

    units = {document["document_code"]: document["units"] for document in again.json["documents"]}
    assert before["iu.information_unit"] == before["iu.unit_version"] == sum(units.values())
    assert before["cutter_governance.cut_change_set_affected_row"] == sum(units.values())
    assert before["cutter_governance.dot_pair_signature"] == 12
    for document in again.json["documents"]:
        rebuilt = embedded("rebuild", document["document_code"])
        assert rebuilt.code == 0
        assert rebuilt.out == real_laws[Path(document["file"]).stem]


def test_one_unit_writes_the_fifteen_rows(embedded, tmp_path: Path) -> None:
    path = tmp_path / "one.md"
    path.write_text("Only one paragraph.\n")
    answer = embedded("cut", str(path), "--profile", "markdown", "--code", "ONE", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["documents"][0]["steps"] == ["mark", "sweep", "review", "cut", "verify"]
    assert answer.json["documents"][0]["units"] == 1
    counts = {name.removeprefix("cutter_governance."): count for name, count in embedded.counts().items() if count}
    assert counts == {
        "decision_backlog_entry": 1,
        "decision_backlog_history": 5,
        "decision_backlog_sweep_log": 1,
        "manifest_envelope": 1,
        "manifest_unit_block": 1,
        "review_decision": 1,
        "dot_pair_signature": 2,
        "cut_change_set": 1,
        "cut_change_set_affected_row": 1,
        "verify_result": 1,
        "iu.source_snapshot": 1,
        "iu.manifest": 1,
        "iu.document": 1,
        "iu.information_unit": 1,
        "iu.unit_version": 1,
    }


def test_the_phases_one_by_one_give_the_same_end(embedded, law: Path) -> None:
    marked = embedded("mark", str(law), "--json")
    assert (marked.code, marked.json["created"], marked.json["status"]) == (0, True, "marked")
    entry = marked.json["entry_id"]
    assert embedded("mark", str(law), "--json").json["created"] is False
    too_early = embedded("cut-approved", CODE, "--json")
    assert (too_early.code, too_early.error["code"]) == (5, "ILLEGAL_TRANSITION")
    assert embedded("sweep", "--json").json["promoted"] == [entry]
    approved = embedded(
        "review", entry, "--approve", "--rationale", "fine", "--reviewer", "an", "--json", "--digest",
        marked.json["manifest_digest"],
    )  # fmt: skip
    assert (approved.code, approved.json["status"]) == (0, "reviewed_approved"), approved.err
    cut = embedded("cut-approved", CODE, "--json")
    assert (cut.code, cut.json["applied"], cut.json["cut_seq"]) == (0, True, 1)
    assert embedded("cut-approved", CODE, "--json").json["applied"] is False
    verified = embedded("verify", entry, "--json")
    assert verified.code == 0
    assert [(one["verdict"], one["created"]) for one in verified.json["verified"]] == [("pass", True)]
    assert embedded("verify", entry, "--json").json["verified"][0]["created"] is False
    assert embedded("status", CODE, "--json").json["entries"][0]["status"] == "verified_complete"
    assert embedded("rebuild", CODE).out == law.read_bytes()


def test_an_exception_waits_for_a_person_and_says_how(embedded, doubtful: Path) -> None:
    answer = embedded("cut", str(doubtful))
    assert answer.code == 10
    entry = embedded("status", CODE, "--json").json["entries"][0]
    assert entry["status"] == "review_pending"
    assert f"iu-cutter review {entry['entry_id']}" in answer.err
    shown = embedded("review", CODE)
    assert shown.code == 10
    assert "exception numbering_gap" in shown.out.decode()
    assert "Điều 7" in shown.out.decode()
    as_json = embedded("review", CODE, "--json")
    assert as_json.code == 0
    assert as_json.json["findings"]
    digest = as_json.json["manifest_digest"]

    before = embedded.counts()
    own = embedded("review", CODE, "--approve", "--rationale", "x", "--reviewer", "iu-cutter", "--json")
    assert (own.code, own.error["code"]) == (5, "REVIEWER_NOT_INDEPENDENT")
    stale = embedded(
        "review", CODE, "--approve", "--rationale", "x", "--reviewer", "an", "--digest", "0" * 64, "--json"
    )
    assert (stale.code, stale.error["code"]) == (5, "STALE_APPROVAL")
    assert embedded("review", CODE, "--approve", "--reviewer", "an").code == 2
    assert embedded("review", CODE, "--approve", "--reject", "--rationale", "x").code == 2
    assert embedded.counts() == before

    approved = embedded(
        "review", CODE, "--approve", "--rationale", "as printed", "--reviewer", "an", "--digest", digest
    )
    assert approved.code == 0, approved.err
    done = embedded("cut", str(doubtful), "--json")
    assert (done.code, done.json["documents"][0]["steps"]) == (0, ["cut", "verify"])


def test_deferred_waits_and_rejected_is_final(embedded, doubtful: Path) -> None:
    assert embedded("cut", str(doubtful)).code == 10
    deferred = embedded("review", CODE, "--defer", "--rationale", "ask the ministry", "--reviewer", "an", "--json")
    assert (deferred.code, deferred.json["status"]) == (0, "reviewed_deferred"), deferred.err
    before = embedded.counts()
    again = embedded("cut", str(doubtful))
    assert again.code == 10
    assert "sweep" in again.err
    assert embedded.counts() == before, "a deferred document is left alone"
    assert len(embedded("sweep", "--json").json["promoted"]) == 1
    rejected = embedded("review", CODE, "--reject", "--rationale", "no", "--reviewer", "an", "--json")
    assert (rejected.code, rejected.json["status"]) == (0, "reviewed_rejected"), rejected.err
    final = embedded("cut", str(doubtful), "--json")
    assert final.code == 5
    assert "reviewed_rejected" in final.json["documents"][0]["error"]["message"]


def test_a_person_may_be_asked_for_always_and_high_risk_asks_by_itself(embedded, law: Path, tmp_path: Path) -> None:
    assert embedded("cut", str(law), "--reviewer-policy", "human").code == 10
    other = tmp_path / "other.txt"
    other.write_text(LAW.replace("12/2020", "13/2020"), encoding="utf-8")
    answer = embedded("cut", str(other), "--risk", "high")
    assert answer.code == 10
    assert "high" in answer.err


def test_one_bad_document_does_not_stop_the_others(embedded, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    (folder / "1-bad.txt").write_bytes(b"\xff\xfe")
    (folder / "2-good.txt").write_text(LAW, encoding="utf-8")
    (folder / "3-empty.txt").write_bytes(b"")
    (folder / "4-good.txt").write_text(LAW.replace("12/2020", "13/2020"), encoding="utf-8")
    (folder / ".hidden").write_bytes(b"\xff")
    answer = embedded("cut", str(folder), str(tmp_path / "missing.txt"), "--json")
    assert answer.code == 3
    assert [document.get("status") for document in answer.json["documents"]] == [
        None, "verified_complete", None, "verified_complete", None,
    ]  # fmt: skip
    assert answer.json["summary"] == {
        "documents": 5,
        "advanced": 2,
        "unchanged": 0,
        "awaiting_review": 0,
        "failed": 3,
    }
    assert answer.json["documents"][0]["error"]["start_byte"] == 0
    in_words = embedded("cut", str(folder))
    assert in_words.code == 3
    assert "1-bad.txt, byte 0, line 1" in in_words.err


def test_a_used_code_and_an_unknown_one_are_refused(embedded, law: Path, tmp_path: Path) -> None:
    assert embedded("cut", str(law)).code == 0
    before = embedded.counts()
    other = tmp_path / "other.txt"
    other.write_text(LAW.replace("việc một", "việc khác"), encoding="utf-8")
    other_ref = embedded("mark", str(other), "--ref", "another-document", "--json")
    assert (other_ref.code, other_ref.error["code"]) == (5, "GOVERNANCE_REFUSED")
    assert CODE in other_ref.error["message"]
    bad_code = embedded("mark", str(other), "--code", "không hợp lệ", "--json")
    assert (bad_code.code, bad_code.error["code"]) == (2, "USAGE")
    assert embedded.counts() == before
    for command in (["tree"], ["rebuild"], ["status"], ["history"], ["show"], ["review"], ["cut-approved"]):
        answer = embedded(*command, "NO-SUCH-THING", "--json")
        assert (answer.code, answer.error["code"]) == (2, "USAGE"), command
        assert "NO-SUCH-THING" in answer.error["message"]
    assert embedded("rebuild", CODE, "--as-of", "9", "--json").error["remedy"] == "Its cuts: 1."


def test_a_manifest_made_elsewhere_goes_through_review_and_a_broken_one_does_not_come_in(
    embedded, law: Path, tmp_path: Path
) -> None:
    manifest = json.loads(embedded("segment", str(law), "--manifest").out)
    path = tmp_path / "proposal.json"
    broken = json.loads(json.dumps(manifest))
    broken["units"][1]["content_sha256"] = "0" * 64
    broken["units"][2]["start_byte"] -= 1
    path.write_text(json.dumps(broken))
    refused = embedded("mark", str(law), "--manifest", str(path), "--json")
    assert (refused.code, refused.error["code"]) == (3, "MANIFEST_INVALID")
    assert {problem["code"] for problem in refused.error["problems"]} >= {"content_hash", "overlap"}
    assert all(problem["block_index"] is not None for problem in refused.error["problems"])
    path.write_text(json.dumps(manifest))
    marked = embedded("mark", str(law), "--manifest", str(path), "--marker", "somebody else", "--json")
    assert (marked.code, marked.json["exceptions"]) == (0, 1), marked.err
    entry = marked.json["entry_id"]
    assert embedded("sweep").code == 0
    (waiting,) = embedded("status", entry, "--json").json["entries"]
    assert waiting["status"] == "review_pending"
    refused = embedded("cut-approved", entry, "--json")
    assert (refused.code, refused.error["code"]) == (5, "ILLEGAL_TRANSITION"), "a person must see it first"
    assert embedded("review", entry, "--approve", "--rationale", "Read beside the source.").code == 0
    assert embedded("cut-approved", entry).code == 0
    assert embedded("verify", entry, "--json").json["verified"][0]["verdict"] == "pass"


def test_reads_show_tree_history_and_signatures(embedded, law: Path, tmp_path: Path) -> None:
    assert embedded("cut", str(law)).code == 0
    units = embedded("tree", CODE, "--json").json["units"]
    data = law.read_bytes()
    addresses = [unit["address"] for unit in units]
    assert f"{CODE}-DIEU1-K2-DA" in addresses
    assert all(unit["status"] == "enacted" for unit in units)
    in_words = embedded("tree", CODE).out.decode().splitlines()
    assert len(in_words) == len(units)
    point = next(line for line in in_words if f"{CODE}-DIEU1-K2-DA " in line)
    assert point.startswith(" ")
    assert "việc một" in point
    shown = embedded("show", f"{CODE}-DIEU1-K2-DA", "--json").json
    assert shown["versions"][0]["body"].encode() in data
    assert shown["cuts"][0]["cut_seq"] == 1
    assert [move["change_kind"] for move in shown["history"]][-1] == "verify:pass"
    assert "việc một" in embedded("show", f"{CODE}-DIEU1-K2-DA").out.decode()
    kinds = [move["change_kind"] for move in embedded("history", CODE, "--json").json["history"]]
    assert kinds == ["mark", "sweep_promote", "review:approve", "cut", "verify:pass"]
    to = tmp_path / "out.txt"
    assert embedded("rebuild", CODE, "-o", str(to), "--as-of", "1").code == 0
    assert to.read_bytes() == data
    assert embedded("rebuild", CODE, "--json").json["text"].encode() == data


def test_signatures_hold_online_and_offline_and_a_changed_one_does_not(
    embedded, iu_cutter, law: Path, tmp_path: Path
) -> None:
    assert embedded("cut", str(law)).code == 0
    online = embedded("verify-signatures", "--json")
    assert (online.code, online.json["checked"], online.json["defects"]) == (0, 2, 0)
    export = tmp_path / "signatures.json"
    assert embedded("export-signatures", "-o", str(export)).code == 0
    keys = embedded.home / "keys"
    given = ["--exec-key", str(keys / "cutter_exec.pub.pem"), "--verify-key", str(keys / "cutter_verify.pub.pem")]
    elsewhere = {"DOT_CUTTER_HOME": str(tmp_path / "nowhere")}
    offline = embedded("verify-signatures", str(export), *given, "--json", env=elsewhere)
    assert (offline.code, offline.json["checked"]) == (0, 2), offline.err
    assert not (tmp_path / "nowhere").exists(), "offline means without a database"
    crossed = [given[0], given[3], given[2], given[1]]
    assert embedded("verify-signatures", str(export), *crossed, env=elsewhere).code == 6
    document = json.loads(export.read_text())
    document["signatures"][0]["signer_tool_revision"] = "forged"
    export.write_text(json.dumps(document))
    forged = embedded("verify-signatures", str(export), *given, "--json", env=elsewhere)
    assert (forged.code, forged.json["defects"]) == (6, 1)
    export.write_text("{}")
    assert embedded("verify-signatures", str(export), *given, env=elsewhere).code == 3
    keyless = embedded("verify-signatures", str(export), "--json", env=elsewhere)
    assert (keyless.code, keyless.error["code"]) == (4, "CONFIG_MISSING")


def test_a_unit_changed_behind_the_ledgers_back_is_seen_by_rebuild(embedded, law: Path) -> None:
    assert embedded("cut", str(law)).code == 0
    embedded.query(
        "SET LOCAL session_replication_role = replica",
        "UPDATE iu.unit_version SET body = body || 'x',"
        " content_hash = encode(sha256(convert_to(body || 'x', 'UTF8')), 'hex') WHERE render_order = 1",
    )
    answer = embedded("rebuild", CODE, "--json")
    assert (answer.code, answer.error["code"]) == (6, "VERIFICATION_FAILED")
    assert embedded("rebuild", CODE).out == b""


def test_ctrl_c_ends_cleanly_and_the_same_command_goes_on(
    embedded, tmp_path: Path, real_laws: dict[str, bytes]
) -> None:
    path = tmp_path / "code.txt"
    path.write_bytes(real_laws["bo-luat-dan-su-2015"])
    assert embedded("db", "init").code == 0
    with (
        resident.attach(embedded.home / "server") as server,
        psycopg.connect(**server.admin_of(DATABASE)) as holder,
    ):
        holder.execute("LOCK TABLE cutter_governance.decision_backlog_sweep_log IN EXCLUSIVE MODE")
        process = embedded.start("cut", str(path), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        until_s = time.monotonic() + 120
        while not holder.execute("SELECT 1 FROM cutter_governance.decision_backlog_entry LIMIT 1").fetchone():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until_s
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert b"interrupted" in err
    assert b"Traceback" not in err
    done = embedded("cut", str(path))
    assert done.code in {0, 10}, done.err
    assert embedded.counts()["cutter_governance.decision_backlog_entry"] == 1


def test_db_init_check_and_grants(embedded) -> None:
    made = embedded("db", "init", "--json")
    assert made.code == 0, made.err
    assert made.json["schema_version"] >= 1
    again = embedded("db", "init", "--json").json
    assert again["migrations"] == []
    checked = embedded("db", "check", "--json")
    assert (checked.code, checked.json["lanes_checked"]) == (0, ["cutter_exec", "cutter_verify"]), checked.err
    rights = embedded("db", "grants", "--declared", "--json").json["rights"]
    assert {"role": "cutter_exec", "table": "cutter_governance.decision_backlog_sweep_log"}.items() <= next(
        right for right in rights if right["role"] == "cutter_exec" and right["table"].endswith("sweep_log")
    ).items()
    embedded.query("ALTER TABLE iu.document ADD COLUMN owner text NOT NULL")
    broken = embedded("db", "check", "--json")
    assert broken.code == 7
    assert "owner" in " ".join(line for finding in broken.json["findings"] for line in finding["details"])


def test_three_first_uses_at_once_agree(embedded, law: Path) -> None:
    processes = [
        embedded.start("cut", str(law), "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)
    ]
    answers = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    documents = [json.loads(out)["documents"][0] for out, _ in answers]
    assert {document["status"] for document in documents} == {"verified_complete"}
    assert len({document["entry_id"] for document in documents}) == 1
    counts = embedded.counts()
    units = documents[0]["units"]
    ledger = {name: count for name, count in counts.items() if name.startswith("cutter_governance.")}
    swept = ledger.pop("cutter_governance.decision_backlog_sweep_log")
    assert swept >= 1, "a sweep that came second found nothing, and said so"
    assert sum(ledger.values()) == 12 + 2 * units


def test_a_person_at_a_terminal_is_shown_and_asked(embedded, doubtful: Path) -> None:
    assert embedded("cut", str(doubtful)).code == 10
    ours, theirs = pty.openpty()
    process = embedded.start("review", CODE, "--reviewer", "an", stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = _converse(ours, process, ((b"quit", b"appr\n"), (b"why", b"as printed\n")))
    os.close(ours)
    assert process.wait(60) == 0, said
    assert "numbering_gap" in said
    assert "reviewed_approved" in said
    assert embedded("status", CODE, "--json").json["entries"][0]["status"] == "reviewed_approved"


def test_progress_is_shown_to_a_terminal_and_is_out_of_the_results_way(embedded, law: Path) -> None:
    ours, theirs = pty.openpty()
    process = embedded.start("cut", str(law), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    said = _converse(ours, process, ())
    os.close(ours)
    assert process.stdout is not None
    out = process.stdout.read().decode()
    process.stdout.close()
    assert process.wait(60) == 0
    assert "0/1" in said
    assert out == f"{law}: {CODE}: 9 units, verified_complete (mark, sweep, review, cut, verify)\n"


def _converse(terminal: int, process: subprocess.Popen[bytes], turns: tuple[tuple[bytes, bytes], ...]) -> str:
    """Read the terminal to its end; when a prompt shows up, answer it. At most 60 s."""
    said, waiting, end = b"", list(turns), time.monotonic() + 60
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if ready:
            try:
                piece = os.read(terminal, 4096)
            except OSError:  # EIO: the other side is closed
                break
            said += piece
            if waiting and waiting[0][0] in said:
                os.write(terminal, waiting.pop(0)[1])
        elif process.poll() is not None:
            break
    return said.decode(errors="replace")
