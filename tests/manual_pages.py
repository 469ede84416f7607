"""The manual as a reader sees it: its pages, and the blocks of code in them (docs/decisions/documentation-tests.md).

What a block is decides its language:

* ``sh`` is typed as it stands; a line that fails fails the page;
* ``console`` is typed line by line after ``$ ``, and what is printed is compared with what stands below; ``…`` stands
  for anything in a line, and alone on a line for any lines. A command may fail only where ``$ echo $?`` follows;
* ``python`` is run as a program;
* ``text`` below a paragraph that ends with *It prints:* is what the block before it prints;
* any of them, and ``toml``, ``text``, ``html``, whose first line is a comment with a file's name, is that file instead;
* the others are only looked at.

What a block needs beyond a shell, the paragraph above it says, to readers and to the test:

* *It runs until Ctrl-C; it is ready when it prints “words”.* Its ``iu-cutter serve`` or ``worker`` goes on beside what
  follows, and is stopped by that signal at the end of the page or when the next one begins; *Each runs until SIGTERM.*
  too. A clean stop is part of the page;
* *In a checkout; …* its ``make`` lines are asked whether the target is there and its recipe can be read (``make -n``);
* a block that installs with pip has an environment of its own, and the wheel that this checkout makes;
* *Not run where there is no …: why.* is typed where the machine has it (``NEEDED``).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[1]
TYPED = frozenset({"sh", "console", "python"})
SHOWN = frozenset({"text", "json", "toml", "yaml", "mermaid", "diff", "html", "sql", "{toctree}", "{include}"})
FILE_NAME = re.compile(r"(?:#|<!--|//|--) ([\w.-]+\.(?:py|toml|txt|md|html|yaml|sql|sh))(?: -->)?\n")
NOT_RUN = re.compile(r"\*Not run where there is no (?P<what>[^:]+): (?P<why>.+?)\.\*", re.DOTALL)
RUNS = re.compile(
    r"\*(?:It|Each) runs until (?P<signal>Ctrl-C|SIGTERM)(?:; it is ready when it prints “(?P<ready>[^”]+)”)?\.\*"
)
IN_A_CHECKOUT = re.compile(r"\*In a checkout\b.*\.\*", re.DOTALL)
IMAGES = ("python:3.13-slim", "postgres:16", "postgres:18")


def _has_engine() -> bool:
    """A docker that answers, with the images that the pages build on: a test pulls nothing."""
    if shutil.which("docker") is None:
        return False
    words = ["docker", "image", "inspect", *IMAGES]
    return subprocess.run(words, capture_output=True, timeout=30, check=False).returncode == 0


NEEDED: Mapping[str, Callable[[], bool]] = {
    "container engine": _has_engine,
    "superuser": lambda: os.geteuid() == 0,
}
"""What a block may ask of the machine, and whether this one has it."""

_MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, kw_only=True)
class Block:
    """One block of code. ``line`` is where its fence stands, 1-based; ``needs`` is what the machine must have, or None.
    ``runs``: it goes on until this signal, after it has printed the second word."""

    page: str
    line: int
    language: str
    text: str
    needs: str | None = None
    reason: str | None = None
    runs: tuple[str, str] | None = None
    in_a_checkout: bool = False
    is_output: bool = False

    @property
    def file_name(self) -> str | None:
        """The file that this block is, where its first line says so."""
        found = FILE_NAME.match(self.text)
        return found[1] if found else None

    @property
    def is_typed(self) -> bool:
        """Whether a test does something with it."""
        has_it = self.needs is None or NEEDED[self.needs]()
        return has_it and (self.language in TYPED or self.file_name is not None)

    @property
    def installs(self) -> bool:
        """Whether pip installs something."""
        return self.language in TYPED and re.search(r"\bpip install\b", self.text) is not None

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
    above = ""
    for token in tokens(page):
        if token.type == "inline":
            above = token.content.strip()
        elif token.type == "fence":
            line = (token.map or [0])[0] + 1
            language = token.info.split()[0] if token.info.strip() else ""
            found.append(_block(page, line, language, token.content, above))
            above = ""
        elif token.type != "paragraph_close":
            above = ""
    return found


def _block(page: str, line: int, language: str, text: str, above: str) -> Block:
    """``above``: the paragraph right above it, empty where there is none."""
    left_out, runs = NOT_RUN.fullmatch(above), RUNS.fullmatch(above)
    return Block(
        page=page,
        line=line,
        language=language,
        text=text,
        needs=left_out["what"] if left_out else None,
        reason=" ".join(left_out["why"].split()) if left_out else None,
        runs=(runs["signal"], runs["ready"] or "") if runs else None,
        in_a_checkout=IN_A_CHECKOUT.fullmatch(above) is not None,
        is_output=above.endswith("It prints:"),
    )


def summary() -> str:
    """How many blocks are typed, and each that is not, with its reason: ``python -m tests.manual_pages``."""
    found = [block for page in pages() for block in blocks(page)]
    left = [block for block in found if block.language in TYPED and not block.is_typed]
    typed = sum(block.is_typed for block in found)
    head = f"{len(pages())} pages, {len(found)} blocks: {typed} typed or written to a file, "
    head += f"{len(found) - typed - len(left)} shown, {len(left)} not run on this machine"
    return "\n".join([head, *(f"  {block.where}: no {block.needs}; {block.reason}" for block in left)])


if __name__ == "__main__":
    print(summary())  # noqa: T201
