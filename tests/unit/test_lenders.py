"""Which lender a word means, and the words that a container engine is told: values only, no engine is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from pg_dryrun import containers
from pg_dryrun.environments import lenders
from pg_dryrun.environments.container import ContainerLender
from pg_dryrun.environments.container_words import ContainerNames
from pg_dryrun.environments.embedded import EmbeddedLender
from pg_dryrun.environments.existing import ExistingLender
from pg_dryrun.environments.local import LocalLender
from pg_dryrun.errors import EnvironmentFault, UsageError

NAMES = ContainerNames(
    name="pg-dryrun-1-rehearsal-ab",
    engine=Path("/usr/bin/docker"),
    image="registry.example/pg:17",
    socket_dir=Path("/private/run/s"),
    password_file=Path("/private/run/password"),
)


def test_a_word_means_a_lender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "a password")
    assert isinstance(lenders.chosen("embedded"), EmbeddedLender)
    assert isinstance(lenders.chosen("local"), LocalLender)
    assert isinstance(lenders.chosen("local:/usr/lib/postgresql/17/bin"), LocalLender)
    assert isinstance(lenders.chosen("existing:host=/run/pg user=me dbname=x"), ExistingLender)
    assert isinstance(lenders.chosen("existing:postgresql://me@db.example:5433/x?sslmode=require"), ExistingLender)
    for engine in ("docker", "podman"):
        lender = lenders.chosen(f"{engine}:postgres:17")
        assert isinstance(lender, ContainerLender)
        assert lender.name == engine


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("", "no lender"),
        ("embedded:x", "no lender"),
        ("local:", "no lender"),
        ("docker", "no lender"),
        ("dockr:postgres", "no lender"),
        ("existing:", "no lender"),
        ("existing:host=a password=b", "a password stands in the command"),
        ("existing:postgresql://me:secret@db/x", "a password stands in the command"),
        ("existing:user=me", "no host"),
        ("existing:host=a options=-c", "options"),
        ("existing:=", "existing: "),
        ("existing:host=a port=x", "port x"),
    ],
)
def test_another_word_is_a_usage_error(word: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "a password")
    with pytest.raises(UsageError) as caught:
        lenders.chosen(word)
    assert said in caught.value.message
    assert "secret" not in caught.value.message


def test_an_existing_server_needs_a_password_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    with pytest.raises(UsageError, match="no password"):
        lenders.chosen("existing:host=a")


def test_local_programs_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="cannot be run"):
        LocalLender(bin_dir=tmp_path).lend("x")
    with pytest.raises(EnvironmentFault, match="no server programs of PostgreSQL 7 on this machine"):
        LocalLender().lend("x", major=7)


def test_a_container_publishes_nothing_and_has_a_network_without_a_way_out() -> None:
    words = NAMES.run({"log_statement": "all", "listen_addresses": "*", "wal_level": "minimal"})
    assert words[:3] == ["/usr/bin/docker", "run", "--detach"]
    assert f"--name={NAMES.name}" in words
    assert f"--network={NAMES.name}" in words
    assert "--pull=never" in words
    assert not [word for word in words if word.startswith(("-p", "--publish", "--network=host", "--privileged"))]
    assert words.index(NAMES.image) < words.index("listen_addresses=")
    assert "listen_addresses=*" not in words, "where a server listens is not for settings to say"
    assert {"log_statement=all", "wal_level=minimal", "port=5432"} <= set(words)
    assert NAMES.create_network() == ["/usr/bin/docker", "network", "create", "--internal", NAMES.name]
    assert NAMES.create_volume() == ["/usr/bin/docker", "volume", "create", NAMES.name]


def test_no_secret_is_a_word() -> None:
    everything = [*NAMES.run({}), *NAMES.copy_volume_from("other"), NAMES.wrapper("pg_dump", [Path("/private")], {})]
    assert not [word for word in everything if "PASSWORD=" in word]
    assert "--env=PGPASSFILE " in NAMES.wrapper("pg_dump", [], {})


def test_a_volume_is_copied_without_a_network_and_the_original_is_only_read() -> None:
    words = NAMES.copy_volume_from("other")
    assert "--network=none" in words
    assert "--volume=other:/from:ro" in words
    assert f"--volume={NAMES.name}:/to" in words


def test_only_an_engine_is_ever_started(tmp_path: Path) -> None:
    program = tmp_path / "rm"
    program.write_text("#!/bin/sh\ntouch ran")
    program.chmod(0o700)
    with pytest.raises(EnvironmentFault, match="is no container engine"):
        containers.remove(str(program), "container", "x")
    with pytest.raises(EnvironmentFault):
        containers.known("", "container", "x")
