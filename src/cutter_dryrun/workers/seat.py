"""One ``iu-cutter worker``: a fork of a process that has loaded the program, with the environment and the words of a
call of its own. What differs from a call in a shell is said here, and nothing else differs:

* every statement of its lane goes to a file, too, so that the server's log can be compared with it (G-18);
* it ends with the process that started it, also when that one is killed.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
from functools import partial
from pathlib import Path
from typing import cast

from cutter_agent import wiring
from cutter_agent.cli import program, worker
from cutter_agent.config_file import CONFIG, NO_FILE
from cutter_agent.db_adapter.journal import Journal, StatementOutcome
from cutter_agent.jobs import running
from cutter_dryrun import faulted
from pg_dryrun.fault_record import Said
from pg_dryrun.faults.interface import Call, Word

_PR_SET_PDEATHSIG = 1
_KEPT_IN_MEMORY = 1000


class KeptJournal(Journal):
    """A journal whose lines are also appended to a file, each as it is answered."""

    def __init__(self, path: Path) -> None:
        super().__init__(limit=_KEPT_IN_MEMORY)
        self._stream = path.open("a", encoding="utf-8")

    def write(
        self,
        principal: str,
        backend_pid: int,
        name: str,
        text: str,
        outcome: StatementOutcome,
        sqlstate: str | None,
        at_epoch_s: float,
        started_monotonic_s: float,
        duration_s: float,
        phase: str | None,
    ) -> None:
        """See ``Journal.write``."""
        super().write(
            principal,
            backend_pid,
            name,
            text,
            outcome,
            sqlstate,
            at_epoch_s,
            started_monotonic_s,
            duration_s,
            phase,
        )
        self._stream.write(json.dumps([principal, backend_pid, name, text, outcome.value, sqlstate]) + "\n")
        self._stream.flush()


def prepare() -> None:
    """Load what every worker needs, before the first of them."""
    faulted.prepare()
    _ = (worker, running)


def sit(call: Call) -> Word:
    """Work until SIGTERM. The message is the exit code."""
    words = call.arguments
    _end_with_the_parent()
    for name in [name for name in os.environ if name.startswith(("DOT_CUTTER_", "PG"))]:
        del os.environ[name]
    os.environ.update(cast(dict[str, str], words["environment"]))
    os.environ[CONFIG] = NO_FILE
    log = os.open(str(words["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    journal = KeptJournal(Path(str(words["journal"])))
    wiring.open_exec = partial(wiring.open_exec, journal=journal)
    wiring.open_verify = partial(wiring.open_verify, journal=journal)
    code = program.run(cast(list[str], words["words"]))
    return Word(said=Said.DONE if code == 0 else Said.FAILED, message=str(code))


def _end_with_the_parent() -> None:
    """prctl(2): the kernel kills this process when the one that forked it is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
