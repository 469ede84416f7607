"""A stand-in production: the schema deployed, the roles made, and some documents already cut and verified.

It lives on a server of its own for the length of a run, and it is made by the same code that makes a real one:
`db init` and the five phases. Its texts were written for this purpose.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from cutter_agent import segmenter, wiring
from cutter_agent.config import tool_revision
from cutter_agent.db_adapter import setup
from cutter_agent.model import EntryStatus, Lane, ReviewerKind, Verdict
from cutter_agent.phases.mark import Marker, Source
from cutter_agent.phases.review import Judgement
from cutter_dryrun.scenarios.stage import Stage
from pg_dryrun.errors import ToolFault
from pg_dryrun.subject import Login, ScenarioContext

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


def make_stand_in(admin: Login, workdir: Path) -> Mapping[str, object]:
    """Deploy schema and roles on the empty database behind ``admin`` and cut every document of ``DOCUMENTS``.

    Raises:
        ToolFault: a document did not end as ``verified_complete``; a rehearsal on it would prove nothing.
    """
    passwords = {lane: secrets.token_urlsafe(24) for lane in Lane}
    prepared = setup.prepare(administrator(admin), passwords)
    logins = {
        lane.value: Login(
            host=admin.host, port=admin.port, dbname=admin.dbname, user=lane.value, password=passwords[lane]
        )
        for lane in Lane
    }
    stage = Stage.on(ScenarioContext(logins=logins, admin=admin, workdir=workdir, state={}))
    with stage.exec_lane() as executor, stage.verify_lane() as verifier:
        units = {code: _cut(executor, verifier, *document) for document in DOCUMENTS for code in (document[1],)}
    return {"schema_version": prepared.schema_version, "documents": len(units), "units": dict(units)}


def administrator(admin: Login) -> setup.Administrator:
    """A superuser's login in the cutter's words."""
    return setup.Administrator(
        host=admin.host, port=admin.port, dbname=admin.dbname, user=admin.user, password=admin.password
    )


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
    marker = Marker(identity="stand-in-marker", tool_revision=tool_revision())
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
