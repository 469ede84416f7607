"""The mark of a database joined with who asks: a lane at its first block, an administrator who migrates or marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from cutter_agent import production
from cutter_agent.config import LaneSettings
from cutter_agent.db_adapter import marks, schema, setup
from cutter_agent.db_adapter.interface import Statements
from cutter_agent.db_adapter.setup import Administrator
from cutter_agent.db_adapter.statements import Statement
from cutter_agent.production import DatabaseLogin, Deployment, MarkKind
from sealing.keys import PublicKey


def admit_lane(settings: LaneSettings, reader: Statements, statements: Mapping[str, Statement]) -> None:  # noqa: ARG001
    """A lane's admission (``RealPostgresAdapter``). Raises ``AttestationRequired``."""
    place = settings.place
    login = DatabaseLogin(
        host=place.host,
        port=place.port,
        dbname=place.dbname,
        user=settings.user,
        password=settings.password,
        sslmode=place.sslmode,
    )
    found = production.deployment_of(reader.fetch("read_deployment")[0])
    production.admit(found, login, settings.attestation)


def admit_migration(login: Administrator, attestation: Path | None) -> None:
    """A change of a production's schema needs the attestation too, of the schema as it was before; where nothing is to
    be migrated nobody is asked. Raises ``AttestationRequired``, ``DatabaseError``."""
    with setup.connect(login) as admin:
        row = marks.read(admin)
        if row is None or schema.state(admin).version == setup.newest_version():
            return
        known = DatabaseLogin(
            host=login.host,
            port=login.port,
            dbname=login.dbname,
            user=admin.info.user,
            password=admin.info.password,
            sslmode=login.sslmode or "prefer",
        )
        production.admit(production.deployment_of(row), known, attestation)


def read_mark(login: Administrator) -> Deployment | None:
    """What the database says it is; None where its schema is older than marks. Raises ``DatabaseError``."""
    with setup.connect(login) as admin:
        row = marks.read(admin)
    return production.deployment_of(row) if row is not None else None


def mark_database(
    login: Administrator, *, kind: MarkKind, keys: Sequence[PublicKey], max_age: timedelta, because: str
) -> Deployment | None:
    """Write a mark and read it back. Raises ``DatabaseError``."""
    allowed = [{"keyid": key.keyid, "public_key": key.raw.hex()} for key in keys]
    with setup.connect(login) as admin:
        marks.write(admin, kind=kind.value, allowed_keys=allowed, max_age=max_age, because=because)
    return read_mark(login)
