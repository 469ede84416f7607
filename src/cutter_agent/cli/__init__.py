"""The command line of the cutter. Doors only: parse, call one thing, print, exit. Nothing is decided here."""

from __future__ import annotations

from commandline.loading import loading

with loading():
    from cutter_agent.cli.program import main

__all__ = ["main"]
