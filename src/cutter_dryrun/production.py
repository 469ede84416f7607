"""A stand-in production: the schema deployed, the roles made, and the rows that an accepted release left behind.

The rows are data (``standing.sql``, two small documents cut and verified; ``standing`` remakes them), loaded as a
restore loads them. They are not cut by the commit under rehearsal: production exists before the commit does, and a
defect of the commit has to show in its own scenarios.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from importlib.resources import files

from cutter_agent.db_adapter import setup
from cutter_agent.model import Lane
from pg_dryrun.observer import connect
from pg_dryrun.subject import Login

ROWS = "standing.sql"
FACTS = "standing.json"


def make_stand_in(admin: Login) -> Mapping[str, object]:
    """Deploy schema, roles and rows on the empty database behind ``admin``; facts for the report."""
    passwords = {lane: secrets.token_urlsafe(24) for lane in Lane}
    prepared = setup.prepare(administrator(admin), passwords)
    folder = files("cutter_dryrun")
    with connect(admin, purpose="stand-in rows") as observer:
        # As a restore does: the guards against impossible moves would refuse rows that are already at their end.
        observer.execute("SET session_replication_role = replica")
        observer.execute(folder.joinpath(ROWS).read_text("utf-8"))
    facts = json.loads(folder.joinpath(FACTS).read_text("utf-8"))
    return {"schema_version": prepared.schema_version, **facts}


def administrator(admin: Login) -> setup.Administrator:
    """A superuser's login in the cutter's words."""
    return setup.Administrator(
        host=admin.host, port=admin.port, dbname=admin.dbname, user=admin.user, password=admin.password
    )
