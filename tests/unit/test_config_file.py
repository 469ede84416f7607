"""The configuration file: what it fills in, what it refuses, and which of several sources wins."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cutter_agent import config, config_file
from cutter_agent.cli import configured, program
from cutter_agent.errors import ConfigError, ConfigMissing
from cutter_agent.model import Lane

WHOLE = """
home = "laws"
sweep_batch = 7
vocabulary = "~/words.toml"

[database]
host = "/var/run/postgresql"
port = 5433
name = "laws"
sslmode = "disable"

[exec]
user = "cutter_exec"
password = "not-to-be-seen"
signing_key = "keys/exec.pem"
"""


def _file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_file_fills_in_what_the_environment_does_not_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    found = config_file.read(_file(tmp_path, WHOLE))
    added = config_file.filled({config.DB_PORT: "99", "PATH": "/bin"}, found)
    assert added == {
        "DOT_CUTTER_HOME": str(tmp_path / "laws"),
        "DOT_CUTTER_SWEEP_BATCH": "7",
        "DOT_CUTTER_VOCABULARY": str(tmp_path / "words.toml"),
        "DOT_CUTTER_DB_HOST": "/var/run/postgresql",
        "DOT_CUTTER_DB_NAME": "laws",
        "DOT_CUTTER_DB_SSLMODE": "disable",
        "DOT_CUTTER_EXEC_DB_USER": "cutter_exec",
        "DOT_CUTTER_EXEC_DB_PASSWORD": "not-to-be-seen",
        "DOT_CUTTER_EXEC_SIGNING_KEY": str(tmp_path / "keys" / "exec.pem"),
    }
    assert "not-to-be-seen" not in repr(found)


@pytest.mark.parametrize(
    ("text", "words", "remedy"),
    [
        ("sweep_bach = 7", "'sweep_bach'", "sweep_batch"),
        ("[database]\nhots = 'x'", "'database.hots'", "database.host"),
        ("[exec]\npasword = 'x'", "'exec.pasword'", "exec.password"),
        ("host = 'x'", "'host'", "database.host"),
        ("[databse]\nhost = 'x'", "'databse'", "config show"),
        ("sweep_batch = 1.5", "sweep_batch", "sweep_batch = "),
        ("home = true", "home", "home = "),
        ("[database\nhost", "line 1", "config init"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_nearest_name(
    tmp_path: Path, text: str, words: str, remedy: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        config_file.read(_file(tmp_path, text))
    assert words in refused.value.message
    assert remedy in refused.value.remedy
    assert str(tmp_path) in refused.value.message


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_password_that_others_may_read_is_refused_and_not_told(tmp_path: Path, mode: int) -> None:
    path = _file(tmp_path, WHOLE, mode)
    with pytest.raises(ConfigError) as refused:
        config_file.read(path)
    assert refused.value.remedy == f"chmod 600 {path}"
    assert "not-to-be-seen" not in str(refused.value)
    assert config_file.read(_file(tmp_path, "sweep_batch = 3", mode)).values == {"DOT_CUTTER_SWEEP_BATCH": "3"}


def test_a_file_that_is_named_must_be_there_and_one_that_is_not_named_need_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_file, "default_path", lambda: tmp_path / "config.toml")
    assert config_file.find({}) is None
    with pytest.raises(ConfigError, match="cannot be read"):
        config_file.find({config_file.CONFIG: str(tmp_path / "nowhere.toml")})
    with pytest.raises(ConfigMissing):
        config_file.find({config_file.CONFIG: " "})
    own = _file(tmp_path, "sweep_batch = 3")
    assert config_file.find({}).path == own  # type: ignore[union-attr]
    assert config_file.find({config_file.CONFIG: config_file.NO_FILE}) is None
    other = tmp_path / "other.toml"
    other.write_text("sweep_batch = 4", encoding="utf-8")
    assert config_file.find({config_file.CONFIG: str(own)}, other).path == other  # type: ignore[union-attr]


def test_bytes_that_are_no_text_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"home = '\xff'")
    with pytest.raises(ConfigError, match="not UTF-8 at byte 8"):
        config_file.read(path)
    path.write_bytes(b"#" * (2 << 20))
    with pytest.raises(ConfigError, match="more than"):
        config_file.read(path)


def test_the_environment_is_as_it_was_when_the_command_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(config.SWEEP_BATCH, "9")
    monkeypatch.delenv(config.VOCABULARY, raising=False)
    monkeypatch.delenv(config_file.CONFIG, raising=False)
    before = dict(os.environ)
    path = _file(tmp_path, "sweep_batch = 3\nvocabulary = 'w.toml'")
    with configured.applied(path, command="cut"):
        assert os.environ[config.SWEEP_BATCH] == "9"
        assert os.environ[config.VOCABULARY] == str(tmp_path / "w.toml")
        assert os.environ[config_file.CONFIG] == config_file.NO_FILE, "a child process reads no file a second time"
        assert configured.from_file() == {config.VOCABULARY}
    assert dict(os.environ) == before


def test_a_broken_file_stops_every_command_but_the_one_that_is_asked_about_it(tmp_path: Path) -> None:
    path = _file(tmp_path, "nonsense = 1")
    with pytest.raises(ConfigError), configured.applied(path, command="cut"):
        raise AssertionError("the command ran")
    with configured.applied(path, command="doctor"):
        assert "nonsense" in str(configured.trouble())


def test_config_show_says_where_each_value_comes_from_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in config_file.KEYS.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(config.DB_PORT, "99")
    monkeypatch.setenv(config_file.CONFIG, str(tmp_path / "ignored.toml"))
    path = _file(tmp_path, WHOLE)
    assert program.run(["--config", str(path), "config", "show", "--json"]) == 0
    said = capsys.readouterr().out
    assert "not-to-be-seen" not in said
    values = {each["key"]: each for each in json.loads(said)["values"]}
    assert {each["environment"] for each in values.values()} == set(config_file.KEYS.values())
    assert (values["database.port"]["value"], values["database.port"]["origin"]) == ("99", "environment")
    assert (values["database.host"]["value"], values["database.host"]["origin"]) == ("/var/run/postgresql", "file")
    assert (values["exec.password"]["value"], values["exec.password"]["origin"]) == ("(set, not shown)", "file")
    assert (values["max_input_bytes"]["value"], values["max_input_bytes"]["origin"]) == ("67108864", "default")
    assert values["verify.user"]["origin"] == "not set"
    assert json.loads(said)["file"] == str(path)
    assert program.run(["config", "show"]) == 4, "a file that is named must be there"


def test_config_init_writes_a_file_that_can_be_read_and_never_over_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new" / "config.toml"
    assert program.run(["config", "init", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"file": str(path)}
    assert path.stat().st_mode & 0o777 == 0o600
    assert config_file.read(path).values == {}
    lines = [line.removeprefix("# ") for line in path.read_text("utf-8").splitlines()]
    path.write_text("\n".join(line for line in lines if " = " in line or line.startswith("[")), encoding="utf-8")
    assert set(config_file.read(path).values) == set(config_file.KEYS.values()), "every key stands in it"
    assert program.run(["config", "init", str(path)]) == 2
    assert program.run(["config", "init", "/proc/nowhere/config.toml"]) == 4


def test_the_verifiers_process_gets_no_secret_of_the_executor_back_through_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(config.LANE_KEYS[Lane.EXEC].password, raising=False)
    path = _file(tmp_path, WHOLE + '\n[verify]\nuser = "cutter_verify"\npassword = "its-own"\n')
    with configured.applied(path, command="cut"):
        child = config.environment_for(os.environ, Lane.VERIFY)
    assert "not-to-be-seen" not in child.values()
    assert child[config.LANE_KEYS[Lane.VERIFY].password] == "its-own"
    assert config_file.find(child) is None, "and it reads no file"
