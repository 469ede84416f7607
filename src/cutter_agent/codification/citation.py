"""``Điều 20.1.LQ.1.``: topic, subject, form of the instrument, its place in the subject, article."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

FORMS = {
    "LQ": ("Luật", "Bộ luật"),
    "PL": ("Pháp lệnh",),
    "NQ": ("Nghị quyết",),
    "NĐ": ("Nghị định",),
    "QĐ": ("Quyết định",),
    "CT": ("Chỉ thị",),
    "TT": ("Thông tư",),
    "TL": ("Thông tư liên tịch",),
    "NL": ("Nghị quyết liên tịch",),
}
"""The form of an instrument by its letters. Other letters are taken as they are: the list of forms is the drafters'."""

_LOOK_ALIKES = str.maketrans({"Ð": "Đ", "ð": "đ"})
_CITATION = re.compile(
    r"Điều\s+(\d{1,3})\.(\d{1,3})\.([A-ZĐ]{1,5})\.(?:(\d{1,4})\.)?(\d{1,4})(?:\.?([a-zđ]))?(?:\.(?=\s|\Z)|(?=\s|\Z))",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Citation:
    """The official name of a codified article. ``str`` is its one spelling here, with the full stop that ends it.

    ``instrument``: which one of its form in the subject; None for the law that the subject is named after.
    """

    topic: int
    subject: int
    form: str
    instrument: int | None
    article: str

    def __str__(self) -> str:
        place = f"{self.instrument}." if self.instrument is not None else ""
        return f"Điều {self.topic}.{self.subject}.{self.form}.{place}{self.article}."


def tidy(text: str) -> str:
    """For reading: NFC, look-alikes of Đ mended, white space (no-break spaces, line ends) as one space."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_LOOK_ALIKES).split())


def citation_at(text: str) -> tuple[Citation, str] | None:
    """The citation that a tidied line begins with, and the rest of the line; None where it begins otherwise."""
    found = _CITATION.match(text)
    if found is None:
        return None
    topic, subject, form, instrument, number, letter = found.groups()
    citation = Citation(
        topic=int(topic),
        subject=int(subject),
        form=form.upper(),
        instrument=int(instrument) if instrument else None,
        article=f"{int(number)}{(letter or '').lower()}",
    )
    return citation, text[found.end() :].strip()


def spelled(text: str) -> str | None:
    """The one spelling of a citation as a person types it (full stop or not, any white space); None for other text."""
    found = citation_at(tidy(text))
    return str(found[0]) if found is not None and not found[1] else None
