"""Who signed which cut of a document, and what could be checked here: with the public keys that this process has.

A signature that holds says that the holder of the key signed this statement. That the units are what the statement
says, VERIFY and the audit prove, with the other lane's rights: a page cannot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from starlette.responses import Response

from cutter_agent import signature_file
from cutter_agent.model import Lane
from cutter_agent.report import CutLine, HistoryLine
from cutter_agent.signing import SignatureRow
from cutter_agent.web.visit import Visit
from sealing.keys import PublicKey


class Standing(StrEnum):
    """What was found."""

    HOLDS = "holds"
    BROKEN = "broken"
    NO_KEY = "no_key"
    """There is no public key here to check it with."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One signature. ``keyid``: of the key that the envelope names; ``defect``: in the program's words."""

    signature_id: str
    signer: str
    identity: str
    tool_revision: str
    signed_at: datetime
    keyid: str
    standing: Standing
    defect: str


@dataclass(frozen=True, kw_only=True)
class SignedCut:
    """A cut with the signatures of both lanes: the executor's of the change set, the verifier's of each result."""

    cut: CutLine
    signatures: Sequence[Shown]
    has_verifier: bool


def signatures(visit: Visit) -> Response:
    """GET /signatures/{document}. Raises as ``Report.cuts``."""
    report, asked = visit.site.lane.report, visit.place("document")
    document = report.document(asked)
    cuts, moves = report.cuts(document.document_ref), report.history(document.document_ref)
    results = _results(moves)
    rows = report.signatures_of([cut.change_set_id for cut in cuts], list(results))
    keys = visit.site.public_keys
    shown = [_signed(cut, rows, results, keys) for cut in reversed(cuts)]
    lanes = [(lane, lane.dot_id, keys[lane].keyid if lane in keys else "") for lane in Lane]
    return visit.page("signatures", document=document, cuts=shown, lanes=lanes)


def _results(moves: Sequence[HistoryLine]) -> dict[str, str]:
    """The entry of each verify result: the exec lane may not read the results themselves, the ledger names them."""
    found = ((move.change_diff.get("verify_result_id"), move.entry_id) for move in moves)
    return {str(result): entry for result, entry in found if result is not None}


def _signed(
    cut: CutLine, rows: Sequence[SignatureRow], results: Mapping[str, str], keys: Mapping[Lane, PublicKey]
) -> SignedCut:
    own = [
        row
        for row in rows
        if row.cross_reference_change_set_id == cut.change_set_id
        or results.get(str(row.cross_reference_verify_result_id)) == cut.entry_id
    ]
    checks = signature_file.check(own, keys)
    return SignedCut(
        cut=cut,
        signatures=[_shown(row, check, keys) for row, check in zip(own, checks, strict=True)],
        has_verifier=any(row.signature_kind == "verifier" for row in own),
    )


def _shown(row: SignatureRow, check: signature_file.SignatureCheck, keys: Mapping[Lane, PublicKey]) -> Shown:
    lane = Lane.EXEC if row.signature_kind == "executor" else Lane.VERIFY
    standing = Standing.NO_KEY if lane not in keys else Standing.BROKEN if check.defect else Standing.HOLDS
    return Shown(
        signature_id=row.signature_id,
        signer=row.signer_dot_id,
        identity=row.signer_identity,
        tool_revision=row.signer_tool_revision,
        signed_at=row.signed_at,
        keyid=_keyid(row),
        standing=standing,
        defect=check.defect or "" if standing is Standing.BROKEN else "",
    )


def _keyid(row: SignatureRow) -> str:
    try:
        return str(row.payload_envelope["signatures"][0]["keyid"])  # type: ignore[index,call-overload]
    except (KeyError, IndexError, TypeError):
        return ""
