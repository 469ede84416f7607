"""S8 to S12: what must be refused, each on a clone of its own, with delta zero on every table."""

from __future__ import annotations

from collections.abc import Mapping

from cutter_agent import segmenter
from cutter_agent.db_adapter import statements
from cutter_agent.db_adapter.rights import RIGHTS
from cutter_agent.errors import CutterError, DatabaseError, LaneReferenceMismatch
from cutter_agent.model import EntryStatus, Lane
from cutter_agent.phases import cut, verify
from cutter_dryrun.law import one_unit_document
from cutter_dryrun.matrix import TRACKED_TABLES
from cutter_dryrun.scenarios.happy import (
    approve,
    cut_approved,
    entry_of,
    mark_document,
    marker,
    source_of,
    sweep_backlog,
)
from cutter_dryrun.scenarios.raw import answers_to
from cutter_dryrun.scenarios.stage import Act, Stage, code_of, play
from pg_dryrun.observer import connect
from pg_dryrun.subject import Kind, Scenario, ScenarioResult

EXISTING_ENTRY = "EXISTING_ENTRY"
DENIED = "42501"
CHECK_VIOLATION = "23514"

CROSSED_SIGNATURE = """INSERT INTO cutter_governance.dot_pair_signature (signature_id, signature_kind, signer_dot_id,
    signer_identity, signer_tool_revision, payload_hash, payload_envelope, signature_payload, validation_state,
    cross_reference_verify_result_id, signed_at)
VALUES ('00000000-0000-4000-8000-000000000008', 'executor', 'DOT-991', 'cutter_exec', 'rehearsal', repeat('0', 64),
    '{}', decode(repeat('00', 64), 'hex'), 'valid', '00000000-0000-4000-8000-000000000009', now())"""
"""DOT-991 puts its hand under a verify result: exactly what the table's CHECKs must refuse."""

S11_NAME = "rehearsal_s11_refuses_every_row"
S11_CONSTRAINT = f"""ALTER TABLE cutter_governance.cut_change_set_affected_row
    ADD CONSTRAINT {S11_NAME} CHECK (change_set_id IS NULL) NOT VALID"""
"""Makes the server refuse the last set-wise write of CUT, after the units and the change set were written."""


def refusal_scenarios() -> tuple[Scenario, ...]:
    """S8 to S12 in order."""
    return (
        _refusal(
            "S8",
            "a lane signs or writes what belongs to the other",
            _crossed_lanes,
            expected=LaneReferenceMismatch.code,
            prepare=_bring_to_approved,
            deliberate=(CROSSED_SIGNATURE,),
        ),
        _refusal(
            "S9",
            "raw INSERT outside the grants",
            _inserts_outside_grants,
            expected=DENIED,
            deliberate=tuple(sorted({text for _, text in _ungranted_inserts()})),
        ),
        _refusal(
            "S10",
            "the same MARK again: the existing entry",
            _mark_again,
            expected=EXISTING_ENTRY,
            prepare=_bring_to_marked,
        ),
        _refusal(
            "S11",
            "a failure inside a transaction: the whole phase gone",
            _failure_inside,
            expected=CHECK_VIOLATION,
            prepare=bring_to_approved_then_refuse,
        ),
        _refusal(
            "S12",
            "DELETE and TRUNCATE are refused by adapter and server",
            _removals,
            expected=DENIED,
            deliberate=tuple(_removal_texts()),
        ),
    )


def _refusal(
    name: str, title: str, act: Act, *, expected: str, prepare: Act | None = None, deliberate: tuple[str, ...] = ()
) -> Scenario:
    return Scenario(
        id=name,
        title=title,
        kind=Kind.REFUSAL,
        chain=name,
        run=play(act),
        expected_refusals=(expected,),
        prepare=play(prepare) if prepare else None,
        deliberate_statements=deliberate,
    )


def _bring_to_marked(stage: Stage) -> ScenarioResult:
    return mark_document(stage, one_unit_document(), chain="one-unit", profile="markdown")


def _bring_to_approved(stage: Stage) -> ScenarioResult:
    for act in (_bring_to_marked, sweep_backlog, approve):
        done = act(stage)
        if not done.ok:
            return done
    return stage.result("marked, swept and approved")


def bring_to_approved_then_refuse(stage: Stage) -> ScenarioResult:
    """Approved, and the server will refuse the last write of CUT."""
    done = _bring_to_approved(stage)
    if done.ok:
        with connect(stage.context.admin, purpose="prepare S11") as admin:
            admin.execute(S11_CONSTRAINT)
    return done


def _crossed_lanes(stage: Stage) -> ScenarioResult:
    met: dict[str, str] = {}
    entry = entry_of(stage)
    with stage.exec_lane() as executor, stage.verify_lane() as verifier:
        try:
            cut.cut(executor.database, entry_id=entry, signer=verifier.signer, clock=executor.clock)
        except CutterError as error:
            met["DOT-992 signs a change set"] = code_of(error)
        try:
            verify.verify(
                verifier.database,
                entry_id=entry,
                signer=executor.signer,
                executor_key=verifier.executor_key,
                clock=verifier.clock,
            )
        except CutterError as error:
            met["DOT-991 signs a verify result"] = code_of(error)
    raw = answers_to(stage.context.logins[Lane.EXEC.value], (CROSSED_SIGNATURE,))[CROSSED_SIGNATURE]
    if list(met.values()) != [LaneReferenceMismatch.code] * 2 or raw != CHECK_VIOLATION:
        return stage.disappointed(f"crossed lanes were not refused everywhere: {met}, raw INSERT: {raw}")
    return stage.result(
        "refused before any write, and by the server's CHECK",
        refused=LaneReferenceMismatch.code,
        met=met,
        raw_insert=raw,
    )


def _ungranted_inserts() -> list[tuple[Lane, str]]:
    granted = {(right.role.value, right.table) for right in RIGHTS if right.insert}
    return [
        (lane, f"INSERT INTO {table} DEFAULT VALUES")
        for lane in Lane
        for table in TRACKED_TABLES
        if (lane.value, table) not in granted
    ]


def _inserts_outside_grants(stage: Stage) -> ScenarioResult:
    texts = {lane: tuple(text for of, text in _ungranted_inserts() if of is lane) for lane in Lane}
    return _all_denied(stage, texts, "raw INSERTs")


def _mark_again(stage: Stage) -> ScenarioResult:
    text = one_unit_document()
    with stage.exec_lane() as lane:
        again = lane.mark(source_of(text, chain="one-unit"), segmenter.profiles.load("markdown"), marker())
    if again.created or again.entry.entry_id != entry_of(stage):
        return stage.disappointed(f"created={again.created}, entry {again.entry.entry_id}")
    return stage.result("the existing entry was handed back", refused=EXISTING_ENTRY)


def _failure_inside(stage: Stage) -> ScenarioResult:
    entry = entry_of(stage)
    try:
        cut_approved(stage)
    except DatabaseError as error:
        refused = code_of(error)
    else:
        return stage.disappointed("CUT succeeded although the server refuses its affected rows")
    with stage.exec_lane() as lane:
        seen = lane.database.find_entry(entry)
    if seen is None or seen.status is not EntryStatus.REVIEWED_APPROVED:
        return stage.disappointed(f"after the failure the entry is {seen.status if seen else 'gone'}")
    return stage.result("the whole phase is gone, the entry stands where it stood", refused=refused)


def _removal_texts() -> list[str]:
    return [f"{verb} {table}" for verb in ("DELETE FROM", "TRUNCATE") for table in TRACKED_TABLES]


def _removals(stage: Stage) -> ScenarioResult:
    declared = sorted({item.verb for item in statements.load().values()} & {"DELETE", "TRUNCATE"})
    if declared:
        return stage.disappointed(f"the declared statements hold {declared}")
    with stage.exec_lane() as lane:
        try:
            with lane.adapter.transaction("S12") as block:
                block.execute("delete_backlog_entry")
        except CutterError as error:
            by_adapter = code_of(error)
        else:
            return stage.disappointed("the adapter sent a statement that is not declared")
    texts = {lane: tuple(_removal_texts()) for lane in Lane}
    return _all_denied(stage, texts, "DELETE and TRUNCATE", by_adapter=by_adapter)


def _all_denied(stage: Stage, texts: Mapping[Lane, tuple[str, ...]], what: str, **facts: object) -> ScenarioResult:
    """Send every text under every lane's login; each must be denied by the server."""
    answers = {
        f"{lane.value}: {text}": answer
        for lane, of_lane in texts.items()
        for text, answer in answers_to(stage.context.logins[lane.value], of_lane).items()
    }
    wrong = {text: answer for text, answer in answers.items() if answer != DENIED}
    if wrong or not answers:
        return stage.disappointed(f"{what} not denied with 42501: {wrong or 'none was tried'}")
    return stage.result(f"{len(answers)} × {what} denied by the server", refused=DENIED, tried=len(answers), **facts)
