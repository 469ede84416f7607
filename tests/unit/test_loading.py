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
before, old = len(walks), len(gc.get_objects(generation=2))
CommandRegistry(name="x").get_command(None, "status")
print(len(walks) - before, gc.isenabled(), len(gc.get_objects(generation=2)) > old + 50_000, gc.get_freeze_count())
"""


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    yield
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
    assert said[1:] == ["True", "True", "0"]
    assert int(said[0]) <= 4, "a hundred and more without it"


LEFT = """
import atexit, gc, sys
atexit.register(lambda: print(gc.get_freeze_count() > 20_000))
sys.argv = ["iu-cutter", "profiles", "list"]
from cutter_agent.cli import main
main()
"""


def test_a_program_of_ours_ends_without_taking_apart_what_it_loaded() -> None:
    """With its exit code, and with what was registered for the end."""
    done = subprocess.run([sys.executable, "-c", LEFT], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()[-1], done.stderr) == (0, "True", "")
    wrong = LEFT.replace('"profiles", "list"', '"nothing"')
    done = subprocess.run([sys.executable, "-c", wrong], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()[-1]) == (2, "True")
