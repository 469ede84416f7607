"""A database marked as production asks for an attestation: the page called its absence a defect of the program, where
the site is not set up as it must be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import psycopg
from tests.pipeline_room import NAMES
from tests.web_room import WebRoom, lane_on

from cutter_agent import deployment
from cutter_agent.db_adapter import marks
from cutter_agent.db_adapter.session import RealPostgresAdapter
from cutter_agent.model import Lane
from cutter_agent.wiring import connection_settings


def test_it_says_that_the_site_is_not_set_up(web: WebRoom) -> None:
    key = web.ledger.exec_key.public
    with psycopg.connect(**web.ledger.login, autocommit=True) as admin:
        keys = [{"keyid": key.keyid, "public_key": key.raw.hex()}]
        marks.write(admin, kind="production", allowed_keys=keys, max_age=timedelta(days=1), because="goes live")
    lane = lane_on(web.ledger)
    settings = lane.settings
    lane.adapter = RealPostgresAdapter(
        settings=connection_settings(settings),
        lane=Lane.EXEC,
        role=NAMES.exec,
        admission=partial(deployment.admit_lane, settings),
    )
    web.ledger.stack.callback(lane.close)
    web.site = replace(web.site, lane=lane)
    answer = web.browser("mai").get("/")
    assert answer.status_code == 500
    assert "not set up as it must be" in answer.text
