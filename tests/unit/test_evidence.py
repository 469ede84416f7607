"""The folder, the record's deterministic part, the seal; and that any flipped byte is found."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.evidence_room import command_record, failing, passing

from pg_dryrun import attestation, report
from pg_dryrun.errors import UsageError
from pg_dryrun.evidence import Folder
from pg_dryrun.fault_record import FaultsRecord
from pg_dryrun.outcome import Verdict
from pg_dryrun.plan import DIRTY_TREE
from pg_dryrun.probe_record import Driven, ProbeDefect, ProbeRecord
from pg_dryrun.record import Record, deterministic_sha256, read, redacted, spell
from pg_dryrun.verification import Verification, verify
from sealing.canonical import canonical_bytes
from sealing.dsse import seal
from sealing.intoto import PAYLOAD_TYPE
from sealing.keys import SigningKey

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = SigningKey.generate()


def sealed(out: Path, record: Record, key: SigningKey = KEY) -> Path:
    """A whole folder as a run leaves it."""
    folder = Folder.create(out, run_id=record.run.id, started=STARTED)
    folder.write("created.jsonl", b'{"run": "x"}\n')
    for name, data in report.render(record).items():
        folder.write(name, data)
    attestation.attest(folder, record, deterministic_sha256=spell(record)["deterministic_sha256"], key=key)
    folder.publish()
    return folder.path


def broken_step(found: Verification) -> int:
    assert not found.holds
    return found.steps[-1].number


def test_a_folder_is_fresh_private_and_published(tmp_path: Path) -> None:
    one = Folder.create(tmp_path, run_id="a", started=STARTED)
    assert one.path.name == "20260102T030405Z-a"
    assert one.path.stat().st_mode & 0o777 == 0o700
    with pytest.raises(UsageError, match="File exists"):
        Folder.create(tmp_path, run_id="a", started=STARTED)
    assert one.publish()
    two = Folder.create(tmp_path, run_id="b", started=STARTED)
    assert two.publish()
    assert (tmp_path / "latest").resolve() == two.path
    assert sorted(path.name for path in tmp_path.iterdir()) == [one.path.name, two.path.name, "latest"]


def test_what_is_called_latest_and_is_no_link_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    assert not Folder.create(tmp_path, run_id="a", started=STARTED).publish()
    assert (tmp_path / "latest").is_dir()


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"Not a directory|File exists"):
        Folder.create(tmp_path / "file", run_id="a", started=STARTED)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden"])
def test_only_plain_names_are_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        Folder.create(tmp_path, run_id="a", started=STARTED).write(name, b"")


def test_a_record_is_read_as_it_was_spelt() -> None:
    for record in (passing(), failing()):
        document = json.loads(report.render_json(record))
        assert read(document) == record
        assert document["deterministic_sha256"] == deterministic_sha256(document)


def test_the_deterministic_part_leaves_out_what_is_volatile_and_nothing_else() -> None:
    one = spell(passing("00000001"))["deterministic_sha256"]
    two = spell(passing("00000002"))["deterministic_sha256"]
    assert one == two
    changed = passing()
    moved = replace(changed.scenarios[0], counted={"till.account": 2, "till.booking": 0})
    assert spell(replace(changed, scenarios=(moved, *changed.scenarios[1:])))["deterministic_sha256"] != one
    assert spell(replace(changed, verdict=Verdict.TOOL_FAIL))["deterministic_sha256"] != one


def test_every_volatile_path_exists_in_the_record() -> None:
    """A misspelt path would silently stay in the digest."""
    defect = ProbeDefect(driven=next(iter(Driven)), name="add", principal="clerk", sqlstate="42501", message="no")
    document = spell(
        replace(
            passing(),
            program=command_record(),
            faults=FaultsRecord(form="short"),
            probe=ProbeRecord(defects=(defect,)),
            tool_fault="x",
            root_cause=failing().root_cause,
        )
    )
    for path in document["volatile"]:
        parts = path.removeprefix("/").split("/")
        assert _reached(document, parts) or path == "/plan/protected", path


def _reached(value: object, parts: list[str]) -> bool:
    if not parts:
        return True
    if parts[0] == "*":
        assert isinstance(value, (list, tuple))
        return bool(value) and all(_reached(item, parts[1:]) for item in value)
    return isinstance(value, dict) and parts[0] in value and _reached(value[parts[0]], parts[1:])


def test_a_secret_is_redacted_wherever_it_stands() -> None:
    record = failing("the password is hunter2hunter2")
    clean = redacted(record, lambda text: text.replace("hunter2hunter2", "[secret]"))
    assert "hunter2hunter2" not in json.dumps(spell(clean))
    assert clean.root_cause is not None
    assert clean.root_cause.message == "the password is [secret]"


@pytest.mark.parametrize("make", [passing, failing])
def test_the_walk_holds(make: type, tmp_path: Path) -> None:
    path = sealed(tmp_path, make())
    found = verify(path, keys=[KEY.public])
    assert found.holds, found.steps
    assert [step.number for step in found.steps] == [1, 2, 3, 4, 5, 6, 7]
    assert found.verdict is make().verdict
    own = verify(path)
    assert own.holds
    assert not own.keys_given
    assert "integrity, not identity" in own.steps[1].detail


def test_any_flipped_byte_of_any_file_is_found(tmp_path: Path) -> None:
    """Every byte of the envelope, the key and the ledger; every 97th of the rest; one bit at a time."""
    folder = sealed(tmp_path, passing())
    flipped = 0
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        stride = 1 if len(whole) < 4000 else 97
        for place in range(0, len(whole), stride):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << (place % 8)
            path.write_bytes(damaged)
            assert not verify(folder, keys=[KEY.public]).holds, f"{path.name}, byte {place}"
            flipped += 1
        path.write_bytes(whole)
    assert flipped > 3000
    assert verify(folder, keys=[KEY.public]).holds


def test_a_flipped_byte_is_found_without_a_key_too(tmp_path: Path) -> None:
    folder = sealed(tmp_path, passing())
    path = folder / attestation.SIGNER
    whole = path.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        assert not verify(folder).holds, f"byte {place}"


def test_files_missing_added_or_cut(tmp_path: Path) -> None:
    folder = sealed(tmp_path, passing())
    (folder / "more.txt").write_text("")
    assert broken_step(verify(folder, keys=[KEY.public])) == 4
    (folder / "more.txt").unlink()
    (folder / "sub").mkdir()
    assert broken_step(verify(folder, keys=[KEY.public])) == 4
    (folder / "sub").rmdir()
    os.truncate(folder / "report.md", 10)
    assert "report.md was changed" in verify(folder, keys=[KEY.public]).steps[-1].detail
    (folder / "report.md").unlink()
    assert "report.md is missing" in verify(folder, keys=[KEY.public]).steps[-1].detail
    (folder / attestation.ENVELOPE).unlink()
    assert broken_step(verify(folder, keys=[KEY.public])) == 1


def test_another_key_did_not_sign(tmp_path: Path) -> None:
    folder = sealed(tmp_path, passing())
    assert broken_step(verify(folder, keys=[SigningKey.generate().public])) == 2


def test_a_verdict_that_does_not_follow_from_the_checks_is_found_even_if_signed(tmp_path: Path) -> None:
    lie = replace(failing(), verdict=Verdict.PASS, exit_code=0)
    folder = sealed(tmp_path, lie)
    assert broken_step(verify(folder, keys=[KEY.public])) == 6


def test_a_tool_fault_is_the_verdict_whatever_the_checks_say(tmp_path: Path) -> None:
    honest = replace(passing(), verdict=Verdict.TOOL_FAIL, exit_code=4, tool_fault="boom")
    assert verify(sealed(tmp_path / "a", honest), keys=[KEY.public]).holds
    lie = replace(passing(), tool_fault="boom")
    assert broken_step(verify(sealed(tmp_path / "b", lie), keys=[KEY.public])) == 6


def test_a_statement_about_something_else_is_found(tmp_path: Path) -> None:
    folder = sealed(tmp_path, passing())
    statement = json.loads(base64.b64decode(json.loads((folder / attestation.ENVELOPE).read_bytes())["payload"]))
    statement["subject"][0]["digest"] = {"gitCommit": "d" * 40}
    envelope = seal(canonical_bytes(statement), payload_type=PAYLOAD_TYPE, key=KEY)
    (folder / attestation.ENVELOPE).write_bytes(attestation.envelope_bytes(envelope))
    assert broken_step(verify(folder, keys=[KEY.public])) == 7


def test_what_the_statement_says(tmp_path: Path) -> None:
    folder = sealed(tmp_path, passing())
    envelope = json.loads((folder / attestation.ENVELOPE).read_bytes())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert {item["name"]: item["digest"] for item in statement["subject"]} == {
        "commit": {"gitCommit": "c" * 40},
        "plan": {"sha256": "ab" * 32},
        "dump": {"sha256": "12" * 32},
        "schema": {"sha256": "34" * 32},
    }
    predicate = statement["predicate"]
    assert (predicate["result"], predicate["passedTests"], predicate["failedTests"]) == ("PASSED", ["G-01", "S1"], [])


def test_a_dirty_tree_is_never_attested_as_passed() -> None:
    record = passing()
    assert record.revision is not None
    assert attestation.result_of(record) == "PASSED"
    assert attestation.result_of(replace(record, revision=replace(record.revision, clean=False))) == "WARNED"
    assert attestation.result_of(replace(record, plan={"allowed_deviations": [DIRTY_TREE]})) == "WARNED"
    assert attestation.result_of(replace(record, revision=None)) == "WARNED"
    assert attestation.result_of(failing()) == "FAILED"


def test_not_a_folder_of_a_run(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", tmp_path / "file"):
        with pytest.raises(UsageError, match="not the folder of a run"):
            verify(path)


def test_the_tools_own_key_is_made_once_and_private(tmp_path: Path) -> None:
    first, second = attestation.own_key(tmp_path), attestation.own_key(tmp_path)
    assert first.public == second.public
    assert (tmp_path / "keys" / "ed25519.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
