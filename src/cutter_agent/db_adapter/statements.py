"""The declared statements: read from ``sql/*.sql``, checked, numbered (design 2.3).

One declaration, four readers: this loader; the test that compares it with the grants; the contract check; the
rehearsal's allow-list. A lane sends nothing that is not declared here, BEGIN and COMMIT included.

A file holds statements one after another, each under a header::

    -- name: insert_backlog_entry
    -- principal: cutter_exec           (or cutter_verify, or both)
    -- answers: binary                  (may be left out: text)
    -- verb: INSERT                     (SELECT, INSERT, UPDATE, COPY; in session.sql the block's own words too)
    -- tables: cutter_governance.decision_backlog_entry      (comma separated, schema.table; none)
    INSERT INTO … VALUES (%(entry_id)s, …);
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from cutter_agent.errors import Internal
from cutter_agent.model import Lane

SESSION_FILE = "session.sql"

_DATA_VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "COPY"})
_SESSION_VERBS = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SELECT"})
_HEADER_KEYS = ("name", "principal", "verb", "tables")
_HEADER = re.compile(r"^--\s*(name|principal|verb|tables|answers)\s*:\s*(.*?)\s*$")
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_TABLE = re.compile(r"^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$")
_PLACEHOLDER = re.compile(r"%(?:\((?P<name>[a-z_][a-z0-9_]*)\)s|(?P<percent>%)|(?P<foreign>.?))", re.DOTALL)
_STAR = re.compile(r"(?:\bselect|\bdistinct|\breturning|,)\s*\*|\.\s*\*", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]+")
_TELLS_XID = re.compile(r"\bRETURNING\b.*\bpg_catalog\.pg_current_xact_id\(\)::text\s+AS\s+xid$", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One declared statement. ``sql`` has ``%(name)s`` placeholders as written; ``numbered_sql`` has ``$n`` and is
    what goes over the wire, byte for byte; ``parameters`` are the names in the order of their numbers."""

    name: str
    principals: frozenset[Lane]
    verb: str
    tables: tuple[str, ...]
    sql: str
    numbered_sql: str
    parameters: tuple[str, ...]
    source: str
    binary: bool = False
    """Answered in PostgreSQL's binary form: for a column of bytes, which in text would be twice as long."""
    tells_xid: bool = False
    """A write that returns its transaction's id as its last column: then nobody has to ask before COMMIT."""

    @property
    def principal(self) -> str:
        """The header's word: a role, or ``both``."""
        return "both" if len(self.principals) == len(Lane) else next(iter(self.principals)).value


@cache
def load() -> Mapping[str, Statement]:
    """Every statement of this package by name. Raises ``Internal`` that names file and line of a bad declaration."""
    folder = files("cutter_agent.db_adapter").joinpath("sql")
    texts = {entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".sql")}
    return collect(texts)


def collect(texts: Mapping[str, str]) -> Mapping[str, Statement]:
    """The statements of several files (name of the file to its text); a name used twice is refused."""
    found: dict[str, Statement] = {}
    for file_name in sorted(texts):
        for statement in parse(texts[file_name], file_name=file_name):
            if statement.name in found:
                raise _bad(statement.source, f"{statement.name} is declared in {found[statement.name].source} too")
            found[statement.name] = statement
    return MappingProxyType(found)


def parse(text: str, *, file_name: str) -> list[Statement]:
    """The statements of one file in order."""
    return [_statement(header, lines, where) for header, lines, where in _blocks(text, file_name)]


def numbered(sql: str, *, source: str = "sql") -> tuple[str, tuple[str, ...]]:
    """``%(name)s`` to ``$n``, one number per name in order of first use; ``%%`` to ``%``; another ``%`` is refused."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match["percent"]:
            return "%"
        name = match["name"]
        if name is None:
            raise _bad(source, f"{match[0]!r} is neither %(name)s nor %%")
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PLACEHOLDER.sub(number, sql), tuple(names)


def _blocks(text: str, file_name: str) -> Iterable[tuple[dict[str, str], list[str], str]]:
    header: dict[str, str] = {}
    lines: list[str] = []
    where = file_name
    for number, line in enumerate(text.splitlines(), start=1):
        match = _HEADER.match(line)
        if match is None:
            if not line.lstrip().startswith("--"):
                lines.append(line)
            continue
        key, value = match[1], match[2]
        if key == "name":
            if header:
                yield header, lines, where
            elif any(part.strip() for part in lines):
                raise _bad(f"{file_name}:{number}", "SQL before the first header")
            header, lines, where = {}, [], f"{file_name}:{number}"
        if key in header:
            raise _bad(f"{file_name}:{number}", f"{key} is given twice")
        header[key] = value
    if header:
        yield header, lines, where
    elif any(part.strip() for part in lines):
        raise _bad(file_name, "SQL without a header")


def _statement(header: Mapping[str, str], lines: list[str], source: str) -> Statement:
    missing = [key for key in _HEADER_KEYS if not header.get(key)]
    if missing:
        raise _bad(source, f"the header lacks {', '.join(missing)}")
    name, verb = header["name"], header["verb"]
    if not _NAME.match(name):
        raise _bad(source, f"{name!r} is not a name (lower case, digits, underscore)")
    sql = "\n".join(line.rstrip() for line in lines).strip().removesuffix(";").rstrip()
    _check_sql(sql, verb, source)
    numbered_sql, parameters = numbered(sql, source=source)
    return Statement(
        name=name,
        principals=_principals(header["principal"], source),
        verb=verb,
        tables=_tables(header["tables"], source),
        sql=sql,
        numbered_sql=numbered_sql,
        parameters=parameters,
        source=source,
        binary=_is_binary(header.get("answers", "text"), source),
        tells_xid=_TELLS_XID.search(sql) is not None,
    )


def _is_binary(word: str, source: str) -> bool:
    if word not in ("text", "binary"):
        raise _bad(source, f"answers are text or binary, not {word!r}")
    return word == "binary"


def _check_sql(sql: str, verb: str, source: str) -> None:
    allowed = _SESSION_VERBS if source.startswith(f"{SESSION_FILE}:") else _DATA_VERBS
    if verb not in allowed:
        raise _bad(source, f"the verb {verb!r} is not one of {', '.join(sorted(allowed))}")
    first = _WORD.match(sql)
    words = {verb} if verb in ("COPY", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE") else {verb, "WITH"}
    if first is None or first[0].upper() not in words:
        raise _bad(source, f"the header says {verb} and the statement begins with {sql[:20]!r}")
    if ";" in sql:
        raise _bad(source, "more than one statement under one header, or a semicolon inside it")
    if _STAR.search(sql):
        raise _bad(source, "a star in a list of columns: name the columns")
    if re.search(r"\$\d", sql):
        raise _bad(source, "a $n placeholder: write %(name)s")


def _principals(word: str, source: str) -> frozenset[Lane]:
    names = [part.strip() for part in word.removeprefix("both:").split(",")]
    if names == ["both"]:
        return frozenset(Lane)
    try:
        return frozenset(Lane(name) for name in names)
    except ValueError:
        raise _bad(source, f"{word!r} names no known principal") from None


def _tables(word: str, source: str) -> tuple[str, ...]:
    if word in ("none", "-"):
        return ()
    tables = tuple(part.strip() for part in word.split(","))
    for table in tables:
        if not _TABLE.match(table):
            raise _bad(source, f"{table!r} is not spelt schema.table")
    return tables


def _bad(source: str, what: str) -> Internal:
    return Internal(f"{source}: {what}", remedy="Correct the declaration; see the head of statements.py for the form.")
