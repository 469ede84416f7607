"""The short form for changes without a new source: every seeded corruption is found by VERIFY and by the audit."""

from __future__ import annotations

import pytest
from tests.corruption_campaign import GOOD, Judge, Outcome, judged, tried
from tests.corruption_stage import prepared
from tests.corruption_topology import ORDERED, planned

from pg_embedded.cluster import ThrowawayCluster

SEED = 1717
EACH = 1


@pytest.mark.parametrize("judge", list(Judge))
def test_every_seeded_corruption_of_an_order_is_found(cluster: ThrowawayCluster, judge: Judge) -> None:
    with prepared(cluster, tuple(ORDERED), verified=judge is Judge.AUDIT, making=ORDERED) as sites:
        trials = [
            tried(site, name, kind, SEED + number, judge, number=number)
            for number, (site, name, kind) in enumerate(planned(sites, each=EACH))
        ]
        assert len({trial.kind for trial in trials}) == 15
        assert [trial for trial in trials if trial.outcome not in GOOD] == []
        for number, site in enumerate(sites):
            with site.copy(1000 + number, tampered=bool(number % 2)) as ledger:
                assert judged(ledger, site, judge, None) == (Outcome.MISSED, ""), "an alarm on clean data"
