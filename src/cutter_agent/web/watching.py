"""The audit log as an admin reads it."""

from __future__ import annotations

from starlette.responses import Response

from cutter_agent.web.visit import Visit

MOST_LINES = 500


def audit(visit: Visit) -> Response:
    """GET /audit: the newest lines first. Raises ``ConfigError`` where the file cannot be read."""
    lines = visit.site.audit.newest(MOST_LINES + 1)
    more_than = MOST_LINES if len(lines) > MOST_LINES else 0
    return visit.page("audit", lines=lines[:MOST_LINES], more_than=more_than)
