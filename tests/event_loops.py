"""Coroutines of tests, each in a thread of its own: a browser that is open in this one has its event loop there."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

_Result = TypeVar("_Result")


def run(work: Coroutine[Any, Any, _Result], *, timeout_s: float = 120) -> _Result:
    """What ``work`` gives. Raises what it raises, and ``TimeoutError`` after ``timeout_s`` seconds."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asyncio.wait_for(work, timeout_s)).result()
