"""The OpenAPI 3.1 document, made from the table of routes and the shapes."""

from __future__ import annotations

from typing import Any

from cutter_agent.web.api.asking import Asked, Parameter
from cutter_agent.web.api.records import PREFIX
from cutter_agent.web.api.routes import ROUTES
from cutter_agent.web.api.shapes import SHAPES, ref

PATH = f"{PREFIX}/openapi.json"
VERSION = "1.0"
_ETAG = {"description": "Strong; what `If-None-Match` names is answered with 304.", "schema": {"type": "string"}}


def document() -> dict[str, Any]:
    """The document."""
    paths = {each.path: {"get": _operation(each)} for each in ROUTES}
    paths[PATH] = {
        "get": {
            "operationId": "getOpenApi",
            "summary": "This document. Everybody may read it.",
            "security": [],
            "responses": {
                "200": {
                    "description": "OpenAPI 3.1",
                    "headers": {"ETag": _ETAG},
                    "content": {"application/json": {"schema": {"type": "object"}}},
                },
                "304": {"description": "What `If-None-Match` names."},
            },
        }
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "dot-iu-cutter",
            "version": VERSION,
            "description": "Units, versions and ledger, read-only.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": SHAPES,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "iu-cutter serve token add NAME"},
                "session": {"type": "apiKey", "in": "cookie", "name": "iu_session"},
            },
        },
    }


def _operation(asked: Asked) -> dict[str, Any]:
    is_text = asked.shape == "text/plain"
    content = (
        {"text/plain": {"schema": {"type": "string"}}}
        if is_text
        else {"application/json": {"schema": ref(asked.shape)}}
    )
    responses: dict[str, Any] = {
        "200": {"description": "There it is.", "headers": {"ETag": _ETAG}, "content": content},
        "304": {"description": "What `If-None-Match` names."},
    }
    if any(each.in_path for each in asked.parameters):
        header = {"required": True, "schema": {"type": "string", "format": "uri-reference"}}
        responses["308"] = {"description": "This is another name of it.", "headers": {"Location": header}}
    for status, about in (
        ("400", "A parameter is not what it can be."),
        ("401", "No token that holds, and no session."),
        ("404", "There is no such thing."),
        ("500", "What is stored cannot be read; the operator's log says more."),
        ("503", "The database cannot be reached: try again."),
    ):
        responses[status] = {"description": about, "content": {"application/problem+json": {"schema": ref("Problem")}}}
    return {
        "operationId": asked.name,
        "summary": asked.about,
        "parameters": [_parameter(each) for each in asked.parameters],
        "responses": responses,
    }


def _parameter(each: Parameter) -> dict[str, Any]:
    place = "path" if each.in_path else "query"
    return {
        "name": each.name,
        "in": place,
        "required": each.required,
        "description": each.about,
        "schema": each.schema(),
    }
