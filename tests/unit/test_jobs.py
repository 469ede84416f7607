"""The queue's pure parts: which error is tried again and when, how often is swept, what a log line holds."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime, timedelta

import pytest
from procrastinate.jobs import Job

from cutter_agent import config, errors
from cutter_agent.cli import logs
from cutter_agent.jobs.application import cron_of
from cutter_agent.jobs.retrying import MOST_ATTEMPTS, ByDisposition, pause_s


def _said(sqlstate: str, kind: type[errors.DatabaseError] = errors.DatabaseError) -> errors.DatabaseError:
    return kind("said", remedy="none", sqlstate=sqlstate)


@pytest.mark.parametrize(
    ("error", "first_s", "late_s"),
    [
        (_said("57P01", errors.ConnectionFailed), 1.0, 60.0),
        (_said("40001", errors.RetriesExhausted), 1.0, 60.0),
        (errors.OutcomeUnknown("said", remedy="none"), 1.0, 60.0),
        (_said("53100"), 30.0, 600.0),
        (_said("57014"), 30.0, 600.0),
    ],
)
def test_what_time_heals_is_tried_again_later_and_later(error, first_s: float, late_s: float) -> None:
    assert pause_s(error, 0) == first_s
    assert pause_s(error, MOST_ATTEMPTS - 2) == late_s
    assert pause_s(error, MOST_ATTEMPTS - 1) is None


@pytest.mark.parametrize(
    "error",
    [
        _said("23514"),
        _said("42501", errors.PrivilegeDenied),
        _said("99999"),
        errors.InputRefused("said", remedy="none"),
        errors.VerificationFailed("said", remedy="none"),
        errors.GovernanceRefused("said", remedy="none"),
        ValueError("a defect"),
    ],
)
def test_what_would_fail_again_is_not_tried_again(error: Exception) -> None:
    assert pause_s(error, 0) is None


def test_a_retry_is_due_by_the_servers_clock() -> None:
    strategy = ByDisposition()
    strategy.ahead = timedelta(hours=-1)  # our clock is an hour fast
    job = Job(id=1, queue="cut", lock=None, queueing_lock=None, task_name="cut_file", attempts=0)
    decision = strategy.get_retry_decision(exception=_said("57P01", errors.ConnectionFailed), job=job)
    assert decision is not None
    assert decision.retry_at is not None
    assert timedelta(minutes=-61) < decision.retry_at - datetime.now(UTC) < timedelta(minutes=-59)


@pytest.mark.parametrize(
    ("every_s", "cron"), [(1, "* * * * * *"), (5, "* * * * * */5"), (60, "*/1 * * * *"), (600, "*/10 * * * *")]
)
def test_how_often_as_cron(every_s: int, cron: str) -> None:
    assert cron_of(every_s) == cron


def test_a_log_line_has_the_known_fields_and_no_other() -> None:
    record = logging.LogRecord("cutter_agent.jobs", logging.INFO, __file__, 1, "cut", None, None)
    record.__dict__ |= {"document": "L1", "phase": "cut", "steps": ["mark", "cut"], "password": "hidden", "code": None}
    line = json.loads(logs.JsonLines("run-1").format(record))
    assert line.pop("at").endswith("+00:00")
    assert line.pop("pid") == os.getpid()
    assert line == {
        "level": "info", "logger": "cutter_agent.jobs", "run": "run-1", "message": "cut",
        "document": "L1", "phase": "cut", "steps": ["mark", "cut"],
    }  # fmt: skip
    assert logs.Words().format(record).endswith("cut document=L1 phase=cut steps=mark,cut")


def test_an_unknown_spelling_of_the_log_is_told() -> None:
    with pytest.raises(errors.ConfigError):
        logs.configure({config.LOG: "xml"})
