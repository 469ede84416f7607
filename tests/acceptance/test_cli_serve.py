"""`iu-cutter serve` as somebody types it: accounts, the page in a process of its own, Ctrl-C."""

from __future__ import annotations

import re
import signal
import subprocess
import threading

import httpx2

PASSWORD = "correct horse battery"


def test_serve_signs_in_and_stops(embedded) -> None:
    added = embedded("serve", "account", "add", "mai", "--role", "reviewer", "--json", stdin=f"{PASSWORD}\n".encode())
    assert (added.code, added.json["role"]) == (0, "reviewer")
    with embedded.start("serve", "--port", "0", stderr=subprocess.PIPE) as served:
        guard = threading.Timer(60, served.kill)
        guard.start()
        try:
            assert served.stderr is not None
            found = re.search(r"http://127\.0\.0\.1:\d+/", served.stderr.readline().decode())
            assert found is not None
            with httpx2.Client(base_url=found.group(), follow_redirects=True) as browser:
                token = re.search(r'form_token" value="(\w+)"', browser.get("/").text)
                assert token is not None
                fields = {"form_token": token.group(1), "name": "mai", "password": PASSWORD, "next": "/"}
                assert "Nothing is here yet" in browser.post("/login", data=fields).text
            asked = embedded.query("SELECT DISTINCT usename FROM pg_stat_activity WHERE usename LIKE 'cutter%'")
            assert asked == [("cutter_exec",)], "the page speaks as DOT-991 and as nobody else"
            served.send_signal(signal.SIGINT)
            rest = served.stderr.read().decode()
            served.wait(timeout=30)
        finally:
            guard.cancel()
    assert served.returncode == 130
    assert "mai signed in" in rest
    assert PASSWORD not in rest
