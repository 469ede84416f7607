"""At 80 columns `status` and `history` folded every entry's id over four lines: it could not be copied."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from pathlib import Path

import pytest

LAW = "Luật số: 12/2020/QH14\nLUẬT THỬ\nĐiều 1. Phạm vi\nLuật này.\nĐiều 2. Hiệu lực\nNgay.\n"


def _on_a_terminal(command, columns: int, *arguments: str) -> str:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {name: value for name, value in command.environment().items() if name not in {"COLUMNS", "LINES"}}
    process = subprocess.Popen(
        command.argv(*arguments), env={**environment, "TERM": "xterm"}, cwd=command.cwd, stdout=slave, stdin=slave
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
    assert process.wait(60) == 0
    return seen.decode()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_an_id_stays_whole(embedded, tmp_path: Path, columns: int) -> None:
    law = tmp_path / "luat.txt"
    law.write_text(LAW, encoding="utf-8")
    entry = embedded("mark", str(law), "--json").json["entry_id"]
    for arguments in (("status",), ("history", entry)):
        assert entry in _on_a_terminal(embedded, columns, *arguments)
