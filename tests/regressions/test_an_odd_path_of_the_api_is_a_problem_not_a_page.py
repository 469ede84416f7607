"""A line end in a path below ``/api/`` was answered with the site's page of HTML: starlette's mounts do not match it.

Found by generated wrong requests (the full form of ``tests/integration/test_api_conforms.py``).
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient
from tests.web_room import WebRoom

from cutter_agent.web.application import application


@pytest.mark.parametrize("path", ["/api/v1/documents/%0Ax", "/api/%0A", "/api/v1/units/a%0D%0Ab/versions"])
def test_a_line_end_in_a_path(web: WebRoom, path: str) -> None:
    token = web.site.tokens.add("reader", days=1, now=datetime.now(UTC))
    client = TestClient(application(web.site), base_url="http://127.0.0.1")
    answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"
