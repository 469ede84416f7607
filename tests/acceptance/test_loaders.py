"""The loaders in the programs that they are for: what is said of a chunk, what is written again, what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.indexing import InMemoryRecordManager, index
from langchain_core.vectorstores import InMemoryVectorStore
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.schema import MetadataMode
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.vector_stores import SimpleVectorStore
from tests import event_loops
from tests.command_room import CommandLine

from cutter_agent.errors import InputRefused, UsageError, VerificationFailed
from cutter_agent.loaders.chunks import PLACE_MEMBERS
from cutter_agent.loaders.langchain import UnitLoader, chunk_key
from cutter_agent.loaders.llama_index import UnitReader, WholeUnits
from pg_embedded import resident

LONG = "Một câu dài về việc thử. " * 20
OLD = (
    "LUẬT THỬ\nChương I\nCHUNG\nĐiều 1. Phạm vi\n1. Luật này quy định việc thử và các điều kiện của việc thử.\n"
    f"2. {LONG}\nĐiều 2. Hiệu lực\nLuật này có hiệu lực thi hành từ ngày 01 tháng 01 năm 2021.\n"
)
NEW = OLD.replace("năm 2021", "năm 2022").replace("việc thử và", "việc thử, kiểm tra và").replace("THỬ", " THỬ", 1)
CODE = "L1"


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A store with two cuts of one law, and the first one as a file."""

    command: CommandLine
    environment: dict[str, str]
    path: Path


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, bytecode: Path) -> Iterator[Stored]:
    folder = tmp_path_factory.mktemp("loaders")
    command = CommandLine(home=folder / "home", cwd=folder, bytecode=bytecode)
    law, path = folder / "luat.txt", folder / "chunks.jsonl"
    law.write_text(OLD, encoding="utf-8")
    words = ("--code", CODE, "--ref", "law/L1", "--profile", "vn-law", "--json")
    first = command("cut", str(law), *words)
    assert first.code == 0, first.err
    exported = command("export", CODE, "--format", "chunks", "--max-chars", "200", "-o", str(path), "--json")
    assert exported.code == 0, exported.err
    law.write_text(NEW, encoding="utf-8")
    second = command("cut", str(law), *words)
    assert second.code == 0, second.err
    yield Stored(command=command, environment={"DOT_CUTTER_HOME": str(command.home)}, path=path)
    resident.erase(command.home / "server")


def from_store(stored: Stored, as_of: int | None) -> UnitLoader:
    return UnitLoader(CODE, as_of=as_of, max_chars=200, environment=stored.environment)


def test_a_chunk_is_text_of_one_unit_with_its_place(stored: Stored) -> None:
    documents = UnitLoader(path=stored.path).load()
    assert "".join(document.page_content for document in documents) == OLD
    data = OLD.encode()
    for document in documents:
        place = document.metadata
        assert data[place["start_byte"] : place["end_byte"]].decode() == document.page_content
        assert len(document.page_content) <= 200
        assert all(isinstance(value, str | int) for value in place.values())
    clause = next(document for document in documents if document.metadata["address"] == "L1-DIEU1-K1")
    assert clause.metadata["path"] == "Chương I CHUNG > Điều 1. Phạm vi"
    assert clause.metadata["version"] == 1
    parts = [document.metadata for document in documents if document.metadata["address"] == "L1-DIEU1-K2"]
    assert [place["part"] for place in parts] == list(range(1, len(parts) + 1))
    assert len(parts) > 1
    assert len({document.id for document in documents}) == len(documents)


def test_the_store_and_the_file_say_the_same(stored: Stored) -> None:
    assert from_store(stored, 1).load() == UnitLoader(path=stored.path).load()
    newest = from_store(stored, None).load()
    assert "".join(document.page_content for document in newest) == NEW
    assert newest == from_store(stored, 2).load()
    assert event_loops.run(from_store(stored, 1).aload()) == from_store(stored, 1).load()
    asked = {"max_chars": 200, "environment": stored.environment}
    for reader, loader in (
        (UnitReader().load_data(CODE, as_of=2, **asked), newest),
        (UnitReader().load_data(path=stored.path), UnitLoader(path=stored.path).load()),
    ):
        assert [(d.id_, d.text, d.metadata) for d in reader] == [(d.id, d.page_content, d.metadata) for d in loader]


def test_a_read_is_a_stream_that_can_be_left(stored: Stored) -> None:
    stream = from_store(stored, None).lazy_load()
    assert next(stream).page_content.startswith("LUẬT")
    stream.close()
    assert from_store(stored, None).load()


def counts(result: dict[str, int]) -> tuple[int, int, int, int]:
    return result["num_added"], result["num_updated"], result["num_skipped"], result["num_deleted"]


def test_langchain_writes_what_changed_and_removes_what_is_gone(stored: Stored) -> None:
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=8))
    records = InMemoryRecordManager(namespace="test")
    records.create_schema()
    before, after = from_store(stored, 1).load(), from_store(stored, 2).load()
    same = {chunk_key(d) for d in before} & {chunk_key(d) for d in after}
    moved = [d for d in after if chunk_key(d) in same and d.metadata["address"] == "L1-DIEU1-K2"]
    assert moved, "an unchanged clause that stands elsewhere now"

    def run(loader: UnitLoader) -> tuple[int, int, int, int]:
        return counts(dict(index(loader, records, store, cleanup="full", key_encoder=chunk_key)))

    assert run(from_store(stored, 1)) == (len(before), 0, 0, 0)
    assert run(UnitLoader(path=stored.path)) == (0, 0, len(before), 0)
    assert run(from_store(stored, 2)) == (len(after) - len(same), 0, len(same), len(before) - len(same))
    assert {str(found["text"]) for found in store.store.values()} == {d.page_content for d in after}


def test_the_ids_of_both_editions_are_the_same_so_a_plain_store_replaces(stored: Stored) -> None:
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=8))
    before, after = from_store(stored, 1).load(), from_store(stored, 2).load()
    assert [d.id for d in before] == [d.id for d in after]
    store.add_documents(before)
    store.add_documents(after)
    assert {str(found["text"]) for found in store.store.values()} == {d.page_content for d in after}


def test_llama_index_writes_what_changed_and_removes_what_is_gone(stored: Stored) -> None:
    kept, vectors = SimpleDocumentStore(), SimpleVectorStore()
    pipeline = IngestionPipeline(
        transformations=[WholeUnits(), MockEmbedding(embed_dim=4)],
        docstore=kept,
        vector_store=vectors,
        docstore_strategy=DocstoreStrategy.UPSERTS_AND_DELETE,
        disable_cache=True,
    )
    reader = UnitReader()
    asked = {"max_chars": 200, "environment": stored.environment}
    before, after = reader.load_data(CODE, as_of=1, **asked), reader.load_data(CODE, as_of=2, **asked)
    assert len(pipeline.run(documents=before)) == len(before)
    assert pipeline.run(documents=reader.load_data(path=stored.path)) == []
    written = pipeline.run(documents=after)
    assert {node.metadata["address"] for node in written} == {"L1-TEN", "L1-DIEU1-K1", "L1-DIEU2"}
    assert set(vectors.data.embedding_dict) == {d.id_ for d in after}
    rest = [d for d in after if d.metadata["address"] != "L1-DIEU2"]
    assert pipeline.run(documents=rest) == []
    assert set(vectors.data.embedding_dict) == {d.id_ for d in rest}
    assert {d.text for d in kept.docs.values()} == {d.text for d in rest}


def test_digests_and_numbers_are_not_embedded(stored: Stored) -> None:
    document = UnitReader().load_data(path=stored.path)[-1]
    seen = document.get_content(metadata_mode=MetadataMode.EMBED)
    assert "address: L1-DIEU2" in seen
    assert "path: Chương I CHUNG" in seen
    assert document.metadata["content_sha256"] not in seen
    assert set(document.metadata) >= PLACE_MEMBERS


def test_arguments_that_contradict_each_other_are_refused_at_once(stored: Stored) -> None:
    for words in ({}, {"document": "X", "path": "x"}, {"path": "x", "as_of": 1}, {"document": "X", "max_chars": 3}):
        with pytest.raises(UsageError) as refused:
            UnitLoader(**words)
        assert refused.value.remedy
        with pytest.raises(UsageError):
            UnitReader().lazy_load_data(**words)
    with pytest.raises(UsageError, match="no document NOWHERE"):
        UnitLoader("NOWHERE", environment=stored.environment).load()
    with pytest.raises(UsageError, match="cannot be read"):
        UnitLoader(path=stored.path.parent / "absent.jsonl").load()


def test_a_file_of_something_else_is_refused_with_its_line(stored: Stored, tmp_path: Path) -> None:
    lines = stored.path.read_bytes().splitlines(keepends=True)
    good = json.loads(lines[1])
    for bad, said in (
        (b"{\n", "line 2: no JSON"),
        (b"\xff\xfe\n", "line 2: no JSON"),
        (b"[1]\n", "line 2: no JSON object"),
        (json.dumps({**good, "address": None}).encode(), "line 2: no chunk, address missing"),
        (json.dumps({**good, "part": "1", "path": "x"}).encode(), "line 2: no chunk, part, path missing"),
    ):
        path = tmp_path / "bad.jsonl"
        path.write_bytes(lines[0] + bad)
        with pytest.raises(InputRefused, match=said) as refused:
            UnitLoader(path=path).load()
        assert "export DOC --format chunks" in refused.value.remedy
    assert next(UnitLoader(path=stored.path).lazy_load()).page_content == json.loads(lines[0])["text"]


def test_a_store_that_was_changed_is_told(stored: Stored) -> None:
    law = stored.path.parent / "other.txt"
    law.write_text("LUẬT KHÁC\nĐiều 1. A\nNgay bây giờ.\n", encoding="utf-8")
    assert stored.command("cut", str(law), "--code", "L9", "--profile", "vn-law", "--json").code == 0
    stored.command.query(
        "SET session_replication_role = replica",
        "UPDATE iu.unit_version SET body = 'Khác.', content_hash = encode(sha256(convert_to('Khác.', 'UTF8')), 'hex')"
        " WHERE body LIKE '%Ngay bây giờ.%'",
    )
    with pytest.raises(VerificationFailed):
        UnitLoader("L9", environment=stored.environment).load()


@pytest.mark.parametrize(
    ("module", "missing", "extra"),
    [("langchain", "langchain_core", "langchain"), ("llama_index", "llama_index", "llama-index")],
)
def test_a_missing_extra_is_named(module: str, missing: str, extra: str) -> None:
    program = (
        "import sys\n"
        "class Without:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] == {missing!r}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Without())\n"
        "import cutter_agent.loaders\n"
        "import cutter_agent.loaders.sources\n"
        f"import cutter_agent.loaders.{module}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ)
    )
    assert done.returncode == 1
    assert f"pip install 'dot-iu-cutter[{extra}]'" in done.stderr.splitlines()[-1]


def test_a_key_says_nothing_of_places() -> None:
    document = Document(page_content="x", metadata={"address": "A", "start_byte": 1, "as_of_cut": 1})
    moved = Document(page_content="x", metadata={"address": "A", "start_byte": 9, "as_of_cut": 2})
    other = Document(page_content="x", metadata={"address": "B", "start_byte": 1, "as_of_cut": 1})
    assert chunk_key(document) == chunk_key(moved)
    assert chunk_key(document) != chunk_key(other)
