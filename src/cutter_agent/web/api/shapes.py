"""What the answers look like: JSON Schema 2020-12, as OpenAPI 3.1 has it. Members may be added, none is taken away."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

ADDRESS: Schema = {"type": "string", "minLength": 1, "maxLength": 400, "description": "a canonical address"}
SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
COUNT: Schema = {"type": "integer", "minimum": 0}
UUID: Schema = {"type": "string", "format": "uuid"}
LINK: Schema = {"type": "string", "format": "uri-reference"}
TEXT: Schema = {"type": "string"}
UNIT_STATUS: Schema = {"enum": ["draft", "enacted", "retired"]}


def optional(schema: Schema) -> Schema:
    """``schema`` or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def record(about: str, **members: Schema) -> Schema:
    """An object that has all of these members."""
    return {"type": "object", "description": about, "required": list(members), "properties": members}


def many(schema: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": schema}


def ref(name: str) -> Schema:
    """A named shape."""
    return {"$ref": f"#/components/schemas/{name}"}


def page(name: str, about: str) -> Schema:
    """A part of a list, and where the next part is."""
    return record(about, items=many(ref(name)), count=COUNT, next=optional(LINK))


DOCUMENT: dict[str, Schema] = {
    "document_ref": TEXT,
    "document_code": ADDRESS,
    "profile": TEXT,
    "title": TEXT,
    "created_at": MOMENT,
    "url": LINK,
}
UNIT: dict[str, Schema] = {
    "address": ADDRESS,
    "unit_id": UUID,
    "kind": TEXT,
    "section_type": TEXT,
    "number": optional(TEXT),
    "parent": optional(ADDRESS),
    "status": UNIT_STATUS,
    "version": {"type": "integer", "minimum": 1},
    "since_cut": {"type": "integer", "minimum": 1},
    "content_sha256": SHA256,
    "url": LINK,
}
VERSION: dict[str, Schema] = {
    "version": {"type": "integer", "minimum": 1},
    "since_cut": {"type": "integer", "minimum": 1},
    "content_sha256": SHA256,
    "status": UNIT_STATUS,
    "ends_life": {"type": "boolean"},
    "change_set_id": UUID,
    "url": LINK,
}

SHAPES: dict[str, Schema] = {
    "Document": record("A document of the unit store.", **DOCUMENT),
    "Cut": record(
        "One cut of a document.",
        cut_seq={"type": "integer", "minimum": 1},
        cut_at=MOMENT,
        change_set_id=UUID,
        entry_id=UUID,
        status=TEXT,
        affected_units=COUNT,
        manifest_digest=SHA256,
        snapshot_sha256=SHA256,
        units_url=LINK,
    ),
    "DocumentWithCuts": record("A document and its cuts, the oldest first.", **DOCUMENT, cuts=many(ref("Cut"))),
    "Unit": record("A unit as of a cut, in document order.", **UNIT, text=TEXT),
    "UnitFacts": record(
        "A unit as it is now. `leads_to`: the living unit that its address leads to, null where nothing goes on.",
        address=ADDRESS,
        unit_id=UUID,
        document_ref=TEXT,
        document_code=ADDRESS,
        kind=TEXT,
        section_type=TEXT,
        number=optional(TEXT),
        parent=optional(ADDRESS),
        status=UNIT_STATUS,
        leads_to=optional(ADDRESS),
        aliases=many(record("Another name.", name=TEXT, kind=TEXT, since=MOMENT, rationale=TEXT)),
        newest=optional(ref("Version")),
        url=LINK,
        versions_url=LINK,
    ),
    "Version": record("A version of a unit.", **VERSION),
    "VersionWithText": record("A version of a unit with its text.", **VERSION, address=ADDRESS, text=TEXT),
    "Move": record(
        "One move of one entry in the ledger. `reviewer`: who decided, where it is a decision.",
        entry_id=UUID,
        version=COUNT,
        change_kind=TEXT,
        changed_at=MOMENT,
        changed_by=TEXT,
        reviewer=optional(TEXT),
        rationale=TEXT,
    ),
    "Hit": record(
        "A living unit that has the words. `exact`: with the very marks that were asked for.",
        address=ADDRESS,
        document_ref=TEXT,
        document_code=ADDRESS,
        kind=TEXT,
        number=optional(TEXT),
        version={"type": "integer", "minimum": 1},
        since_cut={"type": "integer", "minimum": 1},
        content_sha256=SHA256,
        exact={"type": "boolean"},
        snippet=many(record("A piece of text.", text=TEXT, match={"type": "boolean"})),
        url=LINK,
    ),
    "Problem": record(
        "What went wrong (RFC 9457). `code` is stable. `number`: under it the operator's log says more.",
        type=LINK,
        title=TEXT,
        status={"type": "integer"},
        code=TEXT,
        detail=TEXT,
    ),
    "Documents": page("Document", "Documents by their codes."),
    "Units": page("Unit", "Units of a document as of a cut, in order."),
    "Versions": page("Version", "Versions of a unit, the oldest first."),
    "Ledger": page("Move", "Moves, the oldest first."),
    "Hits": {
        **page("Hit", "Units by their words, the best first. `has_more`: more units than `count` have them."),
    },
}
SHAPES["Hits"]["properties"]["has_more"] = {"type": "boolean"}
SHAPES["Hits"]["required"].append("has_more")
SHAPES["Problem"]["properties"] |= {"remedy": TEXT, "number": TEXT}
