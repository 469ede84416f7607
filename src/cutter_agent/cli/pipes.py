"""Named pipes are read with a bound on the waiting: one that nobody writes into would hold a command for ever."""

from __future__ import annotations

import os
import select
import time

from cutter_agent.errors import InputRefused

NO_WRITER_S = 10.0
"""How long a pipe may have no writer at all."""
SILENT_S = 300.0
"""How long a writer may say nothing: what makes the text may be slow."""
_PIECE_BYTES = 1 << 20
_LOOK_S = 0.05


def read_pipe(descriptor: int, most_bytes: int, *, path: str) -> bytes:
    """Everything that is written into a pipe, opened without blocking, at most ``most_bytes``.

    Raises:
        InputRefused: nobody opened it for writing, or who did said nothing, for as long as the bounds above.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    pieces: list[bytes] = []
    size, written, heard = 0, False, time.monotonic()
    while size < most_bytes:
        try:
            piece = os.read(descriptor, min(_PIECE_BYTES, most_bytes - size))
        except BlockingIOError:  # there is a writer, and it says nothing now
            written = True
            left = SILENT_S - (time.monotonic() - heard)
            if left <= 0 or not poll.poll(left * 1000):
                raise _refused(f"whoever writes into the pipe said nothing for {SILENT_S:g} s", path) from None
            continue
        if piece:
            pieces.append(piece)
            size, written, heard = size + len(piece), True, time.monotonic()
        elif written:
            break
        elif time.monotonic() - heard > NO_WRITER_S:
            raise _refused(f"nobody opened the pipe for writing within {NO_WRITER_S:g} s", path)
        else:
            time.sleep(_LOOK_S)
    return b"".join(pieces)


def _refused(message: str, path: str) -> InputRefused:
    return InputRefused(message, remedy="Start what writes into it, or name a file.", path=path)
