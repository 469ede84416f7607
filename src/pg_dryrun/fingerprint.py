"""A statement by PostgreSQL's own grammar: fingerprint, every verb, every target. Pure (design 2.3, 3.3).

The first keyword proves nothing: ``WITH d AS (DELETE … RETURNING 1) SELECT …`` is tagged SELECT by client and server
alike. So the whole parse tree is walked. What a called function does inside is not in the text: that is for the
effects to show.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import postgast
from postgast import PgQueryError

_OWN_WORDS = {
    "SelectStmt": "SELECT",
    "InsertStmt": "INSERT",
    "UpdateStmt": "UPDATE",
    "DeleteStmt": "DELETE",
    "MergeStmt": "MERGE",
    "TruncateStmt": "TRUNCATE",
    "CopyStmt": "COPY",
    "CallStmt": "CALL",
    "DoStmt": "DO",
    "ExplainStmt": "EXPLAIN",
    "LockStmt": "LOCK",
    "PrepareStmt": "PREPARE",
    "ExecuteStmt": "EXECUTE",
    "DeallocateStmt": "DEALLOCATE",
    "VariableSetStmt": "SET",
    "VariableShowStmt": "SHOW",
    "GrantStmt": "GRANT",
    "GrantRoleStmt": "GRANT",
    "DropStmt": "DROP",
    "NotifyStmt": "NOTIFY",
    "ListenStmt": "LISTEN",
    "DeclareCursorStmt": "DECLARE",
    "FetchStmt": "FETCH",
    "ClosePortalStmt": "CLOSE",
    "RefreshMatViewStmt": "REFRESH",
    "CreateTableAsStmt": "CREATE TABLE AS",
    "DropdbStmt": "DROP DATABASE",
}
_TRANSACTION_WORDS = {
    "TRANS_STMT_BEGIN": "BEGIN",
    "TRANS_STMT_START": "BEGIN",
    "TRANS_STMT_COMMIT": "COMMIT",
    "TRANS_STMT_ROLLBACK": "ROLLBACK",
    "TRANS_STMT_SAVEPOINT": "SAVEPOINT",
    "TRANS_STMT_RELEASE": "RELEASE",
    "TRANS_STMT_ROLLBACK_TO": "ROLLBACK TO",
    "TRANS_STMT_PREPARE": "PREPARE TRANSACTION",
    "TRANS_STMT_COMMIT_PREPARED": "COMMIT PREPARED",
    "TRANS_STMT_ROLLBACK_PREPARED": "ROLLBACK PREPARED",
}
_TARGET_FIELDS = ("relation", "relations")
_IDENTITY_SETTINGS = frozenset({"role", "session_authorization"})
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

FORBIDDEN_VERBS = frozenset(
    {"DELETE", "TRUNCATE", "MERGE", "DO", "CALL", "GRANT", "SET ROLE", "SET SESSION_AUTHORIZATION"}
)
"""Verbs that no declaration of an append-only writer can excuse; so is every verb that changes a schema."""
_SCHEMA_WORDS = (
    "CREATE",
    "ALTER",
    "DROP",
    "REINDEX",
    "CLUSTER",
    "VACUUM",
    "COMMENT",
    "REFRESH",
    "RENAME",
    "INDEX",
    "VIEW",
)


@dataclass(frozen=True, kw_only=True)
class StatementPrint:
    """What a text *is*, whatever its first keyword says. ``hex`` is equal for texts that differ in constants only.

    ``verbs`` holds every verb found anywhere in the tree; ``targets`` every (verb, relation) that a verb names as its
    own; ``functions`` every function called by name. ``parse_error`` is set, and the rest empty, where the text does
    not parse. PostgreSQL's own fingerprint takes BEGIN's isolation level for a constant; here it is part of ``hex``.
    """

    hex: str
    verbs: frozenset[str] = frozenset()
    targets: frozenset[tuple[str, str]] = frozenset()
    functions: frozenset[str] = frozenset()
    statements: int = 0
    parse_error: str | None = None

    def forbidden(self) -> tuple[str, ...]:
        """Verbs of this text that are forbidden or change a schema, sorted."""
        return tuple(sorted(verb for verb in self.verbs if verb in FORBIDDEN_VERBS or verb.startswith(_SCHEMA_WORDS)))


@dataclass
class _Found:
    verbs: set[str] = field(default_factory=set)
    targets: set[tuple[str, str]] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    options: list[str] = field(default_factory=list)


@lru_cache(maxsize=4096)
def of(text: str) -> StatementPrint:
    """The print of ``text``. Never raises: a text that does not parse has ``hex`` ``unparsed:<sha256>``."""
    try:
        tree = postgast.parse(text)
        hexadecimal = postgast.fingerprint(text).hex
    except (PgQueryError, RecursionError) as error:
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        return StatementPrint(hex=f"unparsed:{digest}", parse_error=str(error) or type(error).__name__)
    found = _Found()
    for _, node in postgast.walk(tree):
        _note(node, found)
    return StatementPrint(
        hex=":".join([hexadecimal, *found.options]),
        verbs=frozenset(found.verbs),
        targets=frozenset(found.targets),
        functions=frozenset(found.functions),
        statements=len(tree.stmts),
    )


def parts(text: str) -> tuple[str, ...]:
    """The single statements of a text sent as one; the text itself where it does not parse."""
    try:
        return tuple(postgast.split(text)) or (text,)
    except (PgQueryError, ValueError):
        return (text,)


def _note(node: Any, found: _Found) -> None:
    kind = type(node).__name__
    if kind == "FuncCall":
        name = ".".join(_names(node.funcname))
        found.functions.add(name)
        if name.rpartition(".")[2] == "set_config":
            found.verbs.update(f"SET {setting.upper()}" for setting in _constants(node.args) & _IDENTITY_SETTINGS)
    elif kind == "TransactionStmt":
        word = _enum_name(node, "kind")
        found.verbs.add(_TRANSACTION_WORDS.get(word, word))
        found.options += [f"{option.def_elem.defname}={_constant(option.def_elem.arg)}" for option in node.options]
    elif kind == "LockingClause":
        found.verbs.add("SELECT FOR UPDATE")
    elif kind == "VariableSetStmt" and node.name in _IDENTITY_SETTINGS:
        found.verbs.add(f"SET {node.name.upper()}")
    elif kind.endswith("Stmt") and kind != "RawStmt":
        if kind == "SelectStmt" and node.values_lists:
            return  # the VALUES of an INSERT read nothing
        verb = _OWN_WORDS.get(kind) or _CAMEL.sub(" ", kind.removesuffix("Stmt")).upper()
        found.verbs.add(verb)
        found.targets.update((verb, name) for name in _own_relations(node))
        if kind == "SelectStmt":
            found.targets.update((verb, name) for name in _from_relations(node))


def _own_relations(node: Any) -> Iterator[str]:
    fields = {descriptor.name for descriptor in node.DESCRIPTOR.fields}
    for name in _TARGET_FIELDS:
        if name not in fields:
            continue
        value = getattr(node, name)
        if name == "relation":
            if node.HasField(name) and type(value).__name__ == "RangeVar":
                yield _relation(value)
        else:
            yield from (_relation(item.range_var) for item in value if item.HasField("range_var"))


def _from_relations(node: Any) -> Iterator[str]:
    for item in node.from_clause:
        for _, inner in postgast.walk(item):
            if type(inner).__name__ == "RangeVar":
                yield _relation(inner)


def _relation(node: Any) -> str:
    return f"{node.schemaname}.{node.relname}" if node.schemaname else str(node.relname)


def _names(nodes: Any) -> list[str]:
    return [node.string.sval for node in nodes if node.HasField("string")]


def _constants(nodes: Any) -> set[str]:
    return {_constant(node) for node in nodes}


def _constant(node: Any) -> str:
    """The text of a constant, "" where the node is none."""
    if not node.HasField("a_const"):
        return ""
    constant = node.a_const
    return str(constant.sval.sval) if constant.HasField("sval") else str(constant.ival.ival)


def _enum_name(node: Any, name: str) -> str:
    descriptor = node.DESCRIPTOR.fields_by_name[name]
    return str(descriptor.enum_type.values_by_number[getattr(node, name)].name)
