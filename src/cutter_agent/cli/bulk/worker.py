"""One process that brings documents to their end: an executor's lane, and a verifier in a process of its own.

What a lost connection broke off is tried again for a while, if there was one before: a server that restarts is not the
end of the other thousand documents. So is a phase that others were in the way of again and again. A verifier that died
is started anew.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from types import TracebackType
from typing import Any

from cutter_agent import observing, pipeline
from cutter_agent.cli import failures, inputs, orders
from cutter_agent.cli.bulk.survey import Record, Surveyed, file_digest
from cutter_agent.cli.verifier_process import ChildRefused, VerifierProcess
from cutter_agent.db_adapter.sqlstates import Disposition
from cutter_agent.errors import ConnectionFailed, DeadlinePassed, OutcomeUnknown, RetriesExhausted
from cutter_agent.wiring import ExecLane, exec_lane

Watch = Callable[[pipeline.Step], None]

PATIENCE_S = 60.0
"""So long a server that was there may be away before a document is given up."""
_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)
_TOLD = {"document": "document_ref", "entry_id": "entry_id", "status": "status", "steps": "steps", "units": "units"}
"""What is told of a document to whoever watches the run, by its name in the record."""
_BROKEN_OFF = {ConnectionFailed.code, DeadlinePassed.code, OutcomeUnknown.code}
_IN_THE_WAY = RetriesExhausted.code
"""Others were in the way as often as a phase is tried: later they are done. A worker of the queue waits, too."""


class Worker:
    """Ready to cut. Raises what keeps it from starting: a missing key, a database that is away."""

    def __init__(self, words: orders.Words, policy: pipeline.ReviewerPolicy, *, verify: bool) -> None:
        self._words = words
        self._policy = policy
        self._reached = False
        with ExitStack() as stack:
            self._verifier = stack.enter_context(VerifierProcess()) if verify else None
            self._lane: ExecLane = stack.enter_context(exec_lane(os.environ))
            self._lane.signer  # noqa: B018 - a key that cannot be used is known before anything is written
            if self._verifier is not None:
                with _passed_on():
                    self._verifier.require_ready()
            self._stack = stack.pop_all()

    def connect(self) -> None:
        """Be let in by the database before the first document. Raises what it says."""
        self._lane.adapter.start()

    def cut(self, file: Surveyed, watch: Watch) -> Record:
        """One document as far as it gets; the record says how far, or holds the error."""
        with observing.document(file=file.path, document=file.document_ref) as told:
            record = self._cut(file, watch)
            told.note(**{name: record.get(of) for name, of in _TOLD.items()})
            if "error" in record:
                told.failed(record["error"])
        return record

    def _cut(self, file: Surveyed, watch: Watch) -> Record:
        end_s, pauses = time.monotonic() + PATIENCE_S, iter(_PAUSES_S)
        while True:
            record = self._try(file, watch)
            error = record.get("error")
            if error is None or error["code"] not in _BROKEN_OFF:
                self._reached = True
            if error is None or error["code"] not in _BROKEN_OFF | {_IN_THE_WAY}:
                return record
            if not self._reached or time.monotonic() > end_s:
                return record
            disposition = Disposition.RETRY if error["code"] == _IN_THE_WAY else Disposition.RESOLVE
            observing.retried("document", error.get("sqlstate"), disposition)
            time.sleep(next(pauses, _PAUSES_S[-1]))

    def _try(self, file: Surveyed, watch: Watch) -> Record:
        record: Record = {"file": file.path}
        try:
            source, profile = orders.read(file.path, self._words)
            record |= {"document_ref": source.document_ref, "document_code": source.document_code}
            record["profile"] = profile.id
            if file.file_sha256 is not None and file_digest(source) != file.file_sha256:
                raise inputs.changed(file.path)
            order = pipeline.Order(
                source=source, profile=profile, marker=orders.marker_of(self._words), policy=self._policy
            )
            with inputs.placed(file.path):
                outcome = pipeline.advance(
                    self._lane, order, verify=self._verify if self._verifier else None, watch=watch
                )
            record |= {
                "entry_id": outcome.entry_id,
                "status": outcome.status,
                "steps": list(outcome.steps),
                "units": outcome.unit_count,
                "exceptions": outcome.exception_count,
            }
            if source.converted is not None:
                record["original"] = asdict(source.converted.rendition.named) | {"another": outcome.original_kept}
        except ChildRefused as refused:
            record["error"] = refused.record
        except Exception as error:  # one document's failure does not stop the others
            record["error"] = failures.describe(error)
        return record

    def _verify(self, entry_id: str) -> dict[str, Any]:
        if self._verifier is None or self._verifier.ended:
            self._verifier = self._stack.enter_context(VerifierProcess())
            self._verifier.require_ready()
        return self._verifier.verify(entry_id)

    def close(self) -> None:
        """End the verifier and the lane's connections."""
        self._stack.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def _passed_on() -> Iterator[None]:
    """What keeps the verifier's process from starting ends this command, in the child's own words."""
    try:
        yield
    except ChildRefused as refused:
        raise failures.Reported(refused.record) from refused
