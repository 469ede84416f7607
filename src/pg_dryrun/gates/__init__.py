"""The gates of a run, in the order in which they are asked (design 3.1). One question each."""

from __future__ import annotations

from pg_dryrun.gates.environment import IdentityGate, ReachabilityGate, RelationsGate, RestorableGate, RestoreGate
from pg_dryrun.gates.faults import FaultsGate
from pg_dryrun.gates.fitness import ContractGate, GrantsGate, InstrumentsGate
from pg_dryrun.gates.harness import DeltasGate, HappyGate, MatrixGate, RefusalsGate
from pg_dryrun.gates.interface import Gate
from pg_dryrun.gates.ledgers import AllowListGate, BypassGate, LogSecretsGate, ReportSecretsGate
from pg_dryrun.gates.preflight import DiskGate, HardcodeGate, NameGate, ProtectedGate, RevisionGate
from pg_dryrun.gates.scenario import STEP_OF_KIND, ScenarioGate
from pg_dryrun.gates.source import ReadOnlyGate, SourceIdentityGate
from pg_dryrun.gates.teardown import NetZeroGate, ProductionGate, ProtectedUnchangedGate
from pg_dryrun.gates.workplace import DigestGate, PermissionsGate

BEFORE_SCENARIOS: tuple[type[Gate], ...] = (
    DiskGate,
    NameGate,
    ProtectedGate,
    RevisionGate,
    HardcodeGate,
    PermissionsGate,
    DigestGate,
    ReadOnlyGate,
    SourceIdentityGate,
    ReachabilityGate,
    RestorableGate,
    RestoreGate,
    RelationsGate,
    GrantsGate,
    IdentityGate,
    ContractGate,
    InstrumentsGate,
)
AFTER_HAPPY: tuple[type[Gate], ...] = (HappyGate, MatrixGate)
AFTER_REFUSALS: tuple[type[Gate], ...] = (RefusalsGate, DeltasGate)
AFTER_FAULTS: tuple[type[Gate], ...] = (FaultsGate,)
LEDGERS: tuple[type[Gate], ...] = (BypassGate, AllowListGate, LogSecretsGate, ReportSecretsGate)
TEARDOWN: tuple[type[Gate], ...] = (NetZeroGate, ProductionGate, ProtectedUnchangedGate)

ALL: tuple[type[Gate], ...] = (*BEFORE_SCENARIOS, *AFTER_HAPPY, *AFTER_REFUSALS, *AFTER_FAULTS, *LEDGERS, *TEARDOWN)

__all__ = [
    "AFTER_FAULTS",
    "AFTER_HAPPY",
    "AFTER_REFUSALS",
    "ALL",
    "BEFORE_SCENARIOS",
    "LEDGERS",
    "STEP_OF_KIND",
    "TEARDOWN",
    "Gate",
    "ScenarioGate",
]
