"""What an attestation must say before a production lets a commit in, one wrong answer at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cutter_agent.production import AllowedKey, DatabaseLogin, Deployment, Mark, MarkKind
from cutter_dryrun import admission as room
from cutter_dryrun.admission import admission
from cutter_dryrun.revision import NAME
from pg_dryrun.attestation import PREDICATE_TYPE, commit_digest
from pg_dryrun.observer import connect
from pg_dryrun.observer.schema import fingerprint
from pg_dryrun.subject import Login, Revision
from pg_embedded.server import AdminLogin
from sealing.dsse import seal
from sealing.intoto import PAYLOAD_TYPE, ResourceDescriptor, statement_bytes
from sealing.keys import SigningKey

COMMIT = "0123456789abcdef0123456789abcdef01234567"
KEY = SigningKey.generate()
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def login(fresh_database: AdminLogin, monkeypatch: pytest.MonkeyPatch) -> DatabaseLogin:
    """An empty database, and a checkout that is clean at COMMIT."""
    monkeypatch.setattr(room, "revision_of", lambda _: Revision(commit=COMMIT, clean=True, authorised_commit=COMMIT))
    words = {name: fresh_database[name] for name in ("host", "port", "dbname", "user", "password")}
    return DatabaseLogin(**words, sslmode="disable")  # type: ignore[arg-type]


def schema_of(login: DatabaseLogin) -> str:
    with connect(room._login(login), purpose="test", read_only=True) as observer:
        return fingerprint(observer).digest


def envelope(
    folder: Path,
    login: DatabaseLogin,
    *,
    key: SigningKey = KEY,
    predicate_type: str = PREDICATE_TYPE,
    result: str = "PASSED",
    commit: str = COMMIT,
    schema: str | None = None,
    finished: str | None = None,
    subject: str = NAME,
) -> Path:
    said: Mapping[str, Any] = {
        "result": result,
        "rehearsal": {
            "subject": subject,
            "verdict": "PASS",
            "finishedOn": finished or (NOW - timedelta(hours=1)).isoformat(),
        },
    }
    payload = statement_bytes(
        subject=[
            ResourceDescriptor(name="commit", digest=commit_digest(commit)),
            ResourceDescriptor(name="schema", digest={"sha256": schema or schema_of(login)}),
        ],
        predicate_type=predicate_type,
        predicate=said,
    )
    path = folder / "attestation.dsse.json"
    path.write_text(json.dumps(seal(payload, payload_type=PAYLOAD_TYPE, key=key)))
    return path


def deployment() -> Deployment:
    allowed = AllowedKey(keyid=KEY.public.keyid, raw_hex=KEY.public.raw.hex())
    mark = Mark(
        kind=MarkKind.PRODUCTION,
        system_identifier="7",
        allowed_keys=(allowed,),
        max_age_s=86400,
        marked_by="owner",
        because="live",
    )
    return Deployment(mark=mark, system_identifier="7", cluster_name="main", asked_at=NOW.isoformat())


def test_the_right_attestation_lacks_nothing(login: DatabaseLogin, tmp_path: Path) -> None:
    assert admission(deployment(), login, envelope(tmp_path, login)) == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"key": SigningKey.generate()}, "that can be believed"),
        ({"predicate_type": "https://in-toto.io/attestation/vulns/v0.1"}, "not an in-toto test-result"),
        ({"result": "WARNED"}, "its tree had changes"),
        ({"result": "FAILED"}, "a result PASSED"),
        ({"subject": "another program"}, "a rehearsal of dot-iu-cutter"),
        ({"commit": COMMIT[::-1]}, "an attestation of commit 0123456789ab"),
        ({"schema": "0" * 64}, "the schema that is there now"),
        ({"finished": (NOW - timedelta(hours=25)).isoformat()}, "not older than 1 day"),
        ({"finished": (NOW + timedelta(hours=1)).isoformat()}, "a rehearsal of the past"),
        ({"finished": "yesterday"}, "the time of the rehearsal"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_one_wrong_thing_is_the_one_that_is_named(
    login: DatabaseLogin, tmp_path: Path, wrong: Mapping[str, Any], says: str
) -> None:
    missing = admission(deployment(), login, envelope(tmp_path, login, **wrong))
    assert len(missing) == 1, missing
    assert says in missing[0]


def test_everything_that_is_missing_is_named_at_once(login: DatabaseLogin, tmp_path: Path) -> None:
    path = envelope(
        tmp_path, login, result="FAILED", commit=COMMIT[::-1], schema="0" * 64, finished="2020-01-01T00:00:00Z"
    )
    assert len(admission(deployment(), login, path)) == 4


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"payload": 1}', "\x00"])
def test_what_is_no_envelope_is_an_answer_and_no_crash(login: DatabaseLogin, tmp_path: Path, text: str) -> None:
    path = tmp_path / "attestation.dsse.json"
    path.write_text(text)
    assert "that can be believed" in admission(deployment(), login, path)[0]
    assert "that can be believed" in admission(deployment(), login, tmp_path / "nowhere")[0]


def test_a_folder_without_its_report_is_no_evidence(login: DatabaseLogin, tmp_path: Path) -> None:
    envelope(tmp_path, login)
    assert "the whole evidence" in admission(deployment(), login, tmp_path)[0]


def test_the_schema_is_that_of_the_very_database(login: DatabaseLogin, tmp_path: Path) -> None:
    path = envelope(tmp_path, login)
    with connect(
        Login(**{n: getattr(login, n) for n in ("host", "port", "dbname", "user", "password")}), purpose="t"
    ) as c:
        c.execute("CREATE TABLE public.newcomer (a int)")
    assert "the schema that is there now" in admission(deployment(), login, path)[0]


@pytest.mark.parametrize(
    ("kind", "marked_on", "cluster_name", "expected"),
    [
        (MarkKind.PRODUCTION, "7", "main", True),
        (MarkKind.PRODUCTION, "8", "main", True),
        (MarkKind.PRODUCTION, "7", "pg-dryrun-1a2b-s4", False),
        (MarkKind.COPY, "7", "main", False),
        (MarkKind.COPY, "8", "main", True),
        (MarkKind.NONE, "8", "main", False),
    ],
)
def test_what_a_mark_means_on_this_server(kind: MarkKind, marked_on: str, cluster_name: str, expected: bool) -> None:
    mark = Mark(kind=kind, system_identifier=marked_on, allowed_keys=(), max_age_s=1, marked_by="o", because="b")
    found = Deployment(mark=mark, system_identifier="7", cluster_name=cluster_name, asked_at=NOW.isoformat())
    assert found.is_production is expected
