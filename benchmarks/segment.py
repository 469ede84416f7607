"""Speed and faithfulness of the cut beside what others offer: one run, one process, the same texts.

    python benchmarks/segment.py FOLDER [--seconds S]

FOLDER holds ``vn/*.txt`` (Vietnamese laws) and ``de/*.md`` (German laws). For each tool and family: MB/s (best of
several rounds), the share of bytes that come back when its pieces are put together in order, the share of articles
whose heading starts a piece, the share of pieces that hold text of two articles, and how many times the floor it takes.
The floor is what nobody can go below who keeps a law: SHA-256 and the check that the bytes are UTF-8. Articles are
found by a plain expression of this file and not by the cutter. What is not installed is left out and named.
"""

from __future__ import annotations

import argparse
import importlib
import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cutter_agent.segmenter import profiles, segment

CHARACTERS = 2000
"""The size that others are asked for: about the size of an article."""
ARTICLES = {
    "vn": re.compile("(?m)^[ \u00a0]*(?:Điều|Ðiều)[ \u00a0]+[0-9]+[a-z]?\\."),
    "de": re.compile(r"(?m)^#{1,6} (?:\(X+\) )?(?:§{1,2}|Art) ?[0-9]+"),
}
PATTERNS = {"vn": "vn/*.txt", "de": "de/*.md"}
PROFILES = {"vn": "vn-law", "de": "de-gesetz"}

Pieces = Sequence[tuple[int, int]] | Sequence[str]
Tool = Callable[[bytes, str], Pieces]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one tool did with one family of texts."""

    tool: str
    megabytes_per_second: float
    floors: float
    bytes_kept: float
    articles_started: float
    pieces_straddling: float
    pieces: int


def ours(profile_id: str) -> Tool:
    profile = profiles.load(profile_id)

    def cut(data: bytes, _: str) -> Pieces:
        # Tree, addresses and the SHA-256 of every unit included.
        return [(u.start_byte, u.end_byte) for u in segment(data, profile=profile, document_code="X").units]

    return cut


def floor(data: bytes, _: str) -> Pieces:
    sha256(data).hexdigest()
    data.decode("utf-8")
    return [(0, len(data))]


def others(family: str) -> Iterator[tuple[str, Tool]]:
    """Every other tool that is installed. Each is asked for pieces of ``CHARACTERS`` characters, without overlap."""
    for name, module, make in (
        ("semantic-text-splitter", "semantic_text_splitter", _semantic),
        ("langchain recursive", "langchain_text_splitters", _langchain),
        ("semchunk", "semchunk", _semchunk),
        ("chonkie recursive", "chonkie", _chonkie),
        ("chonkie fast", "chonkie", _chonkie_fast),
    ):
        try:
            found = importlib.import_module(module)
            tool = make(found, family)
        except (ImportError, AttributeError) as error:
            print(f"{name}: left out ({type(error).__name__}: {error})")
            continue
        yield name, tool


def _semantic(module: object, family: str) -> Tool:
    kind = module.MarkdownSplitter if family == "de" else module.TextSplitter  # type: ignore[attr-defined]
    splitter = kind(CHARACTERS, trim=False)
    return lambda _, text: splitter.chunks(text)


def _langchain(module: object, family: str) -> Tool:
    separators = ["\n#", "\n\n", "\n", ". ", " ", ""] if family == "de" else None
    splitter = module.RecursiveCharacterTextSplitter(  # type: ignore[attr-defined]
        chunk_size=CHARACTERS, chunk_overlap=0, separators=separators, strip_whitespace=False
    )
    return lambda _, text: splitter.split_text(text)


def _semchunk(module: object, family: str) -> Tool:
    del family
    chunker = module.chunkerify(len, CHARACTERS)  # type: ignore[attr-defined]

    def cut(data: bytes, text: str) -> Pieces:
        _, offsets = chunker(text, offsets=True)
        return _in_bytes(data, text, offsets)

    return cut


def _chonkie(module: object, family: str) -> Tool:
    del family
    chunker = module.RecursiveChunker("character", chunk_size=CHARACTERS)  # type: ignore[attr-defined]

    def cut(data: bytes, text: str) -> Pieces:
        return _in_bytes(data, text, [(c.start_index, c.end_index) for c in chunker.chunk(text)])

    return cut


def _chonkie_fast(module: object, family: str) -> Tool:
    del family
    chunker = module.FastChunker(chunk_size=CHARACTERS)  # type: ignore[attr-defined]
    return lambda _, text: [chunk.text for chunk in chunker.chunk(text)]


def _in_bytes(data: bytes, text: str, offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    del data
    places: dict[int, int] = {}
    at = byte = 0
    for character in sorted({c for pair in offsets for c in pair}):
        byte += len(text[at:character].encode())
        at = character
        places[character] = byte
    return [(places[start], places[end]) for start, end in offsets]


def spans_of(pieces: Pieces, data: bytes) -> list[tuple[int, int]]:
    """Where the pieces stand in ``data``: as told, or found one behind the other; what is not there is left out."""
    spans, at = [], 0
    for piece in pieces:
        if isinstance(piece, str):
            raw = piece.encode()
            start = data.find(raw, at)
            if start < 0 or not raw:
                continue
            piece = (start, start + len(raw))
            at = piece[1]
        spans.append(piece)
    return spans


def measure(name: str, tool: Tool, family: str, files: Sequence[bytes], seconds: float, best_floor: float) -> Result:
    texts = [data.decode() for data in files]
    size = sum(map(len, files))
    best, spent = float("inf"), 0.0
    found: list[Pieces] = []
    while spent < seconds or not found:
        begun = time.perf_counter()
        found = [tool(data, text) for data, text in zip(files, texts, strict=True)]
        took = time.perf_counter() - begun
        best, spent = min(best, took), spent + took
    kept = started = articles = straddling = pieces = 0
    for data, text, cut in zip(files, texts, found, strict=True):
        spans = spans_of(cut, data)
        headings = _headings(family, text)
        starts = {start for start, _ in spans}
        kept += _covered(spans)
        articles += len(headings)
        started += sum(_starts_piece(heading, starts, data) for heading in headings)
        pieces += len(spans)
        straddling += sum(_straddles(span, headings, data) for span in spans)
    return Result(
        tool=name,
        megabytes_per_second=size / best / 1e6,
        floors=best / best_floor if best_floor else 1.0,
        bytes_kept=kept / size,
        articles_started=started / max(articles, 1),
        pieces_straddling=straddling / max(pieces, 1),
        pieces=pieces,
    )


def _headings(family: str, text: str) -> list[int]:
    out, at, byte = [], 0, 0
    for match in ARTICLES[family].finditer(text):
        byte += len(text[at : match.start()].encode())
        at = match.start()
        out.append(byte)
    return out


def _covered(spans: Sequence[tuple[int, int]]) -> int:
    covered = reached = 0
    for start, end in sorted(spans):
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered


def _starts_piece(heading: int, starts: set[int], data: bytes) -> bool:
    """Blanks and line ends before the heading may go with it."""
    while heading not in starts and heading > 0 and data[heading - 1 : heading] in (b"\n", b" ", b"\r"):
        heading -= 1
    return heading in starts


def _straddles(span: tuple[int, int], headings: Sequence[int], data: bytes) -> bool:
    """Whether an article begins inside the piece with other text before it."""
    start, end = span
    first = bisect_left(headings, start)
    inside = headings[first : bisect_right(headings, end - 1)]
    return any(data[start:heading].strip() for heading in inside[:2])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=4.0, help="time for each tool and family, at least one round")
    words = parser.parse_args()
    for family, pattern in PATTERNS.items():
        files = [path.read_bytes() for path in sorted(words.folder.glob(pattern))]
        if not files:
            print(f"{family}: no files {pattern} in {words.folder}")
            continue
        print(f"\n{family}: {len(files)} files, {sum(map(len, files))} bytes, pieces of {CHARACTERS} characters")
        print(f"{'tool':<24}{'MB/s':>9}{'x floor':>9}{'kept':>9}{'starts':>9}{'straddle':>10}{'pieces':>9}")
        lowest = measure("floor", floor, family, files, words.seconds, 0)
        best_floor = sum(map(len, files)) / lowest.megabytes_per_second / 1e6
        tools = [("ours", ours(PROFILES[family])), *others(family)]
        _print(lowest)
        for name, tool in tools:
            _print(measure(name, tool, family, files, words.seconds, best_floor))


def _print(result: Result) -> None:
    print(
        f"{result.tool:<24}{result.megabytes_per_second:>9.1f}{result.floors:>9.1f}{result.bytes_kept:>9.2%}"
        f"{result.articles_started:>9.1%}{result.pieces_straddling:>10.1%}{result.pieces:>9}",
        flush=True,
    )


if __name__ == "__main__":
    main()
