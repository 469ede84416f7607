"""The manifest: one spelling, read back strictly, never a body."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutter_agent.errors import InputRefused, ManifestInvalid
from cutter_agent.manifest import as_json, build, parse, parse_proposal, seal
from cutter_agent.model import Finding, Manifest, OperationKind, RiskClass, Segmentation, Severity, Unit
from cutter_agent.unit_id_forms import UnitIdForm
from cutter_agent.validation import checks, exceptions

TEXT = "Điều 1. Một\nĐiều 2. Hai\n".encode()
CUT_AT = TEXT.index("Điều 2".encode())


def unit(start: int, end: int, address: str, parent: str | None = None) -> Unit:
    return Unit(
        start_byte=start,
        end_byte=end,
        level="dieu",
        number=address[-1],
        address=address,
        kind="article",
        parent=parent,
        content_sha256=hashlib.sha256(TEXT[start:end]).hexdigest(),
    )


def manifest(**changes: object) -> Manifest:
    made = build(
        Segmentation(
            snapshot_sha256=hashlib.sha256(TEXT).hexdigest(),
            byte_length=len(TEXT),
            profile_id="vn-law",
            profile_version="1",
            document_code="L1",
            units=(unit(0, CUT_AT, "L1-DIEU1"), unit(CUT_AT, len(TEXT), "L1-DIEU2")),
            findings=(Finding(code="gap", severity=Severity.EXCEPTION, start_byte=3, message="thiếu điều"),),
        ),
        document_ref="law/L1",
        title="Luật",
        tool_revision="rev",
        marked_by="agent:m",
        risk_class=RiskClass.HIGH,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_it_comes_back_as_it_was() -> None:
    sealed = seal(manifest())
    assert parse(sealed.canonical) == sealed.manifest
    assert sealed.digest == hashlib.sha256(sealed.canonical).hexdigest()
    assert seal(parse(sealed.canonical)) == sealed


def test_the_spelling_does_not_depend_on_the_order_of_members() -> None:
    document = json.loads(seal(manifest()).canonical)
    shuffled = json.dumps(dict(reversed(list(document.items()))), indent=3).encode()
    assert seal(parse(shuffled)).digest == seal(manifest()).digest


@pytest.mark.parametrize("name", ["marked_by", "document_ref", "title", "tool_revision", "profile_version"])
def test_the_digest_binds_the_header(name: str) -> None:
    other = replace(manifest(), header=replace(manifest().header, **{name: "other"}))
    assert seal(other).digest != seal(manifest()).digest


def test_a_header_that_says_no_form_of_ids_has_the_first_one_and_keeps_its_spelling() -> None:
    new, old = manifest(), replace(manifest(), header=replace(manifest().header, unit_id_form=UnitIdForm.BY_ADDRESS))
    assert json.loads(seal(new).canonical)["header"]["unit_id_form"] == "uuid8"
    assert "unit_id_form" not in json.loads(seal(old).canonical)["header"]
    for each in (new, old):
        assert parse(seal(each).canonical).header.unit_id_form is each.header.unit_id_form
        assert seal(parse(seal(each).canonical)).canonical == seal(each).canonical


@pytest.mark.parametrize("said", ["uuid4", "", None, 8])
def test_a_form_of_ids_that_nobody_knows_is_refused(said: object) -> None:
    document = json.loads(seal(manifest()).canonical)
    document["header"]["unit_id_form"] = said
    with pytest.raises(ManifestInvalid) as refused:
        parse(json.dumps(document).encode())
    assert ["unit_id_form" in problem.message for problem in refused.value.problems] == [True]


def test_no_body_is_in_it() -> None:
    assert "Một".encode() not in seal(manifest()).canonical


def broken(change: str) -> bytes:
    document = msgspec.json.decode(seal(manifest()).canonical)
    exec(change, {"d": document})  # noqa: S102 - the cases below are this file's own
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("change", "said", "index"),
    [
        ("d['units'][1]['body'] = 'x'", "unknown member 'body'", 1),
        ("d['units'][1]['start_byte'] = '7'", "start_byte is a str, expected int", 1),
        ("d['units'][1]['start_byte'] = 7.0", "start_byte is a float, expected int", 1),
        ("d['units'][1]['start_byte'] = True", "start_byte is a bool, expected int", 1),
        ("del d['units'][0]['address']", "member 'address' is missing", 0),
        ("d['units'][0]['role'] = 'extra'", "role 'extra' is none of origin, result", 0),
        ("d['units'][0] = []", "an object is required", 0),
        ("d['units'] = {}", "a list is required", None),
        ("d['format'] = 'iu-manifest/2'", "format is 'iu-manifest/2'", None),
        ("d['extra'] = 1", "unknown member 'extra'", None),
        ("d['header']['risk_class'] = 'none'", "risk_class 'none' is none of", None),
        ("d['header']['operation_kind'] = 'cut'", "operation_kind 'cut' is none of", None),
        ("d['findings'][0]['severity'] = 'bad'", "severity 'bad' is none of", None),
    ],
)
def test_structure_is_strict(change: str, said: str, index: int | None) -> None:
    with pytest.raises(ManifestInvalid) as refused:
        parse(broken(change))
    assert [(said in problem.message, problem.block_index) for problem in refused.value.problems] == [(True, index)]


def test_all_structural_problems_at_once() -> None:
    change = "d['units'][0]['x'] = 1; d['units'][1]['kind'] = None; del d['header']['title']"
    with pytest.raises(ManifestInvalid) as refused:
        parse(broken(change))
    assert [problem.block_index for problem in refused.value.problems] == [None, 0, 1]


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b'"x"', b"[" * 100_000])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(InputRefused):
        parse(data)


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    with pytest.raises(InputRefused):
        parse(data)


def test_a_proposal_takes_the_callers_identity_and_gets_an_exception() -> None:
    document = as_json(manifest())
    assert isinstance(document, dict)
    del document["header"]["marked_by"], document["findings"]
    document["header"]["unit_id_form"] = UnitIdForm.BY_ADDRESS.value
    for one in document["units"]:
        del one["unit_local_id"], one["role"]
    made = parse_proposal(
        json.dumps(document).encode(), marked_by="agent:x", tool_revision="r9", byte_length=1, snapshot_sha256="s"
    )
    assert (made.header.marked_by, made.header.tool_revision) == ("agent:x", "r9")
    assert made.header.operation_kind is OperationKind.FIRST_CUT
    assert made.header.unit_id_form is UnitIdForm.BY_DOCUMENT, "how units are named is ours to say, too"
    assert [found.code for found in exceptions(made)] == ["external_manifest"]
    assert made.units == manifest().units


def test_a_decision_records_every_check_and_every_finding() -> None:
    assert checks(manifest().findings)[-1] == {"check": "gap", "result": "exception", "count": 1}
