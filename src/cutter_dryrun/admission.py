"""Whether an attestation admits this commit to this production (design 3.6). Entry point ``iu_cutter.admission``.

Asked of the envelope, in this order, and every answer that is no is told:

1. signed by a key that the production's own mark allows;
2. an in-toto test-result of the cutter's rehearsal, which passed (``PASSED``: a clean tree and no failed check);
3. about the commit that runs now, from a tree that is clean now;
4. about the schema that the production has now, by the same fingerprint;
5. not older than the mark allows, by the production's clock, and not from the future.

A folder of evidence is walked in full as well (``pg-dryrun check``), so that a flipped byte in a report is refused too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cutter_agent.production import DatabaseLogin, Deployment
from cutter_dryrun.revision import NAME, checkout_root, revision_of
from pg_dryrun.attestation import ENVELOPE, PREDICATE_TYPE, commit_digest
from pg_dryrun.errors import DryRunError
from pg_dryrun.observer import connect
from pg_dryrun.observer.schema import fingerprint
from pg_dryrun.subject import Login
from pg_dryrun.verification import verify
from sealing.dsse import open_sealed
from sealing.errors import SealingError
from sealing.intoto import PAYLOAD_TYPE
from sealing.keys import PublicKey

_CLOCKS_MAY_DIFFER = timedelta(minutes=5)


def admission(deployment: Deployment, login: DatabaseLogin, attestation: Path) -> Sequence[str]:
    """See ``cutter_agent.production.Admission``. Raises nothing for a bad attestation: it is one of the answers."""
    mark = deployment.mark
    if mark is None:
        return []
    keys = [PublicKey.from_raw(bytes.fromhex(item.raw_hex)) for item in mark.allowed_keys]
    try:
        statement = _statement(attestation, keys)
    except (OSError, ValueError, SealingError) as error:
        return [f"an attestation that can be believed: {attestation}: {error}"]
    missing = [*_walked(attestation, keys), *_result(statement)]
    missing += _commit(statement)
    missing += _schema(statement, login)
    missing += _age(statement, now=datetime.fromisoformat(deployment.asked_at), allowed_s=mark.max_age_s)
    return missing


def _statement(attestation: Path, keys: Sequence[PublicKey]) -> dict[str, Any]:
    path = attestation / ENVELOPE if attestation.is_dir() else attestation
    envelope = json.loads(path.read_bytes())
    if not isinstance(envelope, dict):
        raise ValueError("not an envelope")  # noqa: TRY004 - what a file holds is a value, not a type
    statement = json.loads(open_sealed(envelope, payload_type=PAYLOAD_TYPE, keys=keys))
    if not isinstance(statement, dict) or statement.get("predicateType") != PREDICATE_TYPE:
        raise ValueError("not an in-toto test-result")
    return statement


def _walked(attestation: Path, keys: Sequence[PublicKey]) -> list[str]:
    if not attestation.is_dir():
        return []
    try:
        walk = verify(attestation, keys=keys)
    except DryRunError as error:
        return [f"the whole evidence: {error.message}"]
    broken = [f"{step.number}. {step.title} {step.detail}" for step in walk.steps if not step.holds]
    return [f"evidence as it was written: {line}" for line in broken]


def _result(statement: Mapping[str, Any]) -> list[str]:
    predicate = _mapping(statement.get("predicate"))
    rehearsal = _mapping(predicate.get("rehearsal"))
    found = []
    if rehearsal.get("subject") != NAME:
        found.append(f"a rehearsal of {NAME}: this one was of {rehearsal.get('subject')!r}")
    if predicate.get("result") != "PASSED":
        why = "its tree had changes" if predicate.get("result") == "WARNED" else f"verdict {rehearsal.get('verdict')}"
        found.append(f"a result PASSED: this one is {predicate.get('result')} ({why})")
    return found


def _commit(statement: Mapping[str, Any]) -> list[str]:
    revision = revision_of(checkout_root())
    found = []
    if not revision.clean:
        found.append(f"a clean tree: {', '.join(revision.dirty_paths[:5])} differ from commit {revision.commit[:12]}")
    attested = _subject(statement, "commit")
    if attested != dict(commit_digest(revision.commit)):
        found.append(f"an attestation of commit {revision.commit[:12]}: this one is of {_shown(attested)}")
    return found


def _schema(statement: Mapping[str, Any], login: DatabaseLogin) -> list[str]:
    with connect(_login(login), purpose="admission", read_only=True) as observer:
        now = fingerprint(observer).digest
    attested = _subject(statement, "schema")
    if attested == {"sha256": now}:
        return []
    return [f"an attestation of the schema that is there now ({now[:12]}): this one is of {_shown(attested)}"]


def _age(statement: Mapping[str, Any], *, now: datetime, allowed_s: int) -> list[str]:
    text = str(_mapping(_mapping(statement.get("predicate")).get("rehearsal")).get("finishedOn"))
    try:
        finished = datetime.fromisoformat(text)
    except ValueError:
        return [f"the time of the rehearsal: {text!r} is none"]
    if finished.tzinfo is None:
        finished = finished.replace(tzinfo=UTC)
    age = now - finished
    if age < -_CLOCKS_MAY_DIFFER:
        return [f"a rehearsal of the past: this one ended at {text}, and the server's clock says {now.isoformat()}"]
    allowed = timedelta(seconds=allowed_s)
    return [f"a rehearsal not older than {allowed}: this one ended {age} ago"] if age > allowed else []


def _subject(statement: Mapping[str, Any], name: str) -> dict[str, str]:
    subjects = statement.get("subject")
    for item in subjects if isinstance(subjects, list) else ():
        if isinstance(item, dict) and item.get("name") == name:
            return dict(_mapping(item.get("digest")))
    return {}


def _shown(digest: Mapping[str, str]) -> str:
    return ", ".join(value[:12] for value in digest.values()) or "nothing"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _login(login: DatabaseLogin) -> Login:
    return Login(
        host=login.host,
        port=login.port,
        dbname=login.dbname,
        user=login.user,
        password=login.password,
        sslmode=login.sslmode,
    )
