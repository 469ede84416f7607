"""The first real engine showed four defects at once: nothing had met more than the words of the commands before.

The official image starts a server of its own to set itself up, and asks it through its own socket folder: that folder
was not the server's any more, so no container came up; where it did, the first server was taken for the real one. The
engine's program was started without the variables and the PATH that it finds its service, its storage and iptables by.
And what the image said when it failed was thrown away. (The engine's part of ``test_environments`` shows the rest.)
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pg_dryrun import containers
from pg_dryrun.environments.container_words import ContainerNames

NAMES = ContainerNames(
    name="one-abcd",
    engine=Path("/usr/bin/podman"),
    image="postgres:18",
    socket_dir=Path("/private/s"),
    password_file=Path("/private/password"),
)


def test_the_set_up_server_is_on_another_port_and_in_its_own_socket_folder() -> None:
    words = NAMES.run({})
    assert "--env=PGPORT=5433" in words, "the image's set-up listens there"
    assert "port=5432" in words, "the real server does not"
    folders = next(word for word in words if word.startswith("unix_socket_directories="))
    assert folders.removeprefix("unix_socket_directories=").split(",") == ["/pgdryrun-sockets", "/var/run/postgresql"]


def test_what_the_image_says_is_kept_until_it_was_read() -> None:
    assert "--log-driver=none" not in NAMES.run({})
    assert NAMES.said() == ["/usr/bin/podman", "container", "logs", "--tail=20", NAMES.name]


def test_an_engine_gets_what_it_finds_its_service_by_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "podman"
    program.write_text("#!/bin/sh\nexec /usr/bin/env\n", encoding="ascii")
    program.chmod(0o700)
    for name, value in {"DOCKER_HOST": "unix:///run/d.sock", "HOME": "/var/me", "PGPASSWORD": "hidden"}.items():
        monkeypatch.setenv(name, value)
    seen = dict(line.split("=", 1) for line in containers.tell([str(program)]).splitlines())
    assert seen["DOCKER_HOST"] == "unix:///run/d.sock"
    assert seen["HOME"] == "/var/me"
    assert {"/usr/sbin", "/sbin"} <= set(seen["PATH"].split(":"))
    assert "PGPASSWORD" not in seen


def test_a_program_of_the_image_runs_with_the_engines_variables(tmp_path: Path) -> None:
    engine = tmp_path / "podman"
    engine.write_text('#!/bin/sh\nprintf "%s|%s" "$DOCKER_HOST" "$*"\n', encoding="ascii")
    engine.chmod(0o700)
    names = ContainerNames(
        name="x", engine=engine, image="postgres:18", socket_dir=tmp_path, password_file=tmp_path / "password"
    )
    program = tmp_path / "pg_dump"
    program.write_text(names.wrapper("pg_dump", [], {"DOCKER_HOST": "a b'c"}), encoding="utf-8")
    program.chmod(0o700)
    said = containers.tell([str(program), "--version"])
    assert said.startswith("a b'c|run --rm")
    assert said.endswith("--entrypoint=pg_dump postgres:18 --version")
