"""Chunks as documents of LangChain (extra ``langchain``): ``UnitLoader``, and ``chunk_key`` for its ``index``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

try:
    from langchain_core.document_loaders import BaseLoader
    from langchain_core.documents import Document
except ImportError as error:
    raise ImportError(
        "cutter_agent.loaders.langchain needs langchain-core, which is not installed: "
        "pip install 'dot-iu-cutter[langchain]'",
        name=error.name,
    ) from error

from cutter_agent.loaders.chunks import Chunk, key_of
from cutter_agent.loaders.sources import chunks


class UnitLoader(BaseLoader):
    """Chunks of one document: of the store as of a cut, or of a file that ``iu-cutter export --format chunks`` wrote.

    ``id`` of a document stays through editions, so ``add_documents`` replaces; retired units stay behind. To write only
    what changed and to remove what is gone: ``index(loader, records, store, cleanup="full", key_encoder=chunk_key)``.
    Raises ``cutter_agent.errors.CutterError`` as ``cutter_agent.loaders.sources.chunks``.
    """

    def __init__(
        self,
        document: str | None = None,
        *,
        path: str | Path | None = None,
        as_of: int | None = None,
        max_chars: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._document = document
        self._path = path
        self._as_of = as_of
        self._max_chars = max_chars
        self._environment = environment
        self._read()  # refuses arguments that contradict each other; nothing is opened yet

    def lazy_load(self) -> Iterator[Document]:
        """A stream: no more than one unit is in memory."""
        for chunk in self._read():
            yield Document(id=chunk.chunk_id, page_content=chunk.text, metadata=dict(chunk.metadata))

    def _read(self) -> Iterator[Chunk]:
        return chunks(
            self._document,
            path=self._path,
            as_of=self._as_of,
            max_chars=self._max_chars,
            environment=self._environment,
        )


def chunk_key(document: Document) -> str:
    """What LangChain's ``index`` takes as ``key_encoder``: changes exactly when something is said anew of the chunk.

    Its own encoders look at all metadata: one inserted article would move every offset behind it, and all would be
    written again.
    """
    return key_of(document.page_content, document.metadata)
