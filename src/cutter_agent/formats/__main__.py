"""``python -m cutter_agent.formats FORMAT BYTES SECONDS MEMORY HEADINGS``: a file on standard input, an answer out."""

from __future__ import annotations

import resource
import sys

import msgspec

from cutter_agent.errors import InputRefused
from cutter_agent.formats.detection import Format
from cutter_agent.formats.process import Answer
from cutter_agent.formats.readers import convert


def _bound(seconds: int, memory_bytes: int) -> None:
    for what, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(what)
        wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(what, (wanted, hard))
        except (ValueError, OSError):  # a system that does not know this limit: the parent's clock still holds
            continue


def main(argv: list[str]) -> int:
    """Convert and answer. A refusal is an answer; anything else ends the process."""
    wanted, most_bytes, seconds, memory_bytes = Format(argv[0]), int(argv[1]), int(argv[2]), int(argv[3])
    _bound(seconds, memory_bytes)
    data = sys.stdin.buffer.read()
    try:
        made = convert(data, wanted, most_bytes=most_bytes, mark_headings=argv[4] == "marked")
    except InputRefused as refused:
        answer = Answer(refused=refused.message, remedy=refused.remedy, start_byte=refused.start_byte)
    else:
        answer = Answer(
            reader=made.reader, text=made.text, map=made.map, findings=made.findings, headings=made.headings
        )
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
