"""Real laws of every family, exported: valid by the OASIS schema. A few of each; ``make bench-akn`` takes all."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.akoma_room import exported, faults

from cutter_agent.segmenter import detect

SMALLEST = 4
FOLDERS = ("vn", "vn-twins/raw", "vn-twins/corpus-2021", "de", "ca", "recut/li", "recut/ee", "akn")


@pytest.mark.shared_data
@pytest.mark.parametrize("folder", FOLDERS)
def test_real_laws_are_valid_documents(shared_data: Path, folder: str) -> None:
    found = [path for path in (shared_data / folder).rglob("*") if path.suffix in {".txt", ".md", ".xml"}]
    assert found
    for path in sorted(found, key=lambda path: (path.stat().st_size, path))[:SMALLEST]:
        data = path.read_bytes()
        profile = detect(data, label=path.name)[0]
        assert faults(exported(data, profile, "X"), profile.id, path.stem) == [], path.name
