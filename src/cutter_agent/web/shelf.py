"""Every document that was cut, and one of them to be taken along: exports in four forms, streamed from a file."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import IO

from starlette.responses import Response, StreamingResponse

from cutter_agent.export.akoma import akoma_ntoso
from cutter_agent.export.losses import Losses
from cutter_agent.export.placing import placed
from cutter_agent.export.records import DEFAULT_CHUNK_CHARACTERS, chunk_lines, unit_lines
from cutter_agent.export.tree import pages
from cutter_agent.report import ExportedDocument, Units
from cutter_agent.web.paging import Paging
from cutter_agent.web.visit import Refusal, Visit

_IN_MEMORY_BYTES = 1 << 20
_PIECE_BYTES = 1 << 16
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Form(StrEnum):
    """The forms, by their word in an address."""

    JSONL = "jsonl"
    CHUNKS = "chunks"
    MARKDOWN = "markdown"
    AKN = "akn"


_FILES = {
    Form.JSONL: (".jsonl", "application/jsonl"),
    Form.CHUNKS: ("-chunks.jsonl", "application/jsonl"),
    Form.MARKDOWN: ("-markdown.zip", "application/zip"),
    Form.AKN: (".akn.xml", "application/xml"),
}


def documents(visit: Visit) -> Response:
    """GET /documents?page=N."""
    asked = Paging.at(visit.number("page", 1), 1 << 30)
    count, found = visit.site.lane.report.documents(limit=asked.size, offset=asked.first)
    paging = Paging.at(asked.page, count)
    if paging.page != asked.page:
        _, found = visit.site.lane.report.documents(limit=paging.size, offset=paging.first)
    return visit.page("documents", documents=found, paging=paging)


def export(visit: Visit) -> Response:
    """GET /exports/{form}/{document}?as_of=N.

    The file is whole, and its units are proven to be the document, before its first byte is sent: no broken file is
    taken home, and a slow reader keeps no connection to the database.
    """
    word = visit.place("form")
    if word not in set(Form):
        raise Refusal("unknown", 404)
    form = Form(word)
    as_of = visit.number("as_of", 0) or None
    spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - closed when it was sent
    try:
        with visit.site.lane.report.export(visit.place("document"), as_of=as_of) as (head, units):
            _WRITERS[form](spool, head, units)
    except BaseException:
        spool.close()
        raise
    ending, media_type = _FILES[form]
    size = spool.tell()
    spool.seek(0)
    name = f"{head.document_code}-cut{head.cut_seq}{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
    return StreamingResponse(_sent(spool), media_type=media_type, headers=headers)


def _sent(spool: IO[bytes]) -> Iterator[bytes]:
    with spool:
        while piece := spool.read(_PIECE_BYTES):
            yield piece


def _lines(spool: IO[bytes], text: Iterable[str]) -> None:
    for piece in text:
        spool.write(piece.encode())


def _zip(spool: IO[bytes], head: ExportedDocument, units: Units) -> None:
    """The Markdown tree; the same bytes each time."""
    with zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in pages(head, units):
            member = zipfile.ZipInfo(f"{head.document_code}/{path}", date_time=_EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, text.encode())


_WRITERS: dict[Form, Callable[[IO[bytes], ExportedDocument, Units], None]] = {
    Form.JSONL: lambda spool, head, units: _lines(spool, unit_lines(head, placed(units(), units.strays()))),
    Form.CHUNKS: lambda spool, head, units: _lines(
        spool, chunk_lines(head, placed(units(), units.strays()), max_characters=DEFAULT_CHUNK_CHARACTERS)
    ),
    Form.MARKDOWN: _zip,
    Form.AKN: lambda spool, head, units: _lines(spool, akoma_ntoso(head, placed(units(), units.strays()), Losses())),
}
