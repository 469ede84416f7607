"""`kill -9` at random moments of `iu-cutter cut` of a large code, first use included, then the same command again.

The short form has 6 moments; ``make kills`` (``DOT_CUTTER_CAMPAIGN=full``) has 50. Moments are spread over the whole
run: one in each equal slice of it, at a random place of the slice. Every other kill takes the whole process group (the
verifier's child too), the rest the command alone, whose child then goes on beside the second run.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pg_embedded import resident

FULL = os.environ.get("DOT_CUTTER_CAMPAIGN") == "full"
MOMENTS = 50 if FULL else 6
SEED = os.environ.get("DOT_CUTTER_KILL_SEED", "2013")
LARGE = "bo-luat-dan-su-2015"

# Entries and units have ids that hang on the document alone. Those of a change set and what follows it hang on the
# manifest too, and so on the revision of the program: of those, kinds and numbers are compared.
FINAL_STATE = (
    "SELECT entry_id::text, status FROM cutter_governance.decision_backlog_entry ORDER BY 1",
    "SELECT entry_version_after, change_kind FROM cutter_governance.decision_backlog_history ORDER BY 1",
    "SELECT signature_kind, validation_state FROM cutter_governance.dot_pair_signature ORDER BY 1",
    "SELECT cut_seq, affected_unit_count, snapshot_sha256::text FROM cutter_governance.cut_change_set ORDER BY 1",
    "SELECT verdict, rebuilt_sha256::text FROM cutter_governance.verify_result ORDER BY 1",
    (
        "SELECT md5(string_agg(target_row_id::text || operation_kind, ',' ORDER BY target_row_id))"
        " FROM cutter_governance.cut_change_set_affected_row"
    ),
    (
        "SELECT md5(string_agg(unit_id::text || canonical_address || lifecycle_status, ',' ORDER BY unit_id))"
        " FROM iu.information_unit"
    ),
    (
        "SELECT md5(string_agg(unit_id::text || version_seq || content_hash || lifecycle_status, ',' ORDER BY unit_id))"
        " FROM iu.unit_version"
    ),
)


def _state(command) -> tuple[object, ...]:
    """Everything that may not depend on when and how often the command was run: ids, words, contents, counts."""
    return (command.counts(), *(command.query(statement) for statement in FINAL_STATE))


@pytest.mark.timeout(1500)
def test_kill_at_random_moments_then_the_same_command(
    embedded, tmp_path: Path, real_laws: dict[str, bytes], bytecode: Path
) -> None:
    path = tmp_path / "code.txt"
    path.write_bytes(real_laws[LARGE])
    arguments = ("cut", str(path), "--json")
    embedded("segment", str(path), "--json")  # compiles what is compiled once
    started = time.monotonic()
    undisturbed = embedded(*arguments)
    length_s = time.monotonic() - started
    assert undisturbed.code == 0, undisturbed.err
    wanted = _state(embedded)
    units = undisturbed.json["documents"][0]["units"]
    assert sum(count for name, count in wanted[0].items() if name.startswith("cutter_governance")) == 13 + 2 * units

    dice = random.Random(SEED)  # noqa: S311 - moments, not secrets
    unhurt = 0
    for number in range(MOMENTS):
        moment_s = length_s * (number + dice.random()) / MOMENTS
        command = type(embedded)(home=tmp_path / f"home-{number}", cwd=tmp_path, bytecode=bytecode)
        try:
            unhurt += _kill(command, arguments, moment_s, whole_group=number % 2 == 0)
            again = command(*arguments)
            where = f"killed after {moment_s:.3f} s of {length_s:.3f} s (seed {SEED}, moment {number})"
            said = f"{where}: {again.out[-2000:]!r} {again.err}"
            assert again.code == 0, said
            assert again.json["documents"][0]["status"] == "verified_complete", said
            assert _state(command) == wanted, said
            assert command("rebuild", again.json["documents"][0]["document_code"]).out == real_laws[LARGE], said
        finally:
            resident.erase(command.home / "server")
    assert unhurt <= MOMENTS // 2, "most runs ended before they were killed: the moments did not hit"


def _kill(command, arguments: tuple[str, ...], moment_s: float, *, whole_group: bool) -> bool:
    """Start, wait, kill -9; whether the command had already ended by then."""
    process = command.start(*arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(moment_s)
    except subprocess.TimeoutExpired:
        if whole_group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait(30)
        return False
    return True
