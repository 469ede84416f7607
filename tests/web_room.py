"""The review page on a real ledger: the whole application, and browsers that keep their cookies."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import argon2
import pytest
from starlette.testclient import TestClient
from tests.pipeline_room import NAMES, PASSWORDS, Ledger

from cutter_agent.config import DatabasePlace, LaneSettings
from cutter_agent.db_adapter.rights import Role as DatabaseRole
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.db_adapter.settings import Limits
from cutter_agent.model import Lane
from cutter_agent.phases import mark
from cutter_agent.web.accounts import Accounts, Role
from cutter_agent.web.application import application
from cutter_agent.web.audit import AuditLog
from cutter_agent.web.sessions import Sessions
from cutter_agent.web.site import Site
from cutter_agent.web.throttle import Throttle
from cutter_agent.web.tokens import Tokens
from cutter_agent.wiring import ExecLane, connection_settings

PASSWORD = "correct horse battery"
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ROLES = {"mai": Role.REVIEWER, "lan": Role.REVIEWER, "xem": Role.VIEWER, "chi": Role.ADMIN}


@dataclass
class Seconds:
    """A clock that moves when it is told to."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Browser:
    """One person's browser."""

    client: TestClient

    def get(self, path: str, **how: Any) -> Any:
        return self.client.get(path, **how)

    def token(self, path: str) -> str:
        """The form token of a page."""
        found = re.search(r'name="form_token" value="(\w+)"', self.client.get(path, follow_redirects=True).text)
        assert found is not None
        return found.group(1)

    def post(self, path: str, fields: dict[str, str], *, page: str | None = None, **how: Any) -> Any:
        """A form as the page gave it, filled in."""
        return self.client.post(path, data={"form_token": self.token(page or path)} | fields, **how)

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> Any:
        return self.post("/login", {"name": name, "password": password, "next": "/"} | more)


@dataclass
class WebRoom:
    """A site, and the ledger below it."""

    ledger: Ledger
    site: Site
    seconds: Seconds = field(default_factory=Seconds)

    def browser(self, name: str | None = None, **headers: str) -> Browser:
        client = TestClient(
            application(self.site), base_url="http://127.0.0.1", follow_redirects=False, headers=headers or None
        )
        made = Browser(client)
        if name is not None:
            assert made.sign_in(name).status_code == 303
        return made

    def restarted(self) -> None:
        """As after a restart of the process: every session is gone, and the secret of the forms is another one."""
        self.site = replace(self.site, sessions=Sessions(monotonic=self.seconds))

    def waiting(self, data: bytes, *, marker: str = "agent:marker", **how: Any) -> str:
        """An entry that waits for review."""
        source = self.ledger.source(data, **how)
        marked = mark.mark(
            self.ledger.executor,
            source=source,
            profile=self.ledger.profile,
            marker=mark.Marker(identity=marker, tool_revision="rev-1"),
            clock=self.ledger.clock,
        )
        self.ledger.sweep()
        return marked.entry.entry_id

    def decide(self, browser: Browser, entry_id: str, verdict: str = "approve", **more: str) -> Any:
        """The decision's form as the page gives it."""
        path = f"/entries/{entry_id}/decide"
        found = re.search(r'name="seen_digest" value="(\w+)"', browser.get(path).text)
        digest = found.group(1) if found else "none"
        fields = {"verdict": verdict, "rationale": "read it all", "due_at": "", "seen_digest": digest}
        return browser.post(path, fields | more)

    def decisions(self, entry_id: str) -> list[tuple[Any, ...]]:
        return self.ledger.admin(
            "SELECT verdict, reviewer_identity, reviewer_kind, decided_by, verdict_rationale, manifest_digest"
            " FROM cutter_governance.review_decision WHERE entry_id = %s AND manifest_unit_local_id IS NULL"
            " ORDER BY decided_at",
            entry_id,
        )


def lane_on(ledger: Ledger, *, port: int | None = None, key: Path = Path("/nowhere")) -> ExecLane:
    """DOT-991's lane with the connections of a page; ``port``: another one, where nobody listens; ``key``: its file."""
    login = ledger.login
    settings = LaneSettings(
        lane=Lane.EXEC,
        place=DatabasePlace(host=login["host"], port=port or login["port"], dbname=login["dbname"], sslmode="disable"),
        user=NAMES.of(DatabaseRole.EXEC),
        password=PASSWORDS[DatabaseRole.EXEC],
        signing_key=key,
        exec_public_key=None,
        verify_public_key=None,
    )
    limits = Limits(max_connections=3, connect_timeout_s=2, borrow_timeout_s=3.0)
    lane = ExecLane(settings, journal=None, clock=ledger.clock, limits=limits)
    lane.adapter = RealPostgresAdapter(
        settings=connection_settings(settings), lane=Lane.EXEC, role=NAMES.exec, limits=limits
    )
    ledger.stack.callback(lane.close)
    return lane


def write_people(path: Path) -> Path:
    """A file of accounts, one of each role, all with the same password."""
    accounts = Accounts(path, hasher=CHEAP)
    for name, role in ROLES.items():
        accounts.add(name, role, PASSWORD, now=datetime(2025, 1, 6, tzinfo=UTC))
    return path


def site_on(ledger: Ledger, people: Path, folder: Path, seconds: Seconds) -> Site:
    """A site on a deployed ledger; ``folder``: where it keeps its own files."""
    key = folder / "exec.pem"
    if not key.exists():
        folder.mkdir(parents=True, exist_ok=True)
        ledger.exec_key.save(key)
    return Site(
        lane=lane_on(ledger, key=key),
        accounts=Accounts(people, hasher=CHEAP),
        audit=AuditLog(folder / "audit.jsonl"),
        tokens=Tokens(folder / "tokens.json"),
        public_keys={Lane.EXEC: ledger.exec_key.public},
        sessions=Sessions(monotonic=seconds),
        throttle=Throttle(monotonic=seconds),
    )


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of accounts; do not change it."""
    return write_people(tmp_path_factory.mktemp("web") / "accounts.json")


@pytest.fixture
def web(ledger: Ledger, people: Path, tmp_path: Path) -> WebRoom:
    """A site on a ledger of its own, with four people."""
    seconds = Seconds()
    return WebRoom(ledger=ledger, site=site_on(ledger, people, tmp_path / "web", seconds), seconds=seconds)
