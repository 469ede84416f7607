"""Search and the API's tokens as somebody types them: what is cut is found, and a program reads it over the page."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
from pathlib import Path

import httpx2

LAW = "LUẬT ĐẤT ĐAI\nĐiều 1. Phạm vi điều chỉnh\nĐiều 2. Quyền sử dụng đất của người thuê\nĐiều 3. Hiệu lực\n"


def test_what_was_cut_is_found_and_read_by_a_program(embedded, tmp_path: Path) -> None:
    law = tmp_path / "law.txt"
    law.write_text(LAW, "utf-8")
    assert embedded("cut", str(law), "--code", "LDD", "--profile", "vn-law").code == 0
    shown = embedded("search", "hieu luc", "--document", "LDD")
    assert "[Hiệu] [lực]" in shown.out.decode()
    added = embedded("serve", "token", "add", "index", "--days", "1", "--json")
    token = added.json["token"]
    with embedded.start("serve", "--port", "0", "--reports", str(tmp_path), stderr=subprocess.PIPE) as served:
        guard = threading.Timer(300, served.kill)
        guard.start()
        try:
            assert served.stderr is not None
            lines = (line.decode() for line in served.stderr)
            url = next(place.group() for line in lines if (place := re.search(r"http://127\.0\.0\.1:\d+/", line)))
            with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as program:
                unit = program.get("/api/v1/units/LDD-DIEU2").json()
                assert unit["newest"]["version"] == 1
                text = program.get(unit["newest"]["url"] + "/text")
                assert text.text == "Điều 2. Quyền sử dụng đất của người thuê\n"
                known = {"If-None-Match": text.headers["etag"]}
                assert program.get(unit["newest"]["url"] + "/text", headers=known).status_code == 304
                assert embedded("serve", "token", "remove", "index").code == 0
                assert program.get("/api/v1/documents").status_code == 401, "removed while the page runs"
            served.send_signal(signal.SIGINT)
            rest = served.stderr.read().decode()
            served.wait(timeout=120)
        finally:
            guard.cancel()
    assert token not in rest
