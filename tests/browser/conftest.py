"""Fixtures of this storey: everything in it goes to one test process, which starts one browser."""

from __future__ import annotations

import pytest
from tests.browser_room import axe, chromium, playwright, room, screenshots, seat
from tests.command_room import bytecode, embedded
from tests.pipeline_room import ledger, ledger_template
from tests.web_room import people, web

__all__ = [
    "axe",
    "bytecode",
    "chromium",
    "embedded",
    "ledger",
    "ledger_template",
    "people",
    "playwright",
    "room",
    "screenshots",
    "seat",
    "web",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One browser is enough: with xdist all of this storey runs in one worker."""
    for item in items:
        if "/browser/" in str(item.path):
            item.add_marker(pytest.mark.xdist_group("browser"))
