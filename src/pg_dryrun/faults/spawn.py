"""``python -m pg_dryrun.faults.spawn MODULE…``: the one that has imported a writer's modules and starts its commands.

A module's ``prepare()``, where there is one, is called once: it loads what every command would load for itself.

Each request on standard input (a packet socket) brings a file descriptor; a child is forked that runs the function
and answers there, so a command costs a fork and not an interpreter, and is still a process of its own: with its own
connections, and to be killed. Nothing secret is ever in an argument.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from pg_dryrun.fault_record import Said
from pg_dryrun.faults.interface import Call, Limits, Word
from pg_dryrun.subject import Login

PACKET_BYTES = 160 * 1024


def main(modules: list[str]) -> int:
    """Serve until the other side closes."""
    control = socket.socket(fileno=os.dup(0))
    for name in modules:
        prepare = getattr(importlib.import_module(name), "prepare", None)
        if prepare is not None:
            prepare()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps: nobody here waits for a child
    control.send(b"ready")
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, PACKET_BYTES, 1)
        if not data:
            return 0
        answer = socket.socket(fileno=descriptors[0])
        if os.fork() == 0:
            control.close()
            _child(answer, data)
        answer.close()


def _child(answer: socket.socket, data: bytes) -> None:
    """Run, answer, and end without any of the parent's ending."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        answer.send(str(os.getpid()).encode())
        answer.send(json.dumps(_run(json.loads(data))).encode())
    finally:
        os._exit(0)


def _run(request: dict[str, Any]) -> dict[str, object]:
    module, _, name = request["function"].partition(":")
    function: Callable[[Call], Word] = getattr(importlib.import_module(module), name)
    call = Call(
        logins={key: Login(**login) for key, login in request["logins"].items()},
        limits=Limits(**request["limits"]),
        arguments=request["arguments"],
    )
    try:
        word = function(call)
    except Exception as error:
        word = Word(said=Said.FAILED, message=f"{type(error).__name__}: {error}", code="ESCAPED")
    return {"said": word.said.value, "message": word.message[:4000], "code": word.code, "sqlstate": word.sqlstate}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
