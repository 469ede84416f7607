"""What types the manual sees what is wrong: a server that does not come up or does not stop cleanly, a target that is
not there, a block that a machine cannot run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests import manual_pages
from tests.manual_pages import ROOT, Block, blocks, pages
from tests.manual_shell import complaints, environment, type_in, typed

PROGRAM = """
iu-cutter() {
    exec python3 -u -c '
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(%d)); signal.signal(signal.SIGTERM, lambda *_: sys.exit(%d))
print("%s"); time.sleep(300)'
}
"""


def sh(text: str, **how: object) -> Block:
    return Block(page="a page", line=1, language="sh", text=text, **how)  # type: ignore[arg-type]


def wrong(folder: Path, *found: Block) -> list[str]:
    return complaints(type_in(typed(found), folder, environment(folder), timeout_s=240))


@pytest.mark.parametrize(
    ("codes", "says", "signal", "complaint"),
    [
        ((130, 0), "it is at", "Ctrl-C", None),
        ((130, 0), "it is at", "SIGTERM", None),
        ((1, 0), "it is at", "Ctrl-C", "stopped by SIGINT: 1"),
        ((130, 143), "it is at", "SIGTERM", "stopped by SIGTERM: 143"),
    ],
)
def test_what_runs_beside_the_page_is_stopped_and_must_end_cleanly(
    tmp_path: Path, codes: tuple[int, int], says: str, signal: str, complaint: str | None
) -> None:
    page = [sh(PROGRAM % (*codes, says)), sh("iu-cutter serve --port 0\n", runs=(signal, says)), sh("echo meanwhile\n")]
    found = wrong(tmp_path, *page)
    assert [complaint in each for each in found if complaint] == ([True] if complaint else [])
    assert bool(found) == bool(complaint), found


def test_a_server_that_ends_before_it_is_ready_is_told(tmp_path: Path) -> None:
    page = [sh('iu-cutter() { echo "no such port"; exit 4; }\n'), sh("iu-cutter serve\n", runs=("Ctrl-C", "it is at"))]
    (found,) = wrong(tmp_path, *page)
    assert "no such port" in found


def test_a_target_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert wrong(tmp_path, sh("make test     # everything\nmake help\n", in_a_checkout=True)) == []
    (found,) = wrong(tmp_path, sh("make no-such-target\n", in_a_checkout=True))
    assert "no-such-target" in found


def test_what_a_page_calls_a_step_of_ci_is_one() -> None:
    steps = set(re.findall(r"^make ([\w-]+)", (ROOT / ".ci" / "run").read_text("utf-8"), flags=re.MULTILINE))
    steps |= set(re.findall(r"make ([\w-]+)", (ROOT / ".ci" / "as_ordinary_user").read_text("utf-8"))) | {"help"}
    named = {
        target
        for page in pages()
        for block in blocks(page)
        if block.in_a_checkout
        for target in re.findall(r"^make ([\w-]+)", block.text, flags=re.MULTILINE)
    }
    assert named >= {"dry-run", "test", "lint"}
    assert named - steps == set()


def test_what_a_machine_lacks_is_not_typed_and_what_pip_installs_has_an_environment_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    block = sh("docker compose up\n", needs="container engine", reason="images")
    for has_it in (True, False):
        monkeypatch.setattr(manual_pages, "NEEDED", {"container engine": lambda has_it=has_it: has_it})
        assert [bool(typed([block])), block.is_typed] == [has_it, has_it]
    (installing,) = typed([sh("pip install 'dot-iu-cutter[formats]'\n")])
    assert '-m venv "$HOME"/environment-1' in installing.text
    assert installing.text.index("pip install") < installing.text.index("pip check")
    (own,) = typed([sh("python3 -m venv .venv\n.venv/bin/pip install x\n")])
    assert "environment-1" not in own.text
