"""The tests, begun in the background of a script, started programs that ignore SIGINT: the folder of 10,000 files was
interrupted, went on, and the test waited for its end."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

BEGUN = """
import signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.path.insert(0, sys.argv[1])
from tests import conftest
{configured}
ask = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
print(subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout)
"""


def _felt(configured: str) -> bool:
    code, root = BEGUN.format(configured=configured), Path(__file__).resolve().parents[2]
    said = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=True)
    return said.stdout.strip() == "True"


def test_what_a_test_starts_can_be_interrupted() -> None:
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
    assert _felt("conftest.pytest_configure()")
    assert not _felt(""), "else this test could not fail"
