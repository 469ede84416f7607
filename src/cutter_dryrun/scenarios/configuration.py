"""S1 configuration alone, S2 a missing key, S3 the wrong principal: nothing is written, at first nothing connects."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from cutter_agent import config, wiring
from cutter_agent.errors import ConfigMismatch, ConfigMissing
from cutter_agent.model import Lane
from cutter_dryrun.scenarios.stage import Stage, play
from pg_dryrun.subject import Kind, Scenario, ScenarioResult

CHAIN = "one-unit"


def configuration_scenarios() -> tuple[Scenario, ...]:
    """S1 to S3, at the head of the one-unit chain."""
    return (
        Scenario(
            id="S1",
            title="configuration alone opens no socket",
            kind=Kind.HAPPY,
            chain=CHAIN,
            run=play(_configuration_alone),
        ),
        Scenario(
            id="S2",
            title="a missing key is named, no socket",
            kind=Kind.HAPPY,
            chain=CHAIN,
            run=play(_missing_keys),
        ),
        Scenario(
            id="S3",
            title="current_user is not the principal: ConfigMismatch, no write",
            kind=Kind.HAPPY,
            chain=CHAIN,
            run=play(_wrong_principal),
        ),
    )


def open_sockets() -> int:
    """How many sockets this process holds now (``/proc/self/fd``)."""
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            count += stat.S_ISSOCK(os.stat(entry).st_mode)  # noqa: PTH116 - the descriptor, not what its name points at
        except OSError:
            continue  # the descriptor of the directory listing itself
    return count


def environment_of(stage: Stage) -> dict[str, str]:
    """The discrete keys (design 1.11) that lead to this clone."""
    login = stage.context.logins[Lane.EXEC.value]
    values = {
        config.DB_HOST: login.host,
        config.DB_PORT: str(login.port),
        config.DB_NAME: login.dbname,
        config.DB_SSLMODE: "disable",
    }
    for lane in Lane:
        keys, settings = config.LANE_KEYS[lane], stage.settings(lane)
        public = settings.exec_public_key if lane is Lane.EXEC else settings.verify_public_key
        values |= {
            keys.user: settings.user,
            keys.password: settings.password,
            keys.signing_key: str(settings.signing_key),
            keys.public_key: str(public),
        }
    return values


def _configuration_alone(stage: Stage) -> ScenarioResult:
    environment = environment_of(stage)
    before = open_sockets()
    with (
        wiring.open_exec(config.lane_settings(environment, Lane.EXEC), journal=stage.journal),
        wiring.open_verify(config.lane_settings(environment, Lane.VERIFY), journal=stage.journal),
    ):
        opened = open_sockets() - before
    if opened or len(stage.journal):
        return stage.disappointed(f"{opened} sockets opened and {len(stage.journal)} statements sent by configuration")
    return stage.result("both lanes configured, no socket opened, no statement sent", sockets_opened=opened)


def _required_keys(lane: Lane) -> tuple[str, ...]:
    keys = config.LANE_KEYS[lane]
    other = (config.LANE_KEYS[Lane.EXEC].public_key,) if lane is Lane.VERIFY else ()
    return (*config.PLACE_KEYS, keys.user, keys.password, keys.signing_key, *other)


def _missing_keys(stage: Stage) -> ScenarioResult:
    environment = environment_of(stage)
    before = open_sockets()
    wrong: list[str] = []
    tried = 0
    for lane in Lane:
        for key in _required_keys(lane):
            without = {name: value for name, value in environment.items() if name != key}
            for variant in (without, {**environment, key: ""}):
                tried += 1
                named = _named_missing_key(variant, lane)
                if named != key:
                    wrong.append(f"{lane.value} without {key}: {named or 'no ConfigMissing'}")
    opened = open_sockets() - before
    if wrong or opened:
        return stage.disappointed(f"{opened} sockets opened; {'; '.join(wrong) or 'every key named'}")
    return stage.result(f"{tried} incomplete configurations, each names its missing key", sockets_opened=opened)


def _named_missing_key(environment: Mapping[str, str], lane: Lane) -> str | None:
    try:
        config.lane_settings(environment, lane)
    except ConfigMissing as error:
        return error.key
    return None


def _wrong_principal(stage: Stage) -> ScenarioResult:
    met: dict[str, str] = {}
    for lane, other in ((Lane.EXEC, Lane.VERIFY), (Lane.VERIFY, Lane.EXEC)):
        settings = stage.settings(lane, login_of=other)
        opened = wiring.open_exec if lane is Lane.EXEC else wiring.open_verify
        with opened(settings, journal=stage.journal) as agent:
            try:
                with agent.adapter.transaction("S3"):
                    met[lane.value] = "a transaction was opened"
            except ConfigMismatch as error:
                met[lane.value] = error.code
    if set(met.values()) != {ConfigMismatch.code}:
        return stage.disappointed(f"the wrong principal was not refused: {met}")
    return stage.result("each lane refuses the other's login before any write", met=met)
