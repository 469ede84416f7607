"""A document's code (the first segment of every address) and its profile, found out from the document itself."""

from __future__ import annotations

import re
from pathlib import PurePath

from cutter_agent.segmenter import profiles
from cutter_agent.segmenter.grammar import Profile
from cutter_agent.segmenter.shadow import ascii_words, reading

_HEAD_BYTES = 4096
_SAMPLE_BYTES = 262_144
_CODE_LENGTH = 60
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
    """The shipped profile that fits best, and why: lines of the first 256 KiB that match it, and the file's suffix."""
    text = reading(data[:_SAMPLE_BYTES], {"Ð": "Đ"})
    suffix = PurePath(label).suffix.lower()
    scored: list[tuple[int, int, Profile, tuple[str, ...]]] = []
    for profile_id in profiles.available():
        profile = profiles.load(profile_id)
        reasons, score = [], 0
        for pattern in profile.detection.line_patterns:
            hits = len(re.findall(rf"(?m)^\s*(?:{pattern})", text))
            if hits:
                reasons.append(f"{hits} lines match {pattern}")
                score += min(hits, 1000)
        if suffix and suffix in profile.detection.media_suffixes:
            reasons.append(f"the name ends in {suffix}")
            score += 20
        scored.append((score, profile.detection.rank, profile, tuple(reasons)))
    best = max(scored, key=lambda s: (s[0], s[1]))
    if best[0] == 0:
        fallback = profiles.load("markdown")
        return fallback, ("no line speaks for any profile; plain paragraphs are cut as Markdown",)
    return best[2], best[3]
