"""The words of labels, as data: what a unit's ``kind`` and ``level`` may be, by profile (design 1.2 number 9)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from cutter_agent import config
from cutter_agent.errors import ConfigError

_REMEDY = 'Write [profiles.ID] with kinds = ["…"] and levels = ["…"], or give a profile.'
PLAIN_WORD = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII)
"""What a label of a profile that is not listed may be."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the labels of one profile's units may say."""

    kinds: frozenset[str]
    levels: frozenset[str]


Vocabulary = Mapping[str, Words]
"""Words by profile id. A profile that is not listed, a user's own, may use any plain word."""


@cache
def vocabulary() -> Vocabulary:
    """The words of the shipped profiles: from their own tables and from ``vocabulary.toml``. Read as data, once."""
    package = files("cutter_agent")
    listed: dict[str, Words] = {}
    _add(listed, tomllib.loads(package.joinpath("vocabulary.toml").read_text("utf-8")))
    for path in package.joinpath("segmenter", "profiles").iterdir():
        if path.name.endswith(".toml"):
            _add(listed, tomllib.loads(path.read_text("utf-8")))
    return listed


def extended(place: Path) -> Vocabulary:
    """The shipped words and those of a TOML file, or of every ``*.toml`` of a folder.

    A file is a list of words as ``vocabulary.toml`` is, or a profile, whose own words are taken. What it says of a
    profile that is shipped is added to that one's words; a profile that was not listed has these words and no others.

    Raises:
        ConfigError: no such place, a folder without such a file, or a file that cannot be read so; it names the file.
    """
    paths = sorted(place.glob("*.toml")) if place.is_dir() else [place]
    if not paths:
        raise ConfigError(f"no *.toml in {place}", remedy="Put word lists there, or name a file.")
    listed = dict(vocabulary())
    for path in paths:
        try:
            _add(listed, tomllib.loads(path.read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(f"{path} is no list of words: {type(error).__name__}: {error}", remedy=_REMEDY) from error
    return listed


def own_words(environment: Mapping[str, str]) -> Vocabulary | None:
    """The words with a user's own; None for the shipped ones. Raises ``ConfigError``."""
    place = config.vocabulary_path(environment)
    return extended(place) if place else None


def _add(listed: dict[str, Words], table: Mapping[str, Any]) -> None:
    """The words of one file."""
    if "profiles" in table:
        found = [(profile, _listed(words)) for profile, words in table["profiles"].items()]
    else:
        found = [_words_of(table)]
    for profile, words in found:
        more = listed.get(profile, Words(kinds=frozenset(), levels=frozenset()))
        listed[profile] = Words(kinds=words.kinds | more.kinds, levels=words.levels | more.levels)


def _listed(words: Mapping[str, Any]) -> Words:
    named = {name: words.get(name, []) for name in ("kinds", "levels")}
    for name, row in named.items():
        if not isinstance(row, list) or not all(isinstance(word, str) and PLAIN_WORD.fullmatch(word) for word in row):
            raise ValueError(f"{name} is not a list of plain words (a-z, 0-9, _ and -)")
    return Words(kinds=frozenset(named["kinds"]), levels=frozenset(named["levels"]))


def _words_of(profile: Mapping[str, Any]) -> tuple[str, Words]:
    named = [*profile.get("level", []), *profile.get("block", []), profile["preamble"]]
    named += [profile[key] for key in ("flush", "drafts") if key in profile]
    if profile.get("text", {}).get("front_matter"):
        named.append({"kind": "front_matter", "name": "front_matter"})
    return profile["id"], Words(
        kinds=frozenset(part["kind"] for part in named), levels=frozenset(part["name"] for part in named)
    )
