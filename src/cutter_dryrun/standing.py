"""Remakes ``standing.sql`` and ``waiting.sql`` by the real pipeline on a real server.

``standing``: two small documents, cut and verified, which a stand-in production holds. ``waiting``: four, each left
where one phase would go on, for the probe of a failed run. ``python -m cutter_dryrun.standing`` writes the files anew.
The texts were written for this purpose; the signing keys are thrown away, their public halves stay in the JSON beside
the rows, so that anybody can verify what they say.
"""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cutter_agent import segmenter, wiring
from cutter_agent.db_adapter import setup
from cutter_agent.model import EntryStatus, Lane, ReviewerKind, Verdict
from cutter_agent.phases.mark import Marker, Source
from cutter_agent.phases.review import Judgement
from cutter_dryrun.probing import WAITING_FACTS, WAITING_ROWS
from cutter_dryrun.production import FACTS, ROWS, administrator
from cutter_dryrun.scenarios.stage import Stage
from pg_dryrun.commands import check
from pg_dryrun.credentials import Vault
from pg_dryrun.errors import ToolFault
from pg_dryrun.subject import Login, ScenarioContext
from pg_embedded.cluster import ThrowawayCluster

_LAW = """LUẬT MẪU
VỀ SỔ GHI QUYẾT ĐỊNH

Chương I
QUY ĐỊNH CHUNG
Điều 1. Phạm vi điều chỉnh
Luật này quy định việc ghi và giữ các quyết định của một tổ chức.
Điều 2. Giải thích từ ngữ
Trong Luật này, các từ ngữ dưới đây được hiểu như sau:
1. Quyết định là điều đã được người có thẩm quyền chọn.
2. Sổ là nơi ghi các quyết định theo thứ tự thời gian.
Chương II
GHI VÀ GIỮ SỔ
Điều 3. Nội dung ghi
Mỗi quyết định được ghi với:
a) Ngày quyết định;
b) Người quyết định;
c) Lý do.
Điều 4. Hiệu lực thi hành
Luật này có hiệu lực từ ngày được ghi vào sổ.
"""

_POLICY = """# Keeping decisions

Every decision is written down on the day it is made.

## Who writes

- The one who decides.
- Nobody on somebody else's behalf.

## Corrections

A correction is a new decision that names the old one.
"""

DOCUMENTS: tuple[tuple[str, str, str, str], ...] = (
    ("standing/sample-law", "SAMPLE-LAW", "vn-law", _LAW),
    ("standing/decision-policy", "DECISION-POLICY", "markdown", _POLICY),
)
"""Reference, code, profile, text."""

WAITING: tuple[tuple[EntryStatus, str], ...] = (
    (EntryStatus.MARKED, "SWEEP"),
    (EntryStatus.REVIEW_PENDING, "REVIEW"),
    (EntryStatus.REVIEWED_APPROVED, "CUT"),
    (EntryStatus.CUT_APPLIED, "VERIFY"),
)
"""Where a document was left, and the phase that goes on from there."""


def remake(folder: Path) -> None:
    """Write both pairs of files into ``folder``. Raises ``ToolFault`` unless every document ends where it should."""
    with _rows_of("standing", folder, ROWS, FACTS) as (executor, verifier, facts):
        facts["units"] = {document[1]: _cut(executor, verifier, *document) for document in DOCUMENTS}
        facts["documents"] = len(DOCUMENTS)
    with _rows_of("waiting", folder, WAITING_ROWS, WAITING_FACTS) as (executor, verifier, facts):
        # The one that stays marked comes last: a sweep promotes whatever is there.
        facts["entries"] = {phase: _leave(executor, status, phase) for status, phase in reversed(WAITING)}


@contextmanager
def _rows_of(
    name: str, folder: Path, rows: str, facts_file: str
) -> Iterator[tuple[wiring.ExecLane, wiring.VerifyLane, dict[str, Any]]]:
    """Both lanes on a fresh server; at the end its rows and the public keys are written."""
    facts: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch, ThrowawayCluster.create(name=name) as cluster:
        setup.ensure_database(administrator(Login(**cluster.admin)), name)
        admin = Login(**cluster.admin_of(name))
        stage = _stage(admin, Path(scratch))
        with stage.exec_lane() as executor, stage.verify_lane() as verifier:
            yield executor, verifier, facts
            keys = {"cutter_exec": executor.signer.key.public, "cutter_verify": verifier.signer.key.public}
        with Vault(Path(scratch)) as vault:
            words: list[str | Path] = [
                cluster.programs.path("pg_dump"),
                "--data-only",
                "--column-inserts",
                "--no-owner",
            ]
            words += [f"--schema={schema}" for schema in ("cutter_governance", "iu")]
            dumped = check(words, timeout_s=60, env=vault.environment(admin)).stdout.decode("utf-8")
    facts["public_keys"] = {lane: key.raw.hex() for lane, key in keys.items()}
    (folder / rows).write_text(_rows_only(dumped), "utf-8")
    (folder / facts_file).write_text(json.dumps(facts, indent=2) + "\n", "utf-8")


def _leave(executor: wiring.ExecLane, status: EntryStatus, phase: str) -> str:
    """One document, brought to ``status`` and left there; its entry."""
    reference, code = f"waiting/{phase.lower()}", f"WAITING-{phase}"
    text = f"# Waiting for {phase}\n\nThis document goes on with {phase}.\n"
    entry = executor.mark(_source(reference, code, text), segmenter.profiles.load("markdown"), _MARKER).entry
    if status is not EntryStatus.MARKED:
        executor.sweep()
    if status in {EntryStatus.REVIEWED_APPROVED, EntryStatus.CUT_APPLIED}:
        executor.review(entry.entry_id, _APPROVAL)
    if status is EntryStatus.CUT_APPLIED:
        executor.cut(entry.entry_id)
    found = executor.database.find_entry(entry.entry_id)
    if found is None or found.status is not status:
        raise ToolFault(f"{code} is {found.status if found else 'not there'}, and was to be {status}")
    return entry.entry_id


def _rows_only(dumped: str) -> str:
    """The INSERTs of a dump, each statement whole; no comment, no setting, no psql command."""
    kept: list[str] = []
    inside = False
    for line in dumped.splitlines():
        inside = inside or line.startswith("INSERT INTO ")
        if inside:
            kept.append(line)
            inside = not line.endswith(");")
    return "\n".join(kept) + "\n"


def _stage(admin: Login, workdir: Path) -> Stage:
    passwords = {lane: secrets.token_urlsafe(24) for lane in Lane}
    setup.prepare(administrator(admin), passwords)
    logins = {
        lane.value: Login(
            host=admin.host, port=admin.port, dbname=admin.dbname, user=lane.value, password=passwords[lane]
        )
        for lane in Lane
    }
    return Stage.on(ScenarioContext(logins=logins, admin=admin, workdir=workdir, state={}))


_MARKER = Marker(identity="stand-in-marker", tool_revision="accepted-release")
_APPROVAL = Judgement(
    verdict=Verdict.PASS,
    reviewer="stand-in-reviewer",
    reviewer_kind=ReviewerKind.HUMAN,
    rationale="A document of the stand-in production.",
    decided_by=Lane.EXEC.value,
)


def _source(reference: str, code: str, text: str) -> Source:
    return Source(
        data=text.encode("utf-8"),
        label=f"{code}.txt",
        origin="stand-in",
        media_type="text/plain",
        document_ref=reference,
        document_code=code,
        title=code,
    )


def _cut(
    executor: wiring.ExecLane, verifier: wiring.VerifyLane, reference: str, code: str, profile: str, text: str
) -> int:
    """One document through all phases; how many units it has."""
    entry = executor.mark(_source(reference, code, text), segmenter.profiles.load(profile), _MARKER).entry
    executor.sweep()
    executor.review(entry.entry_id, _APPROVAL)
    done = executor.cut(entry.entry_id)
    outcome = verifier.verify(entry.entry_id)
    if outcome.status is not EntryStatus.VERIFIED_COMPLETE:
        raise ToolFault(f"the stand-in production's document {code} ended as {outcome.status}")
    return done.change_set.affected_unit_count


if __name__ == "__main__":
    remake(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
