"""The steps of a run by name (design 3.1), in order."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

STEPS: Mapping[str, str] = MappingProxyType(
    {
        "C-01": "preflight",
        "C-02": "work place",
        "C-03": "snapshot of production",
        "C-04": "environment",
        "C-05": "restore",
        "C-06": "roles",
        "C-07": "identity guard",
        "C-08": "contract",
        "C-09": "instruments",
        "C-10": "the command",
        "C-11": "the command, judged",
        "C-10a": "happy path",
        "C-11a": "happy path, judged",
        "C-10b": "refusals",
        "C-11b": "refusals, judged",
        "C-10c": "faults",
        "C-12": "ledgers",
        "C-13": "teardown",
    }
)
