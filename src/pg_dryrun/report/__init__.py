"""One record, several spellings: JSON (the record itself), Markdown, one HTML page, JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pg_dryrun.evidence import REPORT
from pg_dryrun.record import Record, spell
from pg_dryrun.report import junit, markdown, page

__all__ = ["JUNIT", "MARKDOWN", "PAGE", "junit", "markdown", "page", "render", "render_json"]

MARKDOWN, PAGE, JUNIT = "report.md", "report.html", "junit.xml"


def render(record: Record) -> Mapping[str, bytes]:
    """Every spelling by file name, the record first."""
    return {
        REPORT: render_json(record),
        MARKDOWN: markdown.render(record),
        PAGE: page.render(record),
        JUNIT: junit.render(record),
    }


def render_json(record: Record) -> bytes:
    """``report.json``: UTF-8, indented, members in the order of ``record.Record``."""
    return (json.dumps(spell(record), ensure_ascii=False, indent=2) + "\n").encode("utf-8")
