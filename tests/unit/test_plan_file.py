"""A plan in TOML: every key, every refusal; a key that is not known is an error, never ignored."""

from __future__ import annotations

from pathlib import Path

import pytest

from pg_dryrun import plan_file
from pg_dryrun.errors import PlanFault
from pg_dryrun.plan import DumpFile, LiveSource, Pins, Plan, ProtectedServer, StandIn, Thresholds

WHOLE = """
authorised_commit = "0123456789012345678901234567890123456789"
allowed_deviations = ["dirty-tree"]
checks = ["G-01", "G-02"]
next_gate = "The release meeting."

[source]
kind = "dump"
path = "prod.dump"
sha256 = "ab"

[thresholds]
free_bytes = 5
scenario_timeout_s = 6
command_timeout_s = 7

[pins]
statements_sha256 = "cd"

[hardcode_allowed]
"127.0.0.1" = "the default of the review page"

[[protected]]
name = "staging"
data_dir = "/srv/pg"

[expected.S7]
"cutter_governance.*" = 15
"""


def test_every_key(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(WHOLE)
    assert plan_file.load(tmp_path / "plan.toml") == Plan(
        source=DumpFile(path=tmp_path / "prod.dump", sha256="ab"),
        authorised_commit="0123456789012345678901234567890123456789",
        protected=(ProtectedServer(name="staging", data_dir=Path("/srv/pg")),),
        thresholds=Thresholds(free_bytes=5, scenario_timeout_s=6, command_timeout_s=7),
        pins=Pins(statements_sha256="cd"),
        allowed_deviations=("dirty-tree",),
        hardcode_allowed={"127.0.0.1": "the default of the review page"},
        expected={"S7": {"cutter_governance.*": 15}},
        checks=("G-01", "G-02"),
        next_gate="The release meeting.",
    )


def test_a_plan_of_one_line_is_the_default_plan() -> None:
    assert plan_file.parse('source.kind = "stand-in"', base=Path()) == Plan(source=StandIn())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('sorce.kind = "dump"', "sorce"),
        ('source.kind = "stand-in"\nthresholds.free_byte = 1', "free_byte"),
        ('source.kind = "stand-in"\npins.plan = "x"', "plan"),
        ('source.kind = "somewhere"', "somewhere"),
        ('source.kind = "dump"', "'path'"),
        ('source.kind = "dsn"', "'host'"),
        ('source.kind = "stand-in"\nthresholds.free_bytes = -1', "free_bytes"),
        ('source.kind = "stand-in"\nthresholds.free_bytes = 9223372036854775807', "free_bytes"),
        ('source.kind = "stand-in"\nexpected.S7 = 15', "expected"),
        ('source.kind = "stand-in"\nexpected.S7.t = "15"', "expected"),
        ("source = ", "Invalid value"),
        ("", "source"),
    ],
)
def test_a_wrong_plan_says_where(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(PlanFault) as raised:
        plan_file.load(path)
    assert words in raised.value.message
    assert str(path) in raised.value.message
    assert raised.value.remedy


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(PlanFault, match="No such file"):
        plan_file.load(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(PlanFault, match="utf-8"):
        plan_file.load(tmp_path / "bytes.toml")


SERVER = 'source = {kind = "dsn", host = "h", dbname = "d", user = "u"%s}'


def test_the_password_comes_from_a_private_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-file\n")
    named = SERVER % ', password_file = "secret"'
    secret.chmod(0o644)
    with pytest.raises(PlanFault, match="mode 0644"):
        plan_file.parse(named, base=tmp_path)
    secret.chmod(0o600)
    source = plan_file.parse(named, base=tmp_path).source
    assert isinstance(source, LiveSource)
    assert source.login.password == "from-file"
    monkeypatch.setenv("PGPASSWORD", "from-environment")
    source = plan_file.parse(SERVER % "", base=tmp_path).source
    assert isinstance(source, LiveSource)
    assert source.login.password == "from-environment"
    monkeypatch.delenv("PGPASSWORD")
    with pytest.raises(PlanFault, match="no password"):
        plan_file.parse(SERVER % "", base=tmp_path)


def test_the_spelling_holds_no_password_and_its_digest_holds_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "very-secret-word")
    one = plan_file.parse(SERVER % "", base=Path())
    assert "very-secret-word" not in str(one.spelling())
    assert "very-secret-word" not in repr(one)
    two = plan_file.parse(SERVER % ", port = 5433", base=Path())
    assert one.sha256() != two.sha256()


def test_the_page_about_the_plan_names_every_key_and_its_example_is_a_plan() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "plan.md").read_text(encoding="utf-8")
    for key in (*Plan.__dataclass_fields__, *Thresholds.__dataclass_fields__, *Pins.__dataclass_fields__):
        assert f"`{key}" in page or f".{key}`" in page or f"`[[{key}]]`" in page, key
    example = page.partition("```toml\n")[2].partition("```")[0]
    plan = plan_file.parse(example, base=Path("/plans"))
    assert plan.source == DumpFile(path=Path("/plans/production.dump"))
    assert plan.expected == {"S7": {"cutter_governance.*": 15}}
