"""`validate overlap.json` said "overlap.json, byte 31, line 1": the byte counts the document, not the manifest, and
the line was looked up in the manifest. Two blocks that share a half character were two equal lines, no index."""

from __future__ import annotations

import json
from pathlib import Path

LAW = "Luật số: 3/2020/QH14\nLUẬT B\nĐiều 1. Á\nNội dung.\nĐiều 2. B\nNội dung.\n"


def _manifest(iu_cutter, law: Path, tmp_path: Path) -> Path:
    law.write_text(LAW, encoding="utf-8")
    manifest = json.loads(iu_cutter("segment", str(law), "--manifest").out)
    inside = LAW.encode().index("Điều 2".encode()) + 1  # the second byte of a letter
    for unit in manifest["units"]:
        unit["start_byte"] = inside if unit["start_byte"] == inside - 1 else unit["start_byte"]
        unit["end_byte"] = inside if unit["end_byte"] == inside - 1 else unit["end_byte"]
    path = tmp_path / "half.json"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    return path


def test_positions_are_of_the_document_and_every_problem_has_its_block(iu_cutter, tmp_path: Path) -> None:
    law = tmp_path / "luat.txt"
    path = _manifest(iu_cutter, law, tmp_path)
    for arguments in (("validate", str(path), "--source", str(law)), ("mark", str(law), "--manifest", str(path))):
        answer = iu_cutter(*arguments)
        assert answer.code == 3
        first, *problems, _ = answer.err.strip().splitlines()
        assert first.startswith(f"iu-cutter: {path}: half_character: block")
        assert ", line " not in first
        assert len(set(problems)) == len(problems) == 4
        assert all(" of the document, " in line and ": block " in line for line in problems)
        assert all(line.endswith(".") for line in problems), "each says what to do"
    record = iu_cutter("mark", str(law), "--manifest", str(path), "--json").error
    assert not {"start_byte", "line"} & record.keys()
    assert {problem["block_index"] for problem in record["problems"]} == {2, 3}
