"""The shape of a throw-away PostgreSQL: what every lender must keep, asked of each of them.

A lender of somebody else's server (``existing``) cannot stop or start it: then it must say so and leave it alone. The
part of Docker and Podman runs where an engine answers; the image is named by ``PG_DRYRUN_TEST_IMAGE``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pg_dryrun import commands, containers
from pg_dryrun.clones import GoldenCopy
from pg_dryrun.effects import Verb
from pg_dryrun.environments.container import ContainerLender
from pg_dryrun.environments.embedded import EmbeddedEnvironment, EmbeddedLender
from pg_dryrun.environments.existing import ExistingLender
from pg_dryrun.environments.interface import Environment, Lender
from pg_dryrun.environments.local import LocalLender
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.instruments import Instruments
from pg_dryrun.ledger import Kind, RunLedger
from pg_dryrun.observer import connect
from pg_dryrun.statements import SERVER_SETTINGS
from pg_dryrun.subject import Login
from pg_embedded import programs
from pg_embedded.cluster import ThrowawayCluster

METHODS = {
    "reflink",
    "overlayfs",
    "plain copy",
    "template database",
    "template database, file_copy_method clone",
    "template database, file_copy_method copy",
}


IMAGE_VARIABLE = "PG_DRYRUN_TEST_IMAGE"


@pytest.fixture(scope="module")
def somebody_elses() -> Iterator[ThrowawayCluster]:
    """A throw-away server that its owner has prepared for the instruments."""
    owned = {"wal_level": "logical", "logging_collector": "on", "log_destination": "jsonlog", "log_filename": "server"}
    owned["log_connections"] = "on"
    with ThrowawayCluster.create(name="owned", settings=owned, fresh_identity=True) as made:
        yield made


OURS = ["embedded", "local", "docker", "podman"]


@pytest.fixture(scope="module", params=[*OURS, "existing"])
def lender(request: pytest.FixtureRequest) -> Lender:
    match request.param:
        case "embedded":
            return EmbeddedLender()
        case "local":
            return LocalLender(bin_dir=programs.embedded().bin_dir)
        case "existing":
            return ExistingLender(Login(**request.getfixturevalue("somebody_elses").admin))
    image = os.environ.get(IMAGE_VARIABLE, "postgres:18")
    made = ContainerLender(request.param, image=image)
    try:
        engine = made.engine()
    except EnvironmentFault as fault:
        pytest.skip(f"no container engine: {fault.message}")
    if not containers.ask([str(engine), "image", "inspect", image]).ok:
        pytest.skip(f"no container image: {request.param} does not have {image}, and no test pulls one")
    return made


@pytest.fixture(scope="module")
def standing(lender: Lender, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """One for all tests that only look."""
    with lender.lend("standing", workdir=tmp_path_factory.mktemp("standing")) as lent:
        yield lent


@pytest.fixture
def environment(lender: Lender, tmp_path: Path) -> Iterator[Environment]:
    with lender.lend("original", workdir=tmp_path) as lent:
        yield lent


@pytest.fixture
def database(environment: Environment) -> Login:
    """A database made as a restore makes it, with a table of one row."""
    environment.announce(Kind.DATABASE, "kept")
    with connect(environment.admin, purpose="test") as observer:
        observer.execute("CREATE DATABASE kept")
    login = environment.login("kept")
    with connect(login, purpose="test") as observer:
        observer.execute("CREATE TABLE public.kept AS SELECT 1 AS n")
    return login


def ask(login: Login, query: str) -> object:
    with psycopg.connect(**login.keywords()) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_a_lent_environment_answers_its_superuser(standing: Environment) -> None:
    assert ask(standing.admin, "select rolsuper from pg_roles where rolname = current_user") is True
    version = ask(standing.admin, "select current_setting('server_version_num')::int")
    assert version == pytest.approx(standing.major * 10000, abs=99)
    if standing.ours:
        assert standing.name in str(ask(standing.admin, "select current_setting('cluster_name')"))


def test_its_identity_is_the_servers_own_word(standing: Environment) -> None:
    told = ask(standing.admin, "select system_identifier::text from pg_control_system()")
    assert standing.system_identifier == told
    assert standing.identity.system_identifier == told
    started = ask(standing.admin, "select to_char(pg_postmaster_start_time() at time zone 'UTC', 'YYYY-MM-DD')")
    assert standing.identity.start_time.startswith(str(started))


def test_nothing_of_ours_listens_on_a_network(standing: Environment) -> None:
    if not standing.ours:
        said = " ".join(standing.describe().deviations)
        assert "its network" in said, "somebody else's network is a declared deviation"
        return
    assert ask(standing.admin, "select current_setting('listen_addresses')") == ""
    listening = Path(f"/proc/{standing.identity.pid}/net/tcp").read_text().splitlines()[1:]
    links = [str(link.readlink()) for link in Path(f"/proc/{standing.identity.pid}/fd").iterdir()]
    sockets = {link for link in links if link.startswith("socket:")}
    inodes = {f"socket:[{line.split()[9]}]" for line in listening}
    assert sockets, "the server has no socket at all: the look was blind"
    assert sockets & inodes == set()


def test_a_wrong_password_is_refused_even_on_the_private_socket(standing: Environment) -> None:
    wrong = standing.admin.keywords() | {"password": "not it"}
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**wrong)


def test_an_identity_of_its_own_differs_from_every_other(lender: Lender, standing: Environment, tmp_path: Path) -> None:
    if not standing.ours:
        with pytest.raises(EnvironmentFault, match="identity of its own"):
            lender.lend("production", own_identity=True, workdir=tmp_path)
        return
    with (
        lender.lend("production", own_identity=True, workdir=tmp_path) as first,
        lender.lend("other", own_identity=True, workdir=tmp_path) as second,
    ):
        identifiers = {standing.system_identifier, first.system_identifier, second.system_identifier}
    assert len(identifiers) == 3


def test_the_programs_are_of_the_servers_version(standing: Environment) -> None:
    for name in ("pg_dump", "pg_restore", "psql"):
        done = commands.check([standing.program(name), "--version"], timeout_s=60)
        assert f" {standing.major}." in done.stdout.decode()
    with pytest.raises(EnvironmentFault, match="pg_no_such"):
        standing.program("pg_no_such")


@pytest.mark.parametrize("lender", OURS, indirect=True)
def test_stop_and_start_keep_data_and_logins(environment: Environment, database: Login) -> None:
    environment.stop()
    assert not environment.running
    with pytest.raises(EnvironmentFault):
        _ = environment.identity
    assert environment.system_identifier
    environment.start()
    assert ask(database, "select n from kept") == 1


@pytest.mark.parametrize("lender", OURS, indirect=True)
def test_what_was_committed_survives_a_crash(environment: Environment, database: Login) -> None:
    with psycopg.connect(**database.keywords()) as connection:
        connection.execute("insert into kept select generate_series(2, 1000)")
        connection.commit()
        connection.execute("insert into kept values (0)")  # not committed
        environment.crash()
        environment.start()
        connection.close()
    assert ask(database, "select count(*) from kept") == 1000


@pytest.mark.parametrize("lender", OURS, indirect=True)
def test_a_running_environment_is_not_copied(environment: Environment) -> None:
    with pytest.raises(EnvironmentFault, match="running"):
        environment.clone("torn")


def test_clones_are_alike_and_apart(environment: Environment, database: Login) -> None:
    golden = GoldenCopy(environment)
    with golden.lend("one") as one, golden.lend("two", settings={"work_mem": "7MB"}) as two:
        assert one.system_identifier == two.system_identifier == golden.system_identifier
        logins = one.login("kept"), two.login("kept")
        with psycopg.connect(**logins[0].keywords()) as connection:
            connection.execute("insert into kept values (2)")
        assert [ask(login, "select count(*) from kept") for login in logins] == [2, 1]
        assert ask(logins[1], "select current_setting('work_mem')") == "7MB"
    with pytest.raises(EnvironmentFault, match="already"):
        golden.take("one")
    assert [clone.name for clone in golden.clones] == ["one", "two"]
    assert all(clone.returned is not None and clone.returned.verified_absent for clone in golden.clones)
    assert len(golden.methods) == 1
    assert golden.methods[0] in METHODS


def test_a_clone_has_every_instrument(environment: Environment, database: Login) -> None:
    golden = GoldenCopy(environment)
    with golden.lend("watched", settings=SERVER_SETTINGS) as clone:
        login = clone.login("kept")
        with Instruments.attach(login, tracked=["public.kept"]) as instruments:
            with psycopg.connect(**login.keywords()) as connection:
                connection.execute("insert into kept values (7), (8)")
            seen = instruments.step("write")
        assert seen.effects.totals(Verb.INSERT) == {"public.kept": 2}
        assert [item.text for item in seen.log.statements if item.text.startswith("insert")] == [
            "insert into kept values (7), (8)"
        ]
        assert b"insert into kept values (7), (8)" in clone.server_log.read_bytes()
        assert b"SCRAM-SHA-256$" not in clone.server_log.read_bytes()


def test_somebody_elses_server_is_never_stopped_and_keeps_what_it_had(
    somebody_elses: ThrowawayCluster, tmp_path: Path
) -> None:
    ledger = RunLedger.create(tmp_path / "ledger.jsonl", run_id="test")
    with connect(Login(**somebody_elses.admin), purpose="test") as observer:
        observer.execute("CREATE ROLE his")
    pid = somebody_elses.pid
    lent = ExistingLender(Login(**somebody_elses.admin)).lend("lent", workdir=tmp_path, ledger=ledger)
    for call in (lent.stop, lent.start, lent.crash):
        with pytest.raises(EnvironmentFault, match="somebody else"):
            call()
    lent.announce(Kind.ROLE, "his")  # is there already: not ours
    lent.close()
    assert ledger.teardown().net_zero
    assert (somebody_elses.pid, somebody_elses.running) == (pid, True)
    assert ask(lent.admin, "select count(*) from pg_roles where rolname = 'his'") == 1


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("ALTER DATABASE postgres SET app.stage = 'production'", "postgres: app.stage=production"),
        ("COMMENT ON DATABASE template1 IS 'Production of the team'", "template1: its comment says"),
        (
            (
                "CREATE TABLE public.deployment_mark AS SELECT 1 AS mark_seq, 'production' AS kind,"
                " system_identifier::text FROM pg_control_system()"
            ),
            "deployment_mark says that it is production",
        ),
    ],
)
def test_a_server_that_is_marked_as_production_is_not_lent(mark: str, words: str, tmp_path: Path) -> None:
    with ThrowawayCluster.create(name="marked") as server:
        login = Login(**server.admin)
        with connect(login, purpose="test") as observer:
            observer.execute(mark)
        with pytest.raises(EnvironmentFault, match="marked as production") as caught:
            ExistingLender(login).lend("lent", workdir=tmp_path)
        assert words in caught.value.message
        with connect(login, purpose="test") as observer:
            observer.execute("CREATE ROLE plain LOGIN PASSWORD 'plain-password'")
        with pytest.raises(EnvironmentFault, match="plain is no superuser"):
            ExistingLender(replace(login, user="plain", password="plain-password")).lend("lent", workdir=tmp_path)


def test_everything_is_announced_and_gone_after_close(lender: Lender, tmp_path: Path) -> None:
    ledger = RunLedger.create(tmp_path / "ledger.jsonl", run_id="test")
    environment = lender.lend("noted", ledger=ledger, workdir=tmp_path)
    for kind, name, words in (
        (Kind.ROLE, "noted_role", "CREATE ROLE noted_role"),
        (Kind.DATABASE, "noted_data", "CREATE DATABASE noted_data OWNER noted_role"),
    ):
        environment.announce(kind, name)
        with connect(environment.admin, purpose="test") as observer:
            observer.execute(words)
    if environment.restarts:
        environment.stop()
    clone = environment.clone("noted-clone")
    returned = (clone.close(), environment.close())
    assert all(facts.verified_absent for facts in returned)
    assert environment.close() is not None, "a second close says the same"
    teardown = ledger.teardown()
    assert teardown.items
    assert teardown.net_zero


def test_the_description_says_what_was_reached(lender: Lender, standing: Environment) -> None:
    facts = standing.describe()
    assert (facts.name, facts.lender) == (standing.name, lender.name)
    assert facts.server_version.startswith(str(standing.major))
    assert facts.clone_method
    assert standing.admin.password not in json.dumps(dict(facts.facts), default=str)
    if isinstance(standing, EmbeddedEnvironment):
        assert json.loads(json.dumps(dict(facts.facts)))["isolation"]["no_new_privileges"] is True


def test_a_setting_that_the_server_refuses_is_a_clear_fault(lender: Lender, tmp_path: Path) -> None:
    if isinstance(lender, ExistingLender):
        environment = lender.lend("strict", workdir=tmp_path)
        with environment, pytest.raises(EnvironmentFault, match=r"wal_level = minimal \(here logical\)"):
            environment.clone("broken", settings={"wal_level": "minimal"})
        return
    with pytest.raises(EnvironmentFault, match="shared_buffers"):
        lender.lend("broken", settings={"shared_buffers": "a lot"}, workdir=tmp_path)
