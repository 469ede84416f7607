"""Fixtures of this storey."""

from __future__ import annotations

from tests.adapter_room import room
from tests.command_room import bytecode, embedded, iu_cutter
from tests.pipeline_room import ledger, ledger_template
from tests.web_room import people, web

__all__ = ["bytecode", "embedded", "iu_cutter", "ledger", "ledger_template", "people", "room", "web"]
