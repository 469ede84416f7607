"""The short form of ``make bench-mutate``: seeded corruptions of store and ledger, each found; clean data is quiet."""

from __future__ import annotations

import pytest
from tests.corruption_campaign import GOOD, Judge, Outcome, judged, plan, tried
from tests.corruption_stage import CUT_AGAIN, DOCUMENTS, Making, prepared

from pg_embedded.cluster import ThrowawayCluster

SEED = 4242
TRIALS = {Judge.VERIFY: 40, Judge.AUDIT: 30}


@pytest.mark.parametrize("documents", [DOCUMENTS, CUT_AGAIN], ids=["cut-once", "cut-again"])
@pytest.mark.parametrize("judge", list(Judge))
def test_every_seeded_corruption_is_found_by_kind_and_place(
    cluster: ThrowawayCluster, judge: Judge, documents: Making
) -> None:
    with prepared(cluster, tuple(documents), verified=judge is Judge.AUDIT, making=documents) as sites:
        trials = [
            tried(site, name, kind, seed, judge, number=number)
            for number, (site, name, kind, seed) in enumerate(plan(sites, TRIALS[judge], SEED, judge))
        ]
        assert len({trial.kind for trial in trials}) == TRIALS[judge]
        assert [trial for trial in trials if trial.outcome not in GOOD] == []
        for number, site in enumerate(sites):
            for tampered in (False, True):
                with site.copy(1000 + number, tampered=tampered) as ledger:
                    assert judged(ledger, site, judge, None) == (Outcome.MISSED, ""), "an alarm on clean data"
