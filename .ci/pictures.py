"""Say where the pictures of the pages lie and how many there are; fail where a page has none in one of the languages.

Usage: pictures.py FOLDER [browser]. FOLDER is one run's own; with ``browser`` there was one, so pictures are due.
Exit 1 where pictures are missing.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

LANGUAGES = frozenset({"en", "vi"})
NAME = re.compile(r"(?P<page>.+)-(?P<language>en|vi)-light\.png")


def main(folder: Path, *, is_there_a_browser: bool) -> int:
    made = sorted(folder.glob("*.png"))
    if not made:
        print("no pictures of the pages" + (", though there is a browser" if is_there_a_browser else ": no browser"))
        return 1 if is_there_a_browser else 0
    languages: dict[str, set[str]] = defaultdict(set)
    for path in made:
        if found := NAME.fullmatch(path.name):
            languages[found["page"]].add(found["language"])
    halves = sorted(page for page, known in languages.items() if known != LANGUAGES)
    print(f"{len(made)} pictures of {len(languages)} pages in {len(LANGUAGES)} languages: {folder}")
    if halves or not languages:
        print(f"not in both languages: {', '.join(halves) or 'any page'}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), is_there_a_browser="browser" in sys.argv[2:]))
