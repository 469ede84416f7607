"""Configuration by discrete keys (design 1.11): modes, missing keys, one lane's secret only."""

from __future__ import annotations

import dataclasses
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cutter_agent import __version__, config
from cutter_agent.errors import ConfigError, ConfigMissing
from cutter_agent.model import Lane

EXEC_SECRET = "the-executor-secret-0c1f"
VERIFY_SECRET = "the-verifier-secret-77aa"

FULL = {
    "DOT_CUTTER_DB_HOST": "db.example",
    "DOT_CUTTER_DB_PORT": "5433",
    "DOT_CUTTER_DB_NAME": "laws",
    "DOT_CUTTER_DB_SSLMODE": "verify-full",
    "DOT_CUTTER_EXEC_DB_USER": "cutter_exec",
    "DOT_CUTTER_EXEC_DB_PASSWORD": EXEC_SECRET,
    "DOT_CUTTER_VERIFY_DB_USER": "cutter_verify",
    "DOT_CUTTER_VERIFY_DB_PASSWORD": VERIFY_SECRET,
    "DOT_CUTTER_SWEEP_BATCH": "7",
    "DOT_CUTTER_EXEC_SIGNING_KEY": "/keys/exec.pem",
    "DOT_CUTTER_VERIFY_SIGNING_KEY": "/keys/verify.pem",
    "DOT_CUTTER_EXEC_PUBLIC_KEY": "/keys/exec.pub.pem",
    "DOT_CUTTER_VERIFY_PUBLIC_KEY": "/keys/verify.pub.pem",
}

NEEDED = {
    Lane.EXEC: (
        *config.PLACE_KEYS,
        "DOT_CUTTER_EXEC_DB_USER",
        "DOT_CUTTER_EXEC_DB_PASSWORD",
        "DOT_CUTTER_EXEC_SIGNING_KEY",
    ),
    Lane.VERIFY: (
        *config.PLACE_KEYS,
        "DOT_CUTTER_VERIFY_DB_USER",
        "DOT_CUTTER_VERIFY_DB_PASSWORD",
        "DOT_CUTTER_VERIFY_SIGNING_KEY",
        "DOT_CUTTER_EXEC_PUBLIC_KEY",
    ),
}


class RecordingEnvironment(dict[str, str]):
    """Remembers which values were looked at."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: object = None) -> object:  # type: ignore[override]
        self.read.add(name)
        return super().get(name, default)


@pytest.fixture(autouse=True)
def no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **keywords: object) -> None:
        raise AssertionError("configuration opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)


def test_no_database_key_is_the_embedded_mode() -> None:
    settings = config.Settings.from_environment({"DOT_CUTTER_HOME": "/somewhere", "PATH": "/bin"})
    assert settings.embedded
    assert settings.home == Path("/somewhere")
    assert settings.sweep_batch == config.DEFAULT_SWEEP_BATCH
    assert settings.max_input_bytes == 64 * 1024 * 1024


@pytest.mark.parametrize("name", config.DATABASE_KEYS)
def test_any_one_database_key_even_empty_ends_the_embedded_mode(name: str) -> None:
    for value in ("", "x"):
        with pytest.raises(ConfigMissing):
            config.Settings.from_environment({name: value})


def test_all_keys_give_the_lane_its_settings() -> None:
    settings = config.lane_settings(FULL, Lane.EXEC)
    assert settings.place == config.DatabasePlace(host="db.example", port=5433, dbname="laws", sslmode="verify-full")
    assert (settings.user, settings.password, settings.sweep_batch) == ("cutter_exec", EXEC_SECRET, 7)
    assert settings.signing_key == Path("/keys/exec.pem")
    verifier = config.lane_settings(FULL, Lane.VERIFY)
    assert (verifier.user, verifier.password) == ("cutter_verify", VERIFY_SECRET)
    assert verifier.exec_public_key == Path("/keys/exec.pub.pem")


@pytest.mark.parametrize(("lane", "name"), [(lane, name) for lane, names in NEEDED.items() for name in names])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_or_empty_key_is_named(lane: Lane, name: str, value: str | None) -> None:
    environment = {**FULL, name: value} if value is not None else {k: v for k, v in FULL.items() if k != name}
    with pytest.raises(ConfigMissing) as caught:
        config.lane_settings(environment, lane)  # type: ignore[arg-type]
    assert caught.value.key == name
    assert name in str(caught.value)


@pytest.mark.parametrize("lane", list(Lane))
def test_a_lane_never_looks_at_the_others_secret(lane: Lane) -> None:
    other = Lane.VERIFY if lane is Lane.EXEC else Lane.EXEC
    environment = RecordingEnvironment(FULL)
    settings = config.lane_settings(environment, lane)
    keys = config.LANE_KEYS[other]
    assert not environment.read & {keys.user, keys.password, keys.signing_key}
    assert FULL[keys.password] not in str(dataclasses.asdict(settings))
    without = {name: value for name, value in FULL.items() if name not in (keys.user, keys.password, keys.signing_key)}
    assert config.lane_settings(without, lane) == settings


@pytest.mark.parametrize("lane", list(Lane))
def test_a_childs_environment_has_one_lanes_secret(lane: Lane) -> None:
    child = config.environment_for({**FULL, "PATH": "/bin"}, lane)
    other = Lane.VERIFY if lane is Lane.EXEC else Lane.EXEC
    keys = config.LANE_KEYS[other]
    assert not child.keys() & {keys.user, keys.password, keys.signing_key}
    assert config.lane_settings(child, lane) == config.lane_settings(FULL, lane)
    assert child["PATH"] == "/bin"


def test_a_secret_is_in_no_repr_and_no_error() -> None:
    settings = config.lane_settings(FULL, Lane.EXEC)
    assert EXEC_SECRET not in repr(settings)
    assert EXEC_SECRET not in str(config.Settings.from_environment(FULL))
    with pytest.raises(ConfigError) as caught:
        config.lane_settings({**FULL, "DOT_CUTTER_DB_PORT": "many"}, Lane.EXEC)
    assert EXEC_SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOT_CUTTER_DB_PORT", "many"),
        ("DOT_CUTTER_DB_PORT", "0"),
        ("DOT_CUTTER_DB_PORT", "70000"),
        ("DOT_CUTTER_DB_SSLMODE", "perhaps"),
        ("DOT_CUTTER_SWEEP_BATCH", "0"),
        ("DOT_CUTTER_SWEEP_BATCH", "-3"),
        ("DOT_CUTTER_SWEEP_BATCH", "ten"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.lane_settings({**FULL, name: value}, Lane.EXEC)
    assert name in str(caught.value)
    assert caught.value.exit_code == 4


def test_a_relative_home_is_refused() -> None:
    with pytest.raises(ConfigError, match="DOT_CUTTER_HOME"):
        config.Settings.from_environment({"DOT_CUTTER_HOME": "somewhere"})


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A git checkout with the package's layout, of which ``config`` believes to run."""
    package = tmp_path / "src" / "cutter_agent"
    package.mkdir(parents=True)
    (package / "config.py").write_text("# here\n")
    for command in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "one"],
    ):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True, timeout=30)
    monkeypatch.setattr(config, "__file__", str(package / "config.py"))
    config.tool_revision.cache_clear()
    yield tmp_path
    config.tool_revision.cache_clear()


def _head(root: Path) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), "rev-parse", "HEAD"], check=True, timeout=30, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_the_revision_is_the_commit_of_the_checkout(checkout: Path) -> None:
    assert config.tool_revision() == _head(checkout)


def test_the_revision_says_dirty(checkout: Path) -> None:
    (checkout / "src" / "cutter_agent" / "config.py").write_text("# changed\n")
    assert config.tool_revision() == f"{_head(checkout)}-dirty"


def test_the_revision_of_an_installed_package_is_its_version(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = checkout / ".venv" / "lib" / "python3" / "site-packages" / "cutter_agent" / "config.py"
    monkeypatch.setattr(config, "__file__", str(installed))
    assert config.tool_revision() == __version__
