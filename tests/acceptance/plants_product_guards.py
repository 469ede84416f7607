"""Defects of the product in who may do what: configuration, principals, rights, keys, secrets, ways past the journal."""

from __future__ import annotations

from tests.acceptance.plants_product import CUT, SESSION
from tests.plants_room import PRODUCT, Edit, Plant

_CONNECTION = "src/cutter_agent/db_adapter/connection.py"
_CONFIG = "src/cutter_agent/config.py"
_WIRING = "src/cutter_agent/wiring.py"

DSN_IN_THE_CODE = Plant(
    name="dsn-in-the-code",
    why="a connection string with its password stands in the source as a fallback",
    edits=(
        Edit(
            path=SESSION,
            old='_UNDEFINED_TABLE = "42P01"\n',
            new='_UNDEFINED_TABLE = "42P01"\n_FALLBACK = "postgresql://cutter_exec:summer@db.example.org/ledger"\n',
        ),
    ),
    whose=PRODUCT,
    failed_check="G-19",
    says=("session.py", "DSN"),
    short=True,
)

DIRTY_TREE = Plant(
    name="dirty-tree",
    why="what is rehearsed is not what is committed",
    edits=(Edit(path=CUT, old="_APPLIED = frozenset(", new="# tried, and not committed\n_APPLIED = frozenset("),),
    uncommitted=True,
    whose=PRODUCT,
    failed_check="G_DIRTY",
    says=("the tree has uncommitted changes", "cut.py"),
)

CONNECTS_TOO_EARLY = Plant(
    name="connects-too-early",
    why="configuration alone opens a connection",
    edits=(
        Edit(
            path=SESSION,
            old="        self._admission = admission\n",
            new="        self._admission = admission\n        self._pool.give_back(self._pool.borrow())\n",
        ),
    ),
    whose=PRODUCT,
    failed_check="S1",
    says=("sockets opened",),
)

GUESSES_A_KEY = Plant(
    name="guesses-a-missing-key",
    why="a key that is missing is guessed instead of named",
    edits=(
        Edit(
            path=_CONFIG,
            old="        raise ConfigMissing(name)\n    return value\n\n\ndef _optional",
            new='        return "5432" if name == DB_PORT else "prefer"\n    return value\n\n\ndef _optional',
        ),
    ),
    whose=PRODUCT,
    failed_check="S2",
    says=("no ConfigMissing",),
)

BELIEVES_THE_LOGIN = Plant(
    name="believes-the-login",
    why="nobody asks the server who it thinks we are: the executor works under the verifier's login",
    edits=(
        Edit(
            path="src/cutter_agent/db_adapter/principals.py",
            old="    if identity.current_user != role or identity.session_user != role:\n",
            new="    if not identity.current_user:\n",
        ),
    ),
    whose=PRODUCT,
    failed_check="S3",
    says=("GRANT_MISSING", "cutter_exec"),
)

WRONG_LANE_SIGNS = Plant(
    name="wrong-lane-signs",
    why="CUT takes whatever key it is given: the verifier signs the change set",
    edits=(
        Edit(path=CUT, old="    signer.require_change_sets()\n", new=""),
        Edit(
            path="src/cutter_agent/signing.py",
            old="        self.require_change_sets()\n        predicate",
            new="        predicate",
        ),
    ),
    whose=PRODUCT,
    failed_check="S8",
    says=("crossed lanes were not refused everywhere",),
    short=True,
)

RIGHTS_DRIFT = Plant(
    name="rights-drift",
    why="the script of grants gives the executor DELETE, the table of rights does not",
    edits=(
        Edit(
            path="src/cutter_agent/db_adapter/roles.py",
            old='["INSERT"] * right.insert\n',
            new='["INSERT", "DELETE"] * right.insert\n',
        ),
    ),
    whose=PRODUCT,
    failed_check="G-11",
    says=("DELETE", "cutter_exec"),
)

HIDDEN_CONNECTION = Plant(
    name="hidden-connection",
    why="MARK asks something over a connection of its own: neither adapter nor journal know of it",
    edits=(
        Edit(
            path=_WIRING,
            old='        """MARK. Raises as ``phases.mark.mark``."""\n',
            new='        """MARK. Raises as ``phases.mark.mark``."""\n'
            "        import psycopg\n\n"
            "        place = self.settings.place\n"
            "        with psycopg.connect(host=place.host, port=place.port, dbname=place.dbname,\n"
            "            user=self.settings.user, password=self.settings.password) as beside:\n"
            '            beside.execute("SELECT count(*) FROM cutter_governance.decision_backlog_entry")\n',
        ),
    ),
    whose=PRODUCT,
    failed_check="G-18",
    says=("only the server has", "SELECT count(*) FROM cutter_governance.decision_backlog_entry"),
)

PASSWORD_IN_A_LOG = Plant(
    name="password-in-a-log",
    why="the writer introduces itself to the server with its password in its name",
    edits=(
        Edit(
            path=_CONNECTION,
            old='        "application_name": application_name(lane),\n',
            new='        "application_name": f"{lane.dot_id} {settings.password}",\n',
        ),
        Edit(
            path="src/cutter_agent/db_adapter/principals.py",
            old="        if row[setting] != wanted:\n",
            new='        if row[setting] != wanted and setting != "application_name":\n',
        ),
    ),
    whose=PRODUCT,
    failed_check="G-23",
    says=("password of cutter_exec in",),
)

PASSWORD_IN_A_FILE = Plant(
    name="password-in-a-file",
    why="the writer leaves a debugging file with its password beside its key",
    edits=(
        Edit(
            path=_WIRING,
            old="        self.settings = settings\n        self.clock = clock\n        self.adapter",
            new='        settings.signing_key.with_suffix(".debug").write_text(f"{settings.user} {settings.password}")\n'
            "        self.settings = settings\n        self.clock = clock\n        self.adapter",
        ),
    ),
    whose=PRODUCT,
    failed_check="G-24",
    says=("password of cutter_exec in",),
)

IN_WHO_MAY_WHAT: tuple[Plant, ...] = (
    DSN_IN_THE_CODE,
    DIRTY_TREE,
    CONNECTS_TOO_EARLY,
    GUESSES_A_KEY,
    BELIEVES_THE_LOGIN,
    WRONG_LANE_SIGNS,
    RIGHTS_DRIFT,
    HIDDEN_CONNECTION,
    PASSWORD_IN_A_LOG,
    PASSWORD_IN_A_FILE,
)
