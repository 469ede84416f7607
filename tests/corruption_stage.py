"""Where corruptions are tried: documents that were really cut, on a real server, and what is stored about them.

Every corruption gets a copy of a prepared database of its own (``FILE_COPY``, some 10 ms), is made there by the
superuser with ``session_replication_role = replica``, and is judged by the real VERIFY phase as the real role, verdict
rows and all. In the copies every CHECK and every key is gone: a store that was tampered with is the point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from tests import databases
from tests.pipeline_room import NAMES, PASSWORDS, Ledger, law
from tests.recut_room import prose

from cutter_agent.db_adapter import roles, schema
from cutter_agent.phases.resolve import Way
from cutter_agent.segmenter.profiles import load
from pg_embedded.cluster import ThrowawayCluster
from sealing.keys import SigningKey

GOVERNANCE = "cutter_governance"
OTHER_CODE = "L9"

SCOPE: dict[str, tuple[str, tuple[str, ...]]] = {
    f"{GOVERNANCE}.decision_backlog_entry": ("entry_id = %(entry_id)s", ("entry_id",)),
    f"{GOVERNANCE}.decision_backlog_history": ("entry_id = %(entry_id)s", ("history_id",)),
    f"{GOVERNANCE}.manifest_envelope": ("source_doc_ref = %(entry_id)s", ("envelope_id",)),
    f"{GOVERNANCE}.manifest_unit_block": ("envelope_id = %(manifest_id)s", ("envelope_id", "unit_local_id")),
    f"{GOVERNANCE}.review_decision": ("entry_id = %(entry_id)s", ("review_decision_id",)),
    f"{GOVERNANCE}.dot_pair_signature": ("signature_id = %(executor_signature_id)s", ("signature_id",)),
    f"{GOVERNANCE}.cut_change_set": ("change_set_id = %(change_set_id)s", ("change_set_id",)),
    f"{GOVERNANCE}.cut_change_set_affected_row": ("change_set_id = %(change_set_id)s", ("affected_row_id",)),
    "iu.document": ("document_ref = %(document_ref)s", ("document_ref",)),
    "iu.information_unit": ("document_ref = %(document_ref)s", ("unit_id",)),
    "iu.unit_version": ("document_ref = %(document_ref)s", ("unit_id", "version_seq")),
    "iu.source_snapshot": ("sha256 = %(snapshot_sha256)s", ("sha256",)),
    "iu.manifest": ("digest = %(manifest_digest)s", ("digest",)),
}
"""The rows a cut rests on, by table: which they are, and their key."""

ALIAS = f"{GOVERNANCE}.canonical_address_alias"
_ALIASES = f"SELECT a.* FROM {ALIAS} a JOIN iu.information_unit u ON u.unit_id = a.target_unit_id"

KEYS = {name: key for name, (_, key) in SCOPE.items()} | {
    f"{GOVERNANCE}.verify_result": ("verify_result_id",),
    ALIAS: ("alias_id",),
}

_OPEN = """
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT c.conname, c.conrelid::regclass AS of_table FROM pg_constraint AS c
        JOIN pg_namespace AS n ON n.oid = c.connamespace
        WHERE n.nspname IN ('cutter_governance', 'iu') AND c.conrelid <> 0 AND c.contype IN ('c', 'f', 'u', 'p')
        ORDER BY c.contype IN ('u', 'p')
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', found.of_table, found.conname);
    END LOOP;
    FOR found IN
        SELECT c.conname, t.oid::regtype AS of_domain FROM pg_constraint AS c JOIN pg_type AS t ON t.oid = c.contypid
        JOIN pg_namespace AS n ON n.oid = t.typnamespace WHERE n.nspname = 'cutter_governance'
    LOOP
        EXECUTE format('ALTER DOMAIN %s DROP CONSTRAINT %I', found.of_domain, found.conname);
    END LOOP;
    FOR found IN
        SELECT i.indexrelid::regclass AS unique_index FROM pg_index AS i
        JOIN pg_class AS c ON c.oid = i.indrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('cutter_governance', 'iu') AND i.indisunique AND NOT i.indisprimary
    LOOP
        EXECUTE format('DROP INDEX %s', found.unique_index);
    END LOOP;
END $$
"""

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is stored about the document under test (``rows`` by table) and about another, verified one."""

    entry_id: str
    change_set: Row
    rows: dict[str, list[Row]]
    types: dict[tuple[str, str], str]
    signatures: list[Row]
    other_unit_id: str
    result: Row | None
    verdict_signature: Row | None
    replaced: list[Row]
    other_versions: list[Row]
    cuts: list[Row]
    base: Facts | None = None

    @property
    def ends(self) -> list[Row]:
        """Versions that end a life."""
        return [row for row in self.rows["iu.unit_version"] if row["ends_life"]]

    @property
    def relabelled(self) -> set[str]:
        """Units whose version says what they are called."""
        return {row["unit_id"] for row in self.rows["iu.unit_version"] if row["unit_kind"] is not None}

    @property
    def units(self) -> list[Row]:
        """Living units with the version that holds, in document order; labels are those of the unit's own row."""
        versions: dict[str, Row] = {}
        for version in sorted(self.rows["iu.unit_version"], key=lambda row: row["version_seq"]):
            versions[version["unit_id"]] = version
        joined = [
            {**versions[unit["unit_id"]], **unit, "version_life": versions[unit["unit_id"]]["lifecycle_status"]}
            for unit in self.rows["iu.information_unit"]
            if not versions[unit["unit_id"]]["ends_life"]
        ]
        return sorted(joined, key=lambda row: row["render_order"])


@dataclass(frozen=True, kw_only=True)
class Site:
    """One prepared document: the database with all its rules, the one without, and the keys of both lanes."""

    name: str
    cluster: ThrowawayCluster
    sound: str
    opened: str
    facts: Facts
    exec_key: SigningKey
    verify_key: SigningKey

    @contextmanager
    def copy(self, number: int, *, tampered: bool = True) -> Iterator[Ledger]:
        """A copy of one's own: ``tampered`` without the rules of the tables, else as it was deployed."""
        source = self.opened if tampered else self.sound
        with databases.made(self.cluster, f"{source}_{number}", template=source) as login, ExitStack() as stack:
            yield Ledger(login=login, stack=stack, exec_key=self.exec_key, verify_key=self.verify_key)


def _first(ledger: Ledger) -> str:
    return ledger.applied(law(4, clauses=2), code="L1")


def _deep(ledger: Ledger) -> str:
    text = (
        "LUẬT\nChương I\nQUY ĐỊNH CHUNG\nĐiều 1. Phạm vi\n1. Khoản một:\na) Điểm a;\nb) Điểm b;\nđ) Điểm đ.\n2. Hai.\n"
    )
    text += "Chương II\nHIỆU LỰC\nĐiều 2. Hiệu lực\nNgay hôm nay.\nĐiều 3. Trách nhiệm\n1. Chính phủ.\n2. Quốc hội.\n"
    return ledger.applied(text.encode(), code="L1")


def _markdown(ledger: Ledger) -> str:
    ledger.profile = load("markdown")
    text = "# Sổ tay\n\nLời nói đầu — 前言 🙂.\n\n## Một\n\n- a\n- b\n\n## Hai\n\nĐoạn hai.\n\n### Ba\n\nĐoạn ba.\n"
    return ledger.applied(text.encode(), code="L1")


def _second_attempt(ledger: Ledger) -> str:
    entry_id = ledger.applied(law(3, clauses=1), code="L1")
    ledger.tamper(
        "UPDATE iu.unit_version SET body = 'gone', content_hash = encode(sha256('gone'), 'hex')"
        " WHERE document_ref = 'law/L1' AND render_order = 3"
    )
    assert not ledger.verify(entry_id).passed
    ledger.sweep()
    ledger.resolve(entry_id, Way.RETRY)
    ledger.judge(entry_id)
    ledger.cut(entry_id)
    return entry_id


def _renumbered(ledger: Ledger) -> str:
    """Renumbered, moved, inserted and retired units: three cuts, the last one waits."""
    first = recut_law(("1", 1, (11, 12)), ("2", 2, (21, 22)), ("3", 3, (31, 32)), ("4", 4, (41,)))
    second = recut_law(("1", 1, (11, 12)), ("2", 2, (21, 22)), ("3", 3, (31,)), ("4", 4, (41, 42)))
    third = recut_law(("1", 1, (11, 22)), ("2", 8, (81,)), ("3", 2, (21,)), ("4", 3, (31,)), ("5", 4, (41,)))
    for data in (first, second):
        assert ledger.verify(ledger.applied(data, code="L1")).passed
    return ledger.applied(third, code="L1")


def _answered(ledger: Ledger) -> str:
    """A doubtful revision that a reviewer answered, and a renumbered article behind it."""
    first = recut_law(("1", 1, (11, 12)), ("2", 2, (21, 22)), ("3", 3, (31,)))
    second = recut_law(("1", 1, (11, 12)), ("2", 2, (21, 22)), ("4", 3, (31,)))
    assert ledger.verify(ledger.applied(first, code="L1")).passed
    edited = second.replace(prose(21, 16).encode(), f"{prose(21, 6)} {prose(77, 10)}".encode())
    entry_id = ledger.mark(edited, code="L1").entry.entry_id
    ledger.sweep()
    ledger.answer(entry_id, {"Q1": "same"}, comment="the gazette says so")
    ledger.judge(entry_id)
    ledger.cut(entry_id)
    return entry_id


def recut_law(*articles: tuple[str, int, tuple[int, ...]]) -> bytes:
    """Articles as (number, seed of the heading, seeds of the clauses); equal seeds are equal words."""
    lines = ["LUẬT THỬ NGHIỆM L1"]
    for number, seed, clauses in articles:
        lines.append(f"Điều {number}. Quy định {prose(seed, 9)}")
        lines += [f"{place}. {prose(clause, 16)}." for place, clause in enumerate(clauses, start=1)]
    return ("\n".join(lines) + "\n").encode()


Making = Mapping[str, Callable[[Ledger], str]]
CUT_AGAIN: Making = {"renumbered": _renumbered, "answered": _answered}
"""Documents that were cut before: their kinds of corruption are in ``corruption_recut``."""
DOCUMENTS: Making = {"law": _first, "deep law": _deep, "markdown": _markdown, "second attempt": _second_attempt}


@contextmanager
def prepared(
    cluster: ThrowawayCluster, names: Sequence[str], *, verified: bool = False, making: Making = DOCUMENTS
) -> Iterator[list[Site]]:
    """The sites of these documents. ``verified``: their cuts were proven; else they wait for VERIFY.

    ``making``: how each is brought to its last cut, by name.
    """
    with ExitStack() as stack:
        template = "corruption_template"
        login = stack.enter_context(databases.made(cluster, template))
        with psycopg.connect(**login, autocommit=True) as connection:
            schema.install(connection, names=NAMES)
            roles.create_roles(connection, PASSWORDS, names=NAMES, connection_limit=20)
        yield [
            _site(cluster, template, f"site_{number}", name, stack, making, verified=verified)
            for number, name in enumerate(names)
        ]


def _site(
    cluster: ThrowawayCluster,
    template: str,
    database: str,
    name: str,
    stack: ExitStack,
    making: Making,
    *,
    verified: bool,
) -> Site:
    login = stack.enter_context(databases.made(cluster, database, template=template))
    with ExitStack() as open_lanes:
        ledger = Ledger(login=login, stack=open_lanes)
        assert ledger.verify(ledger.applied(law(2), code=OTHER_CODE)).passed
        entry_id = making[name](ledger)
        if verified:
            assert ledger.verify(entry_id).passed
    facts = _facts(login, entry_id, base=name in CUT_AGAIN)
    opened = f"{database}_open"
    stack.enter_context(databases.made(cluster, opened, template=database))
    with psycopg.connect(**cluster.admin_of(opened), autocommit=True) as connection:
        connection.execute(_OPEN)
    return Site(
        name=name,
        cluster=cluster,
        sound=database,
        opened=opened,
        facts=facts,
        exec_key=ledger.exec_key,
        verify_key=ledger.verify_key,
    )


def _facts(login: Any, entry_id: str, *, base: bool = False) -> Facts:
    with psycopg.connect(**login, autocommit=True, row_factory=dict_row) as connection:
        change_set = connection.execute(
            f"SELECT c.* FROM {GOVERNANCE}.cut_change_set c JOIN {GOVERNANCE}.manifest_envelope m"
            " ON m.envelope_id = c.manifest_id WHERE m.source_doc_ref = %s ORDER BY c.cut_seq DESC LIMIT 1",
            [entry_id],
        ).fetchone()
        assert change_set is not None
        values = {**change_set, "entry_id": entry_id}
        rows = {}
        for table, (condition, key) in SCOPE.items():
            query = sql.SQL("SELECT * FROM {} WHERE " + condition + " ORDER BY {}").format(  # type: ignore[arg-type]
                sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, key))
            )
            rows[table] = connection.execute(query, values).fetchall()
        versions = rows["iu.unit_version"]
        rows["iu.unit_version"] = _held(versions)
        rows[ALIAS] = connection.execute(
            f"{_ALIASES} WHERE u.document_ref = %(document_ref)s ORDER BY a.alias_id", values
        ).fetchall()
        cuts = connection.execute(
            f"SELECT c.*, m.source_doc_ref AS entry_id FROM {GOVERNANCE}.cut_change_set c"
            f" JOIN {GOVERNANCE}.manifest_envelope m ON m.envelope_id = c.manifest_id"
            " WHERE c.document_ref = %(document_ref)s ORDER BY c.cut_seq",
            values,
        ).fetchall()
        other_versions = connection.execute(
            "SELECT * FROM iu.unit_version WHERE document_ref = %s ORDER BY render_order", [f"law/{OTHER_CODE}"]
        ).fetchall()
        types = connection.execute(
            "SELECT n.nspname || '.' || c.relname AS of_table, a.attname,"
            " coalesce(nullif(t.typbasetype, 0), t.oid)::regtype::text AS type"
            " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_type t ON t.oid = a.atttypid"
            " WHERE n.nspname IN ('iu', 'cutter_governance') AND c.relkind = 'r' AND a.attnum > 0"
            " AND NOT a.attisdropped"
        ).fetchall()
        signatures = connection.execute(
            f"SELECT * FROM {GOVERNANCE}.dot_pair_signature WHERE signature_id <> %s ORDER BY signature_id",
            [change_set["executor_signature_id"]],
        ).fetchall()
        other = connection.execute(
            "SELECT unit_id FROM iu.information_unit WHERE document_ref = %s ORDER BY unit_id LIMIT 1",
            [f"law/{OTHER_CODE}"],
        ).fetchone()
        result = connection.execute(
            f"SELECT * FROM {GOVERNANCE}.verify_result WHERE change_set_id = %s", [change_set["change_set_id"]]
        ).fetchone()
    assert other is not None
    return Facts(
        entry_id=entry_id,
        change_set=change_set,
        rows=rows,
        types={(row["of_table"], row["attname"]): row["type"] for row in types},
        signatures=signatures,
        other_unit_id=str(other["unit_id"]),
        result=result,
        verdict_signature=next(
            (row for row in signatures if result and row["signature_id"] == result["verifier_signature_id"]), None
        ),
        replaced=[row for row in versions if row not in rows["iu.unit_version"]] if base else [],
        other_versions=other_versions,
        cuts=cuts,
        base=_facts(login, str(cuts[-2]["entry_id"])) if base else None,
    )


def _held(versions: list[Row]) -> list[Row]:
    """A version that a repair replaced is no part of the cut: it tells the story of an attempt that failed."""
    newest = {row["unit_id"]: row["version_seq"] for row in sorted(versions, key=lambda row: row["version_seq"])}
    return [row for row in versions if newest[row["unit_id"]] == row["version_seq"]]
