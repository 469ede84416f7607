"""The parts of the review page that need no ledger: accounts, words, escaping, bounds on guessing."""

from __future__ import annotations

import re
import string
import sys
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import argon2
import pytest

from cutter_agent.cli import program
from cutter_agent.errors import ConfigError, UsageError
from cutter_agent.model import ChangeKind, EntryStatus, Verdict
from cutter_agent.state_machine import TRANSACTION_ONLY
from cutter_agent.web import languages, serving
from cutter_agent.web.accounts import Accounts, Role
from cutter_agent.web.paging import Paging
from cutter_agent.web.rendering import visible
from cutter_agent.web.site import Address
from cutter_agent.web.throttle import MOST_FOR_ALL, Throttle
from cutter_agent.web.visit import local_path

NOW = datetime(2025, 1, 6, tzinfo=UTC)
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def test_accounts_lie_in_a_private_file_without_passwords(tmp_path: Path) -> None:
    path = tmp_path / "web" / "accounts.json"
    accounts = Accounts(path)
    accounts.add("mai", Role.REVIEWER, "correct horse battery", now=NOW)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    text = path.read_text()
    assert "correct horse" not in text
    assert "$argon2id$" in text
    assert accounts.all()["mai"].role is Role.REVIEWER
    found = accounts.check("mai", "correct horse battery")
    assert found is not None
    assert found.name == "mai"
    assert "argon2" not in repr(found)
    assert accounts.check("mai", "correct horse batterz") is None
    assert accounts.check("lan", "correct horse battery") is None


def test_accounts_that_cannot_be(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "accounts.json", hasher=CHEAP)
    accounts.add("mai", Role.VIEWER, "correct horse battery", now=NOW)
    for name, password in (
        ("mai", "x" * 12),
        ("lan", "x" * 11),
        ("lan", "x" * 1001),
        ("Lan", "x" * 12),
        ("", "x" * 12),
    ):
        with pytest.raises(UsageError):
            accounts.add(name, Role.VIEWER, password, now=NOW)
    for change in (lambda: accounts.remove("lan"), lambda: accounts.set_password("lan", "x" * 12)):
        with pytest.raises(UsageError, match="lan has no account"):
            change()
    assert list(accounts.all()) == ["mai"]
    accounts.path.chmod(0o640)
    with pytest.raises(ConfigError, match="others may read"):
        accounts.all()
    accounts.path.chmod(0o600)
    accounts.path.write_text('{"accounts": [{"name": "mai", "role": "king"}]}')
    with pytest.raises(ConfigError, match="cannot be read"):
        accounts.check("mai", "correct horse battery")


def test_each_role_may_do_what_those_before_it_may() -> None:
    may = {(role, least) for role in Role for least in Role if role.covers(least)}
    assert may == {
        (Role.VIEWER, Role.VIEWER),
        (Role.REVIEWER, Role.VIEWER),
        (Role.REVIEWER, Role.REVIEWER),
        *((Role.ADMIN, least) for least in Role),
    }


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_catalogues_say_the_same_things() -> None:
    english, vietnamese = (languages.load()[code].words for code in ("en", "vi"))
    assert english.keys() == vietnamese.keys()
    assert {key for key in english if places(english[key]) != places(vietnamese[key])} == set()
    same = {key for key in english if english[key] == vietnamese[key]}
    assert same == set(), "words that nobody translated"


def test_every_word_that_a_page_says_is_in_the_catalogue() -> None:
    words = languages.load()["en"].words
    package = Path(str(resources.files("cutter_agent.web")))
    pages = "".join(path.read_text() for path in package.glob("templates/*.j2"))
    said = set(re.findall(r"\bt\(['\"]([a-z_.]+)['\"][,)]", pages))
    said |= set(re.findall(r"\"(decide\.no_\w+|decide\.long_\w+)\"", (package / "deciding.py").read_text()))
    assert len(said) > 60
    assert said - words.keys() == set()
    kinds = set(re.findall(r"Refusal\(\"(\w+)\"", "".join(path.read_text() for path in package.glob("*.py"))))
    kinds |= set(re.findall(r"errors\.\w+, \"(\w+)\"", (package / "mishaps.py").read_text())) | {"method", "defect"}
    kinds |= set(re.findall(r"\((?:errors\.)?\w+, \"(cut_\w+)\", \d+\)", (package / "cutting.py").read_text()))
    assert len(kinds) > 20
    assert {f"error.{kind}.{part}" for kind in kinds for part in ("title", "do")} - words.keys() == set()
    states = {state.value for state in EntryStatus if state not in TRANSACTION_ONLY}
    assert {f"{part}.{state}" for part in ("state", "next") for state in states} - words.keys() == set()
    assert {f"verdict.{each.value}" for each in Verdict} - words.keys() == set()
    assert {f"ledger.{each.value.replace(':', '_')}" for each in ChangeKind} - words.keys() == set()
    assert {f"role.{each.value}" for each in Role} - words.keys() == set()


@pytest.mark.parametrize(
    ("cookie", "accepted", "chosen"),
    [
        (None, "", "en"),
        (None, "vi", "vi"),
        (None, "fr;q=1, vi-VN;q=0.9, en;q=0.8", "vi"),
        (None, "en;q=0.3, vi;q=0.2", "en"),
        (None, "vi;q=0, fr", "en"),
        (None, "vi;q=nonsense", "en"),
        ("en", "vi", "en"),
        ("xx", "vi", "vi"),
    ],
)
def test_which_language(cookie: str | None, accepted: str, chosen: str) -> None:
    assert languages.choose(cookie, accepted) == chosen


def test_what_cannot_be_seen_is_shown() -> None:
    shown = visible("a\u202eb\u200b<c>\r\n\x07\td\u00ad")
    assert shown == (
        'a<span class="control" title="RIGHT-TO-LEFT OVERRIDE">U+202E</span>b'
        '<span class="control" title="ZERO WIDTH SPACE">U+200B</span>&lt;c&gt;\n'
        '<span class="control" title="U+0007">U+0007</span>\td<span class="control" title="SOFT HYPHEN">U+00AD</span>'
    )
    assert visible("Điều 1. Phạm vi – “x”") == "Điều 1. Phạm vi – “x”"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/entries/1?page=2", "/entries/1?page=2"),
        ("", "/"),
        ("//evil.example/x", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("entries/1", "/"),
    ],
)
def test_only_a_path_of_this_site_is_gone_to(text: str, path: str) -> None:
    assert local_path(text) == path


def test_pages_of_a_long_list() -> None:
    assert [(Paging.at(page, 250).first, Paging.at(page, 250).end) for page in (0, 1, 3, 99)] == [
        (0, 100),
        (0, 100),
        (200, 250),
        (200, 250),
    ]
    assert (Paging.at(1, 0).pages, Paging.at(1, 0).end) == (1, 0)
    assert [Paging.at(1, 250).of(place) for place in (0, 99, 100, 249)] == [1, 1, 2, 3]


def test_guessing_over_many_names_is_bounded_too() -> None:
    now = [0.0]
    throttle = Throttle(monotonic=lambda: now[0])
    assert [throttle.attempt(f"name{n}") for n in range(MOST_FOR_ALL)] == [0.0] * MOST_FOR_ALL
    assert throttle.attempt("another") == 300.0
    throttle.succeeded("name1")
    assert throttle.attempt("another") == 0.0
    now[0] = 301.0
    assert throttle.attempt("name2") == 0.0


def test_the_page_listens_on_loopback_only() -> None:
    with pytest.raises(UsageError, match=r"0\.0\.0\.0 is not this machine's loopback"):
        serving.serve({}, host="0.0.0.0", port=0, public_url=None, idle_minutes=1, ready=print)  # noqa: S104
    for url in ("http://a.example", "https://", "https://a.example/path", "a.example"):
        with pytest.raises(UsageError, match="no public address"):
            Address.public(url)
    assert "a.example" in Address.public("https://a.example").hosts


@pytest.mark.parametrize("package", ["argon2", "starlette", "uvicorn"])
def test_without_the_extra_the_command_says_what_to_install(
    package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert program.run(["serve"]) == 2
    assert program.run(["serve", "account", "list"]) == 2
    said = capsys.readouterr().err
    assert f"the review page needs the package {package}" in said
    assert "pip install 'dot-iu-cutter[web]'" in said
