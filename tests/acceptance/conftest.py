"""Fixtures of this storey."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.command_room import bytecode, embedded, iu_cutter

__all__ = ["bytecode", "embedded", "iu_cutter", "scratch_home"]


@pytest.fixture(scope="session")
def scratch_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and cache of the scratch copies of one test process: a cluster is made from a template only once."""
    return tmp_path_factory.mktemp("scratch-home")
