"""`iu-cutter dry-run --law FILE` with a file that is not UTF-8 ended as PRODUCT_FAIL: the writer was blamed for what it
must refuse. A missing file and an unknown sample ended as INCOMPLETE."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cutter_dryrun.law import law_from_file

BAD = {"latin.txt": b"Lu\xe2t", "nul.txt": b"a\0b", "empty.txt": b"", "missing.txt": None}


@pytest.mark.parametrize("name", BAD)
def test_the_file_is_refused_before_anything_is_started(iu_cutter, tmp_path: Path, name: str) -> None:
    data = BAD[name]
    if data is not None:
        (tmp_path / name).write_bytes(data)
    answer = iu_cutter("dry-run", "--law", str(tmp_path / name), "--out", str(tmp_path / "runs"), "--json")
    assert answer.code == 2
    error = json.loads(answer.out)["error"]
    assert (error["code"], error["exit_code"]) == ("USAGE", 2)
    assert name in error["message"]
    assert not (tmp_path / "runs").exists()


def test_an_unknown_sample_names_those_that_there_are(iu_cutter) -> None:
    answer = iu_cutter("dry-run", "--sample", "nosuch", "--json")
    assert answer.code == 2
    assert "bo-luat-lao-dong-2019" in json.loads(answer.out)["error"]["remedy"]


def test_a_text_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "luat.txt"
    path.write_bytes("Điều 1. Phạm vi\r\n".encode())
    assert law_from_file(path).data == path.read_bytes()
