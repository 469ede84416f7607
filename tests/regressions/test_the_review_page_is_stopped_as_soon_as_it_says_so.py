"""``serve`` said its address before its server took the signals over: a SIGTERM in between ended it half-way up, with
"coroutine 'Server.serve' was never awaited" among its JSON records."""

from __future__ import annotations

import json
import subprocess
import sys

_SERVED = """
import json, os, signal
import uvicorn
from cutter_agent.web import serving

async def nothing(scope, receive, send): raise AssertionError("nobody is served here")

said = {"handed_on": []}

def ready():
    said["started"] = server.started
    os.kill(os.getpid(), signal.SIGTERM)
    said["too_early"] = list(said["handed_on"])

settings = uvicorn.Config(nothing, host="127.0.0.1", port=0, log_config=None, lifespan="off")
server = serving.Announced(settings, ready)
signal.signal(signal.SIGTERM, lambda number, frame: said["handed_on"].append(number))
server.run(sockets=[serving.listen(settings)])
print(json.dumps(said))
"""


def test_a_signal_in_the_moment_of_the_announcement_ends_it_in_order() -> None:
    """In a process of its own: signals are for a main thread in which no other loop of events runs."""
    done = subprocess.run([sys.executable, "-c", _SERVED], capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(done.stdout) == {"started": True, "too_early": [], "handed_on": [15]}
    assert done.stderr == ""
