"""Fixtures of this storey."""

from __future__ import annotations

from tests.adapter_room import room
from tests.pipeline_room import ledger, ledger_template

__all__ = ["ledger", "ledger_template", "room"]
