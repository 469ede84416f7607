"""The throw-away cluster, on the real server."""

from __future__ import annotations

import psycopg

from pg_embedded.cluster import ThrowawayCluster


def test_a_created_cluster_answers_as_its_superuser(cluster: ThrowawayCluster) -> None:
    with psycopg.connect(**cluster.admin) as connection:
        row = connection.execute("select current_user, current_database(), current_setting('server_version_num')")
        user, database, version = row.fetchone() or ("", "", "0")
    assert (user, database) == ("pgadmin", "postgres")
    assert int(version) // 10000 == cluster.programs.major
