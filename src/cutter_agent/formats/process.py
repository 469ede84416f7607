"""A reader in a process of its own: bounded in time and memory, without our secrets, and its death is an answer.

Files of other formats come from strangers, and the libraries that read them are large: what hangs, grows or crashes
there ends that process, and nothing here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

import msgspec

from cutter_agent.errors import FormatRefused
from cutter_agent.formats.detection import Format
from cutter_agent.formats.readers import require
from cutter_agent.formats.stream import Conversion
from cutter_agent.model import Finding

_PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONPYCACHEPREFIX", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "LC_ALL", "SYSTEMROOT")
_HARM = "If you trust where it comes from, save it again from the program that made it, or as text."


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a reader may use."""

    most_text_bytes: int
    timeout_s: float = 300.0
    memory_bytes: int = 3 * 1024**3


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the process says: a conversion, or why there is none."""

    reader: str = ""
    text: bytes = b""
    map: bytes = b""
    findings: tuple[Finding, ...] = ()
    headings: int = 0
    refused: str | None = None
    remedy: str = ""
    start_byte: int | None = None


def read(data: bytes, wanted: Format, limits: Limits, *, mark_headings: bool = False) -> Conversion:
    """The text stream of ``data``; ``mark_headings`` puts the marks of Markdown before headings.

    Raises:
        FormatRefused: the reader refuses the file, or did not come to an end within its limits.
    """
    require(wanted)
    argv = [
        sys.executable,
        "-m",
        "cutter_agent.formats",
        wanted.value,
        str(limits.most_text_bytes),
        str(int(limits.timeout_s) + 1),
        str(limits.memory_bytes),
        "marked" if mark_headings else "plain",
    ]
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    try:
        done = subprocess.run(
            argv, input=data, capture_output=True, timeout=limits.timeout_s, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        raise FormatRefused(
            f"its reader did not come to an end within {limits.timeout_s:g} seconds", remedy=_HARM
        ) from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = f"signal {-done.returncode}" if done.returncode < 0 else (said[-1] if said else f"code {done.returncode}")
        raise FormatRefused(f"its reader broke down over it ({why[:200]})", remedy=_HARM)
    answer = msgspec.msgpack.decode(done.stdout, type=Answer)
    if answer.refused is not None:
        raise FormatRefused(answer.refused, remedy=answer.remedy, start_byte=answer.start_byte)
    return Conversion(
        format=wanted,
        reader=answer.reader,
        text=answer.text,
        map=answer.map,
        findings=answer.findings,
        headings=answer.headings,
    )
