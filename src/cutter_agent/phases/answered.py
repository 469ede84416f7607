"""What is on record about the cases of an entry, and whether it is enough for an approval (design 4.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cutter_agent.cases import Case, Said, cases, said_of, spelt
from cutter_agent.errors import GovernanceRefused, StaleApproval
from cutter_agent.manifest import parse
from cutter_agent.manifest_base import Stored
from cutter_agent.model import EntryStatus, Manifest
from cutter_agent.ports import ExecStore
from cutter_agent.report import Proposal
from cutter_agent.rows import Decision, Entry


def shown(proposal: Proposal, read: Callable[[bytes, Stored], Manifest] = parse) -> list[Case]:
    """Every case of a proposal with both texts and what is on record, for a page or a command.

    ``read`` parses a manifest's bytes; who shows the same proposal again and again gives one that remembers.
    """
    base, below = proposal.base, proposal.below.get
    return cases(
        read(proposal.manifest, below),
        proposal.snapshot,
        (read(base[0], below), base[1]) if base else None,
        dict(said_of(proposal.answers)),
    )


def said_in(decisions: Sequence[Decision]) -> dict[str, Said]:
    """What holds, by case: the newest decision of each block says all that was answered about it."""
    holding = [row for row in decisions if row.superseded_by_review_decision_id is None]
    return {case: said for row in holding for case, said in said_of(row.findings)}


def require_open(store: ExecStore, entry: Entry, seen_digest: str) -> None:
    """The entry waits for its reviewer, with the manifest that was in front of him.

    Raises:
        StaleApproval: it does not; the message says who decided meanwhile, or what took its place.
    """
    if entry.status is not EntryStatus.REVIEW_PENDING:
        raise StaleApproval(
            f"entry {entry.entry_id} is {entry.status}{decided_meanwhile(store, entry)}",
            remedy=f"Look at it again: iu-cutter review {entry.entry_id}",
        )
    if seen_digest != entry.request.manifest_digest:
        raise StaleApproval(
            f"the answers are about manifest {seen_digest}, the entry holds {entry.request.manifest_digest}",
            remedy=f"Look at the questions again: iu-cutter review {entry.entry_id} --questions",
        )


def decided_meanwhile(store: ExecStore, entry: Entry) -> str:
    """Who decided about an entry last, and what took its place; empty where nobody did."""
    envelope = store.envelope(entry.entry_id, entry.request.manifest_digest)
    decisions = store.decisions(envelope.envelope_id) if envelope else []
    successor = store.successor(entry.entry_id)
    said = ""
    if decisions:
        last = decisions[-1]
        said = f": {last.verdict} by {last.reviewer_identity} at {spelt(last.decided_at)} ({last.verdict_rationale})"
    return said + (f"; entry {successor.entry_id} took its place" if successor else "")


def require_answered(found: Sequence[Case], entry_id: str, *, accept_assumed: bool) -> None:
    """Every question has an answer, and none that differs from what is proposed.

    Raises:
        GovernanceRefused: with the ids of the cases.
    """
    differing = [case.id for case in found if case.differs]
    if differing:
        raise GovernanceRefused(
            f"entry {entry_id}: {', '.join(differing)} answered otherwise than is proposed",
            remedy=f"Have it proposed again with the answers: iu-cutter review {entry_id} --propose-again",
        )
    left = [case.id for case in found if case.is_open]
    if left and not accept_assumed:
        raise GovernanceRefused(
            f"entry {entry_id}: {len(left)} question(s) are open: {', '.join(left)}",
            remedy=f"Look: iu-cutter review {entry_id} --questions\n"
            f"  then answer (--answer {left[0]}=…), or take all as they are assumed (--approve --accept-all-assumed)",
        )
