"""Messages that sessions write themselves, read as records: whole, in any pieces, and never taken for one another."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pg_dryrun.errors import ToolFault
from pg_dryrun.log_records import DirectLines, JsonLines, direct

MARKER = "pg_dryrun fence 0011"


def prefix(pid: int = 7, user: str = "app", ps: str = "SELECT") -> str:
    values = ["2026-01-02 03:04:05.678 UTC", str(pid), f"69.{pid:x}", "00000", ps, "3/4", "0", user, "shop"]
    return "\x1e" + "".join(value + "\x1f" for value in values)


def message(word: str, text: str, *, pid: int = 7, **parts: str) -> str:
    """As ``elog.c`` writes it: a prefix before each part, a tab behind each line break of a text."""
    return "".join(
        f"{prefix(pid)}{name}:  {part}".replace("\n", "\n\t") + "\n" for name, part in {word: text, **parts}.items()
    )


FENCE = message("LOG", f"statement: DO $fence$ BEGIN RAISE LOG '{MARKER}'; END $fence$", pid=1)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


def test_a_statement_has_the_keys_of_a_jsonlog() -> None:
    (record,) = DirectLines().records(
        message("LOG", f"statement: SELECT 1\nFROM x -- {MARKER}").encode(), marker=MARKER
    )
    assert record == {
        "timestamp": "2026-01-02 03:04:05.678 UTC",
        "pid": "7",
        "session_id": "69.7",
        "state_code": "00000",
        "ps": "SELECT",
        "vxid": "3/4",
        "user": "app",
        "dbname": "shop",
        "error_severity": "LOG",
        "message": f"statement: SELECT 1\nFROM x -- {MARKER}",
    }


@given(
    st.lists(st.tuples(st.sampled_from(["LOG", "WARNING"]), TEXTS, TEXTS), max_size=6), st.lists(st.integers(0, 900))
)
def test_messages_come_out_as_they_went_in_whatever_the_pieces(
    sent: list[tuple[str, str, str]], cuts: list[int]
) -> None:
    whole = ("".join(message(word, text, STATEMENT=part) for word, text, part in sent) + FENCE).encode()
    places = sorted({0, len(whole), *(cut % len(whole) for cut in cuts)})
    reader = DirectLines()
    found = []
    for start, end in itertools.pairwise(places):
        found += reader.records(whole[start:end], marker=MARKER)
    assert [(r["error_severity"], r["message"], r["statement"]) for r in found[:-1]] == sent
    assert MARKER in str(found[-1]["message"])
    assert reader.rest == b""


def test_a_text_that_looks_like_a_record_is_none() -> None:
    forged = "SELECT 1;\n" + prefix(pid=666) + "LOG:  statement: DROP TABLE t"
    (first, _) = DirectLines().records((message("LOG", f"statement: {forged}") + FENCE).encode(), marker=MARKER)
    assert (first["pid"], first["message"]) == ("7", f"statement: {forged}")


def test_an_error_is_without_its_place_and_with_its_parts() -> None:
    text = message("ERROR", 'relation "y" does not exist at character 15', STATEMENT="SELECT * FROM\ny", HINT="none")
    (first, _) = DirectLines().records((text + FENCE).encode(), marker=MARKER)
    assert first["message"] == 'relation "y" does not exist'
    assert (first["statement"], first["hint"]) == ("SELECT * FROM\ny", "none")


def test_bytes_that_are_no_utf_8_are_shown() -> None:
    raw = message("LOG", "statement: SELECT 'X'").encode().replace(b"X", b"\xe9") + FENCE.encode()
    assert DirectLines().records(raw, marker=MARKER)[0]["message"] == "statement: SELECT '\\xe9'"


@pytest.mark.parametrize(
    "line",
    [
        "out of nowhere\n",
        prefix().rpartition("\x1f")[0] + "LOG:  a field too few\n",
        prefix(user="a\nb") + "LOG:  statement: SELECT 1\n",
        prefix() + "no word of severity\n",
    ],
)
def test_a_line_that_fits_nowhere_is_the_tools_fault(line: str) -> None:
    with pytest.raises(ToolFault, match="is no record"):
        DirectLines().records((line + FENCE).encode(), marker=MARKER)


def test_a_part_of_the_fence_before_is_left_out() -> None:
    late = f"{prefix(1)}CONTEXT:  PL/pgSQL function inline_code_block line 1 at RAISE\n"
    assert [r["pid"] for r in DirectLines().records((late + FENCE).encode(), marker=MARKER)] == ["1"]


def test_json_comes_a_line_at_a_time() -> None:
    reader = JsonLines()
    line = json.dumps({"pid": 7, "message": "x"}).encode()
    assert reader.records(line[:5], marker=MARKER) == []
    assert reader.records(line[5:] + b"\n", marker=MARKER) == [{"pid": 7, "message": "x"}]
    with pytest.raises(ToolFault, match="no JSON"):
        reader.records(b"{\n", marker=MARKER)


def test_only_who_asks_for_a_jsonlog_is_given_its_equal() -> None:
    assert direct({"log_destination": "jsonlog", "work_mem": "1MB"})["log_destination"] == "stderr"
    assert direct({"work_mem": "1MB"}) == {"work_mem": "1MB"}
