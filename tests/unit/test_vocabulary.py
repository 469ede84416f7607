"""Words of labels are data: a user's own are added without a line of code, and what is no list of words says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from cutter_agent.errors import ConfigError, ConfigMissing
from cutter_agent.manifest import build
from cutter_agent.segmenter import profiles, segment
from cutter_agent.segmenter.profiles import load
from cutter_agent.validation import validate
from cutter_agent.vocabulary import Vocabulary, extended, own_words, vocabulary

LAW = "Điều 1. Phạm vi\n1. Một.\n2. Hai.\n".encode()
OWN = """
[profiles.vn-law]
kinds = ["promulgation"]
levels = ["promulgation"]

[profiles.house-rules]
kinds = ["rule"]
levels = ["rule", "exception-to-a-rule"]
"""


def problems(kind: str, level: str, words: Vocabulary | None, *, profile: str = "vn-law") -> list[str]:
    """Codes of what is wrong with a law whose last unit has these labels."""
    made = build(
        segment(LAW, profile=load("vn-law"), document_code="L1"),
        document_ref="L1",
        title="L1",
        tool_revision="1",
        marked_by="me",
    )
    units = (*made.units[:-1], msgspec.structs.replace(made.units[-1], kind=kind, level=level))
    manifest = replace(made, units=units, header=replace(made.header, profile_id=profile))
    return [problem.code for problem in validate(manifest, LAW, words)]


def test_a_word_of_ones_own_is_refused_until_it_is_listed(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN)
    words = extended(tmp_path)
    assert problems("promulgation", "promulgation", None) == ["kind", "level"]
    assert problems("promulgation", "promulgation", words) == []
    assert problems("spaceship", "promulgation", words) == ["kind"]
    assert words["vn-law"].kinds > vocabulary()["vn-law"].kinds
    assert words["de-gesetz"] == vocabulary()["de-gesetz"]


def test_a_profile_that_is_listed_has_these_words_and_one_that_is_not_any_plain_word(tmp_path: Path) -> None:
    place = tmp_path / "own.toml"
    place.write_text(OWN)
    words = extended(place)
    assert set(problems("rule", "rule", words, profile="house-rules")) == {"kind", "level"}, "the others are articles"
    assert problems("rule", "rule", words, profile="nobodys") == []
    assert problems("A Rule", "rule", words, profile="nobodys") == ["kind"]


def test_a_profile_of_ones_own_brings_its_words(tmp_path: Path) -> None:
    source = (Path(profiles.__file__).parent / "numbered.toml").read_text("utf-8")
    (tmp_path / "mine.toml").write_text(source.replace('id = "numbered"', 'id = "mine"'), "utf-8")
    assert extended(tmp_path)["mine"] == vocabulary()["numbered"]


@pytest.mark.parametrize(
    "text",
    [
        "profiles = 3",
        "[profiles.x]\nkinds = 'a'",
        "[profiles.x]\nlevels = ['A B']",
        "x = [",
        "title = 'no profile'",
        "\x00",
    ],
)
def test_what_is_no_list_of_words_names_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"bad\.toml is no list of words"):
        extended(tmp_path)


def test_a_place_that_is_not_there_or_empty(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no list of words"):
        extended(tmp_path / "nowhere.toml")
    with pytest.raises(ConfigError, match=r"no \*\.toml"):
        extended(tmp_path)
    with pytest.raises(ConfigMissing):
        own_words({"DOT_CUTTER_VOCABULARY": " "})
    assert own_words({}) is None


def test_the_shipped_words_are_never_changed_by_reading_others(tmp_path: Path) -> None:
    before = dict(vocabulary())
    (tmp_path / "own.toml").write_text(OWN)
    assert "house-rules" in extended(tmp_path)
    assert dict(vocabulary()) == before
