"""C-12: statements, allow-list, secrets."""

from __future__ import annotations

from pg_dryrun import report, secrets_scan
from pg_dryrun.gates.interface import Gate
from pg_dryrun.gates.ledgers import AllowListGate, BypassGate, LogSecretsGate, ReportSecretsGate
from pg_dryrun.record import SecretsRecord
from pg_dryrun.runner.draft import draft_record
from pg_dryrun.runner.run import Run


def ledgers(run: Run) -> None:
    """C-12. The statements were settled clone by clone; the secrets are looked for now, before the teardown."""
    run.step("C-12")
    run.ask(BypassGate, lambda: _bypass(run))
    run.ask(AllowListGate, lambda: _allow_list(run))
    no_secret_left(run)


def no_secret_left(run: Run) -> None:
    """C-12 as far as it concerns any writer: no password in a log, a report, an argv or a file."""
    run.ask(LogSecretsGate, lambda: _logs(run))
    run.ask(ReportSecretsGate, lambda: _reports(run))


def _bypass(run: Run) -> Gate:
    said = [item for item in run.facts.statements.values() if not item.deliberate and not item.companion]
    beside = [item for item in run.facts.statements.values() if item.companion]
    aside = [item for item in run.facts.statements.values() if item.deliberate]
    return BypassGate(
        server=sum(item.server for item in said),
        client=sum(item.client for item in said),
        on_purpose=sum(item.server for item in aside),
        unexplained=tuple(run.facts.unexplained),
        companions=sum(item.server for item in beside),
    )


def _allow_list(run: Run) -> Gate:
    return AllowListGate(
        declared=len(run.subject.statements),
        seen=sum(item.server for item in run.facts.statements.values() if not item.deliberate and not item.companion),
        undeclared=tuple(run.facts.undeclared),
        unexplained_effects=tuple(run.facts.unexplained_effects),
    )


def _logs(run: Run) -> Gate:
    secrets = run.vault.secrets()
    scan = secrets_scan.scan(secrets, paths=run.facts.logs, processes=False)
    _remember(run, len(secrets), f"{scan.files} server logs", scan)
    return LogSecretsGate(values=len(secrets), scan=scan)


def _reports(run: Run) -> Gate:
    """The report as it would be written now (before any redaction), the folder, the scenarios' files, every argv."""
    drafts = run.workdir / "drafts"
    drafts.mkdir(mode=0o700)
    for name, data in report.render(draft_record(run)).items():
        (drafts / name).write_bytes(data)
    secrets = run.vault.secrets()
    places = [drafts, run.folder.path, run.workdir / "scenarios"]
    scan = secrets_scan.scan(secrets, paths=places, processes=True)
    _remember(run, len(secrets), f"{scan.files} files of the report and the scenarios, {scan.processes} argv", scan)
    return ReportSecretsGate(values=len(secrets), scan=scan, own_folder=str(run.folder.path))


def _remember(run: Run, values: int, place: str, scan: secrets_scan.Scan) -> None:
    earlier = run.facts.secrets
    run.facts.secrets = SecretsRecord(
        values_known=values,
        places_searched=(*earlier.places_searched, place),
        found_in=(*earlier.found_in, *(f"{item.secret} in {item.where}" for item in scan.findings)),
    )
