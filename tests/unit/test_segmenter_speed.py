"""What makes the cut fast may not change it: forms told apart by first character, shared shapes, engines on demand."""

from __future__ import annotations

import gc
import random
import re
import subprocess
import sys
import tracemalloc

import pytest
from tests.counted import lines_executed
from tests.unit.test_segmenter_campaign import MAKERS, TEXTS, WORDS

from cutter_agent.segmenter import profiles, segment
from cutter_agent.segmenter.cutting import outline_scanner
from cutter_agent.segmenter.grammar import Engine
from cutter_agent.segmenter.ladder import stack
from cutter_agent.segmenter.ladder.dispatch import dispatched, first_characters
from cutter_agent.segmenter.scan import Scanner

LADDERS = [p for p in profiles.available() if profiles.load(p).engine is Engine.LADDER]


def texts(seed: int, count: int) -> list[str]:
    rng = random.Random(seed)  # noqa: S311 - repeatable
    soups = ["\n".join(rng.choices(WORDS, k=40)) for _ in range(count)]
    return [*TEXTS, *soups, *(rng.choice(MAKERS)(rng) for _ in range(count))]


@pytest.mark.parametrize(
    ("form", "first"),
    [
        ("#{1,6}[ \t]+Teil", "#"),
        ("(?:#{1,6} )?[A-C]x", "#ABC"),
        ("(?:a|[(])b", "a("),
        ("(?=x)(?<!y)[xy]?z+", "xyz"),
        ("(?>p|q)r", "pq"),
        ("[^a]b", None),
        ("(?i:a)b", None),
        (r"\d+", None),
        (".x", None),
        ("a?b*", None),
    ],
)
def test_first_characters(form: str, first: str | None) -> None:
    assert first_characters(form) == (None if first is None else frozenset(first))


@pytest.mark.parametrize("profile_id", LADDERS)
def test_dispatched_forms_match_as_one_by_one(profile_id: str) -> None:
    forms = list(dict.fromkeys(form for rung in profiles.load(profile_id).rungs for form in rung.forms))
    together, order = dispatched(forms)
    fast, alone = re.compile(together), [re.compile(form) for form in forms]
    matched = 0
    for text in texts(5, 30):
        for start in (0, *(m.end() for m in re.finditer(r"\n[ \t]*", text))):
            expected = next(((i, m.span()) for i, p in enumerate(alone) if (m := p.match(text, start))), None)
            found = fast.match(text, start)
            if found is None:
                assert expected is None, (text[start : start + 60], expected)
                continue
            group, form = 1, -1
            for index in order:  # the outer group that took part names the form
                if found.start(group) >= 0:
                    form = index
                group += 1 + alone[index].groups
            assert (form, found.span()) == expected
            matched += 1
    assert matched > 20


@pytest.mark.parametrize("profile_id", LADDERS)
def test_forgotten_shapes_change_no_cut(profile_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = profiles.load(profile_id)
    given = [text.encode() for text in texts(9, 15) if text]
    remembered = [segment(data, profile=profile, document_code="D") for data in given]
    monkeypatch.setattr(stack, "_MOST_SHAPES", 1)
    assert [segment(data, profile=profile, document_code="D") for data in given] == remembered


def test_the_pass_finds_what_the_forms_read() -> None:
    scanner = outline_scanner(profiles.load("vn-law"))
    forms, heads = scanner._forms, 0
    for text in texts(3, 80):
        data = text.replace("\r", "\n").encode()
        padded = b"\n" + data
        found = {match.start() for match in forms.finder.finditer(padded)}
        starts = {0, *(match.end() for match in re.finditer(rb"\n", data))}
        assert found == {start for start in starts if forms.read(data, start) is not None}
        heads += len(found)
    assert heads > 200


def test_blocks_of_the_pass_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = profiles.load("vn-law")
    given = [text.encode() for text in texts(4, 40) if text]
    whole = [segment(data, profile=profile, document_code="D") for data in given]
    monkeypatch.setattr("cutter_agent.segmenter.scan._BLOCK_BYTES", 16)
    assert [segment(data, profile=profile, document_code="D") for data in given] == whole


def test_only_the_engine_in_use_is_imported() -> None:
    program = (
        "import sys; from cutter_agent.segmenter import profiles, segment;"
        "segment('Điều 1. A\\n'.encode(), profile=profiles.load('vn-law'), document_code='D');"
        "print([m for m in sys.modules if 'markdown_it' in m or 'pyexpat' in m or 'segmenter.ladder' in m])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("profile_id", "line"),
    [("vn-law", "Điều {}. A\n1. x\na) y\n"), ("de-gesetz", "### § {}\n\n(1) a\n\n"), ("en-statute", "{} A\n(1) b\n")],
)
def test_memory_grows_in_proportion_to_the_text(profile_id: str, line: str) -> None:
    def peak(count: int) -> float:
        """Bytes at most in use for each byte of text."""
        data = "".join(line.format(number + 1) for number in range(count)).encode()
        gc.collect()
        tracemalloc.start()
        try:
            segment(data, profile=profiles.load(profile_id), document_code="D")
            return tracemalloc.get_traced_memory()[1] / len(data)
        finally:
            tracemalloc.stop()

    peak(50)  # what is made once is not counted
    small, large = peak(400), peak(1600)
    assert large <= 1.5 * small  # tables double when they are two thirds full; growth with the square would be 4
    assert large <= 160


def test_a_form_is_read_once_however_often_it_stands_in_a_first_text() -> None:
    """Cold: no scanner has met a form of it. Reading one takes a hundred lines, asking whether it is known eight."""
    profile = profiles.load("vn-law")
    forms = [f"Điều {number}. Lời văn" for number in range(1, 51)] + [f"{letter}) lời văn;" for letter in "abcdđe"]
    text = ("\n".join(forms * 400) + "\n").encode()
    cold, warm = Scanner(profile), Scanner(profile)
    once, often = ("\n".join(forms) + "\n").encode(), lines_executed(lambda: cold.find(text))
    reading = lines_executed(lambda: warm.find(once))
    assert reading > 10 * len(forms), "the forms are read, here and there"
    assert often < reading + 12 * 400 * len(forms)
    ours, theirs = cold.find(text), warm.find(text)
    assert (ours.starts, ours.keyed) == (theirs.starts, theirs.keyed)
    assert [(m.rank, m.key, m.number) for m in ours.marks] == [(m.rank, m.key, m.number) for m in theirs.marks]
    assert len(ours.marks) >= 400 * 50
