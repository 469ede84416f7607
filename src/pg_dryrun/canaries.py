"""G-13, C-09: every instrument must report what was planted for it. A zero without a canary is worth nothing.

All canaries live in a scratch schema under a scratch role, on a clone of their own; afterwards the clone is looked at
once more and must be what it was.
"""

from __future__ import annotations

import base64
import os
import secrets
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from pg_dryrun import commands, contract, dark_writes, fingerprint, roles, secrets_scan, statements
from pg_dryrun.dark_writes import DarkState
from pg_dryrun.effects import Verb
from pg_dryrun.errors import DryRunError, ToolFault
from pg_dryrun.instruments import Instruments, Observation
from pg_dryrun.observer import Observer, ServerAnswer, connect, counts, quote, quote_literal
from pg_dryrun.observer.counts import TableDigest
from pg_dryrun.subject import ClientStatement, DeclaredStatement, Emission, Login, Right

SCHEMA = "dryrun_canary"
ROLE = "dryrun_canary"
TABLE = f"{SCHEMA}.canary"
BYSTANDER = f"{SCHEMA}.bystander"
UNLOGGED = f"{SCHEMA}.unlogged"
SEQUENCE = f"{SCHEMA}.counter"

_CAGE = f"""
CREATE SCHEMA {SCHEMA};
CREATE TABLE {TABLE} (id integer PRIMARY KEY, song text);
CREATE TABLE {BYSTANDER} (id integer PRIMARY KEY, song text);
CREATE UNLOGGED TABLE {UNLOGGED} (id integer);
CREATE SEQUENCE {SEQUENCE};
CREATE FUNCTION {SCHEMA}.hidden_write() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = ''
    AS 'INSERT INTO {BYSTANDER} (id) VALUES (1) RETURNING id';
GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO {ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {TABLE} TO {ROLE};
GRANT UPDATE (song) ON {BYSTANDER} TO {ROLE};
GRANT INSERT ON {UNLOGGED} TO {ROLE};
GRANT USAGE ON SEQUENCE {SEQUENCE} TO {ROLE};
"""
_STANDING_S = 60.0
"""As long as a process stands at most, whose arguments are looked at."""
_HIDDEN_DELETE = f"WITH gone AS (DELETE FROM {TABLE} WHERE id = 2 RETURNING id) SELECT id FROM gone"


@dataclass(frozen=True, kw_only=True)
class Canary:
    """One planted thing. ``seen`` False means the instrument is blind: the tool's failure, not the product's."""

    instrument: str
    planted: str
    seen: bool
    detail: str


@dataclass(frozen=True, kw_only=True)
class _State:
    tables: dict[str, TableDigest]
    dark: DarkState


def fly(admin: Login, *, workdir: Path) -> tuple[Canary, ...]:
    """Plant every canary on the clone of ``admin``, look, and clean up. ``workdir`` is private and empty.

    An instrument that fails instead of reporting has not seen. Raises ``ServerAnswer`` only where the cage itself
    cannot be built. The last canary says whether the clone is again what it was.
    """
    login = replace(admin, user=ROLE, password=secrets.token_urlsafe(24))
    with connect(admin, purpose="canary cage", settings={"log_statement": "none"}) as keeper:
        before = _look(keeper)
        keeper.execute(f"CREATE ROLE {quote(ROLE)} LOGIN PASSWORD {quote_literal(login.password)}")
        try:
            keeper.execute(_CAGE)
            found = [*_on_server(admin, login), *_catalog(admin, login), *_reconciliation(), *_secrets(workdir)]
        finally:
            keeper.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; DROP ROLE {ROLE}")
        found.append(_cleaned(before, _look(keeper)))
    return tuple(found)


def _look(observer: Observer) -> _State:
    return _State(
        tables=counts.digests(observer, counts.readable(observer)),
        dark=dark_writes.look(observer),
    )


def _cleaned(before: _State, after: _State) -> Canary:
    moved = counts.changed(before.tables, after.tables)
    lines = before.dark.schema.difference(after.dark.schema)
    same = not moved and not lines and before.dark == after.dark
    detail = f"{len(after.tables)} tables and the schema as before" if same else f"left behind: {moved} {lines}"
    return Canary(instrument="clean-up", planted="all canaries", seen=same, detail=detail)


def _on_server(admin: Login, login: Login) -> Iterator[Canary]:
    """Effects, counts, digests, dark writes, write-ahead log and server log, each with its canary."""
    with ExitStack() as stack:
        try:
            instruments = stack.enter_context(Instruments.attach(admin, tracked=[TABLE]))
            singer = stack.enter_context(connect(login, purpose="canary"))
            keeper = stack.enter_context(connect(admin, purpose="canary"))
        except (DryRunError, ToolFault) as error:
            yield Canary(instrument="all", planted="attach", seen=False, detail=_words(error))
            return
        for song in (*_row_songs(singer), *_hidden_songs(singer), *_dark_songs(singer, keeper)):
            yield from _sing(instruments, song)
        # A session's end would remove it too, but some time after the socket is closed.
        keeper.execute("DROP TABLE IF EXISTS pg_temp.dryrun_nest")


@dataclass(frozen=True, kw_only=True)
class _Song:
    """``act`` plants; each hearer is (instrument, question to the observation)."""

    planted: str
    act: Callable[[], object]
    hearers: tuple[tuple[str, Callable[[Observation], bool]], ...]


def _sing(instruments: Instruments, song: _Song) -> Iterator[Canary]:
    try:
        song.act()
        observation = instruments.step(song.planted)
    except (DryRunError, ToolFault) as error:
        for instrument, _ in song.hearers:
            yield Canary(instrument=instrument, planted=song.planted, seen=False, detail=_words(error))
        return
    for instrument, heard in song.hearers:
        yield Canary(
            instrument=instrument,
            planted=song.planted,
            seen=heard(observation),
            detail=_shown(observation),
        )


def _row_songs(singer: Observer) -> Iterator[_Song]:
    def rolled_back() -> None:
        with singer.block("BEGIN", end="ROLLBACK"):
            singer.execute(f"INSERT INTO {TABLE} VALUES (9, 'never')")

    insert = f"INSERT INTO {TABLE} VALUES (1, 'a'), (2, 'b'), (3, 'c')"
    yield _Song(
        planted="three committed rows",
        act=lambda: singer.execute(insert),
        hearers=(
            ("effects", lambda seen: seen.effects.totals(Verb.INSERT) == {TABLE: 3}),
            ("counts", lambda seen: seen.deltas == {TABLE: 3} and not seen.contradictions),
            ("server log", lambda seen: [s.text for s in seen.log.statements if s.user == ROLE][-1:] == [insert]),
            ("server log", lambda seen: ROLE in {connection.user for connection in seen.log.connections}),
        ),
    )
    yield _Song(
        planted="a rolled-back row",
        act=rolled_back,
        hearers=(
            ("effects", lambda seen: not seen.effects.transactions),
            ("counts", lambda seen: seen.deltas == {TABLE: 0}),
            ("write-ahead log", lambda seen: len(seen.effects.aborted) == 1),
        ),
    )
    yield _Song(
        planted="an updated row",
        act=lambda: singer.execute(f"UPDATE {TABLE} SET song = 'd' WHERE id = 1"),
        hearers=(("effects", lambda seen: seen.effects.totals(Verb.UPDATE) == {TABLE: 1}),),
    )
    yield _Song(
        planted="a deleted row",
        act=lambda: singer.execute(f"DELETE FROM {TABLE} WHERE id = 1"),
        hearers=(
            ("effects", lambda seen: seen.effects.totals(Verb.DELETE) == {TABLE: 1}),
            ("counts", lambda seen: seen.deltas == {TABLE: -1}),
        ),
    )


def _hidden_songs(singer: Observer) -> Iterator[_Song]:
    denied = f"DELETE FROM {BYSTANDER}"

    def refused() -> None:
        try:
            singer.execute(denied)
        except ServerAnswer as answer:
            if answer.sqlstate == "42501":
                return
        raise ToolFault("The server did not refuse what the canary has no right to.")

    yield _Song(
        planted="a statement denied with 42501",
        act=refused,
        hearers=(
            ("server log", lambda seen: [(e.sqlstate, e.statement) for e in seen.log.errors] == [("42501", denied)]),
            ("effects", lambda seen: not seen.effects.transactions),
        ),
    )
    yield _Song(
        planted="a DELETE inside a SELECT",
        act=lambda: singer.rows(_HIDDEN_DELETE),
        hearers=(
            ("grammar", lambda seen: [s.print.forbidden() for s in seen.log.statements] == [("DELETE",)]),
            ("allow-list", lambda seen: [u.text for u in _undeclared(seen)] == [_HIDDEN_DELETE]),
            ("effects", lambda seen: seen.effects.totals(Verb.DELETE) == {TABLE: 1}),
        ),
    )
    yield _Song(
        planted="a write hidden in a function",
        act=lambda: singer.rows(f"SELECT {SCHEMA}.hidden_write()"),
        hearers=(
            ("effects", lambda seen: seen.effects.totals(Verb.INSERT) == {BYSTANDER: 1}),
            ("digests", lambda seen: seen.bystanders_changed == (BYSTANDER,) and not seen.contradictions),
        ),
    )


def _dark_songs(singer: Observer, keeper: Observer) -> Iterator[_Song]:
    eggs: list[object] = []
    yield _Song(
        planted="a sequence moved",
        act=lambda: singer.rows(f"SELECT nextval('{SEQUENCE}')"),
        hearers=(
            ("dark writes", lambda seen: seen.dark.sequences == (SEQUENCE,)),
            ("write-ahead log", lambda seen: len(seen.effects.without_rows()) == 1),
        ),
    )
    yield _Song(
        planted="a row in an unlogged table",
        act=lambda: singer.execute(f"INSERT INTO {UNLOGGED} VALUES (1)"),
        hearers=(
            ("dark writes", lambda seen: seen.dark.unlogged == (UNLOGGED,)),
            ("write-ahead log", lambda seen: len(seen.effects.without_rows()) == 1),
        ),
    )
    yield _Song(
        planted="a table made",
        act=lambda: singer.execute(f"CREATE TABLE {SCHEMA}.egg (id integer)"),
        hearers=(("dark writes", lambda seen: any(f"{SCHEMA}.egg" in line for line in seen.dark.schema)),),
    )
    yield _Song(
        planted="a temporary table",
        act=lambda: keeper.execute("CREATE TEMPORARY TABLE dryrun_nest (id integer)"),
        hearers=(("dark writes", lambda seen: any("dryrun_nest" in name for name in seen.dark.temporary)),),
    )
    yield _Song(
        planted="a large object",
        act=lambda: eggs.append(keeper.value("SELECT pg_catalog.lo_from_bytea(0, 'song')")),
        hearers=(("dark writes", lambda seen: bool(seen.dark.large_objects)),),
    )
    yield _Song(
        planted="a large object removed",
        act=lambda: keeper.rows("SELECT pg_catalog.lo_unlink(%s)", [eggs.pop()]),
        hearers=(("dark writes", lambda seen: bool(seen.dark.large_objects)),),
    )
    yield _Song(
        planted="a table truncated",
        act=lambda: singer.execute(f"TRUNCATE {TABLE}"),
        hearers=(
            ("effects", lambda seen: seen.effects.totals(Verb.TRUNCATE) == {TABLE: 1}),
            ("dark writes", lambda seen: seen.dark.truncated == (TABLE,)),
        ),
    )


def _undeclared(seen: Observation) -> tuple[statements.Undeclared, ...]:
    """Even a declaration must not let a hidden DELETE pass."""
    declared = DeclaredStatement(name="canary", principal=ROLE, verb="SELECT", tables=(TABLE,), text=_HIDDEN_DELETE)
    return statements.undeclared(seen.log.statements, [declared], {ROLE: ROLE})


def _catalog(admin: Login, login: Login) -> Iterator[Canary]:
    """The grant matrix must find a column grant nobody declared; the contract a column that is not there."""
    right = Right(role=ROLE, table=BYSTANDER)
    matrix = roles.probe(admin, {ROLE: login}, rights=[right], tables=[BYSTANDER])
    found = [(cell.verb, cell.column) for cell in matrix.cells if not cell.ok]
    yield Canary(
        instrument="grant matrix",
        planted="an undeclared UPDATE of one column",
        seen=found == [("UPDATE", "song")],
        detail=f"{len(matrix.cells)} cells tried, not as declared: {found}",
    )
    emission = Emission(statement="canary", principal=ROLE, table=TABLE, columns=("song", "wings"))
    codes = {(item.code, item.column) for item in contract.check(admin, [emission]).mismatches}
    yield Canary(
        instrument="contract",
        planted="a column that is not there, a key not filled",
        seen=codes == {("missing_column", "wings"), ("not_filled", "id")},
        detail=f"found {sorted(codes)}",
    )


def _reconciliation() -> Iterator[Canary]:
    """A statement that only one side saw, each way."""
    known, hidden = "SELECT 1", f"TRUNCATE {TABLE}"
    client = [ClientStatement(principal=ROLE, backend_pid=1, name="known", text=known, outcome="ok")]
    server = [_as_logged(known), _as_logged(hidden)]
    for planted, found, side in (
        ("a statement missing in the client's journal", statements.reconcile(server, client), "server"),
        ("a statement missing in the server's log", statements.reconcile([], client), "client"),
    ):
        yield Canary(
            instrument="reconciliation",
            planted=planted,
            seen=[item.side for item in found] == [side],
            detail=f"{len(found)} unexplained",
        )


def _as_logged(text: str) -> statements.ServerStatement:
    return statements.ServerStatement(
        user=ROLE, dbname="canary", pid=1, session_id="1.1", how="statement", text=text, print=fingerprint.of(text)
    )


def _secrets(workdir: Path) -> Iterator[Canary]:
    """A secret in a file, in disguise, and in the arguments of a process."""
    secret = secrets.token_urlsafe(24)
    for planted, content, encoding in (
        ("a secret in a file", b"x" * 1000 + secret.encode(), "raw"),
        ("a secret in base64", base64.b64encode(b"user:" + secret.encode()), "base64"),
    ):
        path = workdir / f"canary-{secrets.token_hex(4)}"
        path.write_bytes(content)
        try:
            scan = secrets_scan.scan({"canary": secret}, paths=[path], processes=False)
        finally:
            path.unlink()
        yield Canary(
            instrument="secrets scan",
            planted=planted,
            seen=[finding.encoding for finding in scan.findings] == [encoding],
            detail=f"{len(scan.findings)} findings in {scan.bytes_read} bytes",
        )
    seen: list[secrets_scan.Scan] = []

    def look(pid: int) -> None:
        """However long the look takes, the process is there until its end."""
        seen.append(secrets_scan.scan({"canary": secret}))
        os.kill(pid, signal.SIGKILL)

    words = [sys.executable, "-I", "-c", f"import time; time.sleep({_STANDING_S})", secret]
    commands.run(words, timeout_s=_STANDING_S, on_start=look)
    yield Canary(
        instrument="secrets scan",
        planted="a secret in the arguments of a process",
        seen=any(finding.where.endswith("arguments") for scan in seen for finding in scan.findings),
        detail=f"{seen[0].processes if seen else 0} processes looked at",
    )


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _shown(seen: Observation) -> str:
    """What was seen, in short, for the report."""
    parts = [f"{verb.value} {dict(seen.effects.totals(verb))}" for verb in Verb if seen.effects.totals(verb)]
    parts += [f"counted {dict(seen.deltas)}", f"{len(seen.log.statements)} statements", *seen.dark.lines()[:3]]
    return "; ".join(parts)
