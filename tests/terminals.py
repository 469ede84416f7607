"""A command on a terminal of its own, as wide as the test says."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios

from tests.command_room import CommandLine

_CLEAR = b"\x1b[2J"


def drawn(command: CommandLine, *arguments: str, columns: int, name: str = "xterm", stdout: bool = True) -> str:
    """What a person sees there of standard output, or, with ``stdout`` False, of standard error alone.

    ``name`` is the terminal's kind (``TERM``). The command must end well.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    left_out = {"COLUMNS", "LINES", "NO_COLOR"}
    environment = {key: value for key, value in command.environment().items() if key not in left_out}
    process = subprocess.Popen(
        command.argv(*arguments),
        env={**environment, "TERM": name},
        cwd=command.cwd,
        stdout=slave if stdout else subprocess.DEVNULL,
        stderr=None if stdout else slave,
        stdin=slave,
    )
    os.close(slave)
    seen = b""
    try:
        while piece := os.read(master, 65536):
            seen += piece
    except OSError:
        pass  # the other end is closed
    finally:
        os.close(master)
    assert process.wait(180) == 0, seen.decode()
    return seen.decode()


def watched(command: CommandLine, *arguments: str, lines: int, columns: int, looks: int) -> str:
    """What a person sees of a command that has no end, until so many screens were drawn and Ctrl-C. It ends well."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    left_out = {"COLUMNS", "LINES", "NO_COLOR"}
    environment = {key: value for key, value in command.environment().items() if key not in left_out}
    process = subprocess.Popen(
        command.argv(*arguments), env={**environment, "TERM": "xterm"}, cwd=command.cwd, stdout=slave, stdin=slave
    )
    os.close(slave)
    seen = b""
    try:
        while seen.count(_CLEAR) <= looks and (piece := os.read(master, 65536)):
            seen += piece
        process.send_signal(signal.SIGINT)
        while piece := os.read(master, 65536):
            seen += piece
    except OSError:
        pass  # the other end is closed
    finally:
        os.close(master)
    assert process.wait(180) == 0, seen.decode()
    return seen.decode()
