"""Profiles as data: the shipped ones load, a user's own works the same way, what is wrong is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutter_agent.errors import InputRefused, UsageError
from cutter_agent.segmenter import detect, document_code, profiles, segment
from cutter_agent.segmenter.profiles.reading import read

OWN = """
id = "rules"
version = "3"
title = "House rules"
engine = "outline"

[preamble]
name = "intro"
kind = "preamble"
token = "INTRO"

[[level]]
name = "rule"
kind = "rule"
token = "R"
keywords = ["Rule"]
numbers = ["roman"]
terminators = [":"]
run = "document"

[[level]]
name = "part"
kind = "part"
token = "P"
numbers = ["letter"]
terminators = [")"]
address_under = ["rule"]
"""


def test_the_shipped_profiles_load() -> None:
    assert {"markdown", "vn-law"} <= set(profiles.available())
    for profile_id in profiles.available():
        profile = profiles.load(profile_id)
        assert profile.id == profile_id
        assert "+" in profile.version


def test_a_profile_of_ones_own_cuts(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(OWN, encoding="utf-8")
    result = segment(b"Hello\nRule I: a\na) b\nb) c\nRule II: d\n", profile=profiles.load(path), document_code="H")
    assert [u.address for u in result.units] == ["H-INTRO", "H-R1", "H-R1-PA", "H-R1-PB", "H-R2"]
    assert result.profile_id == "rules"
    assert profiles.load(str(path)) == profiles.load(path)


def test_a_change_of_the_grammar_changes_the_version() -> None:
    before = read(OWN.encode(), path="a").version
    after = read(OWN.replace('token = "P"', 'token = "Q"').encode(), path="a").version
    assert before.split("+")[0] == after.split("+")[0] == "3"
    assert before != after


def test_everything_wrong_is_said_at_once() -> None:
    bad = (
        OWN.replace('title = "House rules"', "colour = 3")
        .replace('numbers = ["roman"]', 'numbers = ["runes"]')
        .replace('token = "P"', 'token = "ước"')
        .replace('address_under = ["rule"]', 'address_under = ["chapter"]')
    )
    with pytest.raises(InputRefused) as refused:
        read(bad.encode(), path="mine.toml")
    message = refused.value.message
    for part in ("mine.toml", "title is missing", "'colour'", "'runes'", "token = 'ước'", "'chapter'"):
        assert part in message
    assert refused.value.path == "mine.toml"
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"\xff", "not UTF-8"), (b"id = ", "not TOML"), (b"", "is missing")],
    ids=["bytes", "syntax", "empty"],
)
def test_what_is_no_profile_is_refused(data: bytes, word: str) -> None:
    with pytest.raises(InputRefused, match=word):
        read(data, path="mine.toml")


def test_letters_must_be_spelt_apart() -> None:
    with pytest.raises(InputRefused, match="two letters are spelt 'D'"):
        read((OWN + '[letters]\norder = "abcdđ"\nspelling = { "đ" = "D" }\n').encode(), path="x")


def test_an_unknown_profile_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as unknown:
        profiles.load("nowhere")
    assert "vn-law" in unknown.value.remedy
    with pytest.raises(InputRefused, match="cannot be read"):
        profiles.load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("label", "text", "code"),
    [
        ("law.txt", "QUỐC HỘI\nLuật số: 91/2015/QH13\n", "L91-2015-QH13"),
        ("law.txt", "Số: 16/1999/QH10\n", "L16-1999-QH10"),
        ("law.txt", "Luật số:\u00a0 \u00a065/2014/QH13\n", "L65-2014-QH13"),
        ("/a/b/Nội quy (2).md", "# Nội quy\n", "NOI-QUY-2"),
        ("đất đai.txt", "x", "DAT-DAI"),
        ("", "x", "DOC"),
        ("…", "x", "DOC"),
        ("a" * 200, "x", "A" * 60),
    ],
)
def test_default_document_codes(label: str, text: str, code: str) -> None:
    assert document_code(label, text.encode()) == code


def test_detection_gives_a_profile_and_reasons() -> None:
    law, reasons = detect("Chương I\nĐiều 1. A\nĐiều 2. B\n".encode(), label="a.txt")
    assert law.id == "vn-law"
    assert any("2 lines" in reason for reason in reasons)
    assert detect(b"# One\n\n## Two\n", label="a.md")[0].id == "markdown"
    plain, reasons = detect(b"just words\n", label="a")
    assert plain.id == "markdown"
    assert reasons
