"""Pure work beside a statement that keeps the server busy for seconds: ours runs while we would wait for its answer."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def beside(work: Callable[[], T]) -> Generator[Future[T]]:
    """``work`` in a thread while the block runs; done when the block is left. It may touch no connection.

    The future's ``result()`` gives what ``work`` gave, or raises what it raised.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="beside") as thread:
        yield thread.submit(work)
