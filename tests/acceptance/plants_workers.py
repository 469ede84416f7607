"""Defects that only a worker has: the phases are as they should be, and what calls them is not."""

from __future__ import annotations

from tests.plants_room import PRODUCT, Edit, Plant

HANDS = "src/cutter_agent/cli/bulk/hands.py"
WORKERS = ("--workers", "2")
_CARRY_ON = (
    "            outcome = pipeline.carry_on(self._lane, marked, self._policy, verify=None, watch=lambda _: None)\n"
)
_READ = "        source, profile = orders.read(path, said)\n"

IN_THE_WORKERS: tuple[Plant, ...] = (
    Plant(
        name="worker-writes-twice",
        why="a worker sweeps once more when its job is done: one row too many, which no phase on its own writes",
        whose=PRODUCT,
        edits=(Edit(path=HANDS, old=_CARRY_ON, new=_CARRY_ON + "            self._lane.sweep()\n"),),
        options=WORKERS,
        failed_check="S6",
        says=("cutter_governance.decision_backlog_sweep_log expected 1 counted 2",),
    ),
    Plant(
        name="worker-skips-the-key",
        why="a worker marks each job under a reference of its own: the ledger's key is another one every time",
        whose=PRODUCT,
        edits=(
            Edit(
                path=HANDS,
                old=_READ,
                new=_READ
                + "        import dataclasses, uuid\n"
                + "        source = dataclasses.replace(source, document_ref=f'{source.document_ref}/{uuid.uuid4()}')\n",
            ),
        ),
        options=WORKERS,
        failed_check="S4",
        says=("no entry of rehearsal/one-unit",),
    ),
    Plant(
        name="worker-verifies-what-it-cut",
        why="a worker of the executing lane verifies at once what it has cut, with its own login and its own key",
        whose=PRODUCT,
        edits=(
            Edit(
                path=HANDS,
                old=_CARRY_ON,
                new="""            from cutter_agent.db_adapter.store.verifier import VerifierDatabase
            from cutter_agent.phases import verify

            prove = lambda entry_id: verify.verify(
                VerifierDatabase(self._lane.adapter),
                entry_id=entry_id,
                signer=self._lane.signer,
                executor_key=self._lane.signer.key.public,
                clock=self._lane.clock,
            )
            outcome = pipeline.carry_on(self._lane, marked, self._policy, verify=prove, watch=lambda _: None)
""",
            ),
        ),
        options=WORKERS,
        failed_check="S6",
        says=("LANE_REFERENCE_MISMATCH",),
        short=True,
    ),
)
