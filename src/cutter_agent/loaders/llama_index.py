"""Chunks as documents of LlamaIndex (extra ``llama-index``): ``UnitReader``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

try:
    from llama_index.core.readers.base import BaseReader
    from llama_index.core.schema import BaseNode, Document, NodeRelationship, TextNode, TransformComponent
except ImportError as error:
    raise ImportError(
        "cutter_agent.loaders.llama_index needs llama-index-core, which is not installed: "
        "pip install 'dot-iu-cutter[llama-index]'",
        name=error.name,
    ) from error

from cutter_agent.loaders.chunks import EMBEDDED_MEMBERS, key_of
from cutter_agent.loaders.sources import chunks


class UnitDocument(Document):
    """A document whose ``hash`` does not look at offsets.

    LlamaIndex tells by it what changed: with offsets in it, one inserted article would renew every chunk behind it.
    """

    @property
    def hash(self) -> str:
        """Changes exactly when something is said anew of the chunk."""
        return key_of(self.text, self.metadata)


class WholeUnits(TransformComponent):
    """First step of an ``IngestionPipeline``: each chunk becomes one node as it is.

    A splitter would cut it again and trim it. Without any such step a node has no source, and vector stores, which
    delete by the source's id, would keep what is gone.
    """

    def __call__(self, nodes: Sequence[BaseNode], **_: Any) -> list[BaseNode]:
        """One node for each document, of the same id, text and metadata."""
        return [_node(node) if isinstance(node, Document) else node for node in nodes]


class UnitReader(BaseReader):
    """Chunks of one document: of the store as of a cut, or of a file that ``iu-cutter export --format chunks`` wrote.

    ``id_`` stays through editions and ``hash`` as long as nothing changed, so an ``IngestionPipeline`` that begins with
    ``WholeUnits()``, with a document store, a vector store and ``DocstoreStrategy.UPSERTS_AND_DELETE``, writes only
    what changed and removes what is gone.
    Raises ``cutter_agent.errors.CutterError`` as ``cutter_agent.loaders.sources.chunks``.
    """

    def lazy_load_data(
        self,
        document: str | None = None,
        *,
        path: str | Path | None = None,
        as_of: int | None = None,
        max_chars: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Iterator[Document]:
        """A stream: no more than one unit is in memory. Digests and numbers stay out of what is embedded."""
        read = chunks(document, path=path, as_of=as_of, max_chars=max_chars, environment=environment)
        return (_document(chunk.chunk_id, chunk.text, dict(chunk.metadata)) for chunk in read)


def _document(chunk_id: str, text: str, metadata: dict[str, Any]) -> UnitDocument:
    apart = [name for name in metadata if name not in EMBEDDED_MEMBERS]
    members: dict[str, Any] = {
        "id_": chunk_id,
        "text": text,
        "metadata": metadata,
        "excluded_embed_metadata_keys": apart,
        "excluded_llm_metadata_keys": apart,
    }
    return UnitDocument(**members)


def _node(document: Document) -> TextNode:
    members: dict[str, Any] = {
        "id_": document.id_,
        "text": document.text,
        "metadata": document.metadata,
        "excluded_embed_metadata_keys": document.excluded_embed_metadata_keys,
        "excluded_llm_metadata_keys": document.excluded_llm_metadata_keys,
        "relationships": {NodeRelationship.SOURCE: document.as_related_node_info()},
    }
    return TextNode(**members)
