"""S1 to S19 as the cutter's rehearsal plays them (design 3.2), on one clone per chain, refusal or fault.

S14, S15 and S20 are pairs of boundary and fault: ``cutter_dryrun.breakable``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cutter_dryrun.law import LawText
from cutter_dryrun.scenarios.configuration import configuration_scenarios
from cutter_dryrun.scenarios.faults import fault_scenarios
from cutter_dryrun.scenarios.happy import happy_scenarios
from cutter_dryrun.scenarios.refusals import refusal_scenarios
from pg_dryrun.subject import Scenario

if TYPE_CHECKING:
    from cutter_dryrun.workers.workforce import Workforce


def all_scenarios(law: LawText, *, faults: bool = True, force: Workforce | None = None) -> Sequence[Scenario]:
    """Every scenario in the order of the run: the one-unit chain, the real law's chain, the refusals, the faults.

    ``force``: workers do what workers can do; what is about configuration, raw SQL or a person's decision stays.
    """
    last = fault_scenarios() if faults else ()
    if force is None:
        return (*configuration_scenarios(), *happy_scenarios(law), *refusal_scenarios(), *last)
    from cutter_dryrun.scenarios.worked import worked_scenarios  # noqa: PLC0415 - an extra brings what it needs
    from cutter_dryrun.scenarios.worked_badly import instead  # noqa: PLC0415

    others = instead([*refusal_scenarios(), *last], force)
    return (*configuration_scenarios(), *worked_scenarios(law, force), *others)
