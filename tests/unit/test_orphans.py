"""Databases whose home was deleted by hand: found by exact name and note, erased singly, nothing else touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from pg_embedded import orphans, places, residence
from pg_embedded.errors import ResidentUnavailable
from pg_embedded.locks import FileLock


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where servers lie that may not lie in their homes."""
    monkeypatch.setattr(residence, "_ELSEWHERE", tmp_path)
    folder = tmp_path / places.APPLICATION
    folder.mkdir()
    return folder


def _server(base: Path, name: str, home: Path, *, pointed_to: bool) -> Path:
    folder = base / name
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "PG_VERSION").write_text("18\n")
    (folder / "home").write_text(f"{home}\n", encoding="utf-8")
    if pointed_to:
        home.mkdir(parents=True, exist_ok=True)
        (home / "place").write_text(str(folder), encoding="utf-8")
    return folder


def test_only_what_nobody_points_to_is_an_orphan(base: Path, tmp_path: Path) -> None:
    lost = _server(base, "0123456789ab-0123456789ab", tmp_path / "gone", pointed_to=False)
    kept = _server(base, "0123456789ab-ba9876543210", tmp_path / "kept", pointed_to=True)
    again = _server(base, "0123456789ab-aaaaaaaaaaaa", tmp_path / "kept", pointed_to=False)
    (base / "notes").mkdir()
    (base / "notes" / "home").write_text(f"{tmp_path / 'gone'}\n")
    nameless = base / "ffffffffffff-ffffffffffff"
    nameless.mkdir()
    linked = base / "eeeeeeeeeeee-eeeeeeeeeeee"
    linked.symlink_to(lost)
    assert [orphan.folder for orphan in orphans.found()] == [lost, again]
    assert orphans.found()[0].home == tmp_path / "gone"

    for wrong in (kept, base / "notes", nameless, linked, base, tmp_path):
        with pytest.raises(ResidentUnavailable):
            orphans.erase(wrong)
    orphans.erase(lost)
    assert not lost.exists()
    assert all(path.exists() for path in (kept, again, base / "notes", nameless))


def test_one_that_is_in_use_stays(base: Path, tmp_path: Path) -> None:
    lost = _server(base, "0123456789ab-0123456789ab", tmp_path / "gone", pointed_to=False)
    keeper = FileLock(lost / "keeper.lock")
    assert keeper.exclusive()
    try:
        with pytest.raises(ResidentUnavailable, match="in use"):
            orphans.erase(lost)
        assert (lost / "data" / "PG_VERSION").exists()
    finally:
        keeper.close()
    orphans.erase(lost)
    assert orphans.found() == []


def test_a_machine_without_any_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residence, "_ELSEWHERE", tmp_path / "nowhere")
    assert orphans.found() == []
