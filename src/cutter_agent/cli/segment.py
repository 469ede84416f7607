"""``iu-cutter segment``: a cut on paper. No database, no home folder, nothing stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Annotated

import typer

from cutter_agent import config, formats, segmenter
from cutter_agent.cli import inputs, options, output
from cutter_agent.model import Finding, Segmentation, Unit


def segment(
    file: options.File,
    profile: options.Profile = None,
    code: options.Code = None,
    label: options.Label = None,
    file_format: options.Format = None,
    as_manifest: Annotated[
        bool, typer.Option("--manifest", help="Print a manifest to edit, validate and mark: spans, no bodies.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Cut a file on paper: no database, nothing stored.

    Examples:
      iu-cutter segment LAW.txt
      iu-cutter segment LAW.pdf --json
      iu-cutter segment LAW.txt --manifest # to edit, validate and mark
      iu-cutter segment - --label law.txt --profile markdown
    """
    source = inputs.read_document(file, label=label, wanted=file_format, profile=profile)
    with inputs.placed(file):
        result = segment_source(source, profile, code)
    if source.converted is not None:
        losses = (*result.findings, *source.converted.conversion.findings)
        result = replace(result, findings=tuple(sorted(losses, key=lambda finding: finding.start_byte)))
    if as_manifest:
        output.print_json(_manifest_record(result, source))
    elif as_json:
        output.print_json(segmentation_record(result) | _original_record(result, source))
    else:
        _print_summary(result, source)


def segment_source(source: inputs.Source, profile: str | None, code: str | None) -> Segmentation:
    """Segment with the profile named, or the one that the text shows."""
    chosen = segmenter.profiles.load(profile) if profile else segmenter.detect(source.data, label=source.label)[0]
    document_code = code or segmenter.document_code(source.label, source.data)
    return segmenter.segment(source.data, profile=chosen, document_code=document_code)


def segmentation_record(result: Segmentation) -> dict[str, object]:
    """The documented JSON shape of a cut on paper. Units are in document order and tile the file."""
    return {
        "snapshot_sha256": result.snapshot_sha256,
        "profile": result.profile_id,
        "units": [_unit_record(unit) for unit in result.units],
        "findings": [finding_record(finding) for finding in result.findings],
    }


def _original_record(result: Segmentation, source: inputs.Source) -> dict[str, object]:
    """The file that the text was made from, and where in it each unit stands; nothing for a text."""
    if source.converted is None:
        return {}
    made = source.converted.conversion
    places = formats.SourceMap(made.map)
    return {
        "original": {
            "format": made.format.value,
            "sha256": places.original_sha256,
            "byte_length": len(source.converted.data),
            "reader": made.reader,
            "map_sha256": made.map_sha256,
        },
        "places": [places.span(unit.start_byte, unit.end_byte) for unit in result.units],
    }


def _unit_record(unit: Unit) -> dict[str, object]:
    return {
        "start_byte": unit.start_byte,
        "end_byte": unit.end_byte,
        "level": unit.level,
        "number": unit.number,
        "address": unit.address,
        "kind": unit.kind,
        "parent": unit.parent,
        "content_sha256": unit.content_sha256,
    }


def finding_record(finding: Finding) -> dict[str, object]:
    """The documented JSON shape of a finding."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "start_byte": finding.start_byte,
        "message": finding.message,
    }


def _manifest_record(result: Segmentation, source: inputs.Source) -> object:
    from cutter_agent import manifest  # noqa: PLC0415 - 70 ms that plain `segment` need not pay

    made = manifest.build(
        result,
        document_ref=result.document_code,
        title=source.label,
        tool_revision=config.tool_revision(),
        marked_by="segment",
    )
    rendition = inputs.rendition(source)
    return manifest.as_json(made if rendition is None else replace(made, original=rendition.named))


def _print_summary(result: Segmentation, source: inputs.Source) -> None:
    if source.converted is not None:
        made, size = source.converted.conversion, len(source.converted.data)
        digest = formats.SourceMap(made.map).original_sha256
        output.print_line(
            f"{source.label}: {made.format.value} of {size} bytes, sha256 {digest}, read by {made.reader}"
        )
    output.print_line(f"{source.label}: {result.byte_length} bytes of text, sha256 {result.snapshot_sha256}")
    output.print_line(f"profile {result.profile_id} {result.profile_version}, code {result.document_code}")
    levels = Counter(unit.level for unit in result.units)
    output.print_line(f"{len(result.units)} units: " + ", ".join(f"{count} {level}" for level, count in levels.items()))
    if not result.findings:
        output.print_line("no findings")
        return
    output.print_table(
        ("severity", "byte", "code", "message"),
        ((f.severity, f.start_byte, f.code, f.message) for f in result.findings),
    )
