"""Pauses between tries, and bounds that contradict each other."""

from __future__ import annotations

import pytest

from cutter_agent.db_adapter.retry import Retry
from cutter_agent.db_adapter.settings import ConnectionSettings, Limits, server_settings, startup_options
from cutter_agent.errors import ConnectionFailed, DatabaseError, RetriesExhausted, SilentRollback
from cutter_agent.model import Lane


def failing(sqlstate: str | None, times: int, log: list[int]) -> int:
    log.append(1)
    if len(log) <= times:
        raise DatabaseError("no", remedy="none", sqlstate=sqlstate)
    return len(log)


def test_the_first_repeat_is_at_once_then_pauses_grow_up_to_the_cap_and_are_jittered() -> None:
    pauses: list[float] = []
    retry = Retry(
        limits=Limits(max_attempts=7, retry_base_s=0.1, retry_cap_s=0.5), sleep=pauses.append, jitter=lambda: 1.0
    )
    log: list[int] = []
    assert retry.run("cut", lambda: failing("40001", 6, log)) == 7
    assert pauses == [0.0, 0.1, 0.2, 0.4, 0.5, 0.5]
    assert dict(retry.counted) == {("cut", "40001"): 6}
    assert Retry(limits=Limits(), jitter=lambda: 0.0).pause_s(3) == 0.0


def test_the_last_failure_is_told() -> None:
    retry = Retry(limits=Limits(max_attempts=2), sleep=lambda _: None)
    with pytest.raises(RetriesExhausted, match="2 times") as refused:
        retry.run("cut", lambda: failing("40P01", 9, []))
    assert isinstance(refused.value.__cause__, DatabaseError)


@pytest.mark.parametrize("sqlstate", ["42501", "57014", "25006", "23505", "23514", "55P03", "08006", None])
def test_nothing_else_is_tried_again(sqlstate: str | None) -> None:
    log: list[int] = []
    retry = Retry(limits=Limits(), sleep=lambda _: pytest.fail("it slept"))
    with pytest.raises(DatabaseError):
        retry.run("cut", lambda: failing(sqlstate, 1, log))
    assert log == [1]


def test_a_lost_connection_is_not_tried_again() -> None:
    def lose() -> None:
        raise ConnectionFailed("gone", remedy="none")

    with pytest.raises(ConnectionFailed):
        Retry(limits=Limits(), sleep=lambda _: pytest.fail("it slept")).run("cut", lose)


def test_a_swallowed_failure_is_a_defect_and_not_bad_luck() -> None:
    def swallow() -> None:
        raise SilentRollback("COMMIT was answered ROLLBACK", remedy="none", sqlstate="40001")

    with pytest.raises(SilentRollback):
        Retry(limits=Limits(), sleep=lambda _: pytest.fail("it slept")).run("cut", swallow)


def test_the_server_must_be_able_to_speak_first() -> None:
    with pytest.raises(ValueError, match="deadline_s 5 must be longer"):
        Limits(statement_timeout_s=5, deadline_s=5)
    with pytest.raises(ValueError, match="at least 1"):
        Limits(max_attempts=0)


def test_durations_are_spelt_as_the_server_shows_them() -> None:
    limits = Limits(statement_timeout_s=90, lock_timeout_s=1.5, idle_in_transaction_timeout_s=3600, deadline_s=7200)
    shown = server_settings(Lane.VERIFY, limits)
    assert (shown["statement_timeout"], shown["lock_timeout"]) == ("90s", "1500ms")
    assert shown["idle_in_transaction_session_timeout"] == "1h"
    assert "-c search_path=pg_catalog,\\ pg_temp" in startup_options(Lane.VERIFY, limits)


def test_a_password_is_not_in_the_repr() -> None:
    settings = ConnectionSettings(host="h", port=1, dbname="d", user="u", password="open sesame")
    assert "sesame" not in repr(settings)
