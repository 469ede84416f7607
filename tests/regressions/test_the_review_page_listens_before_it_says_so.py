"""``serve`` printed its address when the socket was bound and did not yet listen: who called at once was refused."""

from __future__ import annotations

import contextlib
import socket

import pytest
import uvicorn

from cutter_agent.errors import UsageError
from cutter_agent.web import serving


async def _nothing(scope, receive, send) -> None:
    raise AssertionError("nobody is served here")


def test_who_calls_as_soon_as_the_address_is_known_is_connected() -> None:
    settings = uvicorn.Config(_nothing, host="127.0.0.1", port=0, log_config=None)
    with (
        contextlib.closing(serving.listen(settings)) as listening,
        socket.create_connection(listening.getsockname(), timeout=5) as caller,
    ):
        assert caller.getpeername() == listening.getsockname()


def test_a_port_that_is_taken_is_said_to_be() -> None:
    settings = uvicorn.Config(_nothing, host="127.0.0.1", port=0, log_config=None)
    with contextlib.closing(serving.listen(settings)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(UsageError, match=f"127.0.0.1:{port} cannot be listened on"):
            serving.listen(uvicorn.Config(_nothing, host="127.0.0.1", port=port, log_config=None))
