"""The how-to pages about retrieval and official names: their blocks run one after another as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pg_embedded import resident

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
LAW = (
    "Luật số: 14/2008/QH12\nLUẬT THỬ\nĐiều 1. Phạm vi\nLuật này quy định việc thử.\n"
    "Điều 2. Hiệu lực\nLuật này có hiệu lực thi hành từ ngày 01 tháng 01 năm 2009.\n"
)
CODIFIED = "Điều 20.1.LQ.1. Phạm vi\n(Điều 1 Luật số 14/2008/QH12, có hiệu lực thi hành kể từ ngày 01/01/2009)\n"


def blocks(page: str, language: str) -> str:
    text = (PAGES / page).read_text("utf-8")
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment with a data folder of its own and two texts."""
    (tmp_path / "luat.txt").write_text(LAW, encoding="utf-8")
    (tmp_path / "phapdien.txt").write_text(CODIFIED, encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DOT_CUTTER_", "PG"))}
    yield inherited | {
        "DOT_CUTTER_HOME": str(tmp_path / "home"),
        "LAW": str(tmp_path / "luat.txt"),
        "CODIFIED": str(tmp_path / "phapdien.txt"),
    }
    resident.erase(tmp_path / "home" / "server")


def run(command: list[str], place: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=Path(place["LAW"]).parent, env=place, capture_output=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return done.stdout.decode()


def shell(page: str, place: dict[str, str]) -> str:
    known = f'set -e\niu-cutter () {{ "{sys.executable}" -m cutter_agent "$@"; }}\n'
    return run(["/bin/bash", "-c", known + blocks(page, "sh")], place)


def test_units_in_a_retrieval_program(place: dict[str, str]) -> None:
    shell("retrieval.md", place)
    said = run([sys.executable, "-c", blocks("retrieval.md", "python")], place).splitlines()
    assert said == [
        "{'num_added': 4, 'num_updated': 0, 'num_skipped': 0, 'num_deleted': 0}",
        "{'num_added': 0, 'num_updated': 0, 'num_skipped': 4, 'num_deleted': 0}",
        "4",
        "0",
    ]


def test_official_names(place: dict[str, str]) -> None:
    said = shell("official-names.md", place)
    assert "L14-DIEU1  article 1" in said
    assert "also called Điều 20.1.LQ.1." in said
