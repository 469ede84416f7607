"""From a law with exceptions to ``verified_complete``, by keyboard alone; both lanes as processes of their own.

The page's process decides and cuts; a verifier's process beside it proves, and the page finds that out by itself.
"""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect
from tests.browser_room import Person, accessibility
from tests.command_room import CommandLine
from tests.web_room import PASSWORD

LAW = "LUẬT THỬ\nĐiều 1. Phạm vi áp dụng\nĐiều 2. Hồ sơ\nĐiều 4. Mức phí\nĐiều 7. Hiệu lực\n"


@contextmanager
def serving(command: CommandLine) -> Iterator[str]:
    """``iu-cutter serve`` as somebody types it; the address that it prints."""
    with command.start("serve", "--port", "0", stderr=subprocess.PIPE) as process:
        guard = threading.Timer(240, process.kill)
        guard.start()
        try:
            assert process.stderr is not None
            found = re.search(r"http://127\.0\.0\.1:\d+/", process.stderr.readline().decode())
            assert found is not None
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield found.group()
        finally:
            process.terminate()
            process.wait(timeout=60)
            guard.cancel()


def test_a_law_with_exceptions_is_accepted_decided_cut_and_proven(
    embedded: CommandLine, seat: Callable[..., Person], axe: str, screenshots: Path
) -> None:
    added = embedded("serve", "account", "add", "mai", "--role", "reviewer", stdin=f"{PASSWORD}\n".encode())
    assert added.code == 0, added.err
    law = embedded.cwd / "law.txt"
    law.write_text(LAW, "utf-8")
    waits = embedded("cut", str(law), "--code", "T1", "--ref", "law/T1", "--json")
    assert waits.code == 10, waits.err
    with serving(embedded) as address:
        mai = seat(address)
        mai.open("/")
        mai.sign_in("mai")
        mai.keys("j")
        mai.press("Enter")
        entry_id = mai.page.url.rsplit("/", 1)[-1]
        count = mai.page.locator("article.case").count()
        assert count == 2, "the gap before article 4, and the one before article 7"
        mai.keys("j", "c", "printed so in the gazette")
        mai.press("Enter")
        expect(mai.page.get_by_role("status").filter(has_text="E1 is recorded")).to_be_visible()
        mai.until_focused("E2")
        mai.press("a")
        expect(mai.page.get_by_text("All of them are looked at")).to_be_visible()
        mai.press("d")
        digest = mai.page.locator("code.digest").inner_text()
        assert re.fullmatch(r"[0-9a-f]{64}", digest)
        mai.keys("a", "w")
        mai.until_focused("rationale")
        mai.keys("articles 3, 5 and 6 were repealed")
        mai.press("Control+Enter")
        expect(mai.page.get_by_text("Your decision is in the ledger")).to_be_visible()
        commands = mai.page.locator(".commands code").all_inner_texts()
        assert commands == [f"iu-cutter cut-approved {entry_id}", f"iu-cutter verify {entry_id}"]
        assert accessibility(mai, axe) == []
        mai.page.screenshot(path=screenshots / "cut-now.png", full_page=True)
        mai.keys("t")
        expect(mai.page.locator("[data-cut]")).to_be_focused()
        mai.press("Enter")
        expect(mai.page.locator("h1 .state.cut_applied")).to_be_visible()
        expect(mai.page.get_by_text("exactly what was approved was written")).to_be_visible()
        expect(mai.page.get_by_text("looks every few seconds")).to_be_visible()
        (waits_for,) = mai.page.locator(".commands code").all_inner_texts()
        assert accessibility(mai, axe) == []
        mai.page.screenshot(path=screenshots / "waits-for-the-verifier.png", full_page=True)
        proven = embedded(*waits_for.split()[1:], "--json")
        assert proven.code == 0, proven.err
        expect(mai.page.locator("h1 .state.verified_complete")).to_be_visible()
        expect(mai.page.get_by_role("status").filter(has_text="loaded anew")).to_be_focused()
        assert accessibility(mai, axe) == []
        expect(mai.page.locator(".way li.done")).to_have_count(5)
        mai.open("/documents/T1")
        expect(mai.page.locator("article.leaf")).to_have_count(5)
        assert mai.complaints == []
    said = embedded.query(
        "SELECT reviewer_identity, manifest_digest FROM cutter_governance.review_decision"
        " WHERE manifest_unit_local_id IS NULL"
    )
    assert said == [("mai", digest)], "the digest that the page showed is the one that is bound"
    lanes = embedded.query("SELECT DISTINCT signer_dot_id FROM cutter_governance.dot_pair_signature ORDER BY 1")
    assert len(lanes) == 2, "each lane signed"
