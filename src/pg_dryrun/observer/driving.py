"""A declared statement driven once without keeping anything: planned and its rights checked by the server itself."""

from __future__ import annotations

import re

from pg_dryrun.observer.connection import Observer, ServerAnswer

_PARAMETER = re.compile(r"\$(\d+)")
_PREPARABLE = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"})


def drive(observer: Observer, text: str, verb: str) -> ServerAnswer | None:
    """What the server says against ``text`` (with ``$n``), None if nothing. To be called inside a block.

    A query is prepared and its execution started with NULL for every parameter (EXPLAIN EXECUTE): names, types and
    rights are asked, constraints and triggers are not. A COPY is begun and given up; anything else is sent as it is.
    All of it happens in a savepoint that is rolled back.
    """
    try:
        with observer.savepoint():
            if verb == "COPY":
                observer.begin_copy(text)
            elif verb in _PREPARABLE:
                _start(observer, text)
            else:
                observer.execute(text)
    except ServerAnswer as answer:
        return answer
    finally:
        observer.execute("DEALLOCATE ALL")  # outside the savepoint: what was prepared outlives a rollback
    return None


def _start(observer: Observer, text: str) -> None:
    numbers = [int(number) for number in _PARAMETER.findall(text)]
    arguments = f" ({', '.join(['NULL'] * max(numbers))})" if numbers else ""
    observer.execute(f"PREPARE driven AS {text}")
    observer.rows(f"EXPLAIN (COSTS OFF) EXECUTE driven{arguments}")
