"""A re-cut's manifest names runs of its base: both readers spell out the same, its size follows what changes, and a
run that does not fit is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kept_room import Chain, chain_of
from tests.recut_room import Edition, Row, edition, prose
from tests.unit.test_recut_properties import edits

from cutter_agent import manifest_base
from cutter_agent.errors import ManifestInvalid, StaleApproval
from cutter_agent.manifest import KEPT, parse, seal
from cutter_agent.manifest_kept import Blocks, Words, changed
from cutter_agent.model import ManifestBlock, UnitFate
from cutter_agent.recut import proposal
from cutter_agent.verifier.reading import base_of, told
from sealing.canonical import canonical_bytes
from sealing.digest import sha256_hex


def law(count: int, *, edited: int | None = None, added: int | None = None, gone: int | None = None) -> Edition:
    rows = [Row(0, str(n), prose(n) + (" amended thus" if n == edited else "")) for n in range(1, count + 1)]
    if added is not None:
        rows.insert(added, Row(0, f"{added}a", prose(9_999)))
    return edition([row for row in rows if row.label != str(gone)])


def as_rows(units: Any) -> list[tuple[object, ...]]:
    names = [name for name in ManifestBlock.__struct_fields__ if name != "role"]
    return [tuple(getattr(unit, name) for name in names) for unit in units]


def spelt(chain: Chain) -> list[tuple[object, ...]]:
    """The newest, unit by unit, as both readers have it."""
    read = manifest_base.read(chain.digest, chain.stored.get)
    blocks = as_rows(Blocks(read.units))
    verifiers = told(chain.stored[chain.digest], chain.stored)
    assert verifiers.broken is None
    assert as_rows(verifiers.blocks) == blocks
    assert list(verifiers.orders) == list(read.orders)
    return blocks


@settings(max_examples=60, deadline=None)
@given(st.lists(edits(), min_size=1, max_size=3))
def test_both_readers_spell_out_what_was_sealed(cases: list[tuple[list[Row], list[Row]]]) -> None:
    chain = chain_of([edition(rows) for case in cases for rows in case])
    newest = chain.sealed[-1]
    assert spelt(chain) == as_rows(newest.manifest.units)
    again = parse(newest.canonical, chain.stored.get)
    assert again == newest.manifest
    assert seal(again) == newest
    assert [unit.content_sha256 for unit in again.units] == [
        sha256_hex(chain.sources[-1][unit.start_byte : unit.end_byte]) for unit in again.units
    ]


@pytest.mark.parametrize("what", [{"edited": 7}, {"added": 7}, {"gone": 7}], ids=["edited", "added", "gone"])
def test_its_size_is_that_of_the_change(what: dict[str, int]) -> None:
    sizes, counts = [], []
    for count in (50, 500):
        chain = chain_of([law(count), law(count, **what)])
        newest = chain.sealed[-1]
        assert json.loads(newest.canonical)["format"] == KEPT
        assert spelt(chain) == as_rows(newest.manifest.units)
        assert len(list(changed(newest.manifest))) + len(newest.manifest.recut.ended) == 1  # type: ignore[union-attr]
        sizes.append(len(newest.canonical))
        counts.append(len(chain.sealed[0].canonical))
    assert counts[1] > 9 * counts[0]
    assert abs(sizes[1] - sizes[0]) < 40, "a few digits more"


def test_so_many_bases_and_then_everything_is_spelt_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposal, "MOST_BASES", 3)
    chain = chain_of([law(20), *(law(20, edited=n) for n in range(1, 9))])
    kept = ["kept" in json.loads(each.canonical).get("recut", {}) for each in chain.sealed]
    assert kept == [False, True, True, True, False, True, True, True, False]
    assert spelt(chain) == as_rows(chain.sealed[-1].manifest.units)
    words = chain.sealed[-1].manifest.recut
    assert words is not None
    assert not isinstance(words.units, Words)
    fates = [UnitFate(word.change) for word in words.units if word.change != UnitFate.UNCHANGED]
    assert fates == [UnitFate.REVISED] * 2, "the one that was edited, and the one that was edited before"


def test_a_recut_names_its_units_as_its_base_does() -> None:
    """Else the same address would be another unit, and what was kept would not be found."""
    chain = chain_of([law(20), law(20, edited=7)])
    document = json.loads(chain.sealed[-1].canonical)
    assert document["header"]["unit_id_form"] == "uuid8"
    del document["header"]["unit_id_form"]
    with pytest.raises(ManifestInvalid, match="unit_id_form uuid5, and the units of the base have uuid8"):
        parse(canonical_bytes(document), chain.stored.get)


def test_whoever_is_left_out_is_missed() -> None:
    """A run that is one unit short would let that unit vanish, and no number would tell."""
    chain = chain_of([law(20), law(20, gone=7)])
    document = json.loads(chain.sealed[-1].canonical)
    document["recut"]["ended"] = []
    data = canonical_bytes(document)
    from cutter_agent.validation import validate  # noqa: PLC0415 - of this test alone

    problems = [problem.message for problem in validate(parse(data, chain.stored.get), chain.sources[-1])]
    assert any("X-A7 of the base is neither kept nor changed nor ended" in message for message in problems)


def _run(name: str, by: int, at: int = 0) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document["recut"]["kept"][at][name] += by

    return change


def _drop(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        rows = document
        for name in path:
            rows = rows[name]
        rows.pop()  # type: ignore[call-arg]

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_run("place", 1, 1), id="later"),
        pytest.param(_run("place", -1, 1), id="earlier"),
        pytest.param(_run("base_place", 1), id="other-units"),
        pytest.param(_run("base_place", -1, 1), id="overlapping"),
        pytest.param(_run("count", 1, 1), id="beyond-the-base"),
        pytest.param(_run("count", -1), id="shorter"),
        pytest.param(_run("count", -100), id="negative"),
        pytest.param(_run("start_byte", 1), id="begins-later"),
        pytest.param(_run("end_byte", 1), id="ends-later"),
        pytest.param(_drop("units"), id="a-unit-less"),
        pytest.param(_drop("recut", "units"), id="a-word-less"),
        pytest.param(_drop("recut", "kept"), id="a-run-less"),
    ],
)
def test_runs_that_do_not_fit_are_refused_by_both_readers(change: Callable[[dict[str, Any]], None]) -> None:
    chain = chain_of([law(20), law(20, edited=7)])
    document = json.loads(chain.sealed[-1].canonical)
    change(document)
    data = canonical_bytes(document)
    with pytest.raises(ManifestInvalid):
        parse(data, chain.stored.get)
    assert told(data, chain.stored).broken is not None


def test_a_base_that_is_gone_or_was_changed_is_noticed_by_both_readers() -> None:
    chain = chain_of([law(20), law(20, edited=7)])
    data = chain.sealed[-1].canonical
    base = base_of(data)
    assert base == manifest_base.rests_on(data) == chain.sealed[0].digest
    changed_base = {base: chain.stored[base].replace(b'"X-A9"', b'"X-A8"')}
    for stored in ({}, changed_base):
        with pytest.raises(StaleApproval):
            parse(data, stored.get)
        assert told(data, stored).broken is not None
