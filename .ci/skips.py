"""Fail if a test was skipped for any reason but the ones that a machine may honestly have.

Usage: skips.py JUNIT_XML. Prints every skip. Exit 1 on a skip that should have run, or when no test ran.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET  # our own test runner wrote the file
from pathlib import Path

ENGINES = ("docker", "podman")
IMAGES = (
    os.environ.get("PG_DRYRUN_TEST_IMAGE", "postgres:18"),
    os.environ.get("PYTHON_IMAGE", "python:3.13-slim"),
)
"""What the tests of containers start from; no test pulls an image."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def honest_reasons() -> tuple[str, ...]:
    """Beginnings of skip messages that are true of this machine."""
    reasons = []
    shared = Path(os.environ.get("DOT_CUTTER_SHARED_DATA", Path.cwd().parent / "shared" / "data"))
    if not shared.is_dir():
        reasons.append("shared data")
    if os.geteuid() != 0:
        reasons.append("needs root")
    if not overlay_mounts():
        reasons.append("no overlayfs")
    engines = container_engines()
    if not engines:
        reasons.append("no container engine: image: no container engine")
    for engine in ENGINES:
        if engine not in engines:
            reasons += [f"no container engine: no program {engine}", f"no container engine: {engine} does not answer"]
        else:
            reasons += [f"no container image: {engine} does not have {image}" for image in absent_images(engine)]
    if not any(map(shutil.which, BROWSERS)):
        reasons.append("no Chromium")
    if not small_disks():
        reasons.append("no small disk")
    return tuple(reasons)


def small_disks() -> bool:
    """Whether a server's account may mount a file system of its own in a user namespace."""
    words = ["/usr/bin/env", "unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    other = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        return subprocess.run(words, capture_output=True, timeout=60, check=False, cwd="/", **other).returncode == 0
    except OSError:
        return False


def overlay_mounts() -> bool:
    """Whether this process may mount an overlay in a namespace of its own."""
    if "\toverlay" not in Path("/proc/filesystems").read_text(encoding="ascii"):
        return False
    own = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
    words = ["/usr/bin/env", "unshare", *own, "--mount", "true"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def container_engines() -> list[str]:
    """Programs of a container engine whose daemon answers here."""
    found = [program for program in ENGINES if shutil.which(program)]
    return [
        program
        for program in found
        if subprocess.run([program, "info"], capture_output=True, timeout=30, check=False).returncode == 0
    ]


def absent_images(engine: str) -> list[str]:
    """Those of ``IMAGES`` that this engine does not have."""
    asked = {
        image: subprocess.run([engine, "image", "inspect", image], capture_output=True, check=False) for image in IMAGES
    }
    return [image for image, done in asked.items() if done.returncode]


def main(junit: Path) -> int:
    cases = list(ET.parse(junit).getroot().iter("testcase"))  # noqa: S314 - written by our own test runner a moment ago
    allowed = honest_reasons()
    wrong = 0
    for case in cases:
        for skip in case.iter("skipped"):
            message = skip.get("message", "")
            honest = message.removeprefix("Skipped: ").startswith(allowed) if allowed else False
            wrong += not honest
            word = "skipped" if honest else "SKIPPED, BUT SHOULD HAVE RUN"
            print(f"{word}: {case.get('classname')}::{case.get('name')}: {message}")
    print(f"{len(cases)} tests, {wrong} skipped that should have run")
    return 1 if wrong or not cases else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
