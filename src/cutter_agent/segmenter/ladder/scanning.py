"""One pass over the lines: where a label may stand, by the forms of all levels in one pattern.

The pattern runs over the decoded text, in which every blank is a space and every line end a line feed, character for
character; positions are turned into bytes afterwards.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

import msgspec

from cutter_agent.segmenter.grammar import Profile
from cutter_agent.segmenter.ladder.dispatch import dispatched, first_characters
from cutter_agent.segmenter.ladder.labels import Label, LabelReader

_ODD_BLANKS = "\x0b\x0c\xa0\u202f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200C)))
_LINE_ENDS = "\r\x85\u2028\u2029"
_TO_PLAIN = (
    dict.fromkeys(_ODD_BLANKS, " ")
    | dict.fromkeys(_LINE_ENDS, "\n")
    | {chr(0xFF10 + digit): str(digit) for digit in range(10)}
)
_KNOWN_LIMIT = 50_000


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A line that begins as a label does, or (``form`` -1) a plain line that may go on with an outer unit."""

    line: int  # character at which the line starts
    label: int  # character at which the label starts
    end: int  # character behind the label
    form: int
    text: str  # what the form's group holds


Reading = tuple[int, Label | None, str]  # the rank of a level, what the label says there, what it adds to an address


class Scanner:
    """A ladder's forms, compiled. One instance serves any number of texts."""

    def __init__(self, profile: Profile) -> None:
        layout = profile.ladder
        if layout is None:
            raise ValueError(f"{profile.id} is no profile of a ladder")
        self.profile = profile
        self.layout = layout
        forms: dict[str, list[int]] = {}
        for rank, rung in enumerate(profile.rungs):
            for form in rung.forms:
                forms.setdefault(form, []).append(rank)
        self._ranks = list(forms.values())
        self._spelt = [_without_name(_every_spelling(form)) for form in forms]
        self._single: dict[int, re.Pattern[str]] = {}
        anywhere, order = dispatched(self._spelt)
        # The outer group of a form closes last, so that the engine tells which form it was; the number is the next.
        self._forms: dict[int, tuple[int, int]] = {}
        group = 1
        for index in order:
            inner = re.compile(self._spelt[index]).groups
            self._forms[group] = (index, group + inner)
            group += 1 + inner
        self._forms[group] = (-1, group)
        plain = r"((?:(?<=\n\n)|(?<=\n \n))(?=\S))" if layout.flush_after_blank else r"((?=\S))"
        self._lines = re.compile(r"\n[ \t]*+(?:" + (f"{anywhere}|{plain}" if profile.flush else anywhere) + ")")
        self._chained = re.compile(r"[ \t]*+(?:" + anywhere + ")")
        self._may_chain = {
            rank: self._chain_guard(rung.chains) for rank, rung in enumerate(profile.rungs) if rung.chains
        }
        self._readers = [
            LabelReader(r.numbers, profile.ordinals, layout.range_words, layout.suffix_words) for r in profile.rungs
        ]
        self._known: dict[tuple[int, str], list[Reading]] = {}
        self.drafts = re.compile("|".join(f"(?:{m})" for m in layout.drafts.starts)) if layout.drafts else None

    def _chain_guard(self, chains: tuple[str, ...]) -> re.Pattern[str] | None:
        """What a label of one of these levels may begin with behind another; None: anything."""
        found: set[str] = set()
        for spelt, ranks in zip(self._spelt, self._ranks, strict=True):
            if any(self.profile.rungs[rank].name in chains for rank in ranks):
                first = first_characters(spelt)
                if first is None:
                    return None
                found |= first
        return re.compile(rf"[ \t]*+[{''.join(map(re.escape, sorted(found)))}]")

    def find(self, shadow: str) -> list[Candidate]:
        """Every candidate line, in order. ``shadow`` is the text as ``shadow_of`` gives it."""
        forms = self._forms
        out: list[Candidate] = []
        add = out.append
        for match in self._lines.finditer("\n" + shadow):
            outer = match.lastindex or 0
            form, group = forms[outer]
            start = match.start
            add(Candidate(start(), start(outer) - 1, match.end() - 1, form, match[group] or ""))
        return out

    def other_form(self, shadow: str, candidate: Candidate) -> Candidate | None:
        """The same line by the next form that it has, where the one before came to nothing."""
        for form in range(candidate.form + 1, len(self._spelt)):
            match = self._alone(form).match(shadow, candidate.label)
            if match is not None:
                text = match[match.re.groups] or ""
                return Candidate(candidate.line, candidate.label, match.end(), form, text)
        return None

    def _alone(self, form: int) -> re.Pattern[str]:
        found = self._single.get(form)
        if found is None:
            found = self._single[form] = re.compile(f"({self._spelt[form]})")
        return found

    def follows_on(self, shadow: str, rank: int, at: int, *, only_chained: bool) -> Candidate | None:
        """A label right behind the one that ends at ``at``, on the same line: ``2 (1) text``.

        With ``only_chained`` a label of a level that does not chain behind ``rank`` may be left out.
        """
        guard = self._may_chain[rank]
        if only_chained and guard is not None and guard.match(shadow, at) is None:
            return None
        match = self._chained.match(shadow, at)
        if match is None or match.lastindex is None:
            return None
        form, group = self._forms[match.lastindex]
        label = match.start(match.lastindex)
        return Candidate(label, label, match.end(), form, match[group] or "")

    def readings(self, form: int, text: str) -> list[Reading]:
        """Every level the label may be of, with what it says there."""
        key = (form, text)
        found = self._known.get(key)
        if found is None:
            found = []
            for rank in self._ranks[form]:
                rung = self.profile.rungs[rank]
                if not text or not rung.numbers:
                    found.append((rank, None, f"-{rung.token}"))
                else:
                    labels = self._readers[rank].readings(text)
                    found.extend((rank, label, f"-{rung.token}{label.spelling}") for label in labels)
            if len(self._known) < _KNOWN_LIMIT:
                self._known[key] = found
        return found


def shadow_of(text: str, homoglyphs: Mapping[str, str]) -> str:
    """The text for reading, character for character as long as ``text``."""
    if "\r\n" in text:
        text = text.replace("\r\n", " \n")
    swaps = {"\r": "\n", "\x0b": " ", "\x0c": " "} if text.isascii() else _TO_PLAIN | dict(homoglyphs)
    for odd, plain in swaps.items():
        if odd in text:
            text = text.replace(odd, plain)
    return text


def _without_name(form: str) -> str:
    return re.sub(r"\(\?P<\w+>", "(", form)


def _every_spelling(form: str) -> str:
    """The form with its letters with marks in both normal forms; inside a class they stay as they are."""
    out, inside = [], False
    previous = ""
    for char in unicodedata.normalize("NFC", form):
        if previous != "\\" and char in "[]":
            inside = char == "["
        apart = unicodedata.normalize("NFD", char)
        out.append(f"(?:{char}|{apart})" if len(apart) > 1 and not inside else char)
        previous = char if previous != "\\" else ""
    return "".join(out)
