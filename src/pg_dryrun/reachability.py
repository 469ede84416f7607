"""G-07: can the environment be reached over the network? Shown by trying, not by reading a setting."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

CONNECT_TIMEOUT_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One address that was tried. ``reached``: this very server answered there; another server does not count."""

    address: str
    port: int
    reached: bool
    detail: str

    def __str__(self) -> str:
        return f"{self.address} port {self.port}: {self.detail}"


def own_addresses() -> tuple[str, ...]:
    """Loopback, and every address under which this machine knows itself."""
    found = {"127.0.0.1", "::1"}
    try:
        for entry in socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM):
            found.add(str(entry[4][0]))
    except OSError:
        pass  # a machine without a resolvable name of its own: loopback is what is left to try
    return tuple(sorted(found))


def attempt(port: int, *, answers_as_this_server: Callable[[str], bool], addresses: Sequence[str]) -> list[Attempt]:
    """Connect to ``port`` on each address. ``answers_as_this_server`` tells this server from a stranger there."""
    found: list[Attempt] = []
    for address in addresses:
        try:
            with socket.create_connection((address, port), timeout=CONNECT_TIMEOUT_S):
                reached = answers_as_this_server(address)
                detail = "this server answers" if reached else "another server answers"
        except OSError as error:
            reached, detail = False, f"no answer ({type(error).__name__})"
        found.append(Attempt(address=address, port=port, reached=reached, detail=detail))
    return found
