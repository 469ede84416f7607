"""A statement is what its parse tree says, whatever its first keyword says."""

from __future__ import annotations

import pytest

from pg_dryrun import fingerprint


@pytest.mark.parametrize(
    ("text", "forbidden"),
    [
        ("WITH d AS (DELETE FROM a.b RETURNING 1) SELECT 1 FROM d", ("DELETE",)),
        ("EXPLAIN ANALYZE DELETE FROM t", ("DELETE",)),
        ("/* harmless */ DELETE FROM t", ("DELETE",)),
        ("COPY (DELETE FROM t RETURNING *) TO STDOUT", ("DELETE",)),
        ("PREPARE p AS DELETE FROM t", ("DELETE",)),
        ("SELECT 1; TRUNCATE a.b", ("TRUNCATE",)),
        ("DO $$ BEGIN DELETE FROM t; END $$", ("DO",)),
        ("CALL tidy()", ("CALL",)),
        ("SET ROLE boss", ("SET ROLE",)),
        ("RESET ROLE", ("SET ROLE",)),
        ("SET SESSION AUTHORIZATION boss", ("SET SESSION_AUTHORIZATION",)),
        ("SELECT set_config('role', 'boss', false)", ("SET ROLE",)),
        ("SELECT pg_catalog.set_config('role', 'boss', false)", ("SET ROLE",)),
        ("MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE", ("MERGE",)),
        ("GRANT SELECT ON t TO PUBLIC", ("GRANT",)),
        ("ALTER TABLE t ADD x int", ("ALTER TABLE",)),
        ("DROP TABLE t", ("DROP",)),
        ("CREATE INDEX ON t (x)", ("INDEX",)),
        ("CREATE VIEW v AS SELECT 1", ("VIEW",)),
        ("SELECT * FROM t FOR UPDATE", ()),
        ("INSERT INTO a.b (x) VALUES ($1)", ()),
        ("SELECT set_config('work_mem', '1MB', false)", ()),
    ],
)
def test_forbidden_verbs_are_found_wherever_they_hide(text: str, forbidden: tuple[str, ...]) -> None:
    assert fingerprint.of(text).forbidden() == forbidden


def test_constants_and_placeholders_make_no_difference() -> None:
    one = fingerprint.of("INSERT INTO a.b (x, y) VALUES ($1, $2)")
    assert one.hex == fingerprint.of("insert into a.b(x,y) values (1, 'z')").hex
    assert one.hex != fingerprint.of("INSERT INTO a.b (x, z) VALUES ($1, $2)").hex
    assert one.verbs == {"INSERT"}
    assert one.targets == {("INSERT", "a.b")}


def test_the_isolation_level_is_part_of_the_print() -> None:
    levels = {
        fingerprint.of(f"BEGIN ISOLATION LEVEL {level}").hex
        for level in ("SERIALIZABLE", "REPEATABLE READ", "READ COMMITTED", "READ COMMITTED READ ONLY")
    }
    assert len(levels) == 4


def test_targets_and_functions_are_named() -> None:
    seen = fingerprint.of("SELECT s.f(1) FROM a.b JOIN c ON true WHERE EXISTS (SELECT FROM d.e)")
    assert seen.functions == {"s.f"}
    assert seen.targets == {("SELECT", "a.b"), ("SELECT", "c"), ("SELECT", "d.e")}


def test_what_does_not_parse_is_still_told_apart() -> None:
    one, other = fingerprint.of("selekt 1"), fingerprint.of("selekt 2")
    assert one.parse_error
    assert one.hex.startswith("unparsed:")
    assert one.hex != other.hex


def test_a_text_of_several_statements_is_taken_apart() -> None:
    assert fingerprint.parts("SELECT 1; TRUNCATE a") == ("SELECT 1", "TRUNCATE a")
    assert fingerprint.of("SELECT 1; TRUNCATE a").statements == 2
