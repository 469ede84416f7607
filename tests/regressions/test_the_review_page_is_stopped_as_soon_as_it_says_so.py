"""``serve`` said its address before its server took the signals over: a SIGTERM in between ended it half-way up, with
"coroutine 'Server.serve' was never awaited" among its JSON records."""

from __future__ import annotations

import contextlib
import os
import signal

import uvicorn

from cutter_agent.web import serving


async def _nothing(scope, receive, send) -> None:
    raise AssertionError("nobody is served here")


def test_a_signal_in_the_moment_of_the_announcement_ends_it_in_order() -> None:
    settings = uvicorn.Config(_nothing, host="127.0.0.1", port=0, log_config=None, lifespan="off")
    handed_on: list[int] = []
    served: list[bool] = []

    def ready() -> None:
        served.append(server.started)
        os.kill(os.getpid(), signal.SIGTERM)
        assert handed_on == [], "the server's own business until it has ended"

    server = serving.Announced(settings, ready)
    before = signal.signal(signal.SIGTERM, lambda number, _frame: handed_on.append(number))
    try:
        with contextlib.closing(serving.listen(settings)) as listening:
            server.run(sockets=[listening])
    finally:
        signal.signal(signal.SIGTERM, before)
    assert served == [True]
    assert handed_on == [signal.SIGTERM]
