"""What is shipped: a wheel that holds the package and nothing else, and an sdist that makes the same wheel.

The first tutorial is typed to its end where there is only the wheel, in an empty folder. CI unpacks the wheel beside
the dependencies that it tests with; ``make test-dist`` (``DOT_CUTTER_CAMPAIGN=full``) makes an empty environment and
installs it there with plain pip, as a user does.
"""

from __future__ import annotations

import configparser
import email
import os
import subprocess
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pytest
from tests.built import TIMEOUT_S, build
from tests.manual_pages import blocks
from tests.manual_shell import complaints, environment, type_in, typed

from pg_embedded import resident

ROOT = Path(__file__).resolve().parents[2]
FULL = os.environ.get("DOT_CUTTER_CAMPAIGN") == "full"
TUTORIAL = "docs/tutorial/first-law.md"


@dataclass(frozen=True, kw_only=True)
class Built:
    """Both files of one build."""

    wheel: Path
    sdist: Path

    def metadata(self) -> Message:
        with zipfile.ZipFile(self.wheel) as archive:
            (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
            return email.message_from_bytes(archive.read(name))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = build(ROOT, tmp_path_factory.mktemp("dist"))
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel=wheel, sdist=sdist)


def files_of_the_checkout(*below: str) -> set[str]:
    """Files that are or would be committed."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *below]
    listed = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, timeout=60).stdout.decode()
    return {name for name in listed.split("\0") if name and (ROOT / name).is_file()}


@pytest.mark.xdist_group("distribution")
def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
        shipped = {name.rpartition("/")[2] for name in archive.namelist() if ".dist-info/" in name}
    expected = {name.removeprefix("src/") for name in files_of_the_checkout("src")}
    assert found == expected
    assert {Path(name).suffix for name in found} >= {".py", ".sql", ".toml", ".j2", ".css", ".json", ".typed"}
    assert {"LICENSE", "entry_points.txt", "METADATA", "RECORD"} <= shipped
    assert {name.partition("/")[0] for name in found if name.endswith("/py.typed")} == {
        name.partition("/")[0] for name in found
    }


@pytest.mark.xdist_group("distribution")
def test_the_sdist_makes_the_same_wheel_and_holds_what_the_makefile_calls(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = (path for path in tmp_path.iterdir() if path.is_dir())
    again = next(build(source, tmp_path / "again").glob("*.whl"))
    assert again.read_bytes() == built.wheel.read_bytes()
    there = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    assert files_of_the_checkout("src", "tests", "docs", "scripts", "examples", "requirements", "Makefile") <= there


@pytest.mark.xdist_group("distribution")
def test_the_metadata_says_what_it_is_and_names_no_address_of_an_index(built: Built) -> None:
    said = built.metadata()
    assert (said["Name"], said["License-Expression"], said["Requires-Python"]) == (
        "dot-iu-cutter",
        "Apache-2.0",
        ">=3.11",
    )
    assert {"Typing :: Typed", "Framework :: Pytest"} <= set(said.get_all("Classifier", []))
    headers = "\n".join(str(value) for value in said.values())
    assert "://" not in headers
    assert " @ " not in headers


@dataclass(frozen=True, kw_only=True)
class Installed:
    """The wheel in an environment of its own, in an empty folder."""

    programs: Path
    folder: Path

    def known(self, **extra: str) -> Mapping[str, str]:
        """Nothing of the checkout: not its interpreter, not its path."""
        made = environment(self.folder.parent) | extra
        made.pop("PYTHONPATH", None)
        return made | {"PATH": os.pathsep.join([str(self.programs), os.defpath])}

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.programs / words[0]), *words[1:]]
        return subprocess.run(
            command, cwd=self.folder, env=self.known(), capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    place = tmp_path_factory.mktemp("installed")
    folder = place / "folder"
    folder.mkdir()
    made = Installed(programs=place / "env" / "bin", folder=folder)
    venv.create(place / "env", with_pip=FULL)
    if FULL:
        _pip(made, built.wheel)
    else:
        _unpack(made, built.wheel)
    return made


def _pip(made: Installed, wheel: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DOT_CUTTER_", "PG"))}
    words = [str(made.programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*words, str(wheel)], cwd=made.folder, env=kept, check=True, timeout=TIMEOUT_S)


def _unpack(made: Installed, wheel: Path) -> None:
    """What pip does with a wheel of pure Python; packages of this environment behind it, its editable ones not."""
    (site,) = (made.programs.parent / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)  # noqa: S202 - built a moment ago, from this checkout
        (name,) = (each for each in archive.namelist() if each.endswith("entry_points.txt"))
        points = configparser.ConfigParser()
        points.read_string(archive.read(name).decode())
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    for script, target in points["console_scripts"].items():
        module, _, function = target.partition(":")
        program = made.programs / script
        program.write_text(f"#!{made.programs / 'python'}\nfrom {module} import {function}\n{function}()\n")
        program.chmod(0o755)


def the_commands_run(installed: Installed) -> None:
    """Console scripts and ``python -m``."""
    for words in (
        ("iu-cutter", "--version"),
        ("python", "-m", "cutter_agent", "--version"),
        ("pg-dryrun", "--help"),
        ("python", "-m", "pg_dryrun", "--help"),
        ("iu-cutter", "dry-run", "--help"),
    ):
        done = installed(*words)
        assert (done.returncode, bool(done.stdout)) == (0, True), (words, done.stdout, done.stderr)


def pip_is_content(installed: Installed) -> None:
    """Every dependency is there, in a version that the metadata allows."""
    done = installed("pip", "check")
    assert done.returncode == 0, done.stdout


def a_missing_extra_says_its_name(installed: Installed) -> None:
    done = installed("iu-cutter", "serve")
    assert done.returncode != 0
    assert "dot-iu-cutter[web]" in done.stderr


def the_tutorial_runs_to_its_end(installed: Installed) -> None:
    home = Path(installed.known()["DOT_CUTTER_HOME"])
    try:
        sequence = typed([block for block in blocks(TUTORIAL) if not block.installs])
        answered = type_in(sequence, installed.folder, installed.known(), timeout_s=TIMEOUT_S)
    finally:
        resident.erase(home / "server")
    assert complaints(answered) == []
    assert len(answered) == len(sequence)


@pytest.mark.timeout(4 * TIMEOUT_S)
@pytest.mark.parametrize(
    "check",
    [
        the_commands_run,
        the_tutorial_runs_to_its_end,
        *((pip_is_content, a_missing_extra_says_its_name) if FULL else ()),
    ],
    ids=lambda check: check.__name__,
)
@pytest.mark.xdist_group("distribution")
def test_where_there_is_only_the_wheel(check: Callable[[Installed], None], installed: Installed) -> None:
    check(installed)
