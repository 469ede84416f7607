"""The seal of a run: an in-toto ``test-result`` in a DSSE envelope, signed with Ed25519 (design 3.5).

Its subjects are the commit, the plan, the dump and the schema fingerprint; its predicate lists every file of the folder
with its digest. ``verification`` walks it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import platformdirs

from pg_dryrun.evidence import Folder
from pg_dryrun.outcome import Status, Verdict
from pg_dryrun.plan import DIRTY_TREE
from pg_dryrun.record import Record
from sealing.canonical import JsonValue, canonical_bytes
from sealing.digest import sha256_hex
from sealing.dsse import seal
from sealing.intoto import PAYLOAD_TYPE, ResourceDescriptor, statement_bytes
from sealing.keys import SigningKey

PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"
ENVELOPE = "attestation.dsse.json"
SIGNER = "signer.pub.pem"


def tool_home() -> Path:
    """Where this tool keeps its own key, for the current user."""
    return platformdirs.user_data_path("pg-dryrun")


def own_key(home: Path | None = None) -> SigningKey:
    """The tool's key, made at its first use (mode 0600 in a 0700 folder). Raises ``KeyUnusable``, ``OSError``."""
    folder = (home or tool_home()) / "keys"
    path = folder / "ed25519.pem"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):  # another run was quicker; its key is the tool's key
            SigningKey.generate().save(path)
    return SigningKey.load(path)


def attest(folder: Folder, record: Record, *, deterministic_sha256: str, key: SigningKey) -> Path:
    """Sign everything that is in the folder now, and write the envelope. Must be the last file. Raises ``OSError``."""
    folder.write(SIGNER, key.public.pem())
    evidence = folder.digests(leaving_out=frozenset({ENVELOPE}))
    payload = statement_bytes(
        subject=subjects(record),
        predicate_type=PREDICATE_TYPE,
        predicate=_predicate(record, evidence, deterministic_sha256),
    )
    envelope = seal(payload, payload_type=PAYLOAD_TYPE, key=key)
    return folder.write(ENVELOPE, envelope_bytes(envelope))


def envelope_bytes(envelope: Mapping[str, object]) -> bytes:
    """The one spelling of an envelope file; a file spelt otherwise was touched. Raises ``CanonicalTypeError``."""
    return canonical_bytes(_as_json(envelope)) + b"\n"


def subjects(record: Record) -> list[ResourceDescriptor]:
    """What the attestation is about; what was never reached is left out, not invented."""
    found = [ResourceDescriptor(name="plan", digest={"sha256": record.plan_sha256})]
    if record.revision is not None:
        found.insert(0, ResourceDescriptor(name="commit", digest=commit_digest(record.revision.commit)))
    if record.production is not None and record.production.dump_sha256 is not None:
        found.append(ResourceDescriptor(name="dump", digest={"sha256": record.production.dump_sha256}))
    if record.production is not None and record.production.schema_sha256 is not None:
        found.append(ResourceDescriptor(name="schema", digest={"sha256": record.production.schema_sha256}))
    return found


def commit_digest(commit: str) -> Mapping[str, str]:
    """``gitCommit`` for a git object name; for any other revision word its own SHA-256."""
    if len(commit) in {40, 64} and all(digit in "0123456789abcdef" for digit in commit):
        return {"gitCommit": commit}
    return {"sha256": sha256_hex(commit.encode("utf-8"))}


def result_of(record: Record) -> str:
    """The predicate's word. A PASS of a tree with uncommitted changes is WARNED: it attests no commit."""
    if record.verdict is not Verdict.PASS:
        return "FAILED"
    dirty = record.revision is None or not record.revision.clean
    return "WARNED" if dirty or DIRTY_TREE in _strings(record.plan.get("allowed_deviations")) else "PASSED"


def _predicate(record: Record, evidence: Mapping[str, str], deterministic_sha256: str) -> dict[str, JsonValue]:
    return {
        "result": result_of(record),
        "configuration": [{"name": "plan", "digest": {"sha256": record.plan_sha256}}],
        "passedTests": [check.id for check in record.checks if check.status is Status.PASSED],
        "warnedTests": [],
        "failedTests": [check.id for check in record.checks if check.status is Status.FAILED],
        "rehearsal": {
            "subject": record.subject.name if record.subject is not None else None,
            "form": record.subject.form if record.subject is not None else "",
            "verdict": record.verdict.value,
            "exitCode": record.exit_code,
            "planned": list(record.planned),
            "notReached": [item.id for item in record.not_reached],
            "runId": record.run.id,
            "startedOn": record.run.started_at,
            "finishedOn": record.run.ended_at,
            "tool": f"pg-dryrun {record.run.tool_version}",
            "deterministicSha256": deterministic_sha256,
            "evidence": [{"name": name, "digest": {"sha256": digest}} for name, digest in evidence.items()],
        },
    }


def _as_json(value: object) -> JsonValue:
    if isinstance(value, Mapping):
        return {str(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    raise TypeError(f"not a member of an envelope: {type(value).__name__}")


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, (list, tuple)) else ()
