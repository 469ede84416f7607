"""A ladder's cut: bytes in, units that tile them out."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from hashlib import sha256

from cutter_agent.model import Finding, Unit
from cutter_agent.segmenter import quotations
from cutter_agent.segmenter.grammar import Block, Place, Profile
from cutter_agent.segmenter.ladder.climbing import Climb
from cutter_agent.segmenter.ladder.frames import Rungs, Told
from cutter_agent.segmenter.ladder.scanning import Scanner, shadow_of
from cutter_agent.segmenter.noting import Notes

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\n(?:[^\n]*\n)*?(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_FRONT = Block(name="front_matter", kind="front_matter", token="FM", place=Place.FRONT, starts=())  # noqa: S106
_SCANNERS: dict[tuple[str, str], Scanner] = {}


def cut(data: bytes, text: str, profile: Profile, document_code: str) -> tuple[tuple[Unit, ...], tuple[Finding, ...]]:
    """Units and findings of ``data``, which decodes to ``text``."""
    found = _climbed(text, profile, document_code, explain=False)
    notes = Notes(data, ())
    places = _in_bytes(text, sorted({at for _, at, _, _ in found.remarks}))
    at_byte = dict(zip(sorted({at for _, at, _, _ in found.remarks}), places, strict=True))
    for code, at, message, exception in found.remarks:
        notes.note(code, at_byte[at], message, exception=exception)
    units = _units(data, text, found)
    return units, tuple(sorted(notes.findings, key=lambda f: (f.start_byte, f.code)))


def _units(data: bytes, text: str, found: Rungs) -> tuple[Unit, ...]:
    ends = [*found.starts[1:], len(text)]
    columns = zip(found.starts, ends, found.levels, found.numbers, found.addresses, found.parents, strict=True)
    units = []
    if text.isascii():
        view = memoryview(data)
        for start, end, named, number, address, parent in columns:
            digest = sha256(view[start:end]).hexdigest()
            units.append(Unit(start, end, named.name, number, address, named.kind, parent, digest))
    else:  # positions are characters: the bytes of each unit are made again, and counted
        at = 0
        for start, end, named, number, address, parent in columns:
            own = text[start:end].encode()
            begin, at = at, at + len(own)
            digest = sha256(own).hexdigest()
            units.append(Unit(begin, at, named.name, number, address, named.kind, parent, digest))
    return tuple(units)


def told(text: str, profile: Profile, document_code: str) -> list[tuple[int, Told]]:
    """Every line that has a label's form, matched or not, with its byte."""
    lines = _climbed(text, profile, document_code, explain=True).told
    return list(zip(_in_bytes(text, [line.at for line in lines]), lines, strict=True))


def _climbed(text: str, profile: Profile, document_code: str, *, explain: bool) -> Rungs:
    scanner = _scanner(profile)
    shadow = shadow_of(text, profile.homoglyphs)
    front = _FRONT_MATTER.match(shadow) if scanner.layout.front_matter else None
    body = front.end() if front else 0
    candidates = [c for c in scanner.find(shadow) if c.line >= body] if body else scanner.find(shadow)
    climb = Climb(scanner, shadow, document_code, _quoted(shadow, profile), explain=explain)
    climb.climb(candidates)
    out = climb.out
    _open_with(out, shadow, profile, document_code, body)
    return out


def _open_with(out: Rungs, shadow: str, profile: Profile, document_code: str, body: int) -> None:
    """What stands before the first label: a front matter and a preamble, each a unit."""
    taken = set(out.addresses)
    first = out.starts[0] if out.starts else len(shadow)
    heads: list[tuple[int, Block]] = []
    if body:
        heads.append((0, _FRONT))
    if first > body and (shadow[body:first].strip() or not out.starts):
        if body < len(shadow):
            heads.append((body, profile.preamble))
    elif out.starts and not body:
        out.starts[0] = 0
    for at, block in reversed(heads):
        address = f"{document_code}-{block.token}"
        while address in taken:
            address += "0"
        out.starts.insert(0, at)
        out.levels.insert(0, block)
        out.numbers.insert(0, None)
        out.addresses.insert(0, address)
        out.parents.insert(0, None)


def _quoted(shadow: str, profile: Profile) -> Callable[[int], bool] | None:
    """Whether the line that starts at a character stands inside a quotation over lines; None: no line does."""
    if not any(opening in shadow for opening, _ in profile.quotations):
        return None
    data = shadow.encode()
    found = quotations.find(data, shadow, profile.quotations)
    if not found.starts:
        return None
    starts, ends = _in_characters(data, found.starts), _in_characters(data, found.ends)

    def holds(at: int) -> bool:
        index = bisect_right(starts, at) - 1
        return index >= 0 and starts[index] < at < ends[index]

    return holds


def _in_bytes(text: str, characters: list[int]) -> list[int]:
    """Rising positions in characters as positions in bytes."""
    if text.isascii():
        return characters
    out, at, byte = [], 0, 0
    for character in characters:
        byte += len(text[at:character].encode())
        at = character
        out.append(byte)
    return out


def _in_characters(data: bytes, positions: tuple[int, ...]) -> list[int]:
    out, at, character = [], 0, 0
    for byte in positions:
        character += len(data[at:byte].decode())
        at = byte
        out.append(character)
    return out


def _scanner(profile: Profile) -> Scanner:
    key = (profile.id, profile.version)
    if key not in _SCANNERS:
        _SCANNERS[key] = Scanner(profile)
    return _SCANNERS[key]
