"""`pg-dryrun run`, `accept`, `clean`: programs that nobody here wrote, rehearsed from the outside (design 3.7)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.any_program_room import PGBENCH, PRODUCTION, PSQL, Answer, Dumps, Tool, dump_production

from pg_dryrun import processes
from pg_dryrun.observer import connect
from pg_dryrun.reader import create_reader
from pg_dryrun.subject import Login
from pg_embedded.cluster import ThrowawayCluster

BENCH = f"{PGBENCH} -i -q -s 1 >&2 && {PGBENCH} -n -c 2 -t "


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> Dumps:
    """Production, as pg_dump wrote it."""
    return dump_production(tmp_path_factory.mktemp("dumps"))


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """The command, with an empty folder of runs."""
    return Tool(home=tmp_path)


def sealed(tool: Tool, answer: Answer) -> bool:
    """Whether the evidence holds, by the tool's own word."""
    return bool(tool("check", str(answer.folder), "--json").shape["holds"])


def created(folder: Path) -> list[dict[str, Any]]:
    """What a run's ledger lists."""
    lines = (json.loads(line) for line in (folder / "created.jsonl").read_text().splitlines())
    return [line for line in lines if "created" in line]


def still_there(folder: Path) -> list[str]:
    """What of it can be found now: by path, or by process id and start time."""
    return [item["name"] for item in created(folder) if _is_there(item)]


def _is_there(item: dict[str, Any]) -> bool:
    if item["kind"] == "process":
        ticks = item["facts"]["start_ticks"]
        return ticks is not None and processes.start_ticks(item["facts"]["pid"]) == ticks
    return item["kind"] in {"directory", "file", "socket"} and os.path.lexists(item["name"])


def nothing_left(answer: Answer) -> bool:
    """Whether the run verified everything absent, and it is."""
    lines = (json.loads(line) for line in (answer.folder / "created.jsonl").read_text().splitlines())
    gone = {line["absent"] for line in lines if "absent" in line}
    things = {item["created"] for item in created(answer.folder)}
    return bool(things) and gone == things and still_there(answer.folder) == []


def test_pgbench_is_rehearsed_accepted_and_a_changed_run_fails_with_a_diff(tool: Tool, dumps: Dumps) -> None:
    first = tool.run(dumps.plain, "bench", "sh", "-c", BENCH + "100")
    assert first.code == 0, first.shape["summary"]
    rows = first.program["rows"]
    assert rows["public.pgbench_accounts"]["inserted"] == 100_000
    assert rows["public.pgbench_accounts"]["rows_after"] == 100_000
    assert rows["public.pgbench_accounts"]["updated"] == 200
    assert rows["public.pgbench_tellers"] | {"inserted": 10, "updated": 200} == rows["public.pgbench_tellers"]
    assert rows["public.pgbench_history"]["inserted"] == 200
    said = {item["text"]: item["times"] for item in first.program["statements"]}
    assert said["UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2;"] == 200
    assert not any("filler" in text and "'" in text for text in said)
    assert "TRUNCATE public.pgbench_history" in first.warnings()
    assert sealed(tool, first)
    assert nothing_left(first)

    accepted = tool("accept", str(first.folder), "-o", "expected.toml", "--json")
    assert accepted.code == 0, accepted.err
    text = (tool.home / "expected.toml").read_text()
    assert '[rows."public.pgbench_history"]\ninserted = 200\ntruncated = 1\n' in text

    same = tool.run(dumps.plain, "bench", "sh", "-c", BENCH + "100", options=("--expect", "expected.toml"))
    assert (same.code, same.check("P-07")["detail"]) == (0, "no difference"), same.program["differences"]
    changed = tool.run(dumps.plain, "bench", "sh", "-c", BENCH + "120", options=("--expect", "expected.toml"))
    assert (changed.code, changed.shape["verdict"]) == (1, "PRODUCT_FAIL")
    assert "! rows public.pgbench_history inserted: accepted 200, found 240" in changed.program["differences"]
    assert sealed(tool, changed)
    page = (changed.folder / "report.html").read_text()
    assert "accepted 200, found 240" in page
    assert "accepted 200, found 240" in (changed.folder / "report.md").read_text().replace("\\", "")
    assert "P-07" in (changed.folder / "junit.xml").read_text()


def test_a_script_that_rewrites_a_table_is_seen_and_warned_of(tool: Tool, dumps: Dumps) -> None:
    script = tool.home / "migration.sql"
    script.write_text(
        "BEGIN;\n"
        "INSERT INTO shop.item (name, price) VALUES ('a secret of production', 5);\n"
        "ALTER TABLE shop.item ALTER price TYPE bigint;\n"
        "COMMIT;\n"
        "ALTER TABLE shop.sale ADD COLUMN note text;\n"
        "CREATE INDEX sale_at ON shop.sale (at);\n"
        "CREATE TABLE shop.report AS SELECT item, count(*) FROM shop.sale GROUP BY 1;\n"
        "SELECT nextval('shop.sale_id_seq');\n"
        "INSERT INTO shop.scratch VALUES (1);\n"
        "REFRESH MATERIALIZED VIEW shop.sold;\n"
        "BEGIN; DELETE FROM shop.sale; ROLLBACK;\n"
    )
    seen = tool.run(dumps.custom, "app", PSQL, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "migration.sql")
    assert seen.code == 0, seen.shape["summary"]
    program = seen.program
    assert program["rows"]["shop.item"]["inserted"] == 1
    assert program["rows"]["shop.report"]["inserted"] == 500
    assert "shop.sale" not in program["rows"], "rolled-back work is none"
    assert program["transactions_rolled_back"] == 1
    assert program["sequences"] == {"shop.item_id_seq": 1, "shop.sale_id_seq": 1}
    assert program["dark_writes"] == ["unlogged: shop.scratch"]
    assert any(line.startswith("columns: - shop.item #3 price integer") for line in program["schema"])
    assert any(line.startswith("columns: + shop.sale #4 note text") for line in program["schema"])
    warned = seen.warnings()
    assert {"TABLE_REWRITE shop.item", "INDEX_BLOCKS_WRITES shop.sale", "SCHEMA_CHANGED", "OUTSIDE_TRANSACTION"} <= set(
        warned
    )
    assert "TABLE_REWRITE shop.sale" not in warned, "a column without a default is added without a rewrite"
    locks = {item["relation"]: item for item in program["exclusive_locks"]}
    assert {"shop.item", "shop.sale", "shop.sold"} <= set(locks)
    assert "shop.report" not in locks, "nobody could wait for what was not there before"
    assert locks["shop.item"]["longest_ms"] > 0
    assert locks["shop.item"]["unknown"] == 0
    everything = b"".join(path.read_bytes() for path in seen.folder.iterdir())
    assert b"a secret of production" not in everything


def test_a_python_writer_gets_the_clone_and_nothing_of_production(tool: Tool, dumps: Dumps) -> None:
    code = """
import os, psycopg
print(sorted(name for name in os.environ))
print(os.environ["DATABASE_URL"] == os.environ["SHOP_DSN"], os.environ["PGHOST"].startswith("/"))
print(os.environ["PGPASSWORD"])
with psycopg.connect(os.environ["SHOP_DSN"]) as one:
    one.execute("INSERT INTO shop.item (name, price) SELECT 'n' || g, g FROM generate_series(1, 7) g")
    one.execute("UPDATE shop.item SET price = %s WHERE id <= %s", [0, 3])
with psycopg.connect("") as two:
    two.execute("DELETE FROM shop.sale")
    two.rollback()
"""
    seen = tool.python(dumps.custom, code, options=("--url-as", "SHOP_DSN", "--env", "COLOUR=red"))
    assert seen.code == 0, seen.shape["summary"]
    assert seen.program["rows"] == {
        "shop.item": {
            "inserted": 7,
            "updated": 3,
            "deleted": 0,
            "truncated": 0,
            "rows_before": 1000,
            "rows_after": 1007,
        }
    }
    names, checks, password = (seen.folder / "command.stdout.txt").read_text().splitlines()
    assert "PGSERVICE" not in names
    assert "COLOUR" in names
    assert checks == "True True"
    assert password == "[secret password of app]"
    assert "PRINTED_SECRET stdout" in seen.warnings()
    assert (seen.program["sessions"], seen.program["transactions_rolled_back"]) == (2, 1)


def test_a_command_that_hangs_is_killed_with_all_it_started(tool: Tool, dumps: Dumps) -> None:
    code = """
import subprocess, sys, psycopg
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid, flush=True)
one = psycopg.connect("")
one.execute("INSERT INTO shop.item (name) VALUES ('never committed')")
one.execute("SELECT pg_sleep(600)")
"""
    seen = tool.python(dumps.plain, code, options=("--timeout", "3"))
    assert (seen.code, seen.shape["verdict"]) == (1, "PRODUCT_FAIL")
    assert "no end within 3 s" in seen.check("P-03")["detail"]
    record = json.loads((seen.folder / "report.json").read_bytes())
    assert record["root_cause"]["error_type"] == "COMMAND_HANGS"
    assert (seen.program["timed_out"], seen.program["exit_status"], len(seen.program["survivors"])) == (True, None, 2)
    assert seen.program["rows"] == {}
    assert any("pg_sleep" in item["text"] for item in seen.program["statements"])
    assert processes.start_ticks(int((seen.folder / "command.stdout.txt").read_text())) is None
    assert nothing_left(seen)
    assert tool("accept", str(seen.folder)).code == 2


DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)"], {})
    os._exit(0)
os.wait()
import psycopg
psycopg.connect("").close()
"""


def test_a_daemon_that_hides_from_group_session_and_environment_is_found(tool: Tool, dumps: Dumps) -> None:
    seen = tool.python(dumps.plain, DAEMON)
    assert (seen.code, seen.shape["verdict"]) == (1, "PRODUCT_FAIL")
    assert seen.check("P-04")["status"] == "Failed"
    (left,) = seen.program["survivors"]
    assert processes.start_ticks(int(left.rpartition("pid ")[2].rstrip(")"))) is None
    assert seen.program["exit_status"] == 0
    assert nothing_left(seen)


def test_a_killed_run_is_cleaned_by_its_ledger_and_others_stay(tool: Tool, dumps: Dumps) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    script = tool.home / "writer.py"
    script.write_text(code)
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    run = subprocess.Popen(
        tool.argv("run", "--dump", str(dumps.plain), "--as", "app", "--", sys.executable, str(script)),
        env=tool.environment(),
        cwd=tool.home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        folder = wait_for_the_command(tool.home / "runs")
        assert tool("clean", str(folder)).code == 2, "a run that is under way is no left-over"
        os.kill(run.pid, signal.SIGKILL)
        run.wait(timeout=10)
        assert still_there(folder) != []
        cleaned = tool("clean", str(folder), "--json")
        assert (cleaned.code, cleaned.shape["net_zero"]) == (0, True), cleaned.out
        assert any("the command" in item["name"] and "ended by" in item["detail"] for item in cleaned.shape["items"])
        assert still_there(folder) == []
        assert bystander.poll() is None
        again = tool("clean", "--all", "--json")
        assert (again.code, again.shape["items"]) == (0, [])
    finally:
        bystander.kill()
        bystander.wait()


def wait_for_the_command(out: Path) -> Path:
    """The folder of the only run in ``out``, once its command and that one's child are in the ledger."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        for ledger in out.glob("*/created.jsonl"):
            if sum("of the command" in line for line in ledger.read_text().splitlines()) >= 2:
                return ledger.parent
        time.sleep(0.1)
    raise AssertionError("the command never started")


def test_status_errors_and_silence_have_names(tool: Tool, dumps: Dumps) -> None:
    failing = tool.run(dumps.plain, "app", PSQL, "-X", "-v", "ON_ERROR_STOP=1", "-c", "SELECT 1 / 0")
    assert (failing.code, failing.shape["verdict"]) == (1, "PRODUCT_FAIL")
    record = json.loads((failing.folder / "report.json").read_bytes())
    assert (record["failed_check"], record["root_cause"]["sqlstate"]) == ("P-05", "22012")
    ignoring = tool.run(dumps.plain, "app", PSQL, "-X", "-c", "SELECT 1 / 0", "-c", "SELECT 1")
    assert ignoring.code == 0
    assert set(ignoring.warnings()) == {"ERROR_IGNORED 22012", "WROTE_NOTHING"}
    elsewhere = tool.run(dumps.plain, "app", "true")
    assert (elsewhere.code, elsewhere.check("P-06")["status"]) == (1, "Failed")
    assert "never connected" in elsewhere.shape["summary"]


def test_hundreds_of_sessions_are_named(tool: Tool, dumps: Dumps) -> None:
    code = """
import psycopg
open_ones = []
try:
    for number in range(300):
        open_ones.append(psycopg.connect(""))
except psycopg.OperationalError as error:
    print(len(open_ones), error)
"""
    seen = tool.python(dumps.plain, code)
    assert seen.code == 0, seen.shape["summary"]
    assert seen.program["sessions_at_once"] > 80
    codes = {item["code"] for item in seen.program["warnings"]}
    assert {"MANY_SESSIONS", "CONNECTIONS_REFUSED", "ERROR_IGNORED", "WROTE_NOTHING"} <= codes
    assert nothing_left(seen)


def test_waits_and_deadlocks_are_measured_not_sampled(tool: Tool, dumps: Dumps) -> None:
    code = """
import threading, time, psycopg
one, two = psycopg.connect(""), psycopg.connect("")
one.execute("LOCK TABLE shop.item IN ACCESS EXCLUSIVE MODE")
waiter = threading.Thread(target=lambda: two.execute("UPDATE shop.item SET price = 1 WHERE id = 1"))
waiter.start()
time.sleep(0.5)
one.commit()
waiter.join()
two.commit()
"""
    seen = tool.python(dumps.plain, code, options=("--long-lock", "400"))
    assert seen.code == 0, seen.shape["summary"]
    (lock,) = seen.program["exclusive_locks"]
    assert (lock["relation"], lock["times"]) == ("shop.item", 1)
    assert 450 <= lock["longest_ms"] < 5000
    (wait,) = seen.program["lock_waits"]
    assert (wait["mode"], wait["target"]) == ("RowExclusiveLock", "relation shop.item of database 5") or wait[
        "target"
    ].startswith("relation shop.item")
    assert 400 <= wait["longest_ms"] < 5000
    assert {"LONG_EXCLUSIVE_LOCK", "LOCK_WAIT"} <= {item["code"] for item in seen.program["warnings"]}


def replaced(old: str, new: str) -> Callable[[str], str]:
    """A damage to a dump."""
    return lambda text: text.replace(old, new)


POSTGIS = "\nCREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;\nCREATE SCHEMA shop;"


@pytest.mark.parametrize(
    ("make", "code", "check", "words"),
    [
        pytest.param(lambda text: text[: len(text) // 2], 3, "G-06", "cut short", id="truncated"),
        pytest.param(lambda text: text[:0], 3, "G-06", "is empty", id="empty"),
        pytest.param(replaced("database version 18", "database version 12"), 5, "G-08", "version", id="other-major"),
        pytest.param(replaced("\nCREATE SCHEMA shop;", POSTGIS), 5, "G-08", "extension postgis", id="extension"),
        pytest.param(replaced("TABLE shop.item (", "TABEL shop.item ("), 5, "G-09", "syntax error", id="broken"),
    ],
)
def test_a_dump_that_cannot_be_used_is_a_named_result(
    tool: Tool, dumps: Dumps, make: Callable[[str], str], code: int, check: str, words: str
) -> None:
    bad = tool.home / "bad.sql"
    bad.write_text(make(dumps.plain.read_text()))
    seen = tool.run(bad, "app", PSQL, "-c", "SELECT 1")
    assert (seen.code, seen.check(check)["status"] != "Passed") == (code, True), seen.shape["summary"]
    assert words in seen.check(check)["detail"]
    assert seen.shape["program"] is None
    assert nothing_left(seen)


def test_another_major_version_can_be_allowed_and_is_declared(tool: Tool, dumps: Dumps) -> None:
    old = tool.home / "old.sql"
    old.write_text(dumps.plain.read_text().replace("database version 18", "database version 16"))
    seen = tool.run(old, "app", PSQL, "-c", "SELECT 1", options=("--other-major",))
    assert seen.code == 0, seen.shape["summary"]
    record = json.loads((seen.folder / "report.json").read_bytes())
    assert any("PostgreSQL 16" in line for line in record["environment"]["deviations"])


def test_roles(tool: Tool, dumps: Dumps) -> None:
    unknown = tool.run(dumps.plain, "nobody_knows", PSQL, "-c", "SELECT 1")
    assert (unknown.code, unknown.shape["verdict"]) == (3, "PLAN_FAIL")
    assert "it names: app; bench" in unknown.check("P-01")["detail"]
    fresh = tool.run(
        dumps.plain, "auditor", PSQL, "-v", "ON_ERROR_STOP=1", "-c", "TABLE shop.item", options=("--new-role",)
    )
    assert fresh.code == 1
    assert [item["sqlstate"] for item in fresh.program["errors"]] == ["42501"]
    own = tool.run(dumps.plain, "pgadmin", PSQL, "-c", "SELECT 1")
    assert (own.code, "own superuser" in own.check("P-01")["detail"]) == (3, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--as", "app", "--", "true"), 2, "no source"),
        (("--dump", "DUMP", "--as", "app", "--", "no-such-command"), 2, "command not found"),
        (("--dump", "DUMP", "--as", "app", "--", "./prod.sql"), 2, "command not found"),
        (("--dump", "DUMP", "--as", "app", "--env", "PGHOST=production", "--", "true"), 2, "set by the rehearsal"),
        (("--dump", "DUMP", "--as", "app", "--env", "NOT_THERE", "--", "true"), 2, "no such variable"),
        (("--dump", "DUMP", "--as", "app", "--expect", "none.toml", "--", "true"), 3, "none.toml"),
        (("--dump", "DATADIR", "--as", "app", "--", "true"), 3, "data directory"),
        (("--dump", "DUMP", "--as", "app", "--timeout", "0", "--", "true"), 2, "--timeout"),
        (("--dump", "DUMP", "--as", "app", "--tcp", "--no-network", "--", "true"), 2, "contradict"),
        (("--dump", "DUMP", "--", "true"), 2, "--as"),
    ],
)
def test_wrong_words_leave_no_folder(tool: Tool, dumps: Dumps, words: tuple[str, ...], code: int, said: str) -> None:
    (tool.home / "DATADIR").mkdir()
    (tool.home / "DATADIR" / "PG_VERSION").write_text("18\n")
    real = [str(dumps.plain) if word == "DUMP" else word for word in words]
    answer = tool("run", *real)
    assert (answer.code, said in answer.err, "Traceback" in answer.err) == (code, True, False), answer.err
    assert not (tool.home / "runs").exists()


def test_an_interrupted_run_ends_the_command_and_tears_down(tool: Tool, dumps: Dumps) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    (tool.home / "writer.py").write_text(code)
    run = subprocess.Popen(
        tool.argv("run", "--json", "--dump", str(dumps.plain), "--as", "app", "--", sys.executable, "writer.py"),
        env=tool.environment(),
        cwd=tool.home,
        stdout=subprocess.PIPE,
        text=True,
    )
    folder = wait_for_the_command(tool.home / "runs")
    run.send_signal(signal.SIGTERM)
    out, _ = run.communicate(timeout=60)
    answer = Answer(code=run.returncode, out=out, err="")
    assert (answer.code, answer.shape["verdict"]) == (5, "INCOMPLETE")
    assert still_there(folder) == []


def test_production_may_be_a_server_named_by_a_plan(tool: Tool) -> None:
    """The source is read by a role that cannot write; the role of the command has its attributes and memberships."""
    with ThrowawayCluster.create(name="production", fresh_identity=True) as cluster:
        with connect(Login(**cluster.admin), purpose="test") as admin:
            admin.execute("CREATE DATABASE prod")
        login = Login(**cluster.admin_of("prod"))
        with connect(login, purpose="test", settings={"search_path": "public"}) as observer:
            observer.execute(PRODUCTION)
            observer.execute("REFRESH MATERIALIZED VIEW shop.sold")  # a dump holds no rows of it: it is refreshed
            observer.execute("RESET ROLE; ALTER ROLE app CREATEDB; ALTER ROLE app SET work_mem = '7MB'")
        reader = create_reader(login, role="dryrun_reader", password="q7-Rw_2mXa9-Tz_4Lk1")
        (tool.home / "reader.password").write_text(reader.password)
        (tool.home / "reader.password").chmod(0o600)
        assert tool("plan", "init", "prod.toml", "--kind", "dsn").code == 0
        plan = (tool.home / "prod.toml").read_text()
        for old, new in (("db.example", reader.host), ('"app"', '"prod"'), ("= 5432", f"= {reader.port}")):
            assert old in plan
            plan = plan.replace(old, new)
        (tool.home / "prod.toml").write_text(plan)
        words = (
            "SHOW work_mem",
            "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user",
            "DELETE FROM shop.sale",
        )
        said = [part for word in words for part in ("-c", word)]
        seen = tool("run", "--json", "--plan", "prod.toml", "--as", "app", "--", PSQL, "-X", "-At", *said)
        assert seen.code == 0, seen.check("G-09")["detail"]
        with connect(login, purpose="test", read_only=True) as observer:
            assert observer.value("SELECT count(*) FROM shop.sale") == 500
    assert (seen.folder / "command.stdout.txt").read_text().split() == ["7MB", "t", "DELETE", "500"]
    assert seen.program["rows"]["shop.sale"]["deleted"] == 500
    assert seen.check("G-05")["detail"].startswith("role dryrun_reader")
    assert nothing_left(seen)


def test_the_network_can_be_taken_away(tool: Tool, dumps: Dumps) -> None:
    code = """
import socket, psycopg
listener = socket.socket()
try:
    listener.bind(("127.0.0.1", 0)); listener.listen()
    socket.create_connection(listener.getsockname(), timeout=2).close()
    print("a network")
except OSError:
    print("no network")
psycopg.connect("").close()
"""
    seen = tool.python(dumps.plain, code, options=("--no-network",))
    if seen.code == 5:
        assert "cannot be taken away" in seen.shape["summary"]
        return
    assert seen.code == 0, seen.shape["summary"]
    assert (seen.folder / "command.stdout.txt").read_text() == "no network\n"
    assert seen.program["network"] is False


def test_a_program_that_knows_no_socket_comes_by_tcp(tool: Tool, dumps: Dumps) -> None:
    """A child that is killed in the middle of a transaction included: its connection ends with it."""
    code = """
import os, subprocess, sys, psycopg
from urllib.parse import parse_qs, urlsplit
jdbc = urlsplit(os.environ["JDBC_DATABASE_URL"].removeprefix("jdbc:"))
asked = {name: values[0] for name, values in parse_qs(jdbc.query).items()}
assert (jdbc.hostname, str(jdbc.port), jdbc.path) == (os.environ["PGHOST"], os.environ["PGPORT"], "/prod")
where = {"host": jdbc.hostname, "port": jdbc.port, "dbname": "prod", **asked}
if sys.argv[1:]:
    held = psycopg.connect(**where)
    held.execute("UPDATE shop.item SET price = 1")
    os.kill(os.getpid(), 9)
with psycopg.connect(**where) as one:
    one.execute("INSERT INTO shop.item (name, price) SELECT 'n' || g, g FROM generate_series(1, 5000) g")
with psycopg.connect(os.environ["DATABASE_URL"]) as two:
    print(len(two.execute("SELECT repeat('x', 1000) FROM generate_series(1, 5000)").fetchall()), two.info.host)
print(subprocess.run([sys.executable, __file__, "killed"]).returncode)
"""
    script = tool.home / "by_tcp.py"
    script.write_text(code)
    seen = tool.run(dumps.custom, "app", sys.executable, str(script), options=("--tcp",))
    assert seen.code == 0, seen.shape["summary"]
    assert (seen.folder / "command.stdout.txt").read_text() == "5000 127.0.0.1\n-9\n"
    assert seen.program["rows"]["shop.item"]["inserted"] == 5000
    assert seen.program["rows"]["shop.item"]["updated"] == 0
    assert seen.program["sessions"] == 3
    record = json.loads((seen.folder / "report.json").read_text())
    assert any("by TCP" in line for line in record["environment"]["deviations"])


def test_accept_refuses_what_cannot_be_relied_upon(tool: Tool, dumps: Dumps) -> None:
    seen = tool.run(dumps.plain, "app", PSQL, "-X", "-q", "-c", "INSERT INTO shop.item (name) VALUES ('x')")
    assert seen.code == 0, seen.shape["summary"]
    assert tool("accept", str(seen.folder), "--spread", "10").code == 0
    assert '"shop.item_id_seq" = "0..2"' in (tool.home / "expectations.toml").read_text()
    again = tool("accept", str(seen.folder))
    assert (again.code, "is there already" in again.err) == (2, True)
    assert tool("accept", str(seen.folder), "--replace").code == 0
    report = seen.folder / "report.json"
    report.write_text(report.read_text().replace('"inserted": 1', '"inserted": 2'))
    changed = tool("accept", str(seen.folder), "--replace")
    assert (changed.code, "does not hold" in changed.err) == (2, True)
