"""``python -m cutter_agent.web.api.reference``: docs/reference/api.md, from the OpenAPI document. A test compares."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from cutter_agent.web.api import openapi, problem

_HEAD = """# The JSON API

Generated from the code (`python -m cutter_agent.web.api.reference`); a test compares. The same for programs:
`/api/v1/openapi.json` (OpenAPI 3.1), which everybody may read.

`iu-cutter serve` answers it beside its pages. It only reads. A program brings a token, which `iu-cutter serve token add
NAME` makes and shows once; a browser that has signed in brings its session:

```text
Authorization: Bearer iut_…
```

| problem | when |
|---|---|
| 400 | a parameter is not what it can be |
| 401 | no token that holds, and no session |
| 404 | there is no such thing |
| 500 | what is stored cannot be read; the operator's log says more under the `number` |
| 503 | the database cannot be reached: try again |

Every answer has a strong `ETag`; with `If-None-Match` it is 304 where nothing has changed. A list has `items`, `count`
and `next`, the address of its next part or null. Errors are `application/problem+json` (RFC 9457) with a stable `code`.
Unknown parameters are refused. Members may be added to answers in a later release, and none is renamed or removed.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_paths(openapi.document()), *_shapes(openapi.document())]).rstrip() + "\n"


def _paths(document: Mapping[str, Any]) -> Iterator[str]:
    for path, item in document["paths"].items():
        operation = item["get"]
        yield f"## `GET {path}`\n"
        yield f"{operation['summary']}\n"
        if operation.get("parameters"):
            yield "| parameter | in | what |\n|---|---|---|"
            yield from (_parameter(each) for each in operation["parameters"])
            yield ""
        yield "| answer | what |\n|---|---|"
        yield from _responses(operation["responses"])
        yield ""


def _parameter(each: Mapping[str, Any]) -> str:
    schema = each["schema"]
    if schema["type"] == "integer":
        bounds = f" {schema['minimum']} to {schema['maximum']}"
        bounds += f", else {schema['default']}." if "default" in schema else "."
    else:
        bounds = f" At most {schema['maxLength']} characters."
    needed = " Needed." if each["required"] and each["in"] == "query" else ""
    return f"| `{each['name']}` | {each['in']} | {each['description']}{bounds}{needed} |"


def _responses(responses: Mapping[str, Any]) -> Iterator[str]:
    """One line for each answer; what went wrong in one line for all."""
    problems = [status for status, each in responses.items() if problem.MEDIA_TYPE in each.get("content", {})]
    for status, each in responses.items():
        if status not in problems:
            yield _response(status, each)
    if problems:
        yield f"| {', '.join(problems)} | What went wrong. [Problem](#problem) |"


def _response(status: str, each: Mapping[str, Any]) -> str:
    kinds = [
        f"[{name}](#{name.lower()})" if (name := body["schema"].get("$ref", "").rsplit("/", 1)[-1]) else kind
        for kind, body in each.get("content", {}).items()
    ]
    return f"| {status} | {each['description']}{' ' + ', '.join(kinds) if kinds else ''} |"


def _shapes(document: Mapping[str, Any]) -> Iterator[str]:
    yield "## Shapes\n"
    for name, schema in document["components"]["schemas"].items():
        yield f"## {name}\n"
        yield f"{schema['description']}\n"
        yield "| member | what |\n|---|---|"
        for member, each in schema["properties"].items():
            yield f"| `{member}` | {_kind(each)} |"
        yield ""


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'])}"
    if schema["type"] == "object" and "properties" in schema:
        return "{" + ", ".join(f"`{each}`" for each in schema["properties"]) + "}"
    return f"{schema['type']} ({schema['format']})" if "format" in schema else str(schema["type"])


if __name__ == "__main__":
    sys.stdout.write(page())
