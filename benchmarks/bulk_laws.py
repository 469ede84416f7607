"""Generated laws, shaped like the real Vietnamese codes: chapters, articles, clauses, some with points; no exception.

An article has four clauses, its second clause three points: 8 units. A chapter has ten articles. No law has ten
thousand articles: beyond 70,000 units the articles have more clauses, and the chapters more articles.
"""

from __future__ import annotations

from collections.abc import Iterator

ARTICLES_IN_A_CHAPTER, CLAUSES, POINTS = 10, 4, "abc"
UNITS_OF_AN_ARTICLE = 1 + CLAUSES + len(POINTS)
MOST_CHAPTERS, MOST_ARTICLES = 150, 9000
_WORDS = "cơ quan nhà nước có thẩm quyền tổ chức thực hiện việc đăng ký quản lý theo quy định của pháp luật".split()  # noqa: SIM905 - a sentence


def law(units: int, *, code: str = "1/2020/QH14", edited: int | None = None) -> bytes:
    """A law of about ``units`` units (whole articles; below a hundred: one article of clauses).

    ``edited``: the number of an article whose second clause says something else.
    """
    return "".join(_lines(units, code, edited)).encode()


def _lines(units: int, code: str, edited: int | None) -> Iterator[str]:
    yield f"Luật số: {code}\nLUẬT\nVỀ VIỆC THỬ\n"
    if units < 100:
        yield f"Điều 1. Quy định của luật {code}\n"
        yield from (f"{clause}. {_sentence(clause)}\n" for clause in range(1, units - 1))
        return
    articles = min(units // UNITS_OF_AN_ARTICLE, MOST_ARTICLES)
    clauses = max(CLAUSES, units // articles - 1 - len(POINTS))
    in_a_chapter = max(ARTICLES_IN_A_CHAPTER, -(-articles // MOST_CHAPTERS))
    for article in range(1, articles + 1):
        if (article - 1) % in_a_chapter == 0:
            chapter = (article - 1) // in_a_chapter + 1
            yield f"Chương {_roman(chapter)}\nQUY ĐỊNH THỨ {chapter}\n"
        yield f"Điều {article}. Quy định số {article}\n"
        for clause in range(1, clauses + 1):
            word = " đã sửa đổi" if clause == 3 and article == edited else ""
            yield f"{clause}. {_sentence(article * 7 + clause)}{word}\n"
            if clause == 2:
                yield from (f"{point}) {_sentence(article * 11 + ord(point))}\n" for point in POINTS)


def _sentence(seed: int) -> str:
    words = [_WORDS[(seed * (place + 3) + place) % len(_WORDS)] for place in range(18)]
    return f"{' '.join(words).capitalize()} số {seed}."


def _roman(number: int) -> str:
    signs = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"))
    signs += ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
    said = ""
    for value, sign in signs:
        while number >= value:
            said, number = said + sign, number - value
    return said
