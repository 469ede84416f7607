"""Remakes ``standing.sql``: two small documents, cut and verified by the real pipeline on a real server, then dumped.

``python -m cutter_dryrun.standing`` writes the file anew. The texts were written for this purpose; the signing keys are
thrown away, their public halves stay in ``standing.json``, so that anybody can verify what the rows say.
"""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
from pathlib import Path

from cutter_agent import segmenter, wiring
from cutter_agent.db_adapter import setup
from cutter_agent.model import EntryStatus, Lane, ReviewerKind, Verdict
from cutter_agent.phases.mark import Marker, Source
from cutter_agent.phases.review import Judgement
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


def remake(folder: Path) -> None:
    """Write ``standing.sql`` and ``standing.json`` into ``folder``. Raises ``ToolFault`` unless all are verified."""
    with tempfile.TemporaryDirectory() as scratch, ThrowawayCluster.create(name="standing") as cluster:
        setup.ensure_database(administrator(Login(**cluster.admin)), "standing")
        admin = Login(**cluster.admin_of("standing"))
        stage = _stage(admin, Path(scratch))
        with stage.exec_lane() as executor, stage.verify_lane() as verifier:
            units = {document[1]: _cut(executor, verifier, *document) for document in DOCUMENTS}
            keys = {"cutter_exec": executor.signer.key.public, "cutter_verify": verifier.signer.key.public}
        with Vault(Path(scratch)) as vault:
            words: list[str | Path] = [
                cluster.programs.path("pg_dump"),
                "--data-only",
                "--column-inserts",
                "--no-owner",
            ]
            words += [f"--schema={name}" for name in ("cutter_governance", "iu")]
            dumped = check(words, timeout_s=60, env=vault.environment(admin)).stdout.decode("utf-8")
    (folder / ROWS).write_text(_rows_only(dumped), "utf-8")
    facts = {
        "documents": len(units),
        "units": units,
        "public_keys": {lane: key.raw.hex() for lane, key in keys.items()},
    }
    (folder / FACTS).write_text(json.dumps(facts, indent=2) + "\n", "utf-8")


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


def _cut(
    executor: wiring.ExecLane, verifier: wiring.VerifyLane, reference: str, code: str, profile: str, text: str
) -> int:
    """One document through all phases; how many units it has."""
    source = Source(
        data=text.encode("utf-8"),
        label=f"{code}.txt",
        origin="stand-in",
        media_type="text/plain",
        document_ref=reference,
        document_code=code,
        title=code,
    )
    marker = Marker(identity="stand-in-marker", tool_revision="accepted-release")
    entry = executor.mark(source, segmenter.profiles.load(profile), marker).entry
    executor.sweep()
    executor.review(
        entry.entry_id,
        Judgement(
            verdict=Verdict.PASS,
            reviewer="stand-in-reviewer",
            reviewer_kind=ReviewerKind.HUMAN,
            rationale="A document of the stand-in production.",
            decided_by=Lane.EXEC.value,
        ),
    )
    done = executor.cut(entry.entry_id)
    outcome = verifier.verify(entry.entry_id)
    if outcome.status is not EntryStatus.VERIFIED_COMPLETE:
        raise ToolFault(f"the stand-in production's document {code} ended as {outcome.status}")
    return done.change_set.affected_unit_count


if __name__ == "__main__":
    remake(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
