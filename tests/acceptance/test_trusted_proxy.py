"""``iu-cutter serve`` behind a real proxy with TLS that signs people in: their names, and nobody's own headers."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator

import httpx2
import pytest
from tests import small_proxy
from tests.command_room import CommandLine

HOST = "review.example.org"
SECRET = "0123456789abcdef" * 3


@pytest.fixture
def behind(embedded: CommandLine) -> Iterator[httpx2.Client]:
    """A browser that comes through the proxy."""
    for name in ("mai", "lan"):
        added = embedded("serve", "account", "add", name, "--role", "reviewer", stdin=b"correct horse battery\n")
        assert added.code == 0, added.err
    secret = embedded.cwd / "proxy.secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET, "ascii")
    words = ["--public-url", f"https://{HOST}", "--trusted-proxy-header", "X-Forwarded-User"]
    words += ["--trusted-proxy-secret", str(secret)]
    with embedded.start("serve", "--port", "0", *words, stderr=subprocess.PIPE) as served:
        guard = threading.Timer(240, served.kill)
        guard.start()
        try:
            assert served.stderr is not None
            said = served.stderr.readline().decode()
            found = re.search(r"at https://review\.example\.org \(the proxy leads to (http://127\.0\.0\.1:\d+/)", said)
            assert found is not None, said
            threading.Thread(target=served.stderr.read, daemon=True).start()
            with (
                small_proxy.proxy(embedded.cwd, upstream=found.group(1), host=HOST, secret=SECRET) as (address, trust),
                httpx2.Client(base_url=address, verify=trust, headers={"host": HOST}, timeout=60) as browser,
            ):
                yield browser
        finally:
            served.terminate()
            served.wait(timeout=60)
            guard.cancel()


def test_who_the_proxy_knows_is_signed_in_and_nobody_by_a_header_of_his_own(behind: httpx2.Client) -> None:
    forged = {"x-forwarded-user": "mai", "x-review-proxy-secret": SECRET}
    page = behind.get("/login", headers=forged)
    assert (page.status_code, 'name="password"' in page.text) == (200, True), "the proxy strips what browsers send"
    assert behind.get("/login", auth=("stranger", "")).status_code == 403, "known to the proxy, and without an account"
    signed = behind.get("/login", auth=("mai", ""))
    assert (signed.status_code, signed.headers["location"]) == (303, "/")
    (cookie,) = (each for each in signed.headers.get_list("set-cookie") if each.startswith("__Host-iu_session="))
    assert {"Secure", "HttpOnly", "SameSite=strict"} <= {word.strip() for word in cookie.split(";")}
    front = behind.get("/", auth=("mai", ""))
    assert "<b>mai</b>" in front.text
    token = re.search(r'form_token" value="(\w+)"', front.text)
    assert token is not None
    form = {"form_token": token.group(1), "language": "vi", "back": "/"}
    spoken = behind.post("/language", data=form, auth=("mai", ""), headers={"origin": f"https://{HOST}"})
    assert spoken.status_code == 303, "the proxy hands on the host, so that the form is the page's own"
    assert behind.get("/", auth=("lan", "")).status_code == 303, "the proxy names somebody else: the session has ended"
    assert behind.get("/").status_code == 303, "nobody is named any more"
