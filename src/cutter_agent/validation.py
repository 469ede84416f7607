"""The one validator: MARK, REVIEW and CUT ask the same rules and get all problems at once (design 1.2, number 9).

Pure: a manifest and the bytes it speaks of in, problems out. A problem names its block, its place in the bytes and
what to do. Vocabularies are data: the shipped profiles' own tables and ``vocabulary.toml``.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cutter_agent import manifest_recut, manifest_review, topology_rules
from cutter_agent.errors import ManifestInvalid, Problem
from cutter_agent.model import BlockRole, Finding, Manifest, ManifestBlock, ManifestHeader, Severity
from cutter_agent.validation_columns import blocks_hold
from cutter_agent.vocabulary import PLAIN_WORD, Vocabulary, vocabulary

ADDRESS = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*", re.ASCII)
MAX_ADDRESS_LENGTH = 400
MAX_REFERENCE_LENGTH = 400
MAX_TITLE_LENGTH = 2000
MAX_UNITS = 2_000_000
MAX_CODE_LENGTH = 100
MAX_MESSAGE_LENGTH = 100_000


def require_valid(manifest: Manifest, snapshot: bytes, words: Vocabulary | None = None) -> None:
    """Raise ``ManifestInvalid`` with every problem, or return."""
    problems = validate(manifest, snapshot, words)
    if problems:
        raise ManifestInvalid(problems)


def validate(manifest: Manifest, snapshot: bytes, words: Vocabulary | None = None) -> list[Problem]:
    """Every rule that ``manifest`` breaks about ``snapshot``; an empty list means that it may be cut as it stands."""
    words = words or vocabulary()
    return [
        *_header_problems(manifest.header, len(manifest.units), snapshot),
        *_byte_problems(snapshot),
        *(() if blocks_hold(manifest, snapshot, words) else _block_problems(manifest, snapshot, words)),
        *_finding_problems(manifest, len(snapshot)),
        *_recut_problems(manifest),
        *_review_problems(manifest),
        *_topology_problems(manifest),
    ]


def _block_problems(manifest: Manifest, snapshot: bytes, words: Vocabulary) -> Iterator[Problem]:
    """Each block by each rule: which one breaks what, where ``blocks_hold`` says that one does."""
    yield from _label_problems(manifest, words)
    yield from _span_problems(manifest.units, snapshot)
    yield from _hash_problems(manifest.units, snapshot)
    yield from _address_problems(manifest)
    yield from _parent_problems(manifest.units)


def checks(findings: Iterable[Finding]) -> list[dict[str, str | int]]:
    """One line per check for a decision's record: the validator's rules (all kept) and the findings, counted."""
    counted = Counter((finding.code, finding.severity.value) for finding in findings)
    kept: list[dict[str, str | int]] = [{"check": name, "result": "pass", "count": 0} for name in RULES]
    seen: list[dict[str, str | int]] = [
        {"check": code, "result": severity, "count": number} for (code, severity), number in sorted(counted.items())
    ]
    return kept + seen


def exceptions(manifest: Manifest) -> tuple[Finding, ...]:
    """The findings that a policy may not pass by."""
    return tuple(finding for finding in manifest.findings if finding.severity is Severity.EXCEPTION)


RULES = ("header", "bytes", "labels", "spans", "hashes", "addresses", "parents")


def _recut_problems(manifest: Manifest) -> Iterator[Problem]:
    for index, message in manifest_recut.problems(manifest):
        yield _problem("recut", message, "Mark the edited source again: the program proposes it.", block_index=index)


def _finding_problems(manifest: Manifest, length: int) -> Iterator[Problem]:
    for number, finding in enumerate(manifest.findings):
        end = finding.start_byte if finding.end_byte is None else finding.end_byte
        if not 0 <= finding.start_byte <= end <= length:
            message = f"finding {number}: [{finding.start_byte}, {finding.end_byte}) in {length} bytes"
            yield _problem("finding_range", message, "Say where in the snapshot it is.")
        if not 1 <= len(finding.message) <= MAX_MESSAGE_LENGTH or not 1 <= len(finding.code) <= MAX_CODE_LENGTH:
            yield _problem(
                "finding_text",
                f"finding {number}: a code of {len(finding.code)}, a message of {len(finding.message)} characters",
                f"At most {MAX_CODE_LENGTH} and {MAX_MESSAGE_LENGTH}: a finding says what is doubtful, in a sentence.",
            )


def _review_problems(manifest: Manifest) -> Iterator[Problem]:
    for index, message in manifest_review.problems(manifest):
        yield _problem("review", message, "Mark the edited source again: the program asks.", block_index=index)


def _topology_problems(manifest: Manifest) -> Iterator[Problem]:
    for index, message in topology_rules.problems(manifest):
        yield _problem("topology", message, "Order it again: the program proposes it.", block_index=index)


def _header_problems(header: ManifestHeader, units: int, snapshot: bytes) -> Iterator[Problem]:
    digest = hashlib.sha256(snapshot).hexdigest()
    if header.snapshot_sha256 != digest:
        yield _problem(
            "snapshot_digest", f"made for snapshot {header.snapshot_sha256}, the bytes are {digest}", "Mark it again."
        )
    if header.byte_length != len(snapshot):
        yield _problem(
            "snapshot_length", f"speaks of {header.byte_length} bytes, there are {len(snapshot)}", "Mark it again."
        )
    if header.unit_count != units:
        yield _problem("unit_count", f"says {header.unit_count} units and holds {units}", "Write every unit.")
    if not 1 <= units <= MAX_UNITS:
        yield _problem("unit_count", f"{units} units, allowed are 1 to {MAX_UNITS}", "Choose a coarser profile.")
    for name, value, limit in (
        ("document_ref", header.document_ref, MAX_REFERENCE_LENGTH),
        ("title", header.title, MAX_TITLE_LENGTH),
        ("marked_by", header.marked_by, 200),
        ("profile_id", header.profile_id, 200),
        ("profile_version", header.profile_version, 200),
        ("tool_revision", header.tool_revision, 200),
    ):
        if not 1 <= len(value) <= limit or value != value.strip() or not value.isprintable():
            yield _problem(
                "header_text",
                f"{name} {value[:80]!r} is empty, padded, over {limit} characters or not printable",
                f"Give {name} as printable text.",
            )
    if not is_address(header.document_code):
        yield _problem("document_code", f"{header.document_code[:80]!r} is not a document code", _SPELLING)


def _byte_problems(snapshot: bytes) -> Iterator[Problem]:
    zero = snapshot.find(b"\0")
    if zero >= 0:
        yield _problem("nul_byte", "the snapshot holds a NUL", "Remove it at the source.", start_byte=zero)
    try:
        snapshot.decode("utf-8")
    except UnicodeDecodeError as error:
        yield _problem(
            "not_utf8", f"the snapshot is not UTF-8: {error.reason}", "Convert the source.", start_byte=error.start
        )


def _label_problems(manifest: Manifest, words: Vocabulary) -> Iterator[Problem]:
    profile = manifest.header.profile_id
    listed = words.get(profile)
    kinds, levels = (listed.kinds, listed.levels) if listed else (None, None)
    for index, unit in enumerate(manifest.units):
        if unit.unit_local_id != index:
            yield _of(unit, index, "local_id", f"unit_local_id {unit.unit_local_id} at place {index}", "Count from 0.")
        if unit.role is not BlockRole.RESULT:
            yield _of(unit, index, "role", f"role {unit.role} in a first cut", "A first cut has results only.")
        for name, word, known in (("kind", unit.kind, kinds), ("level", unit.level, levels)):
            if word not in known if known is not None else PLAIN_WORD.fullmatch(word) is None:
                remedy = f"Words of {profile}: {', '.join(sorted(known))}." if known else "Give one plain word."
                yield _of(unit, index, name, f"unknown {name} {word[:80]!r}", remedy)
        if unit.number is not None and not (1 <= len(unit.number) <= 200 and unit.number.isprintable()):
            yield _of(unit, index, "number", f"number {unit.number[:80]!r}", "Leave out a number that is not one.")


def _span_problems(units: Sequence[ManifestBlock], snapshot: bytes) -> Iterator[Problem]:
    """Own spans tile the snapshot: no gap, no overlap, no character cut in half (design 1.3)."""
    length, reached = len(snapshot), 0
    for index, unit in enumerate(units):
        start, end = unit.start_byte, unit.end_byte
        if not 0 <= start < end <= length:
            yield _of(unit, index, "span_range", f"[{start}, {end}) in {length} bytes", "A span has 0 ≤ start < end.")
        if start > reached:
            yield _of(unit, index, "gap", f"bytes [{reached}, {start}) belong to no unit", "Begin where the last ends.")
        elif start < reached:
            yield _of(unit, index, "overlap", f"begins at {start}, the last ends at {reached}", "Move the boundary.")
        for place in {start, end}:
            if 0 < place < length and snapshot[place] & 0xC0 == 0x80:
                yield _problem(
                    "half_character",
                    f"block {index}: byte {place} is inside a UTF-8 character",
                    "Put the boundary between two characters.",
                    block_index=index,
                    start_byte=place,
                )
        reached = max(reached, end)
    if reached < length:
        yield _problem(
            "gap",
            f"the last unit ends at {reached}, the snapshot at {length}",
            "Cover the whole snapshot.",
            block_index=len(units) - 1 if units else None,
            start_byte=reached,
        )


def _hash_problems(units: Sequence[ManifestBlock], snapshot: bytes) -> Iterator[Problem]:
    view = memoryview(snapshot)
    for index, unit in enumerate(units):
        digest = hashlib.sha256(view[max(unit.start_byte, 0) : max(unit.end_byte, 0)]).hexdigest()
        if unit.content_sha256 != digest:
            message = f"content_sha256 {unit.content_sha256[:16]}…, its bytes have {digest[:16]}…"
            yield _of(unit, index, "content_hash", message, "Hash exactly the bytes of the span.")


def _address_problems(manifest: Manifest) -> Iterator[Problem]:
    code, first_at = manifest.header.document_code, dict[str, int]()
    for index, unit in enumerate(manifest.units):
        if not is_address(unit.address):
            yield _of(unit, index, "address_grammar", f"{unit.address[:80]!r} is not an address", _SPELLING)
        elif unit.address != code and not unit.address.startswith(f"{code}-"):
            yield _of(unit, index, "address_outside", f"{unit.address} is not under {code}", f"Begin with {code}-.")
        earlier = first_at.setdefault(unit.address, index)
        if earlier != index:
            message = f"{unit.address} is the address of block {earlier} already"
            yield _of(unit, index, "address_duplicate", message, "Give each unit an address of its own.")


def _parent_problems(units: Sequence[ManifestBlock]) -> Iterator[Problem]:
    place = {unit.address: index for index, unit in reversed(list(enumerate(units)))}
    backwards = False
    for index, unit in enumerate(units):
        if unit.parent is None:
            continue
        parent = place.get(unit.parent)
        if parent is None:
            yield _of(unit, index, "parent_missing", f"no unit has the address {unit.parent[:80]}", "Name a unit.")
        elif parent >= index:
            backwards = True
            message = f"its parent {unit.parent} stands at block {parent}"
            yield _of(unit, index, "parent_after_child", message, "A parent stands before its children.")
    if backwards:  # without a parent after its child there is no circle
        for index in _circles(units, place):
            unit = units[index]
            yield _of(unit, index, "parent_cycle", f"{unit.address} is its own ancestor", "Break the circle.")


def _circles(units: Sequence[ManifestBlock], place: Mapping[str, int]) -> list[int]:
    """Blocks that lie on a circle of parents; every block is walked once."""
    walked_in = [-1] * len(units)
    found: set[int] = set()
    for origin in range(len(units)):
        path, step = [], origin
        while walked_in[step] == -1:
            walked_in[step] = origin
            path.append(step)
            parent = units[step].parent
            if parent is None or parent not in place:
                break
            step = place[parent]
        else:
            if walked_in[step] == origin:
                found.update(path[path.index(step) :])
    return sorted(found)


_SPELLING = "Spell it in A-Z and 0-9 with single hyphens between segments."


def is_address(text: str) -> bool:
    """Whether a text is spelt as an address."""
    return len(text) <= MAX_ADDRESS_LENGTH and ADDRESS.fullmatch(text) is not None


def _of(unit: ManifestBlock, index: int, code: str, message: str, remedy: str) -> Problem:
    return _problem(code, f"block {index}: {message}", remedy, block_index=index, start_byte=unit.start_byte)


def _problem(
    code: str, message: str, remedy: str, *, block_index: int | None = None, start_byte: int | None = None
) -> Problem:
    return Problem(code=code, message=message, remedy=remedy, block_index=block_index, start_byte=start_byte)
