"""Parts that are installed only where they are wanted."""

from __future__ import annotations

import importlib.util

from cutter_agent.errors import UsageError


def require(module: str, *, extra: str, command: str) -> None:
    """Raise ``UsageError`` that says what to install, unless ``module`` is there."""
    if importlib.util.find_spec(module) is None:
        raise UsageError(
            f"iu-cutter {command} needs an extra that is not installed",
            remedy=f"Install it: pip install 'dot-iu-cutter[{extra}]'",
        )
