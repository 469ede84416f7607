"""The shape of a throw-away PostgreSQL: what every lender must keep (today: the embedded one)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pg_dryrun.clones import GoldenCopy
from pg_dryrun.environments.embedded import EmbeddedLender
from pg_dryrun.environments.interface import Environment, Lender
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.ledger import RunLedger
from pg_dryrun.subject import Login


@pytest.fixture(params=[EmbeddedLender], ids=lambda lender: str(lender.name))
def lender(request: pytest.FixtureRequest) -> Lender:
    made: Lender = request.param()
    return made


@pytest.fixture
def environment(lender: Lender) -> Iterator[Environment]:
    with lender.lend("original") as lent:
        yield lent


def ask(login: Login, query: str) -> object:
    with psycopg.connect(**login.keywords()) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_a_lent_environment_answers_its_superuser(environment: Environment) -> None:
    assert ask(environment.admin, "select rolsuper from pg_roles where rolname = current_user") is True
    assert ask(environment.admin, "select current_setting('cluster_name')") == "pg-dryrun-original"
    version = ask(environment.admin, "select current_setting('server_version_num')::int")
    assert version == pytest.approx(environment.major * 10000, abs=99)


def test_its_identity_is_the_servers_own_word(environment: Environment) -> None:
    told = ask(environment.admin, "select system_identifier::text from pg_control_system()")
    assert environment.system_identifier == told
    assert environment.identity.system_identifier == told
    started = ask(environment.admin, "select to_char(pg_postmaster_start_time() at time zone 'UTC', 'YYYY-MM-DD')")
    assert environment.identity.start_time.startswith(str(started))


def test_nothing_listens_on_a_network(environment: Environment) -> None:
    assert ask(environment.admin, "select current_setting('listen_addresses')") == ""
    listening = Path(f"/proc/{environment.identity.pid}/net/tcp").read_text().splitlines()[1:]
    links = [str(link.readlink()) for link in Path(f"/proc/{environment.identity.pid}/fd").iterdir()]
    sockets = {link for link in links if link.startswith("socket:")}
    inodes = {f"socket:[{line.split()[9]}]" for line in listening}
    assert sockets, "the server has no socket at all: the look was blind"
    assert sockets & inodes == set()


def test_a_wrong_password_is_refused_even_on_the_private_socket(environment: Environment) -> None:
    wrong = environment.admin.keywords() | {"password": "not it"}
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**wrong)


def test_an_identity_of_its_own_differs_from_every_other(lender: Lender, environment: Environment) -> None:
    with lender.lend("production", own_identity=True) as first, lender.lend("other", own_identity=True) as second:
        identifiers = {environment.system_identifier, first.system_identifier, second.system_identifier}
    assert len(identifiers) == 3


def test_stop_and_start_keep_data_and_logins(environment: Environment) -> None:
    login = environment.admin
    with psycopg.connect(**login.keywords()) as connection:
        connection.execute("create table kept as select 1 as n")
    environment.stop()
    assert not environment.running
    with pytest.raises(EnvironmentFault):
        _ = environment.identity
    environment.start()
    assert ask(login, "select n from kept") == 1


def test_what_was_committed_survives_a_crash(environment: Environment) -> None:
    with psycopg.connect(**environment.admin.keywords()) as connection:
        connection.execute("create table kept as select generate_series(1, 1000) as n")
        connection.commit()
        connection.execute("insert into kept values (0)")  # not committed
        environment.crash()
        environment.start()
        connection.close()
    assert ask(environment.admin, "select count(*) from kept") == 1000


def test_a_running_environment_is_not_copied(environment: Environment) -> None:
    with pytest.raises(EnvironmentFault, match="running"):
        environment.clone("torn")


def test_clones_are_alike_and_apart(environment: Environment) -> None:
    with psycopg.connect(**environment.admin.keywords()) as connection:
        connection.execute("create table kept as select 1 as n")
    golden = GoldenCopy(environment)
    with golden.lend("one") as one, golden.lend("two", settings={"work_mem": "7MB"}) as two:
        assert one.system_identifier == two.system_identifier == golden.system_identifier
        with psycopg.connect(**one.admin.keywords()) as connection:
            connection.execute("insert into kept values (2)")
        assert ask(one.admin, "select count(*) from kept") == 2
        assert ask(two.admin, "select count(*) from kept") == 1
        assert ask(two.admin, "select current_setting('work_mem')") == "7MB"
    with pytest.raises(EnvironmentFault, match="already"):
        golden.take("one")
    assert [clone.name for clone in golden.clones] == ["one", "two"]
    assert all(clone.returned is not None and clone.returned.verified_absent for clone in golden.clones)
    assert set(golden.methods) <= {"reflink", "overlayfs", "plain copy"}
    assert golden.methods


def test_the_server_log_has_every_statement(lender: Lender) -> None:
    settings = {"logging_collector": "on", "log_destination": "jsonlog", "log_statement": "all"}
    with lender.lend("logged", settings=settings) as environment:
        assert ask(environment.admin, "select 'a canary'") == "a canary"
        environment.stop()  # the collector has then written all
        lines = [json.loads(line) for line in environment.server_log.read_text().splitlines()]
    assert [line["message"] for line in lines if "canary" in line.get("message", "")] == [
        "statement: select 'a canary'"
    ]
    assert not [line for line in lines if "SCRAM-SHA-256$" in json.dumps(line)]


def test_everything_is_announced_and_gone_after_close(lender: Lender, tmp_path: Path) -> None:
    ledger = RunLedger.create(tmp_path / "ledger.jsonl", run_id="test")
    environment = lender.lend("noted", ledger=ledger)
    pid = environment.identity.pid
    environment.stop()
    clone = environment.clone("noted-clone")
    assert {str(pid), str(clone.identity.pid)} <= {str(entry.facts.get("pid")) for entry in ledger.live()}
    returned = (clone.close(), environment.close())
    assert all(facts.verified_absent for facts in returned)
    assert environment.close() is not None, "a second close says the same"
    teardown = ledger.teardown()
    assert teardown.items
    assert teardown.net_zero


def test_the_description_says_what_was_reached(environment: Environment) -> None:
    facts = environment.describe()
    assert (facts.name, facts.lender) == ("original", environment.describe().lender)
    assert facts.server_version.startswith(str(environment.major))
    assert facts.clone_method in {"reflink", "overlayfs", "plain copy"}
    assert json.loads(json.dumps(dict(facts.facts)))["isolation"]["no_new_privileges"] is True
    assert environment.admin.password not in json.dumps(dict(facts.facts))


def test_a_setting_that_the_server_refuses_is_a_clear_fault(lender: Lender) -> None:
    with pytest.raises(EnvironmentFault, match="shared_buffers"):
        lender.lend("broken", settings={"shared_buffers": "a lot"})
