"""``verify-signatures`` and ``export-signatures``: what each lane signed, checked with the public keys alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cutter_agent import signature_file
from cutter_agent.cli import inputs, options, output
from cutter_agent.config import LANE_KEYS
from cutter_agent.errors import ConfigMissing, VerificationFailed
from cutter_agent.model import Lane
from cutter_agent.wiring import exec_lane, public_keys
from sealing.keys import PublicKey

Export = Annotated[
    str | None,
    typer.Argument(metavar="EXPORT", help="A file of export-signatures: checked without a database."),
]
ExecKey = Annotated[Path | None, typer.Option("--exec-key", help="The public key of DOT-991, PEM.")]
VerifyKey = Annotated[Path | None, typer.Option("--verify-key", help="The public key of DOT-992, PEM.")]


def verify_signatures(
    export: Export = None,
    exec_key: ExecKey = None,
    verify_key: VerifyKey = None,
    as_json: options.Json = False,
) -> None:
    """Check every signature: in the ledger, or offline from an export.

    The keys are those given, else those of the configuration or of the data folder.

    Examples:
      iu-cutter verify-signatures
      iu-cutter verify-signatures signatures.json --exec-key exec.pub.pem --verify-key verify.pub.pem
    """
    keys = _keys({Lane.EXEC: exec_key, Lane.VERIFY: verify_key})
    if export is None:
        with exec_lane(os.environ) as lane:
            rows = lane.report.signatures()
    else:
        with inputs.placed(export):
            rows = signature_file.parse(inputs.read_source(export, label="export").data)
    checks = signature_file.check(rows, keys)
    broken = [check for check in checks if check.defect]
    if as_json:
        output.print_json({"checked": len(checks), "defects": len(broken), "signatures": [_record(c) for c in checks]})
        raise typer.Exit(VerificationFailed.exit_code if broken else 0)
    for check in broken:
        output.print_line(f"{check.signature_id} of {check.signer_dot_id}: {check.defect}")
    if broken:
        raise VerificationFailed(
            f"{len(broken)} of {len(checks)} signatures do not hold",
            remedy="Check that the keys are the right ones; then find out who changed the ledger.",
        )
    output.print_line(f"{len(checks)} signatures hold")


def export_signatures(to: options.Output = None) -> None:
    """Write what an offline check needs: every signature with what it signs, no key.

    Example: iu-cutter export-signatures -o signatures.json
    """
    with exec_lane(os.environ) as lane:
        document = signature_file.as_json(lane.report.signatures())
    if to is None:
        output.print_json(document)
    else:
        output.write_file(to, output.json_bytes(document))


def _keys(given: dict[Lane, Path | None]) -> dict[Lane, PublicKey]:
    found = public_keys(os.environ) if not all(given.values()) else {}
    paths = {lane: path or found.get(lane) for lane, path in given.items()}
    for lane, path in paths.items():
        if path is None:
            raise ConfigMissing(LANE_KEYS[lane].public_key)
    return {lane: PublicKey.load(path) for lane, path in paths.items() if path is not None}


def _record(check: signature_file.SignatureCheck) -> dict[str, object]:
    return {
        "signature_id": check.signature_id,
        "signer_dot_id": check.signer_dot_id,
        "signs": check.signs,
        "entry_id": check.entry_id,
        "signed_at": check.signed_at.isoformat(),
        "defect": check.defect,
    }
