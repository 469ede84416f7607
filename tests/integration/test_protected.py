"""Protected environments by exact id and start time: a restart, a stop and a swap are each seen."""

from __future__ import annotations

from pg_dryrun import protected
from pg_dryrun.subject import Login
from pg_embedded.cluster import ThrowawayCluster


def test_unchanged_restarted_stopped() -> None:
    with ThrowawayCluster.create(name="protected") as cluster:
        login = Login(**cluster.admin)

        def look() -> protected.ProtectedSnapshot:
            return protected.look(logins=[login], data_dirs=[cluster.data_dir])

        before = look()
        assert [item.kind for item in before.protected] == ["server", "data directory"]
        assert before.protected[0].id == cluster.system_identifier
        assert protected.compare(before, look()).unchanged
        cluster.stop()
        stopped = protected.compare(before, look())
        assert len(stopped.differences) == 2
        assert "is absent" in stopped.differences[0]
        cluster.start()
        assert not protected.compare(before, look()).unchanged


def test_bystanders_are_reported_not_judged() -> None:
    before = protected.look()
    with ThrowawayCluster.create(name="bystander") as cluster:
        seen = protected.look()
        found = [item for item in seen.bystanders if item.detail == str(cluster.data_dir)]
        assert len(found) == 1
        assert found[0].id == str(cluster.pid)
        own = protected.look(own_pids=[cluster.pid])
        assert found[0] not in own.bystanders
        comparison = protected.compare(before, seen)
    assert comparison.unchanged
    assert any(str(cluster.data_dir) in line for line in comparison.bystander_changes)
