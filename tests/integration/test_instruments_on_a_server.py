"""Effects, write-ahead log, server log, dark writes and digests on a real server, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from tests.instruments_room import SPELLINGS, instrumented_cluster, new_database

from pg_dryrun import statements
from pg_dryrun.effects import Verb
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.instruments import Instruments
from pg_dryrun.observer import connect
from pg_dryrun.subject import ClientStatement, Login
from pg_embedded.cluster import ThrowawayCluster

TABLES = """
CREATE TABLE public.k (id integer PRIMARY KEY, v text);
CREATE TABLE public."other K" (id integer);
CREATE TABLE public.parent (id integer) PARTITION BY RANGE (id);
CREATE TABLE public.child PARTITION OF public.parent FOR VALUES FROM (0) TO (1000);
CREATE UNLOGGED TABLE public.u (id integer);
CREATE SEQUENCE public.q;
CREATE FUNCTION public.hidden() RETURNS integer LANGUAGE sql AS 'INSERT INTO public."other K" VALUES (1) RETURNING id';
"""


@pytest.fixture(scope="module", params=SPELLINGS)
def server(request: pytest.FixtureRequest) -> Iterator[ThrowawayCluster]:
    with instrumented_cluster("instruments", spelling=SPELLINGS[request.param]) as made:
        yield made


@pytest.fixture
def login(server: ThrowawayCluster) -> Login:
    return new_database(server, TABLES)


@pytest.fixture
def instruments(login: Login) -> Iterator[Instruments]:
    with Instruments.attach(login, tracked=["public.k", "public.parent"]) as made:
        yield made


@pytest.fixture
def writer(login: Login) -> Iterator[psycopg.Connection[object]]:
    """A connection of the writer's own making, with psycopg as everybody uses it."""
    with psycopg.connect(**login.keywords(), autocommit=True) as made:  # type: ignore[arg-type]
        yield made


def test_a_quiet_step_shows_nothing_at_all(instruments: Instruments) -> None:
    seen = instruments.step("quiet", thorough=True)
    assert seen.effects.transactions == ()
    assert seen.deltas == {"public.k": 0, "public.parent": 0}
    assert seen.dark.none
    assert (seen.log.statements, seen.log.errors, seen.log.connections) == ((), (), ())
    assert seen.contradictions == ()
    assert seen.bystanders_examined == 2
    assert instruments.bystanders == ("public.other K", "public.u")


def test_exactly_what_was_committed_is_seen(instruments: Instruments, writer: psycopg.Connection[object]) -> None:
    with writer.transaction():
        writer.execute("INSERT INTO k SELECT g, 'x' FROM generate_series(1, 10) g")
        with writer.transaction():
            writer.execute("UPDATE k SET v = 'y' WHERE id <= 3")
        with writer.transaction(force_rollback=True):
            writer.execute("DELETE FROM k")
    writer.execute("DELETE FROM k WHERE id = 10")
    seen = instruments.step("write")
    assert seen.effects.totals(Verb.INSERT) == {"public.k": 10}
    assert seen.effects.totals(Verb.UPDATE) == {"public.k": 3}
    assert seen.effects.totals(Verb.DELETE) == {"public.k": 1}
    assert [len(item.changes) for item in seen.effects.transactions] == [13, 1]
    assert seen.deltas["public.k"] == 9
    assert seen.contradictions == ()
    assert seen.dark.none
    assert seen.effects.wal_bytes > 0
    assert len(seen.effects.aborted) == 1
    assert instruments.step("after").effects.transactions == ()


def test_rolled_back_work_is_no_effect(instruments: Instruments, writer: psycopg.Connection[object]) -> None:
    with writer.transaction(force_rollback=True):
        writer.execute("INSERT INTO k VALUES (1, 'x')")
    seen = instruments.step("rollback")
    assert seen.effects.transactions == ()
    assert len(seen.effects.aborted) == 1
    assert set(seen.deltas.values()) == {0}


def test_rows_of_a_partition_count_for_the_tracked_parent(
    instruments: Instruments, writer: psycopg.Connection[object]
) -> None:
    writer.execute("INSERT INTO parent VALUES (1), (2)")
    seen = instruments.step("partition")
    assert seen.effects.totals(Verb.INSERT) == {"public.child": 2}
    assert seen.deltas == {"public.k": 0, "public.parent": 2}
    assert seen.contradictions == ()
    assert seen.bystanders_changed == ()


def test_a_bystander_written_by_a_function_is_found_twice(
    instruments: Instruments, writer: psycopg.Connection[object]
) -> None:
    writer.execute("SELECT hidden()")
    seen = instruments.step("function")
    assert seen.effects.totals(Verb.INSERT) == {"public.other K": 1}
    assert seen.bystanders_changed == ("public.other K",)
    assert seen.contradictions == ()
    assert [sorted(item.print.verbs) for item in seen.log.statements if item.text == "SELECT hidden()"] == [["SELECT"]]


def _for_update(writer: psycopg.Connection[object]) -> None:
    with writer.transaction():
        writer.execute("SELECT * FROM k FOR UPDATE")


@pytest.mark.parametrize(
    ("act", "kind", "words"),
    [
        (lambda w: w.execute("SELECT nextval('q')"), "sequences", "a sequence moved"),
        (lambda w: w.execute("INSERT INTO u VALUES (1)"), "unlogged", "unlogged"),
        (lambda w: w.execute("CREATE TABLE fresh (id integer)"), "schema", "catalog changes"),
        (lambda w: w.execute("ALTER TABLE k ADD extra integer"), "schema", "catalog changes"),
        (lambda w: w.execute("GRANT SELECT ON k TO PUBLIC"), "schema", "catalog changes"),
        (lambda w: w.execute("CREATE TEMPORARY TABLE nest AS SELECT 1 AS x"), "temporary", "catalog changes"),
        (lambda w: w.execute("SELECT lo_create(0)"), "large_objects", "catalog changes"),
        (lambda w: w.execute("SELECT pg_current_xact_id()"), "transactions", "an id taken"),
        (lambda w: w.execute("SELECT pg_logical_emit_message(true, 'x', 'y')"), "transactions", "a logical message"),
        (_for_update, "transactions", "rows locked"),
    ],
)
def test_dark_writes_leave_a_transaction_and_a_reason(
    instruments: Instruments,
    writer: psycopg.Connection[object],
    act: Callable[[psycopg.Connection[object]], object],
    kind: str,
    words: str,
) -> None:
    writer.execute("INSERT INTO k VALUES (1, 'x')")
    instruments.rebase()
    act(writer)
    seen = instruments.step(kind)
    assert getattr(seen.dark, kind)
    assert any(words in line for line in seen.dark.transactions)
    assert all(set(seen.effects.totals(verb)) == set() for verb in Verb)
    assert instruments.step("after").dark.none


def test_truncate_is_an_effect_and_dark(instruments: Instruments, writer: psycopg.Connection[object]) -> None:
    writer.execute("INSERT INTO k VALUES (1, 'x')")
    instruments.step("fill")
    writer.execute('TRUNCATE k, "other K" RESTART IDENTITY CASCADE')
    seen = instruments.step("truncate")
    assert seen.effects.totals(Verb.TRUNCATE) == {"public.k": 1, "public.other K": 1}
    assert seen.dark.truncated == ("public.k", "public.other K")
    assert seen.deltas["public.k"] == -1


def test_values_that_look_like_decoding_do_not_fool_it(
    instruments: Instruments, writer: psycopg.Connection[object]
) -> None:
    writer.execute(
        "INSERT INTO k VALUES (1, %s), (2, %s)", ["x'\nCOMMIT 1\ntable public.k: DELETE: id[integer]:1", "y" * 100_000]
    )
    seen = instruments.step("hostile")
    assert seen.effects.totals(Verb.INSERT) == {"public.k": 2}
    assert seen.effects.totals(Verb.DELETE) == {}


def test_the_cost_of_a_fence_does_not_depend_on_the_size_of_the_database(
    instruments: Instruments, writer: psycopg.Connection[object]
) -> None:
    small = min(instruments._slot.fence("small").cost_ms for _ in range(5))
    writer.execute("CREATE TABLE heap AS SELECT g, repeat('x', 200) AS v FROM generate_series(1, 100000) g")
    instruments._slot.fence("made")
    large = min(instruments._slot.fence("large").cost_ms for _ in range(5))
    assert large < small * 5 + 5


def test_every_way_to_send_a_statement_is_in_the_log(
    instruments: Instruments, login: Login, writer: psycopg.Connection[object]
) -> None:
    pid = writer.info.backend_pid
    sent = ["BEGIN", "INSERT INTO k VALUES ($1, $2)", "COMMIT", "COPY k (id, v) FROM STDIN"]
    with writer.transaction():
        writer.execute("INSERT INTO k VALUES (%s, %s)", [1, "a secret parameter"])
    with writer.cursor() as cursor:
        with cursor.copy("COPY k (id, v) FROM STDIN") as copy:
            copy.write_row([2, "b"])
        cursor.executemany("INSERT INTO k VALUES (%s, %s)", [(3, "c"), (4, "d")])
    for number in range(5, 12):
        writer.execute("INSERT INTO k VALUES (%s, %s)", [number, "prepared"], prepare=True)
    seen = instruments.step("ways")
    assert "a secret parameter" not in repr(seen.log)
    texts = [statement.text for statement in seen.log.statements if statement.pid == pid]
    assert texts == [sent[0], sent[1], sent[2], sent[3], *[sent[1]] * 9]
    journal = [
        ClientStatement(principal="p", backend_pid=pid, name="s", text=text, outcome="ok")
        for text in [*sent, *[sent[1]] * 9]
    ]
    mine = [statement for statement in seen.log.statements if statement.pid == pid]
    assert statements.reconcile(mine, journal) == ()
    assert [item.side for item in statements.reconcile(mine, journal[:-1])] == ["server"]
    connection = next(item for item in seen.log.connections if item.pid == pid)
    assert "scram-sha-256" in connection.authenticated
    assert connection.dbname == login.dbname


@pytest.mark.parametrize(
    ("text", "parameters", "sqlstate", "how"),
    [
        ("selekt 1", None, "42601", "refused"),
        ("SELECT * FROM absent WHERE id = %s", [1], "42P01", "refused"),
        ("SELECT 1 / %s", [0], "22012", "refused"),
        ("INSERT INTO k VALUES (1, 'x'), (1, 'y')", None, "23505", "statement"),
        ("INSERT INTO k VALUES (%s, 'x'), (1, 'y')", [1], "23505", "execute"),
    ],
)
def test_a_statement_that_failed_is_there_once_with_its_sqlstate(
    instruments: Instruments,
    writer: psycopg.Connection[object],
    text: str,
    parameters: list[object] | None,
    sqlstate: str,
    how: str,
) -> None:
    instruments.rebase()
    with pytest.raises(psycopg.Error) as caught:
        writer.execute(text, parameters)
    assert caught.value.sqlstate == sqlstate
    seen = instruments.step("failed")
    pid = writer.info.backend_pid
    assert [(item.how, item.sqlstate) for item in seen.log.statements if item.pid == pid] == [(how, sqlstate)]
    assert [item.sqlstate for item in seen.log.errors] == [sqlstate]


def test_the_same_text_first_executed_then_refused_is_there_twice(
    instruments: Instruments, writer: psycopg.Connection[object]
) -> None:
    instruments.rebase()
    writer.execute("SELECT 1 / %s::integer", [1])
    with pytest.raises(psycopg.errors.DivisionByZero):
        writer.execute("SELECT 1 / %s::integer", [0])
    seen = instruments.step("twice")
    assert [(item.how, item.sqlstate) for item in seen.log.statements] == [("execute", None), ("refused", "22012")]


def test_a_refused_login_is_in_the_log(instruments: Instruments, login: Login) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(**{**login.keywords(), "password": "wrong"})  # type: ignore[arg-type]
    errors = instruments.step("login").log.errors
    assert [(error.severity, error.sqlstate) for error in errors] == [("FATAL", "28P01")]


def test_a_server_without_the_settings_is_refused(cluster: ThrowawayCluster) -> None:
    with pytest.raises(EnvironmentFault, match="JSON"):
        Instruments.attach(Login(**cluster.admin), tracked=[])


def test_attached_and_left_nothing_of_the_tool_remains(server: ThrowawayCluster, login: Login) -> None:
    Instruments.attach(login, tracked=[]).close()
    with connect(login, purpose="test") as observer:
        assert observer.value("SELECT count(*) FROM pg_replication_slots") == 0
        assert observer.value("SELECT count(*) FROM pg_extension WHERE extname = 'pg_walinspect'") == 0
