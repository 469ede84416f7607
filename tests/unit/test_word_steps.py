"""The words of two texts beside each other: nothing is lost, what stayed is not said to change, and it is bounded."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from tests.counted import lines_executed

from cutter_agent.recut.wordsteps import MOST_WORDS, Fate, word_steps

texts = st.text(alphabet="ab .,\nĐiều\u0301", max_size=60)


def sides(before: str, after: str) -> tuple[str, str]:
    steps = word_steps(before, after)
    old = "".join(step.text for step in steps if step.fate is not Fate.CAME)
    new = "".join(step.text for step in steps if step.fate is not Fate.GONE)
    return old, new


def shown(before: str, after: str) -> str:
    marks = {Fate.STAYED: "{}", Fate.GONE: "[-{}-]", Fate.CAME: "{{+{}+}}"}
    return "".join(marks[step.fate].format(step.text) for step in word_steps(before, after))


@given(texts, texts)
def test_both_texts_can_be_read_back(before: str, after: str) -> None:
    assert sides(before, after) == (before, after)


@given(texts)
def test_the_same_text_stays(text: str) -> None:
    assert [step.fate for step in word_steps(text, text)] == [Fate.STAYED] * bool(text)


def test_changes_are_words_and_marks_apart() -> None:
    assert shown("Phí là 200 đồng.", "Phí là 350 đồng.") == "Phí là [-200-]{+350+} đồng."
    assert shown("trong 30 ngày, kể từ", "trong 30 ngày kể từ") == "trong 30 ngày[-,-] kể từ"
    assert shown("một hai ba", "bốn năm ba") == "[-một hai-]{+bốn năm+} ba"
    assert shown("Phí 200\n", "Phí 350\n") == "Phí [-200-]{+350+}\n", "the line's end stayed"
    assert shown("a\nb", "a b") == "a[-\n-]{+ +}b", "white space alone"
    assert shown("", "mới") == "{+mới+}"


def test_a_word_of_letters_and_marks_is_one_word() -> None:
    before, after = (unicodedata.normalize("NFD", text) for text in ("một điều luật", "một khoản luật"))
    assert [step.text for step in word_steps(before, after) if step.fate is Fate.GONE] == [
        unicodedata.normalize("NFD", "điều")
    ]


def test_a_huge_text_is_one_change_between_what_both_have() -> None:
    before = "Đầu " + " ".join(f"a{n}" for n in range(200_000)) + " cuối"
    after = "Đầu " + " ".join(f"b{n}" for n in range(200_000)) + " cuối"
    assert lines_executed(lambda: word_steps(before, after)) < 10_000, "no look at each word in Python"
    steps = word_steps(before, after)
    assert [step.fate for step in steps] == [Fate.STAYED, Fate.GONE, Fate.CAME, Fate.STAYED]
    one = before.replace("a100000 ", "")
    assert [step.text for step in word_steps(before, one) if step.fate is not Fate.STAYED] == ["a100000 "]
    assert MOST_WORDS < 200_000
