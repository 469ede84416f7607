"""From the first schema, with rows that an early release wrote and signed, to this one: proven, and worked on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from tests import first_release
from tests.first_release import FirstRelease

from cutter_agent import wiring
from cutter_agent.config import DatabasePlace, LaneSettings
from cutter_agent.db_adapter import schema, setup
from cutter_agent.errors import CutterError
from cutter_agent.model import EntryStatus, Lane, OperationKind, ReviewerKind, Verdict
from cutter_agent.phases.mark import Marker, Source
from cutter_agent.phases.review import Judgement
from cutter_agent.segmenter import profiles
from cutter_agent.topology import Order
from cutter_agent.wiring import ExecLane, VerifyLane
from cutter_dryrun.standing import DOCUMENTS
from pg_embedded.cluster import ThrowawayCluster
from sealing.keys import SigningKey

DATABASE = "ledger"
MARKER = Marker(identity="agent:marker", tool_revision="rev-1")


@dataclass(kw_only=True)
class Upgraded:
    """A server of its own: the product's usual roles belong to it alone."""

    cluster: ThrowawayCluster
    release: FirstRelease
    settings: dict[Lane, LaneSettings]

    @property
    def administrator(self) -> setup.Administrator:
        login = self.cluster.admin_of(DATABASE)
        return setup.Administrator(
            host=login["host"], port=login["port"], dbname=DATABASE, user=login["user"], password=login["password"]
        )

    def exec(self) -> ExecLane:
        return wiring.open_exec(self.settings[Lane.EXEC])

    def verify(self) -> VerifyLane:
        return wiring.open_verify(self.settings[Lane.VERIFY])


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """The old ledger, and lanes of today: keys of their own, the old release's public keys below theirs."""
    folder = tmp_path_factory.mktemp("keys")
    with ThrowawayCluster.create(name="first-release") as cluster:
        with psycopg.connect(**cluster.admin, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
        release = first_release.deploy(cluster.admin_of(DATABASE))
        login = cluster.admin_of(DATABASE)
        place = DatabasePlace(host=login["host"], port=int(login["port"]), dbname=DATABASE, sslmode="disable")
        public = {lane: folder / f"{lane.value}.pub.pem" for lane in Lane}
        settings = {}
        for lane in Lane:
            key = SigningKey.generate()
            key.save(folder / f"{lane.value}.pem")
            public[lane].write_bytes(b"".join(each.pem() for each in (key.public, *release.public_keys(lane))))
            settings[lane] = LaneSettings(
                lane=lane,
                place=place,
                user=lane.value,
                password=release.passwords[lane],
                signing_key=folder / f"{lane.value}.pem",
                exec_public_key=public[Lane.EXEC],
                verify_public_key=public[Lane.VERIFY],
            )
        yield Upgraded(cluster=cluster, release=release, settings=settings)


def test_an_old_schema_is_refused_before_anything_is_written_and_then_upgraded_proven_and_worked_on(
    old: Upgraded,
) -> None:
    with old.exec() as lane, pytest.raises(CutterError) as refused:
        lane.cut(old.release.waiting["CUT"])
    assert refused.value.remedy

    prepared = setup.prepare(old.administrator, old.release.passwords)
    assert len(prepared.migrations) == len(schema.migrations()) - max(first_release.ROWS.values())
    assert prepared.schema_version == setup.newest_version()
    with psycopg.connect(**old.cluster.admin_of(DATABASE), autocommit=True) as admin:
        assert schema.drift(admin) == []

    assert _audited(old) == {code: 1 for _, code, _, _ in DOCUMENTS}
    waiting = old.release.waiting
    with old.verify() as verifier:
        assert verifier.verify(waiting["VERIFY"]).status is EntryStatus.VERIFIED_COMPLETE
    with old.exec() as lane:
        lane.cut(waiting["CUT"])
    with old.verify() as verifier:
        assert verifier.verify(waiting["CUT"]).status is EntryStatus.VERIFIED_COMPLETE
    assert len(_audited(old)) == len(DOCUMENTS) + 2


def test_what_was_cut_before_is_edited_and_ordered_under_the_ids_that_it_has(old: Upgraded) -> None:
    """Ids of units were derived otherwise once (docs/decisions/ids-by-document.md): a document keeps its form."""
    setup.prepare(old.administrator, old.release.passwords)
    reference, code, profile, text = DOCUMENTS[1]
    edited = text + "\n## Keeping\n\nFor ten years.\n"
    before = _forms(old)
    assert set(before[reference]) == {"5"}
    with old.exec() as lane, old.verify() as verifier:
        grammar = profiles.load(profile)
        _carried(lane, verifier, lane.mark(_source(reference, code, edited), grammar, MARKER).entry.entry_id)
        order = Order(kind=OperationKind.RETIRE, names=(_last_unit(old, reference),), because="it was repealed")
        ordered = lane.plan_topology(order, MARKER)
        _carried(lane, verifier, lane.mark_topology(ordered).entry.entry_id)
        _carried(lane, verifier, lane.mark(_source("law/new", "NEW-LAW", text), grammar, MARKER).entry.entry_id)
    after = _forms(old)
    assert set(after[reference]) == {"5"}
    assert after[reference]["5"] > before[reference]["5"], "what is new is named as the others are"
    assert set(after["law/new"]) == {"8"}
    assert _audited(old)[code] == 3


def _carried(lane: ExecLane, verifier: VerifyLane, entry_id: str) -> None:
    """From SWEEP to VERIFY."""
    lane.sweep()
    judgement = Judgement(
        verdict=Verdict.PASS,
        reviewer="human:reviewer",
        reviewer_kind=ReviewerKind.HUMAN,
        rationale="read",
        decided_by="human:reviewer",
    )
    lane.review(entry_id, judgement)
    lane.cut(entry_id)
    assert verifier.verify(entry_id).status is EntryStatus.VERIFIED_COMPLETE


def _last_unit(old: Upgraded, reference: str) -> str:
    """The address that stands last in the newest version of a document."""
    last = """SELECT canonical_address FROM iu.information_unit JOIN iu.unit_version USING (unit_id, document_ref)
              WHERE document_ref = %s ORDER BY render_order DESC LIMIT 1"""
    with psycopg.connect(**old.cluster.admin_of(DATABASE), autocommit=True) as admin:
        return str(admin.execute(last, (reference,)).fetchall()[0][0])


def _forms(old: Upgraded) -> dict[str, dict[str, int]]:
    """How many units of each document have an id of which version."""
    found: dict[str, dict[str, int]] = {}
    with psycopg.connect(**old.cluster.admin_of(DATABASE), autocommit=True) as admin:
        for reference, unit in admin.execute("SELECT document_ref, unit_id::text FROM iu.information_unit"):
            of_document = found.setdefault(reference, {})
            of_document[unit[14]] = of_document.get(unit[14], 0) + 1
    return found


def _source(reference: str, code: str, text: str) -> Source:
    return Source(
        data=text.encode(),
        label=f"{code}.txt",
        origin="test",
        media_type="text/plain",
        document_ref=reference,
        document_code=code,
        title=code,
    )


def _audited(old: Upgraded) -> dict[str | None, int]:
    """Cuts by document; every one of them holds."""
    found: dict[str | None, int] = {}
    with old.verify() as lane:
        for audited in lane.audit(None):
            if audited.status == EntryStatus.VERIFIED_COMPLETE:
                assert audited.defects == ()
                found[audited.document_code] = found.get(audited.document_code, 0) + 1
    return found


def test_without_the_old_keys_nothing_of_the_old_release_is_believed(old: Upgraded, tmp_path: Path) -> None:
    setup.prepare(old.administrator, old.release.passwords)
    alone = tmp_path / "exec.pub.pem"
    alone.write_bytes(SigningKey.load(old.settings[Lane.EXEC].signing_key).public.pem())
    settings = replace(old.settings[Lane.VERIFY], exec_public_key=alone)
    with wiring.open_verify(settings) as lane:
        old_ones = [audited for audited in lane.audit("SAMPLE-LAW") if audited.defects]
    assert [{defect.code for defect in audited.defects} & {"signature"} for audited in old_ones] == [{"signature"}]
