"""Fixtures of this storey."""

from __future__ import annotations

from tests.command_room import bytecode, embedded, iu_cutter

__all__ = ["bytecode", "embedded", "iu_cutter"]
