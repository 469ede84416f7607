"""Signatures outside the database: the export that an offline check reads, and the check itself (design 1.12).

The file is one JSON object: ``{"format": "iu-signatures/1", "signatures": [row, …]}``; a row has the columns of
``dot_pair_signature`` that say what was signed, ``signature_payload`` in hexadecimal. Keys are not in it: whoever
checks brings the public keys that he trusts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from cutter_agent.errors import InputRefused
from cutter_agent.model import Lane
from cutter_agent.signing import SignatureRow, open_signature
from sealing.errors import SealingError
from sealing.keys import PublicKey

FORMAT = "iu-signatures/1"

_COLUMNS = tuple(column.name for column in fields(SignatureRow))
_OPTIONAL = {"cross_reference_change_set_id", "cross_reference_verify_result_id"}
_REMEDY = "Give a file that iu-cutter export-signatures wrote."


@dataclass(frozen=True, kw_only=True)
class SignatureCheck:
    """What was found about one signature. ``defect`` is None where it holds."""

    signature_id: str
    signer_dot_id: str
    signs: str
    entry_id: str | None
    signed_at: datetime
    defect: str | None


def as_json(rows: Iterable[SignatureRow]) -> dict[str, object]:
    """The export of ``rows`` as a JSON value."""
    return {"format": FORMAT, "signatures": [_row_json(row) for row in rows]}


def _row_json(row: SignatureRow) -> dict[str, object]:
    values = {name: getattr(row, name) for name in _COLUMNS}
    return values | {"signature_payload": row.signature_payload.hex(), "signed_at": row.signed_at.isoformat()}


def parse(data: bytes) -> list[SignatureRow]:
    """The rows of an export.

    Raises:
        InputRefused: not an export; the message names the row.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputRefused(f"not JSON: {error}", remedy=_REMEDY) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputRefused(f"not an export of signatures: format is not {FORMAT!r}", remedy=_REMEDY)
    rows = document.get("signatures")
    if not isinstance(rows, list):
        raise InputRefused("not an export of signatures: no list of signatures", remedy=_REMEDY)
    return [_row(index, row) for index, row in enumerate(rows)]


def _row(index: int, row: object) -> SignatureRow:
    where = f"signature {index}"
    if not isinstance(row, dict) or set(row) != set(_COLUMNS):
        raise InputRefused(f"{where}: its members are not {', '.join(_COLUMNS)}", remedy=_REMEDY)
    for name, value in row.items():
        kind: type = dict if name == "payload_envelope" else str
        if not isinstance(value, kind) and not (value is None and name in _OPTIONAL):
            raise InputRefused(f"{where}: {name} is a {type(value).__name__}", remedy=_REMEDY)
    values: dict[str, Any] = dict(row)
    try:
        values["signature_payload"] = bytes.fromhex(values["signature_payload"])
        values["signed_at"] = datetime.fromisoformat(values["signed_at"])
    except ValueError as error:
        raise InputRefused(f"{where}: {error}", remedy=_REMEDY) from error
    return SignatureRow(**values)


def check(rows: Sequence[SignatureRow], keys: Mapping[Lane, PublicKey]) -> list[SignatureCheck]:
    """Every signature against the key of its lane and against its own columns."""
    return [_check(row, keys) for row in rows]


def _check(row: SignatureRow, keys: Mapping[Lane, PublicKey]) -> SignatureCheck:
    entry_id, defect = None, None
    try:
        entry_id, defect = _open(row, keys)
    except SealingError as error:
        defect = str(error)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        defect = f"the envelope is not one of ours: {type(error).__name__}"
    return SignatureCheck(
        signature_id=row.signature_id,
        signer_dot_id=row.signer_dot_id,
        signs=row.cross_reference_change_set_id or row.cross_reference_verify_result_id or "nothing",
        entry_id=entry_id,
        signed_at=row.signed_at,
        defect=defect,
    )


def _open(row: SignatureRow, keys: Mapping[Lane, PublicKey]) -> tuple[str | None, str | None]:
    lane = Lane.EXEC if row.signature_kind == "executor" else Lane.VERIFY
    if lane not in keys:
        return None, f"no public key of {lane} was given"
    statement = open_signature(row, keys[lane])
    predicate = statement.get("predicate")
    entry = predicate.get("entry_id") if isinstance(predicate, Mapping) else None
    if row.validation_state != "valid":
        return str(entry), f"the ledger says {row.validation_state}"
    return str(entry), None
