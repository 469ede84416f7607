"""The manual, typed: every block of every page that is not marked as not run (docs/decisions/documentation-tests.md).

CI types the pages in ``SHORT``, without what pip installs; ``make test-docs`` (``DOT_CUTTER_CAMPAIGN=full``) types all
of them, and all of it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from tests import manual_servers as servers
from tests import manual_stages as stages
from tests.built import build, pip_environment
from tests.manual_pages import ROOT, blocks, pages
from tests.manual_shell import complaints, environment, type_in, typed

from pg_embedded import resident

FULL = os.environ.get("DOT_CUTTER_CAMPAIGN") == "full"
TIMEOUT_S = 1800.0
SHORT = frozenset(
    {
        "CONTRIBUTING.md",
        "README.md",
        "docs/explanation/recut.md",
        "docs/how-to/cut-html-docx-pdf.md",
        "docs/how-to/own-server.md",
        "docs/how-to/retrieval.md",
    }
)
"""Those that CI types here; the first tutorial is typed by ``test_distribution``, where there is only the wheel."""
STAGES: Mapping[str, stages.Stage] = {
    "README.md": stages.one_law,
    "docs/explanation/recut.md": stages.two_editions,
    "docs/explanation/from-the-seed-to-a-pass.md": servers.a_checkout,
    "docs/how-to/choose-an-environment.md": servers.lent_servers,
    "docs/how-to/cut-html-docx-pdf.md": stages.a_word_file,
    "docs/how-to/go-to-production.md": servers.marked_production,
    "docs/how-to/keep-evidence.md": servers.a_rehearsal,
    "docs/how-to/many-documents.md": stages.a_folder_of_laws,
    "docs/how-to/official-names.md": stages.codified_law,
    "docs/how-to/own-server.md": stages.empty_server,
    "docs/how-to/rehearse-any-program.md": servers.shop_server,
    "docs/how-to/rehearse-in-pytest.md": servers.shop_dump,
    "docs/how-to/retrieval.md": stages.codified_law,
    "docs/how-to/review-in-the-browser.md": stages.one_law,
    "docs/how-to/search-and-read.md": stages.one_law,
    "docs/how-to/watch-runs.md": stages.one_law,
    "docs/how-to/split-merge-retire.md": stages.two_rules_in_one,
    "docs/operations/backup-and-restore.md": servers.two_servers,
    "docs/operations/containers.md": servers.a_checkout_of_ones_own,
    "docs/operations/key-rotation.md": stages.one_law,
    "docs/operations/upgrades.md": servers.old_schema,
}
"""What a page takes for granted, where that is more than an installed package and an empty folder."""
TYPED = [page for page in pages() if any(block.is_typed for block in blocks(page))]


@contextmanager
def one_after_another() -> Iterator[None]:
    """Pages that serve take the same port of this machine, whichever process types them."""
    with (Path(tempfile.gettempdir()) / f"iu-manual-port-{os.getuid()}").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel that this checkout makes."""
    return build(ROOT, tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A reader's empty folder; the embedded PostgreSQL that a page may have made is removed afterwards."""
    made = tmp_path / "folder"
    made.mkdir()
    yield made
    resident.erase(tmp_path / "home" / "dot-iu-cutter" / "server")


@pytest.mark.timeout(TIMEOUT_S + 60)
@pytest.mark.parametrize("page", [page for page in TYPED if FULL or page in SHORT])
def test_a_page_does_what_it_says(page: str, folder: Path, bytecode: Path, request: pytest.FixtureRequest) -> None:
    found = [block for block in blocks(page) if FULL or not block.installs]
    serves = any(block.runs is not None for block in found)
    with (
        one_after_another() if serves else nullcontext(),
        STAGES.get(page, stages.empty_folder)(folder) as extra,
    ):
        known = environment(folder.parent, PYTHONPYCACHEPREFIX=str(bytecode)) | extra
        if any(block.installs for block in found):
            known = _with_the_wheel(request.getfixturevalue("wheels"), folder) | known
        answered = type_in(typed(found), folder, known, timeout_s=TIMEOUT_S)
    assert answered
    wrong = complaints(answered)
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)


def _with_the_wheel(wheels: Path, folder: Path) -> dict[str, str]:
    """A copy in the reader's folder, and pip's settings."""
    for wheel in wheels.glob("*.whl"):
        shutil.copy(wheel, folder)
    return dict(pip_environment(wheels))


def test_every_stage_and_every_short_page_is_a_page() -> None:
    assert sorted((SHORT | set(STAGES)) - set(TYPED)) == []
