"""Imports make what stays: the collector rests meanwhile, and goes on as it was."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from commandline.loading import loading

COUNTED = """
import gc
walks = []
gc.callbacks.append(lambda phase, info: walks.append(info["generation"]))
from cutter_agent.cli.registry import CommandRegistry
before, objects = len(walks), len(gc.get_objects())
CommandRegistry(name="x").get_command(None, "status")
print(len(walks) - before, gc.isenabled(), gc.get_freeze_count() > objects)
"""


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.parametrize("before", [True, False])
def test_the_collector_rests_and_goes_on_as_it_was(before: bool) -> None:
    (gc.enable if before else gc.disable)()
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled() is before
    with pytest.raises(ImportError), loading():
        raise ImportError("nothing there")
    assert gc.isenabled() is before


def test_a_command_is_loaded_without_one_walk_of_the_collector() -> None:
    """Building the command's words afterwards may walk, through what is new alone."""
    said = subprocess.run([sys.executable, "-c", COUNTED], check=True, capture_output=True, text=True).stdout.split()
    assert said[1:] == ["True", "True"]
    assert int(said[0]) <= 4, "a hundred and more without it"
