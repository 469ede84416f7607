"""What PostgreSQL itself rewrites in a dump and restore is no difference; everything else is."""

from __future__ import annotations

import pytest

from pg_dryrun.observer.schema import SchemaFingerprint, normalised


@pytest.mark.parametrize(
    ("deployed", "restored"),
    [
        (
            "CHECK (((code)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[])))",
            "CHECK (((code)::text = ANY (ARRAY[('x'::character varying)::text, ('y'::character varying)::text])))",
        ),
        ("label = 'a'::text", "label = 'a'::character varying"),
        ("('it''s (fine)'::character varying)::text", "'it''s (fine)'::text"),
    ],
)
def test_string_casts_make_no_difference(deployed: str, restored: str) -> None:
    assert normalised(deployed) == normalised(restored)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CHECK (code = ANY (ARRAY['x'::text, 'y'::text]))", "CHECK (code = ANY (ARRAY['x'::text, 'z'::text]))"),
        ("CHECK ((a OR b) AND c)", "CHECK (a OR (b AND c))"),
        ("CHECK (a::integer > 1)", "CHECK (a::bigint > 1)"),
        ("CHECK (a = 'x')", "CHECK (a <> 'x')"),
        ("CHECK (a * (b + c) > 0)", "CHECK (a * b + c > 0)"),
    ],
)
def test_everything_else_does(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


def test_a_difference_names_section_side_and_line() -> None:
    here = SchemaFingerprint(digest="1", sections={"views": ("a", "b"), "rules": ()})
    there = SchemaFingerprint(digest="2", sections={"views": ("b", "c"), "policies": ("p",)})
    assert here.difference(there) == ("policies: + p", "views: - a", "views: + c")
