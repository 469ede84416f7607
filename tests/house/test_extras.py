"""The page about extras says what pyproject.toml says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def name_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9_.-]+", requirement)
    assert found is not None
    return found[0]


def test_the_page_lists_every_extra_with_its_packages_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {
        extra: sorted(map(name_of, requirements)) for extra, requirements in project["optional-dependencies"].items()
    }
    page = (ROOT / "docs" / "reference" / "extras.md").read_text("utf-8")
    listed = {
        extra: sorted(brings.split(", "))
        for extra, brings in re.findall(r"^\| `([\w-]+)` \|.*\| ([^|]+) \|$", page, re.MULTILINE)
    }
    assert declared
    assert listed == declared
