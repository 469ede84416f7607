"""Starting long-lived children from a thread that never ends.

The kernel sends a child its parent-death signal when the *thread* that forked it ends, not the process (prctl(2),
PR_SET_PDEATHSIG). A server started from a worker thread would die with that worker. So all servers are started by one
thread that lives as long as the process.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue

_Job = tuple[Callable[[], "subprocess.Popen[bytes]"], "Future[subprocess.Popen[bytes]]"]


class _Launcher:
    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, opener: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._thread is None:
                # A daemon: it must outlive everything but the process itself, and never hold its exit up.
                self._thread = threading.Thread(target=self._work, name="pg-embedded-launcher", daemon=True)
                self._thread.start()
        future: Future[subprocess.Popen[bytes]] = Future()
        self._jobs.put((opener, future))
        return future.result()

    def _work(self) -> None:
        while True:
            opener, future = self._jobs.get()
            try:
                future.set_result(opener())
            except BaseException as failure:
                future.set_exception(failure)
            del opener, future  # keep no process and no traceback alive until the next job


_launcher = _Launcher()


def _renew() -> None:
    global _launcher  # noqa: PLW0603 - threads do not survive a fork; the child needs a launcher of its own
    _launcher = _Launcher()


os.register_at_fork(after_in_child=_renew)


def launch(opener: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """Call ``opener`` in the thread that never ends and return its process, or raise what it raised."""
    return _launcher.start(opener)
