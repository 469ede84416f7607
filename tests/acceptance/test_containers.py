"""The container files: valid, each service with the secrets of its lane and no other, and the same wiring without an
engine, on a real server. Where an engine answers the image is built and looked at."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from cutter_agent import config
from cutter_agent.model import Lane
from pg_embedded.cluster import ThrowawayCluster
from sealing.keys import SigningKey

ROOT = Path(__file__).resolve().parents[2]
NO_ENGINE = 3
LAW = "Luật số: 12/2020/QH14\nLUẬT THỬ\nĐiều 1. Phạm vi\nLuật này.\nĐiều 2. Hiệu lực\nNgay.\n"
SECRETS: Mapping[Lane, frozenset[str]] = {
    Lane.EXEC: frozenset({"exec_db_password", "exec_signing_key"}),
    Lane.VERIFY: frozenset({"verify_db_password", "verify_signing_key"}),
}


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8")))


def test_the_compose_file_is_one_by_the_specification() -> None:
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_service_has_both_lanes_secrets_and_only_set_up_has_the_administrators() -> None:
    document = compose()
    given = {name: set(service["secrets"]) for name, service in document["services"].items()}
    private = {lane: {name for name, secrets in given.items() if secrets & SECRETS[lane]} for lane in Lane}
    assert private == {Lane.EXEC: {"exec", "setup"}, Lane.VERIFY: {"verify", "setup"}}
    assert {name for name, secrets in given.items() if "admin_password" in secrets} == {"database", "setup"}
    assert not given["setup"] & {"exec_signing_key", "verify_signing_key"}
    assert set().union(*given.values()) == set(document["secrets"])


def test_services_are_not_root_write_nowhere_else_publish_nothing_and_are_looked_after() -> None:
    document = compose()
    ours = {name: service for name, service in document["services"].items() if name != "database"}
    for name, service in ours.items():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert name == "setup" or service["healthcheck"]["test"][0] == "CMD"
    assert all("ports" not in service for service in document["services"].values())
    assert document["networks"]["ledger"]["internal"] is True
    users = re.findall(r"^USER (\S+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert users == ["cutter"]


def test_every_key_that_the_files_set_is_one_that_the_program_reads() -> None:
    text = (ROOT / "compose.yaml").read_text("utf-8") + (ROOT / "deploy" / "with-secrets").read_text("utf-8")
    text += (ROOT / "Dockerfile").read_text("utf-8")
    reference = (ROOT / "docs" / "reference" / "configuration.md").read_text("utf-8")
    used = set(re.findall(r"DOT_CUTTER_[A-Z_]+", text))
    assert set(config.DATABASE_KEYS) <= used
    assert {key for key in used if key not in reference} == set()


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "deploy/with-secrets", "scripts/image.sh"])
def test_no_file_names_a_registry(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    images = re.findall(r"(?:_IMAGE:-|PYTHON=|image: )([\w./-]+:[\w.-]+)", text)
    assert [image for image in images if "/" in image] == []


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A server of the right kind, and one folder of secrets for each service of the compose file."""

    folder: Path
    place: Mapping[str, str]

    def run(self, service: str, *words: str) -> subprocess.CompletedProcess[str]:
        """A command as the service would run it: its environment, its secrets, the entry point of the image."""
        declared = compose()["services"][service]
        mounted = self.folder / service
        mounted.mkdir(exist_ok=True)
        for secret in declared["secrets"]:
            (mounted / secret).write_bytes((self.folder / "secrets" / secret).read_bytes())
        (self.folder / "private").mkdir(exist_ok=True)
        environment = {
            **declared["environment"],
            **self.place,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]),
            "HOME": str(self.folder / f"{service}-home"),
            "SECRETS_DIR": str(mounted),
            "PRIVATE_DIR": str(self.folder / "private"),
        }
        if "PYTHONPATH" in os.environ:
            environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
        command = [str(ROOT / "deploy" / "with-secrets"), *(words or declared["command"])]
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=240, check=False
        )


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for word in ("exec", "verify"):
        key = SigningKey.generate()
        key.save(secrets / f"{word}_signing_key")
        (secrets / f"{word}_public_key").write_bytes(key.public.pem())
    for name in ("exec_db_password", "verify_db_password", "queue_db_password"):
        (secrets / name).write_text(f"{name}-4f1c9d72")
    with ThrowawayCluster.create(name="containers") as cluster:
        with psycopg.connect(**cluster.admin, autocommit=True) as admin:
            admin.execute("CREATE DATABASE ledger TEMPLATE template0")
        (secrets / "admin_password").write_text(str(cluster.admin["password"]))
        place = {
            "DOT_CUTTER_DB_SSLMODE": "disable",
            "DOT_CUTTER_DB_HOST": str(cluster.admin["host"]),
            "DOT_CUTTER_DB_PORT": str(cluster.admin["port"]),
        }
        yield Deployment(folder=tmp_path, place={**place, "PGUSER": str(cluster.admin["user"])})


def test_the_services_do_their_own_work_with_what_they_are_given_and_not_the_other_lanes(
    deployment: Deployment,
) -> None:
    (deployment.folder / "law.txt").write_text(LAW, "utf-8")
    for service, words in (
        ("setup", ()),
        ("exec", ("iu-cutter", "queue", "add", str(deployment.folder / "law.txt"))),
        ("exec", ("iu-cutter", "worker", "--lane", "exec", "--until-empty")),
        ("verify", ("iu-cutter", "worker", "--lane", "verify", "--until-empty")),
        ("exec", tuple(compose()["services"]["exec"]["healthcheck"]["test"][2:])),
    ):
        done = deployment.run(service, *words)
        assert done.returncode == 0, (service, words, done.stdout, done.stderr)
    audited = deployment.run("verify", "iu-cutter", "audit", "--all")
    assert audited.returncode == 0, audited.stderr
    assert "verified_complete: holds" in audited.stdout
    refused = deployment.run("verify", "iu-cutter", "worker", "--lane", "exec", "--until-empty")
    assert refused.returncode == 4
    assert "DOT_CUTTER_EXEC_DB_USER" in refused.stdout + refused.stderr


def test_the_image_is_built_and_looked_at() -> None:
    """Nothing is pulled by a test: the base image is there, or it is skipped as if no engine were."""
    words = ["/bin/sh", str(ROOT / "scripts" / "image.sh")]
    known = os.environ | {"PULL": "never"}
    done = subprocess.run(words, cwd=ROOT, env=known, capture_output=True, text=True, timeout=280, check=False)
    if done.returncode == NO_ENGINE:
        said = done.stderr.strip()
        if "does not have" in said:
            pytest.skip(f"no container image: {said.removeprefix('image: ')}")
        pytest.skip(f"no container engine: {said}")
    assert done.returncode == 0, done.stdout + done.stderr
