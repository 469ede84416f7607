"""A document's code (the first segment of every address) and its profile, found out from the document itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import PurePath

from cutter_agent.segmenter import profiles
from cutter_agent.segmenter.grammar import Profile
from cutter_agent.segmenter.shadow import ascii_words, reading

_HEAD_BYTES = 4096
_SAMPLE_BYTES = 262_144
_CODE_LENGTH = 60
_MOST_HITS = 10_000
MOST_PER_PATTERN = 200
SUFFIX_SCORE = 5
GENERAL_DIVISOR = 4
FALLBACK = "markdown"
# The line of a law's head that states its number, as in: Luật số: 91/2015/QH13
_OFFICIAL_NUMBER = re.compile(
    r"(?m)^\s*(?:[^\n\d:]{0,40}\s)?[Ss]ố\s*:?\s*(\d{1,4}[a-z]?\s*/\s*(?:\d{4}\s*/\s*)?[A-ZĐ][A-ZĐ\d/.\-]{1,24})\s*$"
)


def document_code(label: str, data: bytes) -> str:
    """A stable default code, ``[A-Z0-9]+(-[A-Z0-9]+)*``, at most 60 characters.

    The official number of a law where its head states one (``91/2015/QH13`` gives ``L91-2015-QH13``), else the words
    of the label without folder and suffix (``nội quy.md`` gives ``NOI-QUY``), else ``DOC``.
    """
    head = reading(data[:_HEAD_BYTES], {"Ð": "Đ"})
    official = _OFFICIAL_NUMBER.search(head)
    words = ["L" + w if i == 0 else w for i, w in enumerate(ascii_words(official[1]))] if official else []
    words = words or ascii_words(PurePath(label).stem) or ascii_words(label) or ["DOC"]
    code = "-".join(words)
    return code[:_CODE_LENGTH].rstrip("-")


def detect(data: bytes, *, label: str = "") -> tuple[Profile, tuple[str, ...]]:
    """The shipped profile that fits best, and why: lines of the first 256 KiB that match it, and the file's suffix.

    Each kind of line counts at most ``MOST_PER_PATTERN`` times, so that a profile with several kinds of lines in a text
    beats one that is met in a single kind. The points of a general profile count a quarter; between equals the rank
    decides.
    """
    ranked = candidates(data, label=label)
    best = next((candidacy for candidacy in ranked if candidacy.score), None)
    if best is None:
        return profiles.load(FALLBACK), ("no line speaks for any profile; plain paragraphs are cut as Markdown",)
    return best.profile, best.reasons


@dataclass(frozen=True, kw_only=True)
class Candidacy:
    """How much speaks for one profile, and what."""

    profile: Profile
    score: int
    reasons: tuple[str, ...]


def candidates(data: bytes, *, label: str = "") -> tuple[Candidacy, ...]:
    """Every shipped profile with what speaks for it, the best first."""
    text = reading(data[:_SAMPLE_BYTES], {"Ð": "Đ"})
    suffix = PurePath(label).suffix.lower()
    found = [_candidacy(profiles.load(profile_id), text, suffix) for profile_id in profiles.available()]
    return tuple(sorted(found, key=_standing, reverse=True))


def _standing(candidacy: Candidacy) -> tuple[int, int]:
    detection = candidacy.profile.detection
    return candidacy.score // (GENERAL_DIVISOR if detection.general else 1), detection.rank


def _candidacy(profile: Profile, text: str, suffix: str) -> Candidacy:
    reasons, score = [], 0
    for pattern in profile.detection.line_patterns:
        hits = sum(1 for _ in islice(_line_pattern(pattern).finditer(text), _MOST_HITS))
        if hits:
            reasons.append(f"{hits} line{'s' if hits > 1 else ''} match {pattern}")
            score += min(hits, MOST_PER_PATTERN)
    if suffix and suffix in profile.detection.media_suffixes:
        reasons.append(f"the name ends in {suffix}")
        score += SUFFIX_SCORE
    return Candidacy(profile=profile, score=score, reasons=tuple(reasons))


@cache
def _line_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?m)^[ \t]*+(?:{pattern})")
