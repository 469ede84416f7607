"""AUDIT: prove again what was verified, and write nothing (design 1.5). DOT-992, REPEATABLE READ, READ ONLY.

The same evidence and the same proof as VERIFY; of a document that passed, also the verdict, its signature, the enacted
lives and the end of the history. Each document is read in one block of its own and sees one state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from cutter_agent import observing
from cutter_agent.errors import UsageError, VerificationFailed
from cutter_agent.model import EntryStatus
from cutter_agent.phases.gathering import Gathering
from cutter_agent.ports import VerifyDatabase, VerifyStore
from cutter_agent.rows import Document, DocumentCut
from cutter_agent.verifier import governance
from cutter_agent.verifier.evidence import Defect, Verdict
from cutter_agent.verifier.prove import prove
from sealing.keys import PublicKey

_PROVABLE = frozenset({EntryStatus.CUT_APPLIED, EntryStatus.VERIFIED_COMPLETE})


@dataclass(frozen=True, kw_only=True)
class Keys:
    """What both lanes' signatures are checked with."""

    executor: PublicKey
    verifier: PublicKey


@dataclass(frozen=True, kw_only=True)
class Audited:
    """One cut of one document.

    ``status`` is the state of the entry that asked for it, None where the entry is gone. ``rebuilt_sha256`` is None
    where nothing was proven: a cut that failed its verification, or that was given up, is no claim.
    """

    document_ref: str
    document_code: str | None
    cut_seq: int | None
    change_set_id: str | None
    entry_id: str | None
    status: str | None
    rebuilt_sha256: str | None
    defects: tuple[Defect, ...]


def audit(
    database: VerifyDatabase, *, asked: str | None, keys: Keys, begins: Callable[[str, int, int], None] | None = None
) -> Iterator[Audited]:
    """Every cut that makes a claim, document by document; all documents for None.

    ``begins`` is told each document before it is read: its reference, how many were done, and how many there are.

    Raises:
        UsageError: no document has this reference or code.
    """
    documents = database.read_only(lambda store: store.documents(asked))
    if asked is not None and not documents:
        raise UsageError(
            f"no document {asked} was cut", remedy="Give a document's reference or code: iu-cutter status lists them."
        )
    for done, document in enumerate(documents):
        if begins is not None:
            begins(document.document_ref, done, len(documents))
        yield from _told(database, document, keys)
    if asked is None:
        yield from database.read_only(_without_document)


def _told(database: VerifyDatabase, document: Document, keys: Keys) -> list[Audited]:
    """One document, and what becomes of it, to whoever watches the run."""
    with observing.document(document=document.document_ref) as told, observing.phase("audit"):
        found = _read(database, document, keys)
        defects = sum(len(audited.defects) for audited in found)
        told.note(defects=defects, outcome=VerificationFailed.code if defects else None)
    return found


def _read(database: VerifyDatabase, document: Document, keys: Keys) -> list[Audited]:
    return database.read_only(lambda store: list(_document(store, document, keys)))


def _document(store: VerifyStore, document: Document, keys: Keys) -> Iterator[Audited]:
    gathering = Gathering(store, document.document_ref, keys.executor)
    newest = {cut.entry_id: cut for cut in gathering.cuts}
    if not newest:
        yield _finding(document, None, None, "document_without_cut", "no change set of this document is stored")
    for cut in newest.values():
        yield _cut(store, gathering, document, cut, keys)


def _cut(store: VerifyStore, gathering: Gathering, document: Document, cut: DocumentCut, keys: Keys) -> Audited:
    if cut.entry_id is None:
        return _finding(document, cut, None, "envelope", "the envelope that this cut was approved with is not stored")
    entry = store.find_entry(cut.entry_id)
    if entry is None:
        return _finding(document, cut, None, "entry_missing", "the entry that asked for this cut is not stored")
    change_set = cut.change_set
    if entry.status not in _PROVABLE:
        defects = tuple(governance.chain(entry, store.chain(entry.entry_id)))
        return _audited(document, cut, str(entry.status), None, defects)
    evidence = gathering.of(entry, change_set)
    if entry.status is EntryStatus.VERIFIED_COMPLETE:
        name = evidence.results[-1].verifier_signature_id if evidence.results else None
        signature = store.signature(name) if name else None
        evidence = replace(evidence, verdict=Verdict(key=keys.verifier, signature=signature))
    proof = prove(evidence)
    return _audited(document, cut, str(entry.status), proof.rebuilt_sha256, proof.defects)


def _audited(
    document: Document, cut: DocumentCut, status: str, rebuilt_sha256: str | None, defects: tuple[Defect, ...]
) -> Audited:
    return Audited(
        document_ref=document.document_ref,
        document_code=document.document_code,
        cut_seq=cut.change_set.cut_seq,
        change_set_id=cut.change_set.change_set_id,
        entry_id=cut.entry_id,
        status=status,
        rebuilt_sha256=rebuilt_sha256,
        defects=defects,
    )


def _finding(document: Document, cut: DocumentCut | None, status: str | None, code: str, message: str) -> Audited:
    return Audited(
        document_ref=document.document_ref,
        document_code=document.document_code,
        cut_seq=cut.change_set.cut_seq if cut else None,
        change_set_id=cut.change_set.change_set_id if cut else None,
        entry_id=cut.entry_id if cut else None,
        status=status,
        rebuilt_sha256=None,
        defects=(Defect(axis=2, code=code, message=message),),
    )


def _without_document(store: VerifyStore) -> list[Audited]:
    return [
        Audited(
            document_ref=str(entry.payload.get("document_ref")),
            document_code=None,
            cut_seq=None,
            change_set_id=None,
            entry_id=entry.entry_id,
            status=str(entry.status),
            rebuilt_sha256=None,
            defects=(Defect(axis=2, code="document_missing", message="it was cut, and its document is not stored"),),
        )
        for entry in store.entries_without_document()
    ]
