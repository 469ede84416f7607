"""The workers of one clone. While a step is looked at they stand still: what they sent is answered, no more comes."""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cutter_agent import config
from cutter_agent.model import Lane
from cutter_dryrun.scenarios.configuration import environment_of
from cutter_dryrun.scenarios.stage import Stage
from cutter_dryrun.workers.jobs import Jobs
from cutter_dryrun.workers.turnstiles import Turnstiles
from cutter_dryrun.workers.workforce import Workforce
from pg_dryrun.errors import ToolFault
from pg_dryrun.faults.writers import Writer
from pg_dryrun.observer import connect
from pg_dryrun.subject import ClientStatement

KEY = "crew"
"""Under which a chain's state holds its crew."""
WORDS = ("--every", "0")
"""No periodic job: a copy of production may hold entries that wait, and their time is not this step's business."""
_WITHIN_S = 90.0
_POLL_S = 0.01
_BUSY = """
SELECT count(*) FROM pg_catalog.pg_stat_activity
WHERE usename = ANY (%s) AND state = 'active' AND coalesce(wait_event_type, '') NOT IN ('Lock', 'Client')
"""
_WAITING = """
SELECT count(*) FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database() AND wait_event_type = 'Lock'
    AND application_name LIKE 'dot-iu-cutter DOT%'
"""
_SECRETS = {Lane.EXEC: Lane.VERIFY, Lane.VERIFY: Lane.EXEC}


class WorkFailed(Exception):
    """A job or a worker ended as it should not. The message is the program's own word."""


@dataclass(frozen=True, kw_only=True)
class _Seated:
    lane: Lane
    writer: Writer
    handle: int
    log: Path

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, number)

    def ended(self) -> bool:
        watch = select.poll()
        watch.register(self.handle, select.POLLIN)
        return bool(watch.poll(0))


class Crew:
    """Use ``Crew.at_work``. ``turnstiles`` and ``jobs`` are those of its clone."""

    def __init__(self, stage: Stage, force: Workforce) -> None:
        context = stage.context
        self._roles = [login.user for login in context.logins.values()]
        self._journals: dict[Path, int] = {}
        self._seated: list[_Seated] = []
        self._force = force
        looking = context.leaving.enter_context(connect(context.admin, purpose="crew", read_only=True))
        self._looking = looking
        self.jobs = Jobs(context=context, looking=looking)
        self.turnstiles = Turnstiles(context.admin, looking)
        context.leaving.callback(self.turnstiles.open_all)
        context.leaving.callback(self._kill)

    @property
    def executors(self) -> int:
        """How many of DOT-991."""
        return self._force.count

    @classmethod
    def at_work(cls, stage: Stage, force: Workforce, *, every: tuple[str, ...] = WORDS) -> Crew:
        """``force.count`` workers of DOT-991 and one of DOT-992, signed on. They end with the clone at the latest."""
        crew = cls(stage, force)
        stage.context.state[KEY] = crew
        for lane in (*[Lane.EXEC] * force.count, Lane.VERIFY):
            crew._seat(stage, lane, every)
        crew.until(lambda: crew.jobs.listening() == len(crew._seated), "all workers to listen")
        return crew

    def waiting(self) -> int:
        """How many sessions of the lanes wait for a lock of whatever kind."""
        return int(str(self._looking.value(_WAITING)))

    def until(self, happened: Callable[[], bool], what: str, *, failing: bool = False) -> None:
        """Wait for ``happened``. ``failing``: a job may fail on the way.

        Raises:
            WorkFailed: a job failed, or a worker is gone.
            ToolFault: it did not happen in time.
        """
        end_s = time.monotonic() + _WITHIN_S
        while not happened():
            if gone := [item for item in self._seated if item.ended()]:
                raise WorkFailed(f"a worker of {gone[0].lane.value} ended: {_tail(gone[0].log)}")
            if not failing and (failed := self.jobs.failed()):
                raise WorkFailed(f"job {'; job '.join(failed)}")
            if time.monotonic() > end_s:
                raise WorkFailed(f"waited {_WITHIN_S:g} s for {what}: {_tail(self._seated[0].log)}")
            time.sleep(_POLL_S)

    def until_done(self, *, failing: bool = False) -> None:
        """Until no job waits or is worked on."""
        self.until(lambda: self.jobs.busy() == 0, "the queue to be empty", failing=failing)

    def stand_still(self) -> None:
        """Stop every worker and wait until the server has answered what they sent; who waits for a lock may wait."""
        for item in self._seated:
            item.signal(signal.SIGSTOP)
        end_s = time.monotonic() + _WITHIN_S
        while int(str(self._looking.value(_BUSY, [self._roles]))):
            if time.monotonic() > end_s:
                raise ToolFault("the server was still at work for workers that stand still")
            time.sleep(_POLL_S)

    def go_on(self) -> None:
        """After ``stand_still``."""
        for item in self._seated:
            item.signal(signal.SIGCONT)

    def end(self) -> None:
        """SIGTERM for all; each ends with exit code 0. Raises ``WorkFailed``."""
        self.go_on()
        for item in self._seated:
            item.signal(signal.SIGTERM)
        words = [(item, item.writer.wait(_WITHIN_S)) for item in self._seated]
        wrong = [f"{item.lane.value}: {word.said} {word.message}" for item, word in words if word.message != "0"]
        self._kill()
        if wrong:
            raise WorkFailed(f"told to stop, workers ended with {'; '.join(wrong)}")

    def fresh_statements(self) -> tuple[ClientStatement, ...]:
        """What the workers' journals have had to say since the last time."""
        found: list[ClientStatement] = []
        for path, read_bytes in self._journals.items():
            with path.open("rb") as stream:
                stream.seek(read_bytes)
                whole = stream.read().rpartition(b"\n")[0]
            self._journals[path] = read_bytes + len(whole) + bool(whole)
            for line in filter(None, whole.split(b"\n")):
                principal, pid, name, text, outcome, sqlstate = json.loads(line)
                found.append(
                    ClientStatement(
                        principal=principal, backend_pid=pid, name=name, text=text, outcome=outcome, sqlstate=sqlstate
                    )
                )
        return tuple(found)

    def _seat(self, stage: Stage, lane: Lane, every: tuple[str, ...]) -> None:
        folder = stage.context.workdir
        number = len(self._seated) + 1
        log, journal = (folder / f"worker-{number}.{kind}" for kind in ("log", "journal"))
        journal.touch(mode=0o600)
        self._journals[journal] = 0
        word = "exec" if lane is Lane.EXEC else "verify"
        arguments: dict[str, object] = {
            "words": ["worker", "--lane", word, *every],
            "environment": _environment(stage, lane),
            "log": str(log),
            "journal": str(journal),
        }
        writer = self._force.seat(arguments)
        self._seated.append(_Seated(lane=lane, writer=writer, handle=os.pidfd_open(writer.pid), log=log))

    def _kill(self) -> None:
        """Whoever is still there."""
        for item in self._seated:
            item.writer.close()
            os.close(item.handle)
        self._seated.clear()


def _environment(stage: Stage, lane: Lane) -> dict[str, str]:
    """What a worker of ``lane`` is given: the place, its own login and key, the public keys, the queue's login."""
    other = config.LANE_KEYS[_SECRETS[lane]]
    hidden = {other.user, other.password, other.signing_key}
    queue = stage.context.logins["cutter_queue"]
    given = {name: value for name, value in environment_of(stage).items() if name not in hidden}
    return given | {config.QUEUE_USER: queue.user, config.QUEUE_PASSWORD: queue.password}


def _tail(log: Path) -> str:
    text = log.read_text("utf-8", "replace") if log.exists() else ""
    return " | ".join(text.strip().splitlines()[-3:]) or "it said nothing"
