"""Many pairs at once: every ground works them off from one list, and each answer is kept under the pair's id."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pg_dryrun.fault_record import FaultKind, FaultPair
from pg_dryrun.faults.ground import Ground
from pg_dryrun.faults.pairs import Target, run_pair
from pg_dryrun.faults.recording import RecordedCommand
from pg_dryrun.faults.scene import Fault

_LOOK_S = 0.2


@dataclass(kw_only=True)
class Campaign:
    """``answers`` grows with every call of ``run``; a pair that was answered is not run again."""

    recorded: tuple[RecordedCommand, ...]
    grounds: Sequence[Ground]
    faults: Mapping[FaultKind, type[Fault]]
    watch: Callable[[int, int], None] | None = None
    """Told how many pairs of this call are done, after each."""
    answers: dict[str, FaultPair] = field(default_factory=dict)

    def run(self, targets: Sequence[Target]) -> list[FaultPair]:
        """The answers of ``targets``, in their order. What is the tool's own failure is raised as it is."""
        waiting: queue.SimpleQueue[Target] = queue.SimpleQueue()
        missing = [target for target in targets if target.id not in self.answers]
        for target in missing:
            waiting.put(target)
        stop = threading.Event()
        troubles: list[BaseException] = []
        threads = [
            threading.Thread(target=self._work, args=(ground, waiting, stop, troubles), daemon=True)
            for ground in self.grounds
        ]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                threads[0].join(_LOOK_S)
                for thread in threads[1:]:
                    thread.join(0.01)
                if self.watch is not None:
                    self.watch(sum(target.id in self.answers for target in missing), len(missing))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        if troubles:
            raise troubles[0]
        return [self.answers[target.id] for target in targets]

    def _work(
        self,
        ground: Ground,
        waiting: queue.SimpleQueue[Target],
        stop: threading.Event,
        troubles: list[BaseException],
    ) -> None:
        while not stop.is_set() and not troubles:
            try:
                target = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                self.answers[target.id] = run_pair(ground, target, self.faults)
            except BaseException as error:
                troubles.append(error)
