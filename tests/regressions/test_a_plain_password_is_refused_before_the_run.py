"""A production password such as `postgres` or `reader` was found in every report by its own letters: the run ended as a
tool failure without a page, after everything had been done. It is refused when the plan is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pg_dryrun import plan_file
from pg_dryrun.errors import PlanFault
from pg_dryrun.plan import LiveSource

PLAN = """[source]
kind = "dsn"
host = "/srv/socket-9f3a7c21e5"
dbname = "ledger"
user = "reader"
password_file = "p"
"""


def _load(folder: Path, password: str) -> LiveSource:
    secret = folder / "p"
    secret.write_text(password + "\n")
    secret.chmod(0o600)
    plan = folder / "plan.toml"
    plan.write_text(PLAN)
    source = plan_file.load(plan).source
    assert isinstance(source, LiveSource)
    return source


@pytest.mark.parametrize("password", ["r1", "reader", "postgres", "production", "9f3a7c21"])
def test_a_password_that_other_text_holds_is_refused(tmp_path: Path, password: str) -> None:
    with pytest.raises(PlanFault) as caught:
        _load(tmp_path, password)
    assert "too short or too plain" in caught.value.message
    assert "random password" in caught.value.remedy


@pytest.mark.parametrize("password", ["k3-Vw0qz", "correct horse battery staple", "abcdefghijklmnopqrstuvwx"])
def test_any_other_password_is_taken(tmp_path: Path, password: str) -> None:
    assert _load(tmp_path, password).login.password == password
