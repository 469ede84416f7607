"""Findings of one text under cutting: the one place that words them."""

from __future__ import annotations

from cutter_agent.model import Finding, Severity
from cutter_agent.segmenter.marks import Mark
from cutter_agent.segmenter.numbers import STEP, NumberReader, after


class Notes:
    """Collects findings. Each has the line it speaks of as its place."""

    def __init__(self, data: bytes, readers: tuple[NumberReader, ...]) -> None:
        self._data = data
        self._readers = readers
        self.findings: list[Finding] = []

    def note(self, code: str, at: int, message: str, *, exception: bool, end_byte: int | None = None) -> None:
        if end_byte is None:
            line_end = self._data.find(b"\n", at)
            end_byte = len(self._data) if line_end < 0 else line_end + 1
        self.findings.append(
            Finding(
                code=code,
                severity=Severity.EXCEPTION if exception else Severity.NOTICE,
                start_byte=at,
                end_byte=end_byte,
                message=message,
            )
        )

    def quoted(self, start: int, end: int) -> None:
        text = "a quoted provision; what is numbered inside is not this document's own"
        self.note("quoted_provision", start, text, exception=False, end_byte=end)

    def unclosed(self, at: int) -> None:
        text = "a quotation opens here and nothing closes it; what follows is read as this document's own"
        self.note("unclosed_quotation", at, text, exception=True)

    def reference(self, at: int, mark: Mark) -> None:
        text = f"a line begins with {mark.level} {mark.number} and speaks of it; it is not a heading"
        self.note("line_start_reference", at, text, exception=False)

    def stray(self, at: int, mark: Mark) -> None:
        if mark.reference or (mark.keyworded and mark.odd):
            self.reference(at, mark)
            return
        text = f"{mark.level} {mark.number} has the form of a heading and does not fit the count; it was left as text"
        self.note("number_out_of_sequence", at, text, exception=True)

    def gap(self, at: int, mark: Mark, last: int) -> None:
        first, final = after(last), (mark.key // STEP - 1) * STEP
        if final < first:
            missing = "something"
        else:
            names = [n.text for key in (first, final) if (n := self._readers[mark.rank].at(key)) is not None]
            missing = " to ".join(dict.fromkeys(names)) or "something"
        text = f"{mark.level} {missing} missing before {mark.level} {mark.number}"
        self.note("numbering_gap", at, text, exception=True)

    def duplicate(self, at: int, mark: Mark) -> None:
        self.note("duplicate_number", at, f"{mark.level} {mark.number} is there a second time", exception=True)

    def restart(self, at: int, mark: Mark) -> None:
        text = f"{mark.level} begins again at {mark.number}: a list inside the one before, or a heading is lost"
        self.note("numbering_restart", at, text, exception=True)

    def odd(self, at: int, mark: Mark) -> None:
        if mark.odd is not None:
            text = f"heading of {mark.level} {mark.number}: {mark.odd}"
            self.note("odd_heading", at, text, exception=mark.misspelt)

    def collision(self, at: int, wanted: str, proposed: str) -> None:
        text = f"the address {wanted} is taken; this unit is proposed as {proposed}"
        self.note("address_collision", at, text, exception=True)
