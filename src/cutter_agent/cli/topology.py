"""``split``, ``merge``, ``retire``, ``renumber``, ``redirect``: existing units changed without a new source."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Annotated, Any

import typer

from cutter_agent import config, pipeline
from cutter_agent.cli import failures, options, orders, output
from cutter_agent.cli.verifier_process import ChildRefused, VerifierProcess
from cutter_agent.errors import AwaitingReview
from cutter_agent.model import EntryStatus, OperationKind, RiskClass
from cutter_agent.phases.mark import Marker
from cutter_agent.topology import Order, lines, mark_of, record_of
from cutter_agent.wiring import exec_lane

Unit = Annotated[str, typer.Argument(metavar="ADDRESS", help="A living unit's address, or a name that leads to it.")]
Because = Annotated[str, typer.Option("--because", help="Why, in a sentence: it is signed and stays with the names.")]
Who = Annotated[
    str | None,
    typer.Option("--marker", metavar="WHO", help="Who orders it; somebody else must review. Default: you."),
]
Dry = Annotated[
    bool, typer.Option("--dry-run", "--preview", help="Show the change set; nothing is written, nothing is proposed.")
]
Verified = Annotated[
    bool, typer.Option("--verify/--no-verify", help="Prove it as the other identity, or leave that to its own machine.")
]
_UNSAID = "no reason was given"
_GOES_ON = frozenset({EntryStatus.REVIEWED_APPROVED, EntryStatus.CUT_APPLIED})


def split(
    address: Unit,
    at: Annotated[
        list[str],
        typer.Option(
            "--at",
            metavar="TEXT|BYTE",
            help="Where a piece begins: words of the unit's own text that stand there once, or an offset in it, in "
            "bytes (text:2020 is text, byte:20 an offset). May be given several times.",
        ),
    ],
    because: Because = _UNSAID,
    marker: Who = None,
    risk: options.Risk = RiskClass.STANDARD,
    verify: Verified = True,
    dry_run: Dry = False,
    as_json: options.Json = False,
) -> None:
    """Divide a unit's own text: it keeps the beginning and its address, each other piece is a new unit under it.

    Proposes, and waits for a reviewer (exit code 10); the same command again goes on once it is approved.

    Example: iu-cutter split HP2013-DIEU14-K2 --at "Việc hạn chế" --because "two rules in one clause"
    """
    order = _order(OperationKind.SPLIT, (address,), because, marks=tuple(mark_of(word) for word in at))
    _carry(order, marker, risk, verify=verify, dry_run=dry_run, as_json=as_json)


def merge(
    addresses: Annotated[
        list[str], typer.Argument(metavar="ADDRESS...", help="Units that stand one after another in the document.")
    ],
    to: Annotated[
        str | None, typer.Option("--to", metavar="NUMBER", help="The new unit's number. Default: the next free one.")
    ] = None,
    because: Because = _UNSAID,
    marker: Who = None,
    risk: options.Risk = RiskClass.STANDARD,
    verify: Verified = True,
    dry_run: Dry = False,
    as_json: options.Json = False,
) -> None:
    """Join neighbours in one new unit with a new number; their addresses lead to it from then on.

    Example: iu-cutter merge HP2013-DIEU14-K1 HP2013-DIEU14-K2 --because "one rule, cut in two"
    """
    order = _order(OperationKind.MERGE, tuple(addresses), because, to=to)
    _carry(order, marker, risk, verify=verify, dry_run=dry_run, as_json=as_json)


def retire(
    address: Unit,
    because: Because,
    under: Annotated[
        str | None,
        typer.Option("--under", metavar="ADDRESS", help="Parent of what stands under it. Default: its own parent."),
    ] = None,
    marker: Who = None,
    risk: options.Risk = RiskClass.STANDARD,
    verify: Verified = True,
    dry_run: Dry = False,
    as_json: options.Json = False,
) -> None:
    """End a unit that should be none: its bytes belong to the unit before it, and its address leads there.

    Example: iu-cutter retire LAW-DIEU47 --under LAW-DIEU46 --because "a reference, not a heading"
    """
    _carry(
        _order(OperationKind.RETIRE, (address,), because, under=under),
        marker,
        risk,
        verify=verify,
        dry_run=dry_run,
        as_json=as_json,
    )


def renumber(
    address: Unit,
    to: Annotated[
        str, typer.Option("--to", metavar="NUMBER|ADDRESS", help="What it is called: 14a, or LAW-DIEU14A in full.")
    ],
    because: Because = _UNSAID,
    marker: Who = None,
    risk: options.Risk = RiskClass.STANDARD,
    verify: Verified = True,
    dry_run: Dry = False,
    as_json: options.Json = False,
) -> None:
    """Give a unit another number: its own address stays, and the new one leads to it.

    Example: iu-cutter renumber LAW-DIEU47 --to 46a --because "printed as 47 twice"
    """
    order = _order(OperationKind.RENUMBER, (address,), because, to=to)
    _carry(order, marker, risk, verify=verify, dry_run=dry_run, as_json=as_json)


def redirect(
    old: Annotated[str, typer.Argument(metavar="OLD-ADDRESS", help="A name that lives no more, or never did.")],
    new: Annotated[str, typer.Argument(metavar="NEW-ADDRESS", help="A living unit of the same document.")],
    because: Because = _UNSAID,
    marker: Who = None,
    risk: options.Risk = RiskClass.STANDARD,
    verify: Verified = True,
    dry_run: Dry = False,
    as_json: options.Json = False,
) -> None:
    """Let the address of a retired unit, or a name that is nobody's, lead to a living unit. No unit changes.

    Example: iu-cutter redirect LAW-DIEU47 LAW-DIEU46-K2 --because "where the text is now"
    """
    order = _order(OperationKind.REDIRECT, (old, new), because)
    _carry(order, marker, risk, verify=verify, dry_run=dry_run, as_json=as_json)


def _order(kind: OperationKind, names: tuple[str, ...], because: str, **how: Any) -> Order:
    return Order(kind=kind, names=names, because=" ".join(because.split()), **how)


def _carry(order: Order, marker: str | None, risk: RiskClass, *, verify: bool, dry_run: bool, as_json: bool) -> None:
    """From the order as far as it can get; what it changes is shown before it waits for a person."""
    limit = config.Settings.from_environment(os.environ).max_input_bytes
    who = Marker(identity=marker or orders.person(), tool_revision=config.tool_revision(), max_bytes=limit)
    with exec_lane(os.environ) as lane:
        planned = lane.plan_topology(order, who, risk)
        before, manifest = planned.ground.units, planned.manifest
        record = record_of(manifest, before) if manifest else {"operation": order.kind.value, "changes": []}
        if manifest is not None and not as_json:
            for line in lines(manifest, before, planned.ground.living.data):
                output.print_line(line)
        if dry_run:
            _end(record | {"dry_run": True}, "nothing was written", as_json=as_json)
            return
        marked = lane.mark_topology(planned)
        record |= {"entry_id": marked.entry.entry_id, "manifest_digest": marked.entry.request.manifest_digest}
        try:
            with ExitStack() as stack:
                verifier = None
                if verify and marked.entry.status in _GOES_ON:
                    verifier = stack.enter_context(VerifierProcess())
                    verifier.require_ready()
                outcome = pipeline.carry_on(
                    lane,
                    marked,
                    pipeline.ReviewerPolicy.HUMAN,
                    verify=verifier.verify if verifier else None,
                    watch=lambda _: None,
                )
        except ChildRefused as refused:
            raise failures.Reported(refused.record) from refused
        except AwaitingReview:
            status = lane.report.entry(marked.entry.entry_id).status
            _wait(record | {"status": status}, marked.entry.request.marked_by, as_json=as_json)
    said = "done before: nothing was written" if not outcome.steps else f"({', '.join(outcome.steps)})"
    living = {} if marked.living is None else {"cut_seq": marked.living}
    _end(
        record | living | {"status": outcome.status, "steps": list(outcome.steps)},
        f"{outcome.entry_id}: {outcome.status} {said}",
        as_json=as_json,
    )


def _wait(record: dict[str, Any], marked_by: str, *, as_json: bool) -> None:
    """A person's order is another person's decision."""
    entry_id = record["entry_id"]
    error = AwaitingReview(
        f"entry {entry_id} waits for somebody other than {marked_by} to review it",
        remedy=f"Look: iu-cutter review {entry_id}\n"
        f'  then: iu-cutter review {entry_id} --approve --reviewer WHO --rationale "why"   (or --defer, or --reject)\n'
        "  then: the same command again",
    )
    if not as_json:
        raise error
    output.print_json(record | {"error": failures.describe(error)})
    raise typer.Exit(error.exit_code)


def _end(record: dict[str, Any], said: str, *, as_json: bool) -> None:
    if as_json:
        output.print_json(record)
    else:
        output.print_line(said)
