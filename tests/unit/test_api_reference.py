"""The API's reference page is what the code says, and its description is OpenAPI 3.1."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest

from cutter_agent.web.api import openapi, reference
from cutter_agent.web.api.routes import ROUTES
from cutter_agent.web.api.shapes import SHAPES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "api.md"


def test_the_page_is_what_the_code_says() -> None:
    remake = "python -m cutter_agent.web.api.reference > docs/reference/api.md"
    assert PAGE.read_text("utf-8") == reference.page(), remake


def test_every_named_shape_is_there_and_used() -> None:
    text = json.dumps(openapi.document())
    named = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert named == set(SHAPES)
    assert len({route.name for route in ROUTES}) == len(ROUTES) == len({route.path for route in ROUTES})


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_every_shape_is_a_json_schema(name: str) -> None:
    whole = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SHAPES}}
    assert jsonschema_rs.meta.is_valid(SHAPES[name])
    assert not jsonschema_rs.is_valid(whole, {}), "an empty object has none of its members"
