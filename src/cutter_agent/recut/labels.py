"""A unit's text as label and body: ``(a) the text`` is the label ``a`` and the words ``the text``.

Likeness looks at bodies only, so that a renumbered unit is as like itself as before; place looks at labels. What a
label looks like is common to the families of law (a number, a Roman numeral or a letter, with brackets or a full
stop, perhaps behind one word: ``Điều 14.``, ``§ 3``, ``Art. 7``, ``(1bis)``, ``II. Hauptstück``), so no profile is
asked.
"""

from __future__ import annotations

import re
import unicodedata

_MARKS = r"[\s\ufeff#>*+|_-]*"
_OPEN = r"[(\[^§]*\s*"
_WORD = r"(?:[^\W\d_]{1,12}\.?\s+)?"
_NUMBER = (
    r"(?:\d+(?:[.\-]\d+)*(?:[a-zđ]{1,2}|\s?(?:bis|ter|quater))?(?=[\W_]|$)"
    r"|[IVXLCDM]+(?=[\s.):<\[]|$)|[ivxlcdm]+(?:\.\d+)?(?=[.)])|[^\W\d_]{1,2}(?:\.\d+)?(?=[.)]))"
)
_RAISED = r"(?:<sup>[^<]{0,9}</sup>)?"
_CLOSE = r"[)\]:.º°]*"
_LABEL = re.compile(f"{_MARKS}({_OPEN}{_WORD}{_OPEN}{_NUMBER}{_RAISED}){_CLOSE}(?=[\\W_]|$)")
_SECOND = re.compile(rf"\s*(\({_NUMBER}{_RAISED}\))")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,40}\]")
_WORDS = re.compile(r"\w+")
_BRACKETED = re.compile(r"\W*?[\[(（【][^\[\]]*[\])）】]\W*", re.DOTALL)
_HEADED = re.compile(r"([^\[\]]{1,80})\[[^\[\]]*\]\W*", re.DOTALL)
_STUB_WORDS = 25
_NOTE_LINES = 3
_CODE_CHARACTERS = 5
_PLAIN = re.compile(r"[^\w<]+")


def split_label(text: str, number: str | None = None) -> tuple[str, str]:
    """``(label, rest)``: the label without its punctuation, case kept (``A`` is not ``a``), or "" where there is none.

    ``number`` is the unit's number: where the text does not begin with it, a line just below may (a marginal note
    stands above its unit), and the note belongs to the rest. A key before a colon is a label, too.
    """
    if number is not None and names(text, number):
        return number, text[len(number) + 1 :]
    label, rest = _first_label(text)
    if number is None or _says(label, number):
        return label, rest
    above, line, below = text.partition("\n")
    for _ in range(_NOTE_LINES):
        if not line:
            break
        lower, lower_rest = _first_label(below)
        if _says(lower, number):
            return lower, f"{above}\n{lower_rest}"
        head, line, below = below.partition("\n")
        above = f"{above}\n{head}"
    return label, rest


def is_code(label: str) -> bool:
    """Whether a label is the key of a row (``1742295``, ``L04AB04``) and no place in a count."""
    return len(label) >= _CODE_CHARACTERS and label.isalnum() and any(c.isdigit() for c in label)


def names(text: str, number: str) -> bool:
    """Whether a text is an entry, ``key: value``: it begins with its unit's name and a colon."""
    return not number.isdigit() and text.startswith(f"{number}:")


def _says(label: str, number: str) -> bool:
    said = _PLAIN.sub(" ", number).strip().casefold()
    return f" {said} " in f" {label.casefold()} "


def _first_label(text: str) -> tuple[str, str]:
    found = _LABEL.match(text)
    if found is None:
        return "", text
    label, end = found[1], found.end()
    second = _SECOND.match(text, end)
    if second is not None:
        label, end = f"{label} {second[1]}", second.end()
    return _PLAIN.sub(" ", label).strip(), text[end:]


def words_of(body: str) -> list[str]:
    """The words that likeness compares: composed letters, footnote marks left out (amendments renumber them)."""
    return _WORDS.findall(unicodedata.normalize("NFC", _FOOTNOTE.sub(" ", body)))


def stub_head(body: str, words: int) -> str | None:
    """What a stub says before its bracket ("" mostly), or None where the body is no stub.

    A stub only says of its unit that it is gone: wholly in brackets (``[Repealed, …]``), a defined term and a bracket
    (``salary [Repealed]``).
    """
    if words > _STUB_WORDS:
        return None
    if _BRACKETED.fullmatch(body):
        return ""
    headed = _HEADED.fullmatch(body)
    return headed[1] if headed is not None else None
