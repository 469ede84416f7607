"""G-19: literal addresses, DSNs, passwords, container and collection names; and what only looks like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pg_dryrun import hardcode
from pg_dryrun.errors import EnvironmentFault


def findings(tmp_path: Path, text: str, name: str = "code.py", allowed: dict[str, str] | None = None) -> list[str]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    report = hardcode.scan([path], allowed=allowed or {}, root=tmp_path)
    assert report.files == 1
    return [str(item) for item in report.findings]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('ADDRESS = "10.1.2.3"', "code.py:1 address 10.1.2.3"),
        ('call("connect to 192.168.0.7 now")', "code.py:1 address 192.168.0.7"),
        ('bind = "::1"', "code.py:1 address ::1"),
        ('dsn = "postgresql://u:p@h/d"', "code.py:1 DSN"),
        ('dsn = "host=db dbname=app user=u"', "code.py:1 DSN"),
        ('connect(password="hunter2")', "code.py:1 password"),
        ('db_password = "hunter2"', "code.py:1 password"),
        ('settings = {"password": "hunter2"}', "code.py:1 password"),
        ("def f(*, password='hunter2'): ...", "code.py:1 password"),
        ("def f(a, host='db.internal'): ...", "code.py:1 host db.internal"),
        ('self.host = "db.internal"', "code.py:1 host db.internal"),
        ('container_name = "prod-pg"', "code.py:1 container name prod-pg"),
        ('search(collection="laws")', "code.py:1 collection name laws"),
    ],
)
def test_a_literal_is_found_and_a_secret_is_not_repeated(text: str, found: str, tmp_path: Path) -> None:
    assert findings(tmp_path, text) == [found]


@pytest.mark.parametrize(
    "text",
    [
        'VERSION = "1.2.3"',
        'VERSION = "1.2.3.4.5"',
        'PASSWORD_KEY = "DOT_CUTTER_EXEC_DB_PASSWORD"',
        'password = "DOT_CUTTER_EXEC_DB_PASSWORD"',
        'LIBPQ = {"host": "HOST", "password": "PASSWORD"}',
        'password = ""',
        "password = other",
        'password = f"{made}"',
        'host = "/var/run/postgresql"',
        '"""Connects to 10.1.2.3 in the picture above."""',
        "# 10.1.2.3",
        'TIME = "03:04:05"',
        'HASH = "sha256:abcdef"',
    ],
)
def test_what_only_looks_like_one(text: str, tmp_path: Path) -> None:
    assert findings(tmp_path, text) == []


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.sql", "ALTER ROLE r PASSWORD 'abc';", "a.sql:1 password"),
        ("a.toml", '\nhost = "10.0.0.1"', "a.toml:2 address 10.0.0.1"),
        ("a.sh", "psql postgres://u@h/d", "a.sh:1 DSN"),
        ("a.toml", 'db_password = "hunter2"', "a.toml:1 password"),
    ],
)
def test_other_files_are_read_line_by_line(name: str, text: str, found: str, tmp_path: Path) -> None:
    assert findings(tmp_path, text, name) == [found]


def test_an_allowed_literal_needs_its_reason_and_stays_in_the_report(tmp_path: Path) -> None:
    path = tmp_path / "code.py"
    path.write_text('BIND = "127.0.0.1"\nOTHER = "10.0.0.1"\n')
    report = hardcode.scan([path], allowed={"127.0.0.1": "the page's default"}, root=tmp_path)
    assert [str(item) for item in report.findings] == ["code.py:2 address 10.0.0.1"]
    assert [(str(item), reason) for item, reason in report.allowed] == [
        ("code.py:1 address 127.0.0.1", "the page's default")
    ]


def test_a_file_that_cannot_be_read_is_not_a_clean_one(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (")
    with pytest.raises(EnvironmentFault, match=r"broken\.py"):
        hardcode.scan([tmp_path / "broken.py"], allowed={})
    with pytest.raises(EnvironmentFault, match=r"none\.py"):
        hardcode.scan([tmp_path / "none.py"], allowed={})
