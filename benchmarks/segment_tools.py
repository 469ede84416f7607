"""Other splitters, each asked for pieces of at most so many characters, without overlap. What is missing is named.

docling is no splitter of plain text: it converts a document first. Its Markdown reader and its hierarchical chunker are
measured together, as they are used; the chunker has no size.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from types import ModuleType
from typing import Any

Pieces = Sequence[tuple[int, int]] | Sequence[str]
Cut = Callable[[bytes, str], Any]
"""What is measured: the bytes and the same decoded, to whatever the tool gives."""
Reading = Callable[[Any, str], Pieces]
"""What is not: that, and the text, to pieces as byte spans or as texts."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One tool, ready. ``slow``: measured on a part of the texts, or it would take minutes."""

    name: str
    cut: Cut
    read: Reading
    slow: bool = False


def others(family: str, characters: int) -> Iterator[Tool]:
    """Every other tool that is installed; ``family`` decides what a tool with a mode for Markdown uses."""
    for name, module, make, slow in (
        ("semantic-text-splitter", "semantic_text_splitter", _semantic, False),
        ("langchain recursive", "langchain_text_splitters", _langchain, False),
        ("semchunk", "semchunk", _semchunk, False),
        ("chonkie recursive", "chonkie", _chonkie, False),
        ("chonkie fast", "chonkie", _chonkie_fast, False),
        ("docling", "docling_core.transforms.chunker.hierarchical_chunker", _docling, True),
    ):
        try:
            cut, read = make(importlib.import_module(module), family, characters)
            yield Tool(name=name, cut=cut, read=read, slow=slow)
        except (ImportError, AttributeError) as error:
            print(f"{name}: left out ({type(error).__name__}: {error})")


def _as_given(given: Any, _: str) -> Pieces:
    return given  # type: ignore[no-any-return]


def _semantic(module: ModuleType, family: str, characters: int) -> tuple[Cut, Reading]:
    kind = module.MarkdownSplitter if family == "de" else module.TextSplitter
    splitter = kind(characters, trim=False)
    return (lambda _, text: splitter.chunks(text)), _as_given


def _langchain(module: ModuleType, family: str, characters: int) -> tuple[Cut, Reading]:
    separators = ["\n#", "\n\n", "\n", ". ", " ", ""] if family == "de" else None
    splitter = module.RecursiveCharacterTextSplitter(
        chunk_size=characters, chunk_overlap=0, separators=separators, strip_whitespace=False
    )
    return (lambda _, text: splitter.split_text(text)), _as_given


def _semchunk(module: ModuleType, family: str, characters: int) -> tuple[Cut, Reading]:
    del family
    chunker = module.chunkerify(len, characters)

    return (lambda _, text: chunker(text, offsets=True)), (lambda given, text: _in_bytes(text, given[1]))


def _chonkie(module: ModuleType, family: str, characters: int) -> tuple[Cut, Reading]:
    del family
    chunker = module.RecursiveChunker("character", chunk_size=characters)

    return _chunks_of(chunker), (lambda given, text: _in_bytes(text, [(c.start_index, c.end_index) for c in given]))


def _chunks_of(chunker: Any) -> Cut:
    return lambda _, text: chunker.chunk(text)


def _chonkie_fast(module: ModuleType, family: str, characters: int) -> tuple[Cut, Reading]:
    del family
    chunker = module.FastChunker(chunk_size=characters)
    return _chunks_of(chunker), _texts


def _docling(module: ModuleType, family: str, characters: int) -> tuple[Cut, Reading]:
    del family, characters
    backend = importlib.import_module("docling.backend.md_backend").MarkdownDocumentBackend
    markdown = importlib.import_module("docling.datamodel.base_models").InputFormat.MD
    document = importlib.import_module("docling.datamodel.document").InputDocument
    chunker = module.HierarchicalChunker()

    def cut(data: bytes, _: str) -> Any:
        read = document(path_or_stream=BytesIO(data), format=markdown, backend=backend, filename="law.md")
        converted = backend(in_doc=read, path_or_stream=BytesIO(data)).convert()
        return list(chunker.chunk(converted))

    return cut, _texts


def _texts(given: Any, _: str) -> Pieces:
    return [chunk.text for chunk in given]


def _in_bytes(text: str, offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans of characters as spans of bytes."""
    if text.isascii():
        return list(offsets)
    places: dict[int, int] = {}
    at = byte = 0
    for character in sorted({c for pair in offsets for c in pair}):
        byte += len(text[at:character].encode())
        at = character
        places[character] = byte
    return [(places[start], places[end]) for start, end in offsets]
