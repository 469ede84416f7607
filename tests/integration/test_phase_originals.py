"""Files that texts are made from: kept once, bound by the manifest, proven by the verifier (design 4.4)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.formats_room import law_docx, p, read
from tests.pipeline_room import MARKER, OPERATOR, Ledger, law

from cutter_agent.formats import Conversion
from cutter_agent.manifest import parse
from cutter_agent.originals import Rendition
from cutter_agent.phases import mark, originals
from cutter_agent.phases.originals import Converted

DELETED = '<w:del w:author="An"><w:r><w:delText>bớt đi</w:delText></w:r></w:del>'
TABLES = ("iu.source_original", "iu.source_rendering")


def converted(data: bytes, made: Conversion) -> Converted:
    rendition = Rendition(
        data=data, media_type=made.format.media_type, reader=made.reader, map=made.map, map_sha256=made.map_sha256
    )
    return Converted(rendition=rendition, losses=made.findings)


def source(ledger: Ledger, data: bytes) -> mark.Source:
    made = read(data)
    return replace(ledger.source(made.text), converted=converted(data, made))


def marked(ledger: Ledger, found: mark.Source) -> mark.MarkResult:
    marker = mark.Marker(identity=MARKER, tool_revision="rev-1")
    return mark.mark(ledger.executor, source=found, profile=ledger.profile, marker=marker, clock=ledger.clock)


def applied(ledger: Ledger, data: bytes) -> str:
    """Marked, approved and cut."""
    entry_id = marked(ledger, source(ledger, data)).entry.entry_id
    ledger.sweep()
    ledger.judge(entry_id)
    ledger.cut(entry_id)
    return entry_id


def defects(ledger: Ledger, entry_id: str) -> set[str]:
    return {str(finding["code"]) for finding in ledger.verify(entry_id).result.findings}


def test_mark_writes_the_original_its_map_and_every_loss_into_the_proposal(ledger: Ledger) -> None:
    data = law_docx(p("x", inside=DELETED))
    result = marked(ledger, source(ledger, data))
    assert ledger.counts(TABLES) == {"source_original": 1, "source_rendering": 1}
    assert ledger.admin("SELECT bytes FROM iu.source_original") == [(data,)]
    stored = ledger.admin("SELECT canonical_json FROM iu.manifest")[0][0]
    manifest = parse(stored)
    assert manifest.original == source(ledger, data).converted.rendition.named  # type: ignore[union-attr]
    assert "tracked_deletion" in {finding.code for finding in manifest.findings}
    assert result.entry.request.exception_count == 1
    assert marked(ledger, source(ledger, data)).created is False
    assert ledger.counts(TABLES) == {"source_original": 1, "source_rendering": 1}


def test_a_text_of_its_own_has_no_original(ledger: Ledger) -> None:
    ledger.mark(law(2))
    assert ledger.counts(TABLES) == {}
    assert b'"original"' not in ledger.admin("SELECT canonical_json FROM iu.manifest")[0][0]


def test_the_same_text_from_another_file_is_kept_beside_the_first_and_no_ledger_row_is_written(ledger: Ledger) -> None:
    first, second = law_docx(), law_docx("<!-- saved again -->")
    entry_id = applied(ledger, first)
    ledger.verify(entry_id)
    before = ledger.everything()
    again = source(ledger, second)
    assert marked(ledger, again).created is False
    assert again.converted is not None
    for kept in (True, False):
        found = originals.keep(ledger.executor, again.data, again.converted, again, by=OPERATOR, clock=ledger.clock)
        assert found is kept
    after = dict(ledger.everything())
    assert (after.pop("source_original"), after.pop("source_rendering")) == (2, 2)
    assert after == {
        name: count for name, count in before.items() if not name.startswith("source_o") and name != "source_rendering"
    }


def test_an_original_of_a_text_that_is_not_stored_is_not_kept(ledger: Ledger) -> None:
    found = source(ledger, law_docx())
    assert found.converted is not None
    assert not originals.keep(ledger.executor, found.data, found.converted, found, by=OPERATOR, clock=ledger.clock)
    assert ledger.counts(TABLES) == {}


def test_a_sound_original_is_proven(ledger: Ledger) -> None:
    assert defects(ledger, applied(ledger, law_docx(p("x", inside=DELETED)))) == set()


BREAK = "ALTER TABLE iu.source_original DROP CONSTRAINT source_original_digest_is_true"
LENGTH = "ALTER TABLE iu.source_original DROP CONSTRAINT source_original_length_is_true"
SHIFT = """UPDATE iu.source_rendering
    SET map = convert_to(replace(convert_from(map, 'UTF8'), '"runs":[[0,', '"runs":[[1,'), 'UTF8')"""
MAP = "ALTER TABLE iu.source_rendering DROP CONSTRAINT source_rendering_map_digest_is_true"


@pytest.mark.parametrize(
    ("queries", "found"),
    [
        (
            [BREAK, "UPDATE iu.source_original SET bytes = set_byte(bytes, 9, 255 - get_byte(bytes, 9))"],
            {"original_bytes"},
        ),
        ([LENGTH, "UPDATE iu.source_original SET byte_length = byte_length + 1"], {"original_bytes", "original_row"}),
        (["UPDATE iu.source_original SET media_type = 'text/plain'"], {"original_row"}),
        (["UPDATE iu.source_rendering SET reader = 'docx/2'"], {"original_row", "map"}),
        (["DELETE FROM iu.source_rendering"], {"original_missing"}),
        ([MAP, "UPDATE iu.source_rendering SET map = set_byte(map, 0, 32)"], {"map_digest", "originals_unreadable"}),
        (
            [
                MAP,
                SHIFT,
            ],
            {"map_digest", "map"},
        ),
    ],
)
def test_the_verifier_finds_what_was_changed_about_an_original(
    ledger: Ledger, queries: list[str], found: set[str]
) -> None:
    entry_id = applied(ledger, law_docx())
    ledger.tamper(*queries)
    assert defects(ledger, entry_id) == found


def test_a_loss_that_the_reviewer_was_not_told_is_found(ledger: Ledger) -> None:
    data = law_docx(p("x", inside=DELETED))
    honest = source(ledger, data)
    assert honest.converted is not None
    silent = replace(honest, converted=replace(honest.converted, losses=()))
    entry_id = marked(ledger, silent).entry.entry_id
    ledger.sweep()
    ledger.judge(entry_id)
    ledger.cut(entry_id)
    assert defects(ledger, entry_id) == {"loss_untold"}


def test_an_edited_file_is_cut_again_with_its_own_original(ledger: Ledger) -> None:
    first = applied(ledger, law_docx())
    ledger.verify(first)
    again = applied(ledger, law_docx(p("Thêm một đoạn.")))
    assert again != first
    assert ledger.verify(again).passed
    assert ledger.counts(TABLES) == {"source_original": 2, "source_rendering": 2}


@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize(("table", "column"), [("iu.source_original", "media_type"), ("iu.source_rendering", "label")])
def test_the_server_keeps_the_rows_as_they_are(ledger: Ledger, statement: str, table: str, column: str) -> None:
    import psycopg  # noqa: PLC0415

    marked(ledger, source(ledger, law_docx()))
    with pytest.raises(psycopg.errors.RestrictViolation):
        ledger.admin(statement.format(table, column, column))
