"""Which version of this tool is running."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("dot-iu-cutter")
except PackageNotFoundError:  # from a source folder that was never installed
    VERSION = "0+unknown"
