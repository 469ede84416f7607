"""``pg-dryrun check FOLDER``: the evidence walked back, offline. The numbers are those of docs/explanation/verdicts.md.

1. The folder holds an envelope in its one spelling.
2. The envelope is signed by an accepted key.
3. The payload is an in-toto test-result in its one spelling.
4. Every file listed is there with its digest, and no other file is.
5. The record's deterministic part has the digest that it states.
6. The verdict follows from the planned and the answered checks.
7. The subjects are the record's commit, plan, dump and schema.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pg_dryrun.attestation import ENVELOPE, PREDICATE_TYPE, SIGNER, envelope_bytes, result_of, subjects
from pg_dryrun.errors import UsageError
from pg_dryrun.evidence import REPORT, Folder
from pg_dryrun.outcome import EXIT_CODES, Verdict, verdict_of
from pg_dryrun.record import FORMAT, FORMAT_VERSION, Record, deterministic_sha256, read
from sealing.canonical import canonical_bytes
from sealing.dsse import open_sealed
from sealing.errors import SealingError
from sealing.intoto import PAYLOAD_TYPE, STATEMENT_TYPE
from sealing.keys import PublicKey


@dataclass(frozen=True, kw_only=True)
class WalkStep:
    """One numbered step of the walk. Steps after the first broken one are not walked."""

    number: int
    title: str
    holds: bool
    detail: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The walk. ``keys_given`` False: the folder's own key was believed, which proves integrity but not the signer."""

    folder: Path
    steps: tuple[WalkStep, ...]
    keys_given: bool
    verdict: Verdict | None

    @property
    def holds(self) -> bool:
        """Every step was walked and holds."""
        return len(self.steps) == len(WALK) and all(step.holds for step in self.steps)


class _BrokenStep(Exception):
    """A step does not hold; the words are the detail."""


@dataclass(kw_only=True)
class _Walk:
    """What earlier steps hand to later ones."""

    folder: Folder
    keys: Sequence[PublicKey]
    envelope: dict[str, Any]
    payload: bytes = b""
    statement: dict[str, Any]
    document: dict[str, Any]
    record: Record | None = None


def verify(path: Path, *, keys: Sequence[PublicKey] = ()) -> Verification:
    """Walk the evidence in ``path``. ``keys``: who may have signed; none given: the folder's own key is believed.

    Raises:
        UsageError: ``path`` is not a folder of a run.
    """
    if not path.is_dir() or not (path / REPORT).exists():
        raise UsageError(f"{path}: not the folder of a run", remedy=f"Give the folder that holds {REPORT}.")
    walk = _Walk(folder=Folder(path=path.resolve()), keys=keys, envelope={}, statement={}, document={})
    steps: list[WalkStep] = []
    for number, (title, step) in enumerate(WALK, start=1):
        try:
            steps.append(WalkStep(number=number, title=title, holds=True, detail=step(walk)))
        except (_BrokenStep, SealingError, OSError, ValueError, TypeError, LookupError, msgspec.ValidationError) as why:
            steps.append(WalkStep(number=number, title=title, holds=False, detail=str(why) or type(why).__name__))
            break
    verdict = walk.record.verdict if walk.record is not None else None
    return Verification(folder=path, steps=tuple(steps), keys_given=bool(keys), verdict=verdict)


def read_report(folder: Path) -> Record:
    """The record in ``folder``, as it stands; nothing is verified.

    Raises:
        UsageError: there is none, or it is not one of this version.
    """
    path = folder / REPORT
    try:
        return read(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:  # msgspec's ValidationError is a ValueError
        raise UsageError(f"{path}: {error}", remedy="Give the folder of a finished run of this version.") from error


def _spelling_of_envelope(walk: _Walk) -> str:
    data = (walk.folder.path / ENVELOPE).read_bytes()
    walk.envelope = json.loads(data)
    if envelope_bytes(walk.envelope) != data:
        raise _BrokenStep(f"{ENVELOPE} is not in its one spelling: it was touched")
    return f"{len(data)} bytes"


def _signature(walk: _Walk) -> str:
    keys = walk.keys or [PublicKey.load(walk.folder.path / SIGNER)]
    walk.payload = open_sealed(walk.envelope, payload_type=PAYLOAD_TYPE, keys=keys)
    _require_one_spelling_of_base64(walk)
    signer = walk.envelope["signatures"][0]["keyid"]
    return f"key {signer[:16]}…" + ("" if walk.keys else " (the folder's own key: integrity, not identity)")


def _require_one_spelling_of_base64(walk: _Walk) -> None:
    # Base64 has unused bits at its end; an envelope sealed again from the same bytes has them zero.
    texts = [walk.envelope["payload"], *(item["sig"] for item in walk.envelope["signatures"])]
    for text in texts:
        if base64.b64encode(base64.b64decode(text, validate=True)).decode("ascii") != text:
            raise _BrokenStep(f"{ENVELOPE}: base64 that is not in its one spelling: it was touched")
    if len(walk.envelope["signatures"]) != 1 or walk.envelope.keys() != {"payload", "payloadType", "signatures"}:
        raise _BrokenStep(f"{ENVELOPE}: members that this tool never writes")


def _statement(walk: _Walk) -> str:
    walk.statement = json.loads(walk.payload)
    if canonical_bytes(walk.statement) != walk.payload:
        raise _BrokenStep("the payload is not canonical JSON")
    kinds = (walk.statement["_type"], walk.statement["predicateType"])
    if kinds != (STATEMENT_TYPE, PREDICATE_TYPE):
        raise _BrokenStep(f"a statement of another kind: {kinds}")
    return f"in-toto test-result: {walk.statement['predicate']['result']}"


def _files(walk: _Walk) -> str:
    listed = {item["name"]: item["digest"]["sha256"] for item in _rehearsal(walk)["evidence"]}
    present = walk.folder.digests(leaving_out=frozenset({ENVELOPE}))
    strangers = sorted(
        entry.name for entry in walk.folder.path.iterdir() if entry.name not in listed and entry.name != ENVELOPE
    )
    wrong = [f"{name} is missing" for name in listed if name not in present]
    wrong += [f"{name} was changed" for name, digest in present.items() if name in listed and listed[name] != digest]
    wrong += [f"{name} is not part of the evidence" for name in strangers]
    if wrong:
        raise _BrokenStep("; ".join(wrong))
    return f"{len(listed)} files"


def _deterministic_part(walk: _Walk) -> str:
    walk.document = json.loads((walk.folder.path / REPORT).read_bytes())
    if (walk.document.get("format"), walk.document.get("format_version")) != (FORMAT, FORMAT_VERSION):
        raise _BrokenStep(f"{REPORT}: format {walk.document.get('format')} {walk.document.get('format_version')}")
    walk.record = read(walk.document)
    computed = deterministic_sha256(walk.document)
    if not computed == walk.document["deterministic_sha256"] == _rehearsal(walk)["deterministicSha256"]:
        raise _BrokenStep("the digest of the deterministic part differs")
    return f"sha256 {computed[:16]}…"


def _verdict(walk: _Walk) -> str:
    record = _record(walk)
    follows = Verdict.TOOL_FAIL if record.tool_fault is not None else verdict_of(record.planned, record.checks)
    stated = (record.verdict, record.exit_code, _rehearsal(walk)["verdict"], walk.statement["predicate"]["result"])
    expected = (follows, EXIT_CODES[follows], follows.value, result_of(record))
    if stated != expected:
        raise _BrokenStep(f"stated {stated}, but the checks say {expected}")
    return f"{record.verdict.value} from {len(record.checks)} checks"


def _subjects(walk: _Walk) -> str:
    expected = [{"name": item.name, "digest": dict(item.digest)} for item in subjects(_record(walk))]
    if walk.statement["subject"] != expected:
        raise _BrokenStep("the statement is about other subjects than the record")
    return ", ".join(str(item["name"]) for item in expected)


def _rehearsal(walk: _Walk) -> Mapping[str, Any]:
    found: Mapping[str, Any] = walk.statement["predicate"]["rehearsal"]
    return found


def _record(walk: _Walk) -> Record:
    if walk.record is None:
        raise _BrokenStep("the record was not read")
    return walk.record


WALK: tuple[tuple[str, Callable[[_Walk], str]], ...] = (
    ("the folder holds an envelope in its one spelling", _spelling_of_envelope),
    ("the envelope is signed by an accepted key", _signature),
    ("the payload is an in-toto test-result in its one spelling", _statement),
    ("every file listed is there with its digest, and no other file is", _files),
    ("the record's deterministic part has the digest that it states", _deterministic_part),
    ("the verdict follows from the planned and the answered checks", _verdict),
    ("the subjects are the record's commit, plan, dump and schema", _subjects),
)
