"""The unit store by hash of the document: what docs/decisions/distribution.md says was tried, tried.

Both tables that grow with every unit are replaced by partitioned ones whose keys begin with the document; guards,
foreign keys inside the document, owners and grants are as before. Then both lanes work as always.
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
from tests.pipeline_room import NAMES, Ledger, law

from cutter_agent.db_adapter import statements

PARTITIONS = 4
KEYS = {
    "information_unit": "PRIMARY KEY (document_ref, unit_id), UNIQUE (document_ref, canonical_address)",
    "unit_version": "PRIMARY KEY (document_ref, unit_id, version_seq), UNIQUE (document_ref, unit_id, cut_seq)",
}
INDEXES = (
    "CREATE INDEX ON iu.unit_version (document_ref, cut_seq)",
    "CREATE INDEX ON iu.unit_version (change_set_id)",
    "CREATE INDEX ON iu.unit_version (unit_id, version_seq)",
    "CREATE INDEX ON iu.information_unit (unit_id)",
    "CREATE INDEX ON iu.information_unit (canonical_address)",
    "CREATE INDEX ON iu.information_unit (parent_unit_id)",
)
FOREIGN_KEYS = (
    "ALTER TABLE iu.information_unit ADD FOREIGN KEY (document_ref) REFERENCES iu.document",
    (
        "ALTER TABLE iu.information_unit ADD FOREIGN KEY (document_ref, parent_unit_id)"
        " REFERENCES iu.information_unit (document_ref, unit_id) DEFERRABLE INITIALLY DEFERRED"
    ),
    (
        "ALTER TABLE iu.unit_version ADD FOREIGN KEY (document_ref, unit_id)"
        " REFERENCES iu.information_unit (document_ref, unit_id)"
    ),
    (
        "ALTER TABLE iu.unit_version ADD FOREIGN KEY (change_set_id, document_ref, cut_seq)"
        " REFERENCES cutter_governance.cut_change_set (change_set_id, document_ref, cut_seq)"
    ),
)
TRIGGERS = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
GRANTS = (
    f"GRANT SELECT, INSERT ON iu.information_unit, iu.unit_version TO {NAMES.exec}",
    f"GRANT SELECT, UPDATE (lifecycle_status) ON iu.information_unit, iu.unit_version TO {NAMES.verify}",
)


def test_both_lanes_work_on_a_unit_store_that_is_partitioned_by_document(ledger: Ledger) -> None:
    with psycopg.connect(**ledger.login, autocommit=True) as admin:
        _partitioned(admin)
    texts = {f"P{number}": law(4, clauses=2, code=f"P{number}") for number in range(8)}
    for code, text in texts.items():
        assert ledger.verify(ledger.applied(text, code=code)).passed
    again = law(5, clauses=2, code="P0")
    assert ledger.verify(ledger.applied(again, code="P0")).passed

    found = dict(ledger.admin("SELECT tableoid::regclass::text, count(*) FROM iu.unit_version GROUP BY 1"))
    assert len(found) > 1, "eight documents lie in more than one partition"
    rebuilt = "SELECT string_agg(body, '' ORDER BY render_order) FROM iu.unit_version WHERE document_ref = %s"
    for code, text in texts.items():
        if code != "P0":
            assert ledger.admin(rebuilt, f"law/{code}")[0][0].encode() == text
    looked_at = _partitions_looked_at(ledger, "report_units")
    assert len([name for name in looked_at if name.startswith("unit_version_")]) == 1, "the document says which"


def _partitioned(admin: psycopg.Connection[Any]) -> None:
    admin.execute("ALTER TABLE cutter_governance.canonical_address_alias DROP CONSTRAINT"
                  " canonical_address_alias_target_unit_id_fkey")  # fmt: skip
    guards = {name: [row[0] for row in admin.execute(TRIGGERS, (f"iu.{name}",))] for name in KEYS}
    for name, keys in KEYS.items():
        admin.execute(f"CREATE TABLE iu.new_{name} (LIKE iu.{name} INCLUDING DEFAULTS INCLUDING CONSTRAINTS, {keys})"
                      " PARTITION BY HASH (document_ref)".encode())  # fmt: skip
        for number in range(PARTITIONS):
            bounds = f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
            admin.execute(f"CREATE TABLE iu.{name}_{number} PARTITION OF iu.new_{name} {bounds}".encode())
    admin.execute("DROP TABLE iu.unit_version, iu.information_unit CASCADE")
    for name in KEYS:
        admin.execute(f"ALTER TABLE iu.new_{name} RENAME TO {name}".encode())
        admin.execute(f"ALTER TABLE iu.{name} OWNER TO {NAMES.owner}".encode())
    for statement in (*FOREIGN_KEYS, *INDEXES, *(guard for name in KEYS for guard in guards[name]), *GRANTS):
        admin.execute(statement.encode())


def _partitions_looked_at(ledger: Ledger, name: str) -> set[str]:
    declared = statements.load()[name]
    values = {"document_ref": "'law/P1'", "cut_seq": "1", "as_of": "1"}
    query = declared.sql
    for key in declared.parameters:
        query = query.replace(f"%({key})s", values[key])
    plan = " ".join(row[0] for row in ledger.admin(f"EXPLAIN {query}"))
    return set(re.findall(r"(?:unit_version|information_unit)_[0-9]\b", plan))
