"""The manual as a reader sees it: its pages, and the blocks of code in them (docs/decisions/documentation-tests.md).

What a block is decides its language:

* ``sh`` is typed as it stands; a line that fails fails the page;
* ``console`` is typed line by line after ``$ ``, and what is printed is compared with what stands below; ``…`` stands
  for anything in a line, and alone on a line for any lines. A command may fail only where ``$ echo $?`` follows;
* ``python`` is run as a program;
* ``text`` below a paragraph that ends with *It prints:* is what the block before it prints;
* any of them, and ``toml``, ``text``, ``html``, whose first line is a comment with a file's name, is that file instead;
* the others are only looked at.

A block that cannot run in a test stands below a paragraph of its own, *Not run by the tests: why.*
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[1]
TYPED = frozenset({"sh", "console", "python"})
SHOWN = frozenset({"text", "json", "toml", "yaml", "mermaid", "diff", "html", "sql", "{toctree}", "{include}"})
FILE_NAME = re.compile(r"(?:#|<!--|//|--) ([\w.-]+\.(?:py|toml|txt|md|html|yaml|sql|sh))(?: -->)?\n")
NOT_RUN = re.compile(r"\*Not run by the tests(?: of the manual)?: (.+?)\.\*", re.DOTALL)

_MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, kw_only=True)
class Block:
    """One block of code. ``line`` is where its fence stands, 1-based; ``reason`` is why it is not run, or None."""

    page: str
    line: int
    language: str
    text: str
    reason: str | None
    is_output: bool = False

    @property
    def file_name(self) -> str | None:
        """The file that this block is, where its first line says so."""
        found = FILE_NAME.match(self.text)
        return found[1] if found else None

    @property
    def is_typed(self) -> bool:
        """Whether a test does something with it."""
        return self.reason is None and (self.language in TYPED or self.file_name is not None)

    @property
    def where(self) -> str:
        """Page and line."""
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Every page with commands for people, relative to the root: the README, CONTRIBUTING and all of docs/."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def tokens(page: str) -> list[Token]:
    """A page as CommonMark."""
    return _MARKDOWN.parse((ROOT / page).read_text("utf-8"))


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in order."""
    found: list[Block] = []
    reason, is_output = None, False
    for token in tokens(page):
        if token.type == "inline":
            said = NOT_RUN.fullmatch(token.content.strip())
            reason = " ".join(said[1].split()) if said else None
            is_output = token.content.endswith("It prints:")
        elif token.type == "fence":
            line = (token.map or [0])[0] + 1
            language = token.info.split()[0] if token.info.strip() else ""
            found.append(
                Block(page=page, line=line, language=language, text=token.content, reason=reason, is_output=is_output)
            )
            reason, is_output = None, False
        elif token.type != "paragraph_close":
            reason, is_output = None, False
    return found


def summary() -> str:
    """How many blocks are typed, and each that is not, with its reason: ``python -m tests.manual_pages``."""
    found = [block for page in pages() for block in blocks(page)]
    left = [block for block in found if block.language in TYPED and not block.is_typed]
    typed = sum(block.is_typed for block in found)
    head = f"{len(pages())} pages, {len(found)} blocks: {typed} typed or written to a file, "
    head += f"{len(found) - typed - len(left)} shown, {len(left)} not run:"
    return "\n".join([head, *(f"  {block.where}: {block.reason}" for block in left)])


if __name__ == "__main__":
    print(summary())  # noqa: T201
