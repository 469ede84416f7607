"""S1 to S12 and SWEEP as the cutter's rehearsal plays them (design 3.2), on one clone per chain or refusal."""

from __future__ import annotations

from collections.abc import Sequence

from cutter_dryrun.law import LawText
from cutter_dryrun.scenarios.configuration import configuration_scenarios
from cutter_dryrun.scenarios.happy import happy_scenarios
from cutter_dryrun.scenarios.refusals import refusal_scenarios
from pg_dryrun.subject import Scenario


def all_scenarios(law: LawText) -> Sequence[Scenario]:
    """Every scenario in the order of the run: the one-unit chain, the real law's chain, the refusals."""
    return (*configuration_scenarios(), *happy_scenarios(law), *refusal_scenarios())
