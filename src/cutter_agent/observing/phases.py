"""A lane's method as a phase: what is known before it, what its result tells."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from cutter_agent.observing.activity import phase
from cutter_agent.observing.known import Facts

P = ParamSpec("P")
R = TypeVar("R")


def observed(name: str, tells: Callable[[R], Facts]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A method whose first argument is an entry's id or a document (with a ``document_ref``), or that has none.

    ``tells``: what its result says.
    """

    def around(method: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(method)
        def told(*given: P.args, **named: P.kwargs) -> R:
            with phase(name, **_known_before(given)) as activity:
                result = method(*given, **named)
                activity.note(**tells(result))
                return result

        return told

    return around


def _known_before(given: tuple[Any, ...]) -> dict[str, object]:
    lane = getattr(getattr(given[0], "settings", None), "lane", None)
    facts: dict[str, object] = {"lane": None if lane is None else str(lane)}
    if len(given) > 1:
        first = given[1]
        named = type(first) is str  # and no word, such as a sweep's trigger
        facts["entry_id" if named else "document"] = first if named else getattr(first, "document_ref", None)
    return facts
