"""The distribution as this checkout makes it, and what pip is told to install it with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_S = 900
_PIP = (
    "PIP_",
    "SSL_CERT_",
    "REQUESTS_CA_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)


def build(source: Path, target: Path) -> Path:
    """Wheel and sdist of ``source`` in ``target``."""
    words = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    subprocess.run(words, cwd=source, check=True, capture_output=True, timeout=TIMEOUT_S)
    return target


def pip_environment(wheels: Path) -> Mapping[str, str]:
    """This machine's own way to its packages, for a reader with another home; ``wheels``: a folder to look in, too."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(_PIP)}
    found = [path for path in (Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf") if path.exists()]
    configured = {"PIP_CONFIG_FILE": str(found[0])} if found else {}
    cache = {"PIP_CACHE_DIR": str(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pip")}
    links = " ".join([str(wheels), *kept.get("PIP_FIND_LINKS", "").split()])
    return cache | configured | kept | {"PIP_FIND_LINKS": links, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_QUIET": "1"}
