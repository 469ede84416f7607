"""A secret is found raw and disguised, across the seams of reading, in files and in arguments; and never printed."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from pg_dryrun import secrets_scan

SECRET = "s3cr/t+wörd-0123456789"


@pytest.mark.parametrize("shift", range(6))
def test_base64_is_seen_wherever_the_secret_starts(tmp_path: Path, shift: int) -> None:
    path = tmp_path / "f"
    path.write_bytes(base64.b64encode(b"x" * shift + SECRET.encode() + b"tail"))
    assert [finding.encoding for finding in secrets_scan.scan({"s": SECRET}, paths=[path]).findings] == ["base64"]


def test_raw_url_and_hex_are_seen_with_their_place(tmp_path: Path) -> None:
    for encoding, form in {
        "raw": SECRET.encode(),
        "url": quote(SECRET, safe="").encode(),
        "hex": SECRET.encode().hex().encode(),
    }.items():
        (tmp_path / encoding).write_bytes(b"12345" + form)
    found = secrets_scan.scan({"s": SECRET}, paths=[tmp_path], processes=False)
    assert sorted((Path(item.where).name, item.encoding, item.start_byte) for item in found.findings) == [
        ("hex", "hex", 5),
        ("raw", "raw", 5),
        ("url", "url", 5),
    ]
    assert SECRET not in repr(found)


def test_no_secret_hides_in_a_seam(tmp_path: Path) -> None:
    path = tmp_path / "f"
    at = (1 << 20) - 7
    path.write_bytes(b"." * at + SECRET.encode() + b"." * 100)
    found = secrets_scan.scan({"s": SECRET}, paths=[path], processes=False).findings
    assert [(item.start_byte, item.encoding) for item in found] == [(at, "raw")]


def test_clean_means_looked_at(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("nothing")
    clean = secrets_scan.scan({"s": SECRET}, paths=[tmp_path])
    assert clean.clean
    assert (clean.files, clean.bytes_read) == (1, 7)
    assert clean.processes > 1
    assert not secrets_scan.scan({"s": SECRET}, paths=[tmp_path / "absent"], processes=False).clean
    assert not secrets_scan.scan({"s": "abc"}, paths=[], processes=False).clean


def test_this_process_has_no_secret_in_its_arguments() -> None:
    words = Path(f"/proc/{os.getpid()}/cmdline").read_bytes().decode().split("\0")[0]
    found = secrets_scan.scan({"own": words}, processes=True).findings
    assert any(item.where == f"pid {os.getpid()} arguments" for item in found)
