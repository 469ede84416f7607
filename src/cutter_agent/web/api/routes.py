"""Every address of the API: the one table that the door, the OpenAPI document and the reference page are made from."""

from __future__ import annotations

from cutter_agent.searching import MOST_ASKED_CHARACTERS, MOST_RANKED
from cutter_agent.web.api import answers
from cutter_agent.web.api.asking import DEFAULT_ITEMS, MOST_ITEMS, MOST_OFFSET, Asked, Parameter
from cutter_agent.web.api.records import PREFIX

_CODE = Parameter(name="code", about="The document's code.", most=400, required=True, in_path=True)
_ADDRESS = Parameter(
    name="address",
    about="A canonical address, or another name of the unit: that is redirected (308).",
    most=400,
    required=True,
    in_path=True,
)
_VERSION = Parameter(
    name="version", about="The version's number.", least=1, most=999_999_999, required=True, in_path=True
)
_LIMIT = Parameter(name="limit", about="At most so many items.", least=1, most=MOST_ITEMS, default=DEFAULT_ITEMS)
_OFFSET = Parameter(name="offset", about="Leave out so many items.", least=0, most=MOST_OFFSET, default=0)
_PAGE = (_LIMIT, _OFFSET)

ROUTES: tuple[Asked, ...] = (
    Asked(
        path=f"{PREFIX}/documents",
        name="listDocuments",
        about="Documents by their codes.",
        shape="Documents",
        answer=answers.documents,
        parameters=_PAGE,
    ),
    Asked(
        path=f"{PREFIX}/documents/{{code}}",
        name="getDocument",
        about="One document with its cuts.",
        shape="DocumentWithCuts",
        answer=answers.document,
        parameters=(_CODE,),
    ),
    Asked(
        path=f"{PREFIX}/documents/{{code}}/units",
        name="listUnits",
        about="The units of a document as of a cut, in order, with their texts: together they are the document.",
        shape="Units",
        answer=answers.units,
        parameters=(
            _CODE,
            Parameter(name="as_of", about="As of this cut. Default: the newest.", least=1, most=999_999_999),
            *_PAGE,
        ),
    ),
    Asked(
        path=f"{PREFIX}/documents/{{code}}/ledger",
        name="listMoves",
        about="Every move of every entry of a document, the oldest first.",
        shape="Ledger",
        answer=answers.ledger,
        parameters=(_CODE, *_PAGE),
    ),
    Asked(
        path=f"{PREFIX}/units/{{address}}",
        name="getUnit",
        about="One unit, wherever it was cut: its address never changes.",
        shape="UnitFacts",
        answer=answers.unit,
        parameters=(_ADDRESS,),
    ),
    Asked(
        path=f"{PREFIX}/units/{{address}}/versions",
        name="listVersions",
        about="The versions of a unit, the oldest first.",
        shape="Versions",
        answer=answers.versions,
        parameters=(_ADDRESS, *_PAGE),
    ),
    Asked(
        path=f"{PREFIX}/units/{{address}}/versions/{{version}}",
        name="getVersion",
        about="One version with its text.",
        shape="VersionWithText",
        answer=answers.version,
        parameters=(_ADDRESS, _VERSION),
    ),
    Asked(
        path=f"{PREFIX}/units/{{address}}/versions/{{version}}/text",
        name="getText",
        about="The text of a version, byte for byte. Its ETag is its SHA-256.",
        shape="text/plain",
        answer=answers.text,
        parameters=(_ADDRESS, _VERSION),
    ),
    Asked(
        path=f"{PREFIX}/search",
        name="search",
        about='Living units by their words: with marks and without, `"a phrase"`, `or`, `-without`. The best first.',
        shape="Hits",
        answer=answers.search,
        parameters=(
            Parameter(name="q", about="The words.", most=MOST_ASKED_CHARACTERS, required=True),
            Parameter(name="document", about="Only in this document: its code or reference.", most=400),
            Parameter(name="limit", about="At most so many units.", least=1, most=100, default=20),
            Parameter(name="offset", about="Leave out so many units.", least=0, most=MOST_RANKED, default=0),
        ),
    ),
)
