"""The API keeps what its description promises: generated requests, right and wrong ones, in this process."""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from tests.api_room import Program

from cutter_agent.web.api.openapi import PATH
from cutter_agent.web.api.routes import ROUTES
from cutter_agent.web.application import application

FOUND = {"code": ["L1", "A9"], "address": ["L1-DIEU1", "L1-DIEU2-K2", "A9-DIEU1"], "version": [1], "q": ["khoan"]}
"""Each right request is sent once more for what is there: generated names hit nothing."""
EXAMPLES = 300 if os.environ.get("DOT_CUTTER_CAMPAIGN") == "full" else 3
HOST = {"Host": "127.0.0.1"}


@pytest.mark.parametrize("mode", GenerationMode)
def test_every_answer_is_one_that_was_described(api: Program, mode: GenerationMode) -> None:
    """Status, media type, headers and body of each; wrong requests are refused (schemathesis' own checks)."""
    schema = schemathesis.openapi.from_asgi(PATH, application(api.web.site), headers=HOST)
    headers = HOST | {"Authorization": f"Bearer {api.token}"}
    operations = {result.ok().definition.raw["operationId"]: result.ok() for result in schema.get_all_operations()}
    assert operations.keys() == {route.name for route in ROUTES}
    answered = {name: _answers(operation, mode, headers) for name, operation in operations.items()}
    assert all(status < 500 for statuses in answered.values() for status in statuses)
    if mode is GenerationMode.POSITIVE:
        assert [name for name, statuses in answered.items() if 200 not in statuses] == []


def _answers(operation: APIOperation[Any, Any, Any], mode: GenerationMode, headers: dict[str, str]) -> set[int]:
    statuses: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES < 100,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def conforms(case: Case) -> None:
        statuses.add(case.call_and_validate(headers=headers).status_code)
        if mode is GenerationMode.POSITIVE:
            _aim(case, len(statuses))
            statuses.add(case.call_and_validate(headers=headers).status_code)

    conforms()
    return statuses


def _aim(case: Case, turn: int) -> None:
    for place in (case.path_parameters, case.query):
        for name, values in FOUND.items():
            if place and name in place:
                place[name] = values[turn % len(values)]
    if case.query:
        for name in ("as_of", "document", "offset"):
            case.query.pop(name, None)
