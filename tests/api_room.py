"""The API on a real ledger: a document of two cuts, a renumbered unit, and a program with its token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.search_room import proven
from tests.web_room import WebRoom

from cutter_agent.web.application import application

FIRST = (
    "LUẬT THỬ L1\nĐiều 1. Phạm vi điều chỉnh\nĐiều 2. Quyền sử dụng đất\n1. Khoản một\n2. Khoản hai\nĐiều 3. Hiệu lực\n"
)
SECOND = FIRST.replace("Khoản hai", "Khoản hai được sửa")


@dataclass
class Program:
    """A program that reads."""

    web: WebRoom
    token: str
    client: TestClient

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers={"Authorization": f"Bearer {self.token}"} | headers)

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()


def program(web: WebRoom) -> Program:
    """A program with a token of its own."""
    token = web.site.tokens.add("reader", days=1, now=datetime.now(UTC))
    client = TestClient(application(web.site), base_url="http://127.0.0.1", follow_redirects=False)
    return Program(web=web, token=token, client=client)


@pytest.fixture
def api(web: WebRoom) -> Program:
    """Two cuts of one document, and a second document."""
    proven(web.ledger, FIRST.encode())
    proven(web.ledger, SECOND.encode())
    proven(web.ledger, b"LAW A9\n" + "Điều 1. Một\n".encode(), code="A9")
    return program(web)
