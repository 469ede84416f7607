"""The blocks of a how-to page, typed into a shell one after another as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
from tests.command_room import CommandLine
from tests.formats_room import law_docx

from pg_embedded.cluster import ThrowawayCluster

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
LAW = "Luật số: 12/2020/QH14\nLUẬT THỬ\nĐiều 1. Phạm vi\nLuật này.\nĐiều 2. Hiệu lực\nNgay.\n"


def _blocks(page: str) -> str:
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", (PAGES / page).read_text("utf-8"), re.MULTILINE | re.DOTALL))


def _typed(page: str, embedded: CommandLine, law: Path, folder: Path) -> str:
    """Every block of the page, typed in one shell; what it printed. ``$LAW`` is the document."""
    done = subprocess.run(
        ["/bin/bash", "-c", f'set -e\niu-cutter () {{ "{sys.executable}" -m cutter_agent "$@"; }}\n{_blocks(page)}'],
        cwd=folder,
        env={**embedded.environment(), "LAW": str(law)},
        capture_output=True,
        timeout=240,
        check=False,
    )
    said = done.stdout.decode()
    assert done.returncode == 0, said + done.stderr.decode()
    return said


def test_change_units_without_a_new_source(embedded: CommandLine, tmp_path: Path) -> None:
    law = tmp_path / "luat.txt"
    law.write_text(
        "LUẬT THỬ\nĐiều 1. Phạm vi\n1. Luật này quy định việc thử. Việc sửa do Điều 2 quy định.\n2. Hai.\n3. Ba.\n"
        "Điều 2. Hiệu lực\n1. Từ ngày ký.\n",
        encoding="utf-8",
    )
    said = _typed("split-merge-retire.md", embedded, law, tmp_path)
    assert "L12-DIEU1-K1-P1  Việc sửa do Điều 2 quy định." in said
    assert "lives: L12-DIEU1-K4" in said


def test_a_file_of_another_format(embedded: CommandLine, tmp_path: Path) -> None:
    law = tmp_path / "luat.docx"
    law.write_bytes(law_docx())
    said = _typed("cut-html-docx-pdf.md", embedded, law, tmp_path)
    assert "list_numbered" in said
    assert "verified_complete" in said
    assert (tmp_path / "original.bin").read_bytes() == law.read_bytes()


def test_a_server_of_ones_own(tmp_path: Path) -> None:
    law = tmp_path / "luat.txt"
    law.write_text(LAW, encoding="utf-8")
    with ThrowawayCluster.create(name="own-server") as cluster:
        with psycopg.connect(**cluster.admin, autocommit=True) as admin:
            admin.execute("CREATE DATABASE ledger TEMPLATE template0")
        typed = (
            _blocks("own-server.md").replace("/run/postgresql", str(cluster.admin["host"])).replace("prefer", "disable")
        )
        done = subprocess.run(
            ["/bin/bash", "-c", f'set -e\niu-cutter () {{ "{sys.executable}" -m cutter_agent "$@"; }}\n{typed}'],
            cwd=tmp_path,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith(("DOT_CUTTER_", "PG"))},
                "PGUSER": str(cluster.admin["user"]),
                "PGPASSWORD": str(cluster.admin["password"]),
                "LAW": str(law),
            },
            capture_output=True,
            timeout=180,
            check=False,
        )
    said = done.stdout.decode()
    assert done.returncode == 0, said + done.stderr.decode()
    assert "all as declared" in said
    assert "verified_complete" in said
    assert "2 signatures hold" in said
