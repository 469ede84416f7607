"""Raw SQL under a lane's login, past the cutter's adapter: what a bug or a stranger with the password could send."""

from __future__ import annotations

import psycopg

from pg_dryrun.subject import Login

ACCEPTED = "accepted"
_CONNECT_TIMEOUT_S = 10
_OPTIONS = "-c statement_timeout=30s"


def answers_to(login: Login, texts: tuple[str, ...]) -> dict[str, str]:
    """The server's SQLSTATE for each text, or ``accepted``; nothing else is sent on the connection.

    Each text stands in a block that is rolled back, so that an accepted one does not hide the next one's answer; the
    scenario fails on it all the same.
    """
    found: dict[str, str] = {}
    with psycopg.connect(
        host=login.host,
        port=login.port,
        dbname=login.dbname,
        user=login.user,
        password=login.password,
        autocommit=True,
        prepare_threshold=None,
        connect_timeout=_CONNECT_TIMEOUT_S,
        application_name="rehearsal raw",
        options=_OPTIONS,
    ) as connection:
        for text in texts:
            connection.execute("BEGIN")
            try:
                connection.execute(text)
                found[text] = ACCEPTED
            except psycopg.Error as error:
                found[text] = error.sqlstate or type(error).__name__
            connection.execute("ROLLBACK")
    return found
