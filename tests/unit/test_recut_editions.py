"""Made-up editions with known truth: revised, inserted, deleted, moved, split, merged, and all numbered anew."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from tests.edition_room import Drafter, scored

from cutter_agent import recut
from cutter_agent.recut import Change
from cutter_agent.segmenter import profiles, segment

FULL = os.environ.get("DOT_CUTTER_CAMPAIGN") == "full"
MANY = 200 if FULL else 8


@pytest.mark.parametrize("profile", ["vn-law", "markdown", "en-statute"])
def test_a_few_edits(profile: str) -> None:
    score = scored(profile, range(MANY), edits=8)
    assert score.counts["kept"] > 1000
    assert score.counts["silently_wrong"] == 0
    assert score.share("kept") >= 0.999, score.wrong
    assert score.share("retired") == score.share("new") == 1.0, score.wrong
    assert score.share("parted") >= 0.9, score.wrong


@pytest.mark.parametrize("profile", ["vn-law", "markdown", "en-statute"])
def test_many_edits(profile: str) -> None:
    score = scored(profile, range(MANY), edits=40)
    assert score.counts["silently_wrong"] == 0
    assert score.share("kept") >= 0.99, score.wrong
    assert min(score.share("retired"), score.share("new")) >= 0.99, score.wrong
    assert score.share("parted") >= 0.85, score.wrong


def test_the_truth_is_a_truth() -> None:
    """Every provision of an edition is a unit of its own in the cut: else the scores above would mean nothing."""
    for profile in ("vn-law", "markdown", "en-statute"):
        drafter = Drafter(1, profile)
        written = drafter.written(drafter.law(25))
        places = [written.unit_of(at) for at, _ in written.places]
        assert len(set(places)) == len(places) > 100


def row(rng: random.Random, code: int) -> list[str]:
    return [str(code), f"{rng.choice(['salt', 'iron', 'tin'])} {rng.randint(1, 900)} mg", f"{rng.randint(1, 99)},50"]


def table(rows: list[list[str]], *, keyed: bool) -> bytes:
    head = ["Code", "Name", "Price"][0 if keyed else 1 :]
    lines = [head, ["---"] * len(head), *(r[0 if keyed else 1 :] for r in rows)]
    return ("# Prices\n\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines) + "\nThe end.\n").encode()


@pytest.mark.parametrize("seed", range(6))
def test_rows_of_a_table_are_known_by_what_they_say(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    codes = rng.sample(range(1000, 9999), 120)
    old = [row(rng, code) for code in codes[:80]]
    new = [list(cells) for cells in old]
    for cells in rng.sample(new, 8):
        cells[2] = f"{rng.randint(100, 199)},00"
    for cells in rng.sample(new, 5):
        new.remove(cells)
    for code in codes[80:90]:
        new.insert(rng.randint(0, len(new)), row(rng, code))
    before, after = table(old, keyed=True), table(new, keyed=True)
    cuts = [segment(d, profile=profiles.load("markdown"), document_code="X") for d in (before, after)]
    matching = recut.match(cuts[0], before, cuts[1], after)
    first_of = [
        [d[u.start_byte : u.end_byte].split()[1] for u in c.units] for c, d in zip(cuts, (before, after), strict=True)
    ]
    for pair in matching.pairs:
        assert first_of[0][pair.old] == first_of[1][pair.new]
        assert pair.change in (Change.UNCHANGED, Change.REVISED)
    assert len(matching.retired) == 5
    assert len(matching.inserted) == 10
    written = sum(
        cuts[1].units[c.new].end_byte - cuts[1].units[c.new].start_byte
        for c in recut.change_set(matching).changes
        if c.new is not None
    )
    assert written <= 1.2 * sum(len(line) + 1 for line in after.splitlines() if line not in before.splitlines())


def test_rows_without_a_code_are_known_too() -> None:
    rng = random.Random(3)  # noqa: S311
    old = [row(rng, k) for k in range(60)]
    new = [*old[:20], row(rng, 0), *old[20:40], *old[41:]]
    before, after = table(old, keyed=False), table(new, keyed=False)
    cuts = [segment(d, profile=profiles.load("markdown"), document_code="X") for d in (before, after)]
    matching = recut.match(cuts[0], before, cuts[1], after)
    assert (len(matching.inserted), len(matching.retired)) == (1, 1)
    assert all(pair.change is Change.UNCHANGED for pair in matching.pairs)


def test_a_new_value_of_a_key_is_a_revision_that_nobody_asks_about() -> None:
    old = b"---\ntitle: Harbour Act\nlast_updated: 2011-01-01\nsource: a\n---\n# H\n"
    new = b"---\nlast_updated: 2021-09-30\ntitle: Harbour and Canal Act of both coasts\nstatus: in_force\n---\n# H\n"
    cuts = [segment(d, profile=profiles.load("markdown"), document_code="X") for d in (old, new)]
    matching = recut.match(cuts[0], old, cuts[1], new)
    names = {
        (cuts[0].units[p.old].number, cuts[1].units[p.new].number)
        for p in matching.pairs
        if cuts[0].units[p.old].kind == "metadata"
    }
    assert names == {("title", "title"), ("last_updated", "last_updated")}
    assert [cuts[1].units[j].number for j in matching.inserted] == ["status"]
    assert matching.questions == ()


def test_what_came_under_a_new_provision_is_new_and_asked() -> None:
    """The provision that held it was replaced; the reviewer may say that it is the old one all the same."""
    points = "    (a) the grower sells apples in crates at the market;\n    (b) the carrier lists every crate.\n"
    old = f"1 Short text of the first section.\n2 A permit is given if\n{points}3 Last section of this act.\n".encode()
    after = f"2 (1) The Board must give a permit to every person who asks and in whose case\n{points}"
    new = f"1 Short text of the first section.\n{after}  (2) It is free.\n3 Last section of this act.\n".encode()
    cuts = [
        segment(d, profile=profiles.load("en-statute"), document_code="X")
        for d in (old, new.replace(b"    (", b"      ("))
    ]
    matching = recut.match(cuts[0], old, cuts[1], new.replace(b"    (", b"      ("))
    gone = {cuts[0].units[i].address for i in matching.retired}
    assert {"X-S2-PA", "X-S2-PB"} <= gone
    asked = {cuts[0].units[i].address for question in matching.questions for i in question.old}
    assert {"X-S2-PA", "X-S2-PB"} <= asked


def test_a_finer_profile_keeps_what_it_cuts_as_before(tmp_path: Path) -> None:
    """A document that was cut with whole tables is cut again with rows: only they and the front matter are new."""
    coarse = tmp_path / "markdown.toml"
    coarse.write_text(
        'id = "markdown"\nversion = "1"\ntitle = "m"\nengine = "commonmark"\n'
        '[preamble]\nname = "front"\nkind = "preamble"\ntoken = "P"\n'
    )
    rows = [row(random.Random(k), 1000 + k) for k in range(40)]  # noqa: S311
    data = b"---\ntitle: Prices of the harbour\nlast_updated: 2020-01-01\n---\n" + table(rows, keyed=True)
    old = segment(data, profile=profiles.load(coarse), document_code="X")
    new = segment(data, profile=profiles.load("markdown"), document_code="X")
    matching = recut.match(old, data, new, data)
    kept = {old.units[pair.old].kind: pair.change for pair in matching.pairs}
    assert kept == {"front_matter": Change.REVISED, "heading": Change.UNCHANGED, "paragraph": Change.UNCHANGED}
    assert len(matching.split) == 1, "the table went on in its head and rows"
    assert not any(question.doubt is recut.Doubt.ADDRESS for question in recut.change_set(matching).questions)
