"""Fixtures of this storey."""

from __future__ import annotations

from tests.adapter_room import room
from tests.api_room import api
from tests.pipeline_room import ledger, ledger_template
from tests.schema_room import deployed, deployed_template
from tests.web_room import people, web

__all__ = ["api", "deployed", "deployed_template", "ledger", "ledger_template", "people", "room", "web"]
