"""``iu-cutter worker``: takes jobs from the queue, as one lane; on as many machines as one likes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from enum import StrEnum
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from cutter_agent import config, pipeline
from cutter_agent.cli import extras, logs, options, output
from cutter_agent.cli.cut import Policy
from cutter_agent.config import Settings
from cutter_agent.errors import ConfigMissing
from cutter_agent.model import Lane
from cutter_agent.wiring import ExecLane, VerifyLane, exec_lane, verify_lane

if TYPE_CHECKING:
    from cutter_agent.jobs.application import Office
    from cutter_agent.jobs.hands import ExecHands, VerifyHands


class LaneWord(StrEnum):
    """A lane on the command line."""

    EXEC = "exec"
    VERIFY = "verify"


LANES = {LaneWord.EXEC: Lane.EXEC, LaneWord.VERIFY: Lane.VERIFY}
LaneOption = Annotated[
    LaneWord | None,
    typer.Option("--lane", help="Work as DOT-991 (exec) or DOT-992 (verify). Default: each whose login is configured."),
]
Every = Annotated[
    int,
    typer.Option(
        "--every", metavar="S", min=0, max=3540, help="Sweep, and look for jobs of dead workers, so often; 0: never."
    ),
]
Stalled = Annotated[
    float,
    typer.Option("--stalled-after", metavar="S", min=3, help="After so long a silence a worker's jobs are put back."),
]
UntilEmpty = Annotated[bool, typer.Option("--until-empty", help="End when the queue is empty.")]


def worker(
    lane: LaneOption = None,
    policy: Policy = pipeline.ReviewerPolicy.AUTO,
    every: Every = 60,
    stalled_after: Stalled = 30.0,
    until_empty: UntilEmpty = False,
    as_json: options.Json = False,
) -> None:
    """Take jobs from the queue until SIGTERM: MARK to CUT as DOT-991, VERIFY as DOT-992.

    A worker of one lane reads only that lane's login and key. What it has begun it finishes before it ends.

    Examples:
      iu-cutter worker
      iu-cutter worker --lane verify # on the machine that has the verifier's key
      DOT_CUTTER_LOG=json iu-cutter worker --lane exec
    """
    extras.require("procrastinate", extra="worker", command="worker")
    wanted = [lane] if lane is not None else _configured()
    if len(wanted) > 1:
        raise typer.Exit(_both(sys.argv[1:]))
    logs.configure({config.LOG: "json"} if as_json else os.environ)
    _work(LANES[wanted[0]], policy, every_s=every, stalled_after_s=stalled_after, until_empty=until_empty)
    if as_json:
        output.print_json({"lane": wanted[0], "ended": "empty" if until_empty else "stopped"})


def _work(
    lane: Lane, policy: pipeline.ReviewerPolicy, *, every_s: int, stalled_after_s: float, until_empty: bool
) -> None:
    from cutter_agent.cli.bulk.hands import ExecutorsHands, VerifiersHands  # noqa: PLC0415 - an extra brings what it needs
    from cutter_agent.jobs import place, running  # noqa: PLC0415

    terms = running.Terms(lane=lane, every_s=every_s, stalled_after_s=stalled_after_s, until_empty=until_empty)
    with place.queue_login(os.environ) as login:
        if lane is Lane.EXEC:
            with exec_lane(os.environ) as ready:
                ready.signer  # noqa: B018 - a key that cannot be used is known before the first job
                running.run(login, terms, partial(_employ_exec, ready, ExecutorsHands(ready, policy)))
        else:
            with verify_lane(os.environ) as proving:
                proving.signer, proving.executor_key  # noqa: B018 - the same
                running.run(login, terms, partial(_employ_verify, proving, VerifiersHands(proving)))


def _employ_exec(lane: ExecLane, hands: ExecHands, office: Office) -> None:
    """The lane's times are the server's from now on: machines' clocks differ."""
    lane.clock = office.now
    office.employ_exec(hands)


def _employ_verify(lane: VerifyLane, hands: VerifyHands, office: Office) -> None:
    lane.clock = office.now
    office.employ_verify(hands)


def _configured() -> list[LaneWord]:
    """Whose login is there. On the embedded server both are. Raises ``ConfigMissing``."""
    if Settings.from_environment(os.environ).embedded:
        return list(LaneWord)
    found = [word for word, lane in LANES.items() if os.environ.get(config.LANE_KEYS[lane].password)]
    if not found:
        raise ConfigMissing(config.LANE_KEYS[Lane.EXEC].password)
    return found


def _both(arguments: list[str]) -> int:
    """A process for each lane, neither with the other's secrets; both end when one does. The gravest exit code."""
    children = [
        subprocess.Popen(
            [sys.executable, "-P", "-m", "cutter_agent", *arguments, "--lane", word],
            env=config.environment_for(os.environ, lane),
        )
        for word, lane in LANES.items()
    ]

    def end(_number: int = signal.SIGTERM, _frame: FrameType | None = None) -> None:
        for child in children:
            if child.poll() is None:
                child.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    if "--until-empty" in arguments:
        return max(child.wait() for child in children)
    pid, status = os.wait()
    code = os.waitstatus_to_exitcode(status)
    output.note(f"iu-cutter: the worker with process id {pid} has ended with {code}; the other one ends, too")
    for child in children:
        if child.pid == pid:
            child.returncode = code
    end()
    return max(abs(child.wait()) for child in children)
