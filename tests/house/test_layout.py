"""The house rules that a program can check (ARCHITECTURE.md, CONTRIBUTING.md)."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))

SPEAKS_TO_POSTGRESQL = {
    "cutter_agent": ("cutter_agent/db_adapter/",),
    "pg_dryrun": ("pg_dryrun/observer",),
}


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def imported_modules(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), f"{path} has no module docstring"


def test_no_drawers() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [str(path) for path in SOURCES if path.stem in drawers or path.parent.name in drawers] == []


def test_rooms_stay_small() -> None:
    crowded = {
        str(path.relative_to(ROOT)): lines for path in SOURCES if (lines := len(path.read_text().splitlines())) > 400
    }
    assert crowded == {}


def test_the_ground_speaks_no_sql() -> None:
    ground = [
        path for path in SOURCES if path.relative_to(ROOT / "src").parts[0] in {"sealing", "commandline", "pg_embedded"}
    ]
    assert ground
    assert [str(path) for path in ground if any(name.startswith("psycopg") for name in imported_modules(path))] == []


@pytest.mark.parametrize("house", sorted(SPEAKS_TO_POSTGRESQL))
def test_only_one_room_of_a_house_speaks_to_postgresql(house: str) -> None:
    allowed = SPEAKS_TO_POSTGRESQL[house]
    speakers = {
        path.relative_to(ROOT / "src").as_posix()
        for path in SOURCES
        if path.relative_to(ROOT / "src").parts[0] == house
        and any(name.split(".")[0] in {"psycopg", "psycopg_pool"} for name in imported_modules(path))
    }
    assert speakers, f"nobody in {house} speaks to PostgreSQL: the rule has lost its subject"
    assert sorted(name for name in speakers if not name.startswith(allowed)) == []


def test_the_verifier_shares_words_rows_and_the_wire_with_the_cutter_and_nothing_else() -> None:
    """An allow-list: a contract that forbids rooms by name says nothing of a room that is made tomorrow."""
    shared = ("model", "rows", "originals", "signing", "record_digests", "affected_digests", "verifier")
    room = [path for path in SOURCES if "cutter_agent/verifier/" in path.as_posix()]
    taken = {(path.name, name) for path in room for name in imported_modules(path) if name.startswith("cutter_agent")}
    assert {name for _, name in taken} >= {"cutter_agent.rows", "cutter_agent.signing"}
    assert sorted((path, name) for path, name in taken if name.split(".")[1] not in shared) == []


def test_locks_pin_with_hashes_and_hold_no_address() -> None:
    for name in ("run.txt", "dev.txt", "build.txt", "server.txt", "docs.txt"):
        text = (ROOT / "requirements" / name).read_text("utf-8")
        assert "://" not in text
        assert "--index-url" not in text
        assert "--find-links" not in text
        pinned = re.findall(r"^([A-Za-z0-9_.\[\]-]+)==", text, flags=re.MULTILINE)
        assert pinned
        for block in re.split(r"\n(?=\S)", text.strip()):
            assert "--hash=sha256:" in block, f"{name}: no hash for {block.splitlines()[0]}"


def test_nothing_of_the_workplace_is_committed() -> None:
    home_paths = re.compile(r"(?<![\w.])/(?:work|root|home)/\w")
    offenders = []
    for path in tracked_files():
        if path.suffix in {".png", ".gz"}:
            continue
        text = path.read_text("utf-8", errors="ignore")
        if path != Path(__file__).resolve() and home_paths.search(text):
            offenders.append(str(path.relative_to(ROOT)))
    assert offenders == []
