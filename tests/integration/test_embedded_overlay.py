"""A clone that is laid over its original: apart from it, lasting, gone without a trace, where the kernel mounts it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pg_embedded import account as accounts
from pg_embedded import copying, overlay
from pg_embedded.account import ServerAccount
from pg_embedded.cluster import ThrowawayCluster
from pg_embedded.copying import CopyMethod
from pg_embedded.errors import ServerStateError


@pytest.fixture
def golden(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThrowawayCluster]:
    """Stopped; with a table of one row. Its file system is said to have no reflink."""
    account = accounts.choose()
    with ThrowawayCluster.create(name="golden") as made:
        if not overlay.possible([made.data_dir], made.folders.private_dir, account):
            pytest.skip("no overlayfs: this kernel, or the walls around this process, allow no such mount")
        monkeypatch.setattr(copying, "_reflinks", {made.data_dir.stat().st_dev: False})
        with psycopg.connect(**made.admin) as connection:
            connection.execute("create table kept as select 1 as n")
        made.stop()
        yield made


def numbers(cluster: ThrowawayCluster) -> list[int]:
    with psycopg.connect(**cluster.admin) as connection:
        return [row[0] for row in connection.execute("select n from kept order by n").fetchall()]


def write(cluster: ThrowawayCluster, number: int) -> None:
    with psycopg.connect(**cluster.admin) as connection:
        connection.execute("insert into kept values (%s)", [number])


def test_clones_over_one_original_are_apart_and_it_stays_untouched(golden: ThrowawayCluster) -> None:
    before = {path: path.stat().st_mtime_ns for path in golden.data_dir.rglob("*") if path.is_file()}
    with golden.clone(name="one", overlay=True) as one, golden.clone(name="two", overlay=True) as two:
        assert {one.copied_by, two.copied_by} == {CopyMethod.OVERLAY}
        write(one, 2)
        write(two, 3)
        assert (numbers(one), numbers(two)) == ([1, 2], [1, 3])
        assert one.system_identifier == two.system_identifier == golden.system_identifier
        assert "overlay" not in "".join(
            line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(one.data_dir) in line
        )
    assert {path: path.stat().st_mtime_ns for path in golden.data_dir.rglob("*") if path.is_file()} == before
    golden.start()
    assert numbers(golden) == [1]


def test_what_was_written_lasts_over_stop_crash_and_a_clone_of_the_clone(golden: ThrowawayCluster) -> None:
    with golden.clone(name="one", overlay=True) as one:
        write(one, 2)
        one.stop()
        assert one.system_identifier == golden.system_identifier
        one.start()
        write(one, 3)
        one.crash()
        one.start()
        assert numbers(one) == [1, 2, 3]
        one.stop()
        with one.clone(name="deeper", overlay=True) as deeper:
            write(deeper, 4)
            assert numbers(deeper) == [1, 2, 3, 4]
        one.start()
        assert numbers(one) == [1, 2, 3]


def test_an_original_under_a_clone_is_neither_started_nor_removed(golden: ThrowawayCluster) -> None:
    with golden.clone(name="one", overlay=True):
        for call in (golden.start, golden.close):
            with pytest.raises(ServerStateError, match="one lies over it"):
                call()
    golden.start()
    assert numbers(golden) == [1]


def test_nothing_is_left_of_it(golden: ThrowawayCluster) -> None:
    clone = golden.clone(name="one", overlay=True)
    private, pid = clone.folders.private_dir, clone.pid
    facts = clone.close()
    assert facts.complete
    assert f"process {pid}" in facts.looked_for
    assert not os.path.lexists(private)


def test_where_it_is_not_possible_the_clone_is_copied(
    golden: ThrowawayCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlay, "_MOUNT", "exit 74")
    monkeypatch.setattr(overlay, "_tried", {})
    with golden.clone(name="one", overlay=True) as one:
        assert one.copied_by is CopyMethod.PLAIN
        assert numbers(one) == [1]


def test_a_path_that_the_mount_could_not_spell_is_not_tried(tmp_path: Path) -> None:
    account = ServerAccount(uid=os.getuid(), gid=os.getgid(), name="self", switched=False)
    odd = tmp_path / "with,comma"
    odd.mkdir()
    assert not overlay.possible([odd], tmp_path, account)


def test_an_ordinary_user_mounts_it_in_a_namespace_of_his_own(
    open_home: Path, golden: ThrowawayCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the account that the server has here; root only starts the program as that account."""
    owner = open_home.stat()
    himself = ServerAccount(uid=owner.st_uid, gid=owner.st_gid, name="himself", switched=False)
    switched = owner.st_uid != os.getuid()
    monkeypatch.setattr("pg_embedded.overlay.os.getuid", lambda: owner.st_uid)
    for name in ("lower", "merged"):
        (open_home / name).mkdir(mode=0o700)
    (open_home / "lower" / "kept").write_text("kept\n")
    made = overlay.lay([open_home / "lower"], open_home, open_home / "merged", himself)
    for path in (*open_home.rglob("*"), made.upper):
        os.chown(path, owner.st_uid, owner.st_gid)
    words = [*made.words(himself), "/bin/sh", "-c", overlay._TRIAL, "sh", str(made.merged)]
    assert "--keep-caps" in words
    done = subprocess.run(
        words,
        user=owner.st_uid if switched else None,
        group=owner.st_gid if switched else None,
        extra_groups=[] if switched else None,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if "unshare failed" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("no overlayfs: ordinary users of this machine may make no user namespace")
    assert (done.returncode, done.stderr) == (0, "")
    assert (made.upper / "made").read_text() == "new\n"
    overlay.unlock(open_home)
    assert (made.work / "work").stat().st_mode & 0o777 == 0o700
