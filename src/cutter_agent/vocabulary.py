"""The words of labels, as data: what a unit's ``kind`` and ``level`` may be, by profile (design 1.2 number 9)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

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
    listed = {
        profile: Words(kinds=frozenset(words["kinds"]), levels=frozenset(words["levels"]))
        for profile, words in tomllib.loads(package.joinpath("vocabulary.toml").read_text("utf-8"))["profiles"].items()
    }
    for path in package.joinpath("segmenter", "profiles").iterdir():
        if path.name.endswith(".toml"):
            profile, words = _words_of(tomllib.loads(path.read_text("utf-8")))
            more = listed.get(profile, Words(kinds=frozenset(), levels=frozenset()))
            listed[profile] = Words(kinds=words.kinds | more.kinds, levels=words.levels | more.levels)
    return listed


def _words_of(profile: Mapping[str, Any]) -> tuple[str, Words]:
    named = [*profile.get("level", []), *profile.get("block", []), profile["preamble"]]
    named += [profile[key] for key in ("flush", "drafts") if key in profile]
    if profile.get("text", {}).get("front_matter"):
        named.append({"kind": "front_matter", "name": "front_matter"})
    return profile["id"], Words(
        kinds=frozenset(part["kind"] for part in named), levels=frozenset(part["name"] for part in named)
    )
