"""What the review page works out from values alone: where a unit is, the way of an entry, marks of a difference."""

from __future__ import annotations

import pytest

from cutter_agent import manifest as manifests
from cutter_agent.errors import InputRefused
from cutter_agent.model import EntryStatus
from cutter_agent.state_machine import TERMINAL, TRANSACTION_ONLY
from cutter_agent.web.finding import found_place
from cutter_agent.web.reading import Manifests
from cutter_agent.web.rendering import MOST_CHARACTERS, differing, sides
from cutter_agent.web.way import Standing, way

ADDRESSES = ["L1", "L1-DIEU2", "L1-DIEU20", "L1-DIEU20-K2", "L1-DIEU2-K2"]
TEXTS = ["LUẬT", "Điều 2. Phí", "Điều  20. Lệ phí", "2. Khoản hai", "2. Khoản khác"]


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("L1-DIEU2", 1),
        ("l1-dieu20 ", 2),
        ("DIEU20-K2", 3),
        ("K2", 3),
        ("điều 2", 1),
        ("ĐIỀU 20", 2),
        ("Điều 20. lệ", 2),
        ("Điều 200", None),
        ("phí", None),
        ("  ", None),
    ],
)
def test_a_unit_is_found_by_its_address_its_end_or_its_beginning(asked: str, place: int | None) -> None:
    assert found_place(asked, ADDRESSES, lambda at: TEXTS[at]) == place


def test_every_state_has_a_way_and_it_ends_with_the_proof() -> None:
    for state in EntryStatus:
        if state in TRANSACTION_ONLY:
            continue
        steps = way(state.value, "e1")
        standings = [step.standing for step in steps]
        open_steps = [each for each in standings if each in {Standing.NOW, Standing.STOPPED}]
        assert len(open_steps) == (state is not EntryStatus.VERIFIED_COMPLETE), state
        assert standings == sorted(standings, key=list(Standing).index) or Standing.STOPPED in standings
        assert (Standing.NOW in standings) == (state not in TERMINAL | {EntryStatus.VERIFY_FAILED_ESCALATED}), state
    assert [step.command for step in way("review_pending", "e1") if step.command] == [
        "iu-cutter sweep",
        "iu-cutter cut-approved e1",
        "iu-cutter verify e1",
    ]


def test_a_difference_is_escaped_and_what_cannot_be_seen_is_shown() -> None:
    shown = differing("a <b>\n", "a <i>\u202e\n\n")
    assert shown.count("<del>") == shown.count("</del>") == 2
    assert "<b>" not in shown
    assert "U+202E" in shown
    assert "↵" in shown
    left, right = sides("một hai", "một ba")
    assert (left, right) == ("một <del>hai</del>", "một <ins>ba</ins>")


def test_long_runs_that_stayed_are_folded_and_a_change_behind_them_is_seen() -> None:
    long = "từ " * 20_000
    shown = differing(f"{long}cũ.", f"{long}mới.")
    assert "<del>cũ</del><ins>mới</ins>" in shown
    assert 'class="fold"' in shown
    assert len(shown) < 2_000
    assert len(differing("", "x" * 100_000)) < MOST_CHARACTERS + 100


def test_a_manifest_is_parsed_once_for_its_bytes_and_a_broken_one_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = Manifests(most=2)
    seen: list[bytes] = []

    def parse(data: bytes, stored: object) -> object:
        seen.append(data)
        if data == b"broken":
            raise InputRefused("the manifest is not JSON", remedy="-")
        return object()

    monkeypatch.setattr(manifests, "parse", parse)
    assert parsed(b"a") is parsed(b"a")
    for data in (b"b", b"c", b"a"):
        parsed(data)
    assert seen == [b"a", b"b", b"c", b"a"], "the oldest is forgotten"
    for _ in range(2):
        with pytest.raises(InputRefused):
            parsed(b"broken")
    assert seen[-2:] == [b"broken", b"broken"]
