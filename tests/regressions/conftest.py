"""Fixtures of this storey."""

from __future__ import annotations

from tests.adapter_room import room

__all__ = ["room"]
