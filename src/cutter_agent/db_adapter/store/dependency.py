"""What DOT-991 does with dependencies between entries (``ports.ExecStore``)."""

from __future__ import annotations

from cutter_agent.db_adapter.store import mapping
from cutter_agent.db_adapter.store.backlog import BacklogTables
from cutter_agent.rows import Dependency, Entry


class DependencyTable(BacklogTables):
    """One block's view of ``decision_backlog_dependency``."""

    def open_blockers(self, entry_id: str) -> list[Entry]:
        """Entries that block this one and are not ``verified_complete``."""
        return [mapping.entry(row) for row in self._block.fetch("find_open_blockers", {"entry_id": entry_id})]

    def successor(self, entry_id: str) -> Entry | None:
        """The entry that took the place of this one."""
        row = self._block.fetch_one("find_successor", {"entry_id": entry_id})
        return mapping.entry(row) if row else None

    def find_dependency(self, dependency_id: str) -> Dependency | None:
        """One edge between two entries."""
        row = self._block.fetch_one("find_dependency", {"dependency_id": dependency_id})
        return Dependency(**row) if row else None

    def reached(self, entry_id: str, kind: str) -> set[str]:
        """Every entry that is reached from this one by dependencies of one kind."""
        rows = self._block.fetch("find_reached", {"entry_id": entry_id, "dependency_kind": kind})
        return {str(row["entry_id"]) for row in rows}

    def add_dependency(self, row: Dependency) -> None:
        """Write it. The server refuses one that closes a cycle."""
        self._insert("insert_dependency", mapping.parameters(row))
