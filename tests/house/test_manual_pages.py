"""Every page of the manual: blocks are typed by a test or say why not, links lead somewhere, nothing is forgotten."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.manual_pages import NEEDED, NOT_RUN, ROOT, RUNS, SHOWN, TYPED, blocks, pages, tokens

COMMAND = re.compile(
    r"^(?:\$ )?(?:iu-cutter|pg-dryrun|make|pip|pytest|docker|podman|python3?|git|pg_dump|psql|\.venv/)\b"
)
ALL = [*pages(), "ARCHITECTURE.md", "CHANGELOG.md"]
GENERATED = {"docs/reference/cli.md"}


@pytest.mark.parametrize("page", pages())
def test_every_block_is_typed_or_shown_on_purpose(page: str) -> None:
    """A block without a language, or with one that nobody knows, would be read by people and by no test."""
    wrong = [block.where for block in blocks(page) if block.language not in TYPED | SHOWN]
    assert wrong == [], f"known are {sorted(TYPED | SHOWN)}"
    if page not in GENERATED:
        hidden = [
            block.where
            for block in blocks(page)
            if block.language not in TYPED
            and block.file_name is None
            and any(map(COMMAND.match, block.text.splitlines()))
        ]
        assert hidden == [], "a block with commands is `sh` or `console`, below a reason where it cannot run"


def test_what_is_not_run_is_little_and_says_why() -> None:
    typed = [block for page in pages() for block in blocks(page) if block.language in TYPED]
    left = [block for block in typed if not block.is_typed]
    assert all(len(block.reason or "") >= 15 for block in left), [block.where for block in left]
    assert {block.needs for block in typed} - {None} <= NEEDED.keys()
    assert len(left) * 30 <= len(typed), [f"{block.where}: {block.reason}" for block in left]


def test_nobody_says_not_run_in_words_that_are_not_read() -> None:
    """A reason that the tests do not read would leave a block typed, or left out, by mistake."""
    said = [
        f"{page}: {token.content}"
        for page in pages()
        for token in tokens(page)
        if token.type == "inline"
        and token.content.startswith(("*Not run", "*It runs until", "*Each runs until"))
        and token.content.endswith("*")
        if not NOT_RUN.fullmatch(token.content) and not RUNS.fullmatch(token.content)
    ]
    assert said == []


@pytest.mark.parametrize("page", ALL)
def test_every_link_leads_somewhere(page: str) -> None:
    broken = []
    for token in tokens(page):
        for child in token.children or ():
            if child.type == "link_open" and (target := str(child.attrGet("href"))) and "://" not in target:
                path, _, anchor = target.partition("#")
                file = (ROOT / page).parent / path if path else ROOT / page
                lost = anchor and file.suffix == ".md" and file.exists() and anchor not in anchors(file)
                if lost or not file.exists():
                    broken.append(target)
    assert broken == []


def anchors(file: Path) -> set[str]:
    """The names of a page's headings, as a forge and the site's generator make them."""
    found = set()
    stream = tokens(file.relative_to(ROOT).as_posix())
    for place, token in enumerate(stream):
        if token.type == "heading_open":
            words = re.sub(r"[^\w\- ]", "", stream[place + 1].content.lower())
            found.add(words.strip().replace(" ", "-"))
    return found
