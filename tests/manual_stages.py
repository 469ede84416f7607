"""What a page of the manual takes for granted: a law in ``$LAW``, an empty server, a production with its role."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
from tests.formats_room import law_docx

from pg_embedded.cluster import ThrowawayCluster

Stage = Callable[[Path], AbstractContextManager[Mapping[str, str]]]

LAW = (
    "Luật số: 14/2008/QH12\nLUẬT THỬ\nĐiều 1. Phạm vi\nLuật này quy định việc thử.\n"
    "Điều 2. Hiệu lực\nLuật này có hiệu lực thi hành từ ngày 01 tháng 01 năm 2009.\n"
)
CODIFIED = "Điều 20.1.LQ.1. Phạm vi\n(Điều 1 Luật số 14/2008/QH12, có hiệu lực thi hành kể từ ngày 01/01/2009)\n"
TWO_RULES = (
    "LUẬT THỬ\nĐiều 1. Phạm vi\n1. Luật này quy định việc thử. Việc sửa do Điều 2 quy định.\n2. Hai.\n3. Ba.\n"
    "Điều 2. Hiệu lực\n1. Từ ngày ký.\n"
)


@contextmanager
def empty_folder(folder: Path) -> Iterator[Mapping[str, str]]:
    """Nothing."""
    yield {}


@contextmanager
def codified_law(folder: Path) -> Iterator[Mapping[str, str]]:
    """``$LAW`` and ``$CODIFIED``."""
    (folder / "luat.txt").write_text(LAW, "utf-8")
    (folder / "phapdien.txt").write_text(CODIFIED, "utf-8")
    yield {"LAW": "luat.txt", "CODIFIED": "phapdien.txt"}


@contextmanager
def two_editions(folder: Path) -> Iterator[Mapping[str, str]]:
    """``$OLD`` and ``$NEW``, a law and what became of it."""
    (folder / "old.txt").write_text(LAW, "utf-8")
    (folder / "new.txt").write_text(LAW.replace("việc thử", "việc thử và việc sửa"), "utf-8")
    yield {"OLD": "old.txt", "NEW": "new.txt"}


@contextmanager
def two_rules_in_one(folder: Path) -> Iterator[Mapping[str, str]]:
    """``$LAW``, with a clause that holds two rules."""
    (folder / "luat.txt").write_text(TWO_RULES, "utf-8")
    yield {"LAW": "luat.txt"}


@contextmanager
def one_law(folder: Path) -> Iterator[Mapping[str, str]]:
    """``$LAW``, and the password that a page takes."""
    (folder / "luat.txt").write_text(LAW, "utf-8")
    yield {"LAW": "luat.txt", "PASSWORD_OF_MAI": "a long enough password"}


@contextmanager
def a_folder_of_laws(folder: Path) -> Iterator[Mapping[str, str]]:
    """``laws/`` with two documents."""
    (folder / "laws").mkdir()
    for number in (14, 15):
        (folder / "laws" / f"luat-{number}.txt").write_text(LAW.replace("14/", f"{number}/"), "utf-8")
    yield {}


@contextmanager
def a_word_file(folder: Path) -> Iterator[Mapping[str, str]]:
    """``$LAW`` as DOCX."""
    (folder / "luat.docx").write_bytes(law_docx())
    yield {"LAW": "luat.docx"}


@contextmanager
def empty_server(folder: Path) -> Iterator[Mapping[str, str]]:
    """``$LAW``, and the administrator's login to a server with the empty database ``ledger`` in libpq's variables."""
    (folder / "luat.txt").write_text(LAW, "utf-8")
    with ThrowawayCluster.create(name="own-server") as cluster:
        with psycopg.connect(**cluster.admin, autocommit=True) as admin:
            admin.execute("CREATE DATABASE ledger TEMPLATE template0")
        yield {
            "LAW": "luat.txt",
            "PGHOST": str(cluster.admin["host"]),
            "PGPORT": str(cluster.admin["port"]),
            "PGUSER": str(cluster.admin["user"]),
            "PGPASSWORD": str(cluster.admin["password"]),
        }
