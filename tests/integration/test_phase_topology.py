"""Split, merge, retire, renumber, redirect: orders on a real server, from the proposal to the proof (1.5, 1.8)."""

from __future__ import annotations

import json

import psycopg
import pytest
from tests.pipeline_room import Ledger, law
from tests.topology_room import (
    WHO,
    aliases,
    applied,
    audited,
    done,
    marked,
    operations,
    order,
    parents,
    proven,
    report,
    texts,
)

from cutter_agent.errors import (
    AwaitingReview,
    GovernanceRefused,
    IllegalTransition,
    ReviewerNotIndependent,
    StaleApproval,
    UsageError,
)
from cutter_agent.model import EntryStatus, Verdict
from cutter_agent.phases import topology as ordering
from cutter_agent.phases.resolve import Way

LAW = law(3, clauses=3)
K1, K2, K3 = "L1-DIEU2-K1", "L1-DIEU2-K2", "L1-DIEU2-K3"


@pytest.fixture
def cut(ledger: Ledger) -> Ledger:
    """A law of three articles with three clauses each, proven."""
    proven(ledger, LAW)
    return ledger


ORDERS = {
    "split": (
        ("split", K1),
        {"at": ("text:khoản", "text:của")},
        {K1: "revise", f"{K1}-P1": "insert", f"{K1}-P2": "insert"},
    ),
    "merge": (("merge", K2, K3), {}, {K2: "retire", K3: "retire", "L1-DIEU2-K4": "insert"}),
    "retire": (
        ("retire", "L1-DIEU3"),
        {"under": "L1-DIEU2"},
        {"L1-DIEU3": "retire", K3: "revise", **{f"L1-DIEU3-K{n}": "move" for n in (1, 2, 3)}},
    ),
    "renumber": (("renumber", K1), {"to": "9"}, {K1: "renumber"}),
    "redirect": (("redirect", "L1-DIEU99", K1), {}, {}),
}


@pytest.mark.parametrize("name", list(ORDERS))
def test_an_order_is_13_plus_2k_ledger_rows_and_every_cut_keeps_its_bytes(cut: Ledger, name: str) -> None:
    words, how, meant = ORDERS[name]
    before, ledger_before, store_before = texts(cut), cut.counts(), cut.everything()
    wanted = order(*words, **how)
    entry_id = marked(cut, wanted).entry.entry_id
    assert cut.everything()["source_snapshot"] == store_before["source_snapshot"], "no new source"
    cut.sweep()
    with pytest.raises(AwaitingReview, match="topology_order"):
        cut.by_policy(entry_id)
    with pytest.raises(ReviewerNotIndependent):
        cut.judge(entry_id, reviewer=WHO.identity)
    cut.judge(entry_id)
    cut.cut(entry_id)
    begun = {address for address, word in meant.items() if word == "insert"}
    lives = dict(cut.admin("SELECT canonical_address, lifecycle_status FROM iu.information_unit"))
    assert {lives[address] for address in begun} <= {"draft"}, "successors start as drafts"
    assert "retired" not in lives.values(), "nothing ends before it is proven"
    outcome = cut.verify(entry_id)
    assert outcome.passed, outcome.result.findings
    assert operations(cut, 2) == meant
    k, now = len(meant), cut.counts()
    names = now.get("canonical_address_alias", 0)
    assert sum(now.values()) - sum(ledger_before.values()) == 13 + 2 * k + names
    assert now["manifest_unit_block"] - ledger_before["manifest_unit_block"] == k
    assert cut.everything()["unit_version"] - store_before["unit_version"] == k
    lives = dict(cut.admin("SELECT canonical_address, lifecycle_status FROM iu.information_unit"))
    ended = {address for address, word in meant.items() if word == "retire"}
    assert {address for address, life in lives.items() if life == "retired"} == ended
    assert set(lives.values()) <= {"enacted", "retired"}
    after = texts(cut)
    assert "".join(after.values()).encode() == LAW
    assert {a: t for a, t in after.items() if a not in meant} == {a: t for a, t in before.items() if a not in meant}
    assert [report(cut).rebuild("L1", as_of=n).data for n in (1, 2)] == [LAW, LAW]
    assert texts(cut, as_of=1) == before
    for address in ended:
        reached = report(cut).trail(address).reached
        assert reached in after
        assert before[address] in after[str(reached)], "the trail leads to the bytes"
        assert report(cut).unit(address).leads_to == reached
    assert cut.status(entry_id) == EntryStatus.VERIFIED_COMPLETE
    assert audited(cut) == []
    assert [row.signer_dot_id for row in report(cut).signatures()] == ["DOT-991", "DOT-992"] * 2
    words_of = cut.admin("SELECT operation_kind FROM cutter_governance.manifest_envelope ORDER BY created_at")
    assert words_of == [("first_cut",), (name,)]


@pytest.mark.parametrize("name", ["split", "merge", "redirect"])
def test_the_same_order_again_converges_at_every_stage(cut: Ledger, name: str) -> None:
    words, how, _ = ORDERS[name]
    wanted = order(*words, **how)
    first = marked(cut, wanted)
    assert first.created
    for step in (lambda _: cut.sweep(), cut.judge, cut.cut, cut.verify):
        before = cut.everything()
        again = marked(cut, wanted)
        if cut.status(first.entry.entry_id) != EntryStatus.CUT_APPLIED:
            assert (again.created, again.entry.entry_id) == (False, first.entry.entry_id)
        assert cut.everything() == before
        step(first.entry.entry_id)
    before = cut.everything()
    again = marked(cut, wanted)
    assert (again.created, again.living, again.entry.entry_id) == (False, 2, first.entry.entry_id)
    assert not cut.cut(first.entry.entry_id).applied
    assert not cut.verify(first.entry.entry_id).created
    assert cut.everything() == before


REFUSALS = [
    (("split", "L1-DIEU9-K1"), {"at": ("x",)}, UsageError, "no unit has the address"),
    (("split", K1), {"at": ("byte:0",)}, UsageError, "no place inside"),
    (("split", K1), {"at": ("byte:99999",)}, UsageError, "no place inside"),
    (("split", K1), {"at": ("text:nirgends",)}, UsageError, "does not stand in it"),
    (("split", K1), {"at": ("text:i",)}, UsageError, "times"),
    (("split", K1), {"at": ("text:của", "text:của")}, UsageError, "the same byte"),
    (("split", K1), {"at": ("text:\n",)}, GovernanceRefused, "white space alone"),
    (("split", "L1-DIEU1"), {"at": ("byte:1",)}, UsageError, "inside a character"),
    (("merge", K1), {}, UsageError, "a merger of one unit"),
    (("merge", K1, K3), {}, GovernanceRefused, "stands between them"),
    (("merge", K1, "L9-DIEU1"), {}, GovernanceRefused, "different documents"),
    (("merge", K1, K2), {"to": "3"}, GovernanceRefused, "is taken"),
    (("merge", K1, K2), {"to": "L1-DIEU3-K9"}, UsageError, "does not begin with"),
    (("retire", "L1-DIEU2"), {"under": "L1-DIEU3"}, GovernanceRefused, "does not stand before"),
    (("retire", "L1-DIEU2"), {"under": "L1-DIEU2"}, GovernanceRefused, "does not stand before"),
    (("retire", K1), {"under": "L1-DIEU1"}, UsageError, "nothing stands under"),
    (("renumber", K1), {"to": "2"}, GovernanceRefused, "is taken"),
    (("renumber", K1), {"to": "1"}, GovernanceRefused, "already"),
    (("renumber", K1), {"to": "1 bis"}, UsageError, "no number"),
    (("redirect", K1, K2), {}, GovernanceRefused, "is a living unit"),
    (("redirect", "L1-DIEU99", "L1-DIEU98"), {}, UsageError, "no unit has the address"),
    (("redirect", "X-1", K1), {}, UsageError, "not an address under"),
    (("redirect", "L1-DIEU99", "L9-DIEU1"), {}, UsageError, "not an address under"),
]


def test_an_order_that_says_nothing_here_is_refused_and_writes_nothing(cut: Ledger) -> None:
    assert cut.verify(cut.applied(law(1), code="L9")).passed
    before = cut.everything()
    for words, how, error, said in REFUSALS:
        with pytest.raises(error, match=said) as refused:
            marked(cut, order(*words, **how))
        assert refused.value.remedy, words
    with pytest.raises(UsageError, match="reason"):
        order("retire", K1, because=" ")
    assert cut.everything() == before


def test_a_retired_unit_is_no_unit_and_its_address_is_never_given_again(cut: Ledger) -> None:
    done(cut, "merge", K1, K2)
    for words, how in ((("split", K1), {"at": ("text:của",)}), (("retire", K2), {}), (("merge", K1, K3), {})):
        with pytest.raises(GovernanceRefused, match="retired unit") as refused:
            marked(cut, order(*words, **how))
        assert "L1-DIEU2-K4" in refused.value.remedy, "it says where the unit goes on"
    for number in ("1", "2", "4"):
        with pytest.raises(GovernanceRefused, match="is taken"):
            marked(cut, order("renumber", K3, to=number))
    done(cut, "merge", "L1-DIEU2-K4", K3)
    assert "L1-DIEU2-K5" in texts(cut), "a merger gets a new number each time"
    assert [report(cut).trail(each).reached for each in (K1, K2, K3, "L1-DIEU2-K4")] == ["L1-DIEU2-K5"] * 4
    assert [step.target for step in report(cut).trail(K1).steps] == ["L1-DIEU2-K4", "L1-DIEU2-K5"]
    assert audited(cut) == []


def test_a_redirect_may_not_go_in_a_circle(cut: Ledger) -> None:
    done(cut, "redirect", "L1-DIEU99", K1)
    done(cut, "merge", K1, K2)
    with pytest.raises(GovernanceRefused, match="in a circle"):
        marked(cut, order("redirect", K1, "L1-DIEU99"))
    with pytest.raises(GovernanceRefused, match="already"):
        marked(cut, order("redirect", "L1-DIEU99", "L1-DIEU2-K4"))
    done(cut, "redirect", K1, K3)
    assert report(cut).trail("L1-DIEU99").reached == K3, "the newest name holds"
    assert report(cut).trail(K2).reached == "L1-DIEU2-K4"
    assert audited(cut) == []


def test_another_proposal_on_its_way_is_named(cut: Ledger) -> None:
    entry_id = marked(cut, order("split", K1, at=("text:của",))).entry.entry_id
    before = cut.everything()
    with pytest.raises(GovernanceRefused, match=f"entry {entry_id} .* is on its way"):
        marked(cut, order("retire", K2))
    with pytest.raises(GovernanceRefused, match="is on its way"):
        cut.mark(LAW.replace(b"1.", b"1. ", 1))
    assert cut.everything() == before
    cut.sweep()
    cut.judge(entry_id, Verdict.FAIL)
    done(cut, "retire", K2)
    assert K1 in texts(cut)


def test_a_proposal_is_stale_once_another_cut_was_proven(cut: Ledger) -> None:
    late = ordering.plan(cut.executor, order=order("retire", K2), marker=WHO)
    done(cut, "split", K1, at=("text:của",))
    with pytest.raises(StaleApproval, match="was cut again"):
        ordering.propose(cut.executor, late, clock=cut.clock)


def test_an_approval_is_stale_at_the_cut_when_the_living_cut_is_another(cut: Ledger) -> None:
    """Two proposals cannot wait at once; a ledger in which they do all the same still cuts one of them only."""
    entry_id = marked(cut, order("retire", K2)).entry.entry_id
    cut.tamper("UPDATE cutter_governance.decision_backlog_entry SET status = 'abandoned' WHERE status = 'marked'")
    done(cut, "split", K1, at=("text:của",))
    cut.tamper(
        f"UPDATE cutter_governance.decision_backlog_entry SET status = 'review_pending' WHERE entry_id = '{entry_id}'"
    )
    cut.judge(entry_id)
    before = cut.everything()
    with pytest.raises(StaleApproval, match="the living cut is 2"):
        cut.cut(entry_id)
    assert cut.everything() == before


def test_a_document_without_a_proven_cut_takes_no_order(ledger: Ledger) -> None:
    ledger.applied(LAW)
    with pytest.raises(GovernanceRefused, match="no proven cut"):
        marked(ledger, order("split", K1, at=("text:của",)))


def test_the_first_unit_of_a_document_goes_to_the_next(cut: Ledger) -> None:
    done(cut, "retire", "L1-TEN")
    first = next(iter(texts(cut).items()))
    assert first == ("L1-DIEU1", "LUẬT THỬ NGHIỆM L1\nĐiều 1. Quy định số 1\n")
    assert aliases(cut) == {"L1-TEN": ("L1-DIEU1", "redirect")}
    assert audited(cut) == []


def test_a_split_of_a_merger_and_a_merger_of_pieces(cut: Ledger) -> None:
    done(cut, "merge", K1, K2, K3)
    whole = "L1-DIEU2-K4"
    done(cut, "split", whole, at=("text:2. Nội dung",))
    assert parents(cut)[f"{whole}-P1"] == whole
    done(cut, "merge", whole, f"{whole}-P1", to="7")
    assert texts(cut)["L1-DIEU2-K7"].startswith("1. Nội dung")
    assert report(cut).trail(f"{whole}-P1").reached == "L1-DIEU2-K7"
    done(cut, "split", "L1-DIEU2-K7", at=("text:3. Nội dung", "text:2. Nội dung"))
    assert list(texts(cut))[5:9] == ["L1-DIEU2", "L1-DIEU2-K7", "L1-DIEU2-K7-P1", "L1-DIEU2-K7-P2"]
    assert [report(cut).rebuild("L1", as_of=n).data for n in range(1, 6)] == [LAW] * 5
    assert audited(cut) == []


def test_a_failed_order_is_repaired_by_a_second_attempt(cut: Ledger) -> None:
    entry_id = applied(cut, order("merge", K2, K3))
    cut.tamper(
        "UPDATE iu.unit_version SET body = 'x', content_hash = encode(sha256('x'), 'hex') "
        "WHERE cut_seq = 2 AND NOT ends_life"
    )
    assert not cut.verify(entry_id).passed
    assert report(cut).trail(K2).reached == K2, "a name of a cut that is not proven leads nowhere else"
    cut.sweep()
    cut.resolve(entry_id, Way.RETRY)
    cut.judge(entry_id)
    cut.cut(entry_id)
    outcome = cut.verify(entry_id)
    assert outcome.passed, outcome.result.findings
    assert report(cut).trail(K2).reached == "L1-DIEU2-K4"
    assert "".join(texts(cut).values()).encode() == LAW
    assert audited(cut) == []


def test_the_manifest_says_what_was_ordered_why_and_what_stands(cut: Ledger) -> None:
    entry = marked(cut, order("merge", K2, K3, because="one rule")).entry
    stored = cut.admin("SELECT canonical_json FROM iu.manifest WHERE digest = %s", entry.request.manifest_digest)
    document = json.loads(bytes(stored[0][0]))
    assert document["topology"]["because"] == "one rule"
    assert document["topology"]["order"]["words"] == ["merge", K2, K3]
    assert {row["text"]: row["target"] for row in document["topology"]["aliases"]} == dict.fromkeys(
        (K2, K3), "L1-DIEU2-K4"
    )
    assert [(row["address"], row["standing"]) for row in document["governed"]] == [
        ("L1-DIEU2-K4", "joined"),
        ("L1-DIEU2-K4", "labelled"),
    ]
    assert document["recut"]["base"]["snapshot_sha256"] == document["header"]["snapshot_sha256"]


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("DELETE FROM cutter_governance.canonical_address_alias", "no alias says where it goes on"),
        (
            (
                "INSERT INTO cutter_governance.canonical_address_alias (alias_id, target_unit_id, alias_text, "
                "alias_kind, valid_from, created_by, rationale) SELECT gen_random_uuid(), u.unit_id, "
                "u.canonical_address, 'redirect', now(), 'x', 'x' FROM iu.information_unit u "
                "WHERE u.canonical_address = 'L1-DIEU2-K2'"
            ),
            "leads in a circle",
        ),
    ],
)
def test_the_server_itself_keeps_the_trail(cut: Ledger, tampering: str, said: str) -> None:
    """The guards judge at COMMIT, whoever writes: here the rows of a true merger, a trigger away from being whole."""
    applied(cut, order("merge", K2, K3))
    with psycopg.connect(**cut.login) as connection:
        connection.execute("SET session_replication_role = replica")
        rows = connection.execute("SELECT * FROM cutter_governance.cut_change_set WHERE cut_seq = 2").fetchall()
        connection.execute("DELETE FROM cutter_governance.cut_change_set WHERE cut_seq = 2")
        if tampering.startswith("DELETE"):
            connection.execute(tampering)
        connection.execute("SET session_replication_role = origin")
        places = ", ".join(["%s"] * len(rows[0]))
        values = [json.dumps(value) if isinstance(value, dict) else value for value in rows[0]]
        connection.execute(f"INSERT INTO cutter_governance.cut_change_set VALUES ({places})", values)  # type: ignore[arg-type]
        if tampering.startswith("INSERT"):
            connection.execute(tampering)
        with pytest.raises(psycopg.errors.CheckViolation, match=said):
            connection.commit()


def test_an_order_cannot_be_cut_before_it_is_approved(cut: Ledger) -> None:
    entry_id = marked(cut, order("retire", K2)).entry.entry_id
    with pytest.raises(IllegalTransition):
        cut.cut(entry_id)
