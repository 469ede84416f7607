"""A small writer that has nothing to do with the cutter, and its rehearsal: a clerk who books amounts on accounts.

The subject of the runner's own tests. ``Till`` takes a different ``clerk`` or other promises, to plant a defect.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from pg_dryrun.environments.embedded import EmbeddedLender
from pg_dryrun.outcome import RootCause
from pg_dryrun.plan import Plan
from pg_dryrun.runner import rehearse
from pg_dryrun.subject import (
    ClientStatement,
    Companion,
    DeclaredStatement,
    Emission,
    Kind,
    Login,
    ProbePhase,
    Revision,
    Right,
    Scenario,
    ScenarioContext,
    ScenarioResult,
)
from sealing.keys import SigningKey

SCHEMA = """
CREATE SCHEMA till;
CREATE TABLE till.account (account_id int PRIMARY KEY, owner text NOT NULL, balance int NOT NULL DEFAULT 0);
CREATE TABLE till.booking
    (booking_id int PRIMARY KEY, account_id int NOT NULL REFERENCES till.account, amount int NOT NULL);
CREATE TABLE till.holiday (day date PRIMARY KEY);
CREATE VIEW till.richest AS SELECT owner, balance FROM till.account ORDER BY balance DESC LIMIT 1;
INSERT INTO till.account SELECT n, 'owner ' || n, 10 * n FROM generate_series(1, 20) n;
INSERT INTO till.booking SELECT n, n, 10 * n FROM generate_series(1, 20) n;
INSERT INTO till.holiday SELECT date '2026-01-01' + n FROM generate_series(0, 9) n;
"""
ACCOUNT, BOOKING = "till.account", "till.booking"
ROLE = "till_clerk"
STATEMENTS = {
    "begin": ("BEGIN", "BEGIN", ()),
    "commit": ("COMMIT", "COMMIT", ()),
    "rollback": ("ROLLBACK", "ROLLBACK", ()),
    "open_account": ("INSERT", "INSERT INTO till.account (account_id, owner) VALUES ($1, $2)", (ACCOUNT,)),
    "book": ("INSERT", "INSERT INTO till.booking (booking_id, account_id, amount) VALUES ($1, $2, $3)", (BOOKING,)),
    "add": ("UPDATE", "UPDATE till.account SET balance = balance + $1 WHERE account_id = $2", (ACCOUNT,)),
    "balance": ("SELECT", "SELECT balance FROM till.account WHERE account_id = $1", (ACCOUNT,)),
}
RAW_DELETE = "DELETE FROM till.booking"


class Clerk:
    """The writer: one connection, every statement in a journal."""

    def __init__(self, login: Login) -> None:
        self.connection = psycopg.connect(
            host=login.host,
            port=login.port,
            dbname=login.dbname,
            user=login.user,
            password=login.password,
            autocommit=True,
            cursor_factory=psycopg.RawCursor,
        )
        self.connection.prepare_threshold = None
        self.journal: list[ClientStatement] = []

    def send(self, name: str, *parameters: object) -> psycopg.Cursor[Any]:
        """One declared statement."""
        return self.send_text(name, STATEMENTS[name][1], *parameters)

    def send_text(self, name: str, text: str, *parameters: object) -> psycopg.Cursor[Any]:
        """One statement, in the journal with its outcome."""
        outcome, state = "ok", None
        try:
            return self.connection.execute(text.encode(), parameters or None)
        except psycopg.Error as error:
            outcome, state = "error", error.sqlstate
            raise
        finally:
            pid = self.connection.info.backend_pid
            self.journal.append(
                ClientStatement(
                    principal="clerk", backend_pid=pid, name=name, text=text, outcome=outcome, sqlstate=state
                )
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """BEGIN … COMMIT, or ROLLBACK after any error."""
        self.send("begin")
        try:
            yield
        except BaseException:
            self.send("rollback")
            raise
        self.send("commit")

    def open_account(self, account: int, owner: str) -> None:
        """One row."""
        with self.transaction():
            self.send("open_account", account, owner)

    def book(self, booking: int, account: int, amount: int) -> None:
        """One row, and the balance moves."""
        with self.transaction():
            self.send("book", booking, account, amount)
            self.send("add", amount, account)

    def close(self) -> None:
        """Hang up."""
        self.connection.close()


Deed = Callable[[Clerk, ScenarioContext], str]


def step(make: Callable[[Login], Clerk], deed: Deed) -> Callable[[ScenarioContext], ScenarioResult]:
    """A scenario's callable: the clerk does ``deed``; what it raises is its failure."""

    def run(context: ScenarioContext) -> ScenarioResult:
        clerk = make(context.logins["clerk"])
        try:
            message = deed(clerk, context)
        except psycopg.Error as error:
            cause = RootCause(
                message=str(error),
                error_type=type(error).__name__,
                sqlstate=error.sqlstate,
                connection_state=clerk.connection.info.transaction_status.name,
                last_statements=tuple(entry.text for entry in clerk.journal[-5:]),
            )
            return ScenarioResult(ok=False, message=str(error), failure=cause, client_statements=clerk.journal)
        finally:
            clerk.close()
        return ScenarioResult(ok=True, message=message, client_statements=clerk.journal)

    return run


def refusal(make: Callable[[Login], Clerk], deed: Deed) -> Callable[[ScenarioContext], ScenarioResult]:
    """A scenario's callable that must be refused with an SQLSTATE."""

    def run(context: ScenarioContext) -> ScenarioResult:
        clerk = make(context.logins["clerk"])
        refused = None
        message = "not refused"
        try:
            message = deed(clerk, context)
        except psycopg.Error as error:
            refused, message = error.sqlstate, str(error)
        finally:
            clerk.close()
        return ScenarioResult(ok=True, message=message, refused=refused, client_statements=clerk.journal)

    return run


def _open(clerk: Clerk, context: ScenarioContext) -> str:
    clerk.open_account(100, "newcomer")
    context.state["account"] = 100
    return "account 100 opened"


def _book(clerk: Clerk, context: ScenarioContext) -> str:
    account = context.state["account"]
    assert isinstance(account, int)
    clerk.book(1000, account, 7)
    return "7 booked"


def _book_twice(clerk: Clerk, context: ScenarioContext) -> str:
    clerk.book(1, 1, 5)
    return "booked under a used number"


def _delete(clerk: Clerk, context: ScenarioContext) -> str:
    clerk.send_text("raw", RAW_DELETE)
    return "deleted"


def rows(account: int, booking: int) -> Mapping[str, int]:
    """The matrix, every table named."""
    return {ACCOUNT: account, BOOKING: booking}


def scenarios(make: Callable[[Login], Clerk] = Clerk) -> tuple[Scenario, ...]:
    """Two steps and two refusals."""
    return (
        Scenario(
            id="T1", title="open an account", kind=Kind.HAPPY, chain="one account",
            run=step(make, _open), expected_totals=rows(1, 0),
        ),
        Scenario(
            id="T2", title="book an amount", kind=Kind.HAPPY, chain="one account",
            run=step(make, _book), expected_totals=lambda state: rows(len(state), 1), expected_updates={ACCOUNT: 1},
        ),
        Scenario(
            id="T3", title="the same number twice", kind=Kind.REFUSAL, chain="refusals",
            run=refusal(make, _book_twice), expected_refusals=("23505",),
        ),
        Scenario(
            id="T4", title="a raw DELETE", kind=Kind.REFUSAL, chain="refusals",
            run=refusal(make, _delete), expected_refusals=("42501",), deliberate_statements=(RAW_DELETE,),
        ),
    )  # fmt: skip


@dataclass(kw_only=True)
class Till:
    """The subject."""

    name: str = "till"
    principals: Mapping[str, str] = field(default_factory=lambda: {"clerk": ROLE})
    tracked_tables: Sequence[str] = (ACCOUNT, BOOKING)
    expected_relations: Sequence[str] = (ACCOUNT, BOOKING, "till.holiday", "till.richest")
    rights: Sequence[Right] = (
        Right(role=ROLE, table=ACCOUNT, select=True, insert=True, update_columns=("balance",)),
        Right(role=ROLE, table=BOOKING, select=True, insert=True),
    )
    statements: Sequence[DeclaredStatement] = tuple(
        DeclaredStatement(name=name, principal="clerk", verb=verb, tables=tables, text=text)
        for name, (verb, text, tables) in STATEMENTS.items()
    )
    emissions: Sequence[Emission] = (
        Emission(statement="open_account", principal="clerk", table=ACCOUNT, columns=("account_id", "owner")),
        Emission(statement="book", principal="clerk", table=BOOKING, columns=("booking_id", "account_id", "amount")),
    )
    scenarios: Sequence[Scenario] = field(default_factory=scenarios)
    probes: Sequence[ProbePhase] = ()
    source_paths: Sequence[Path] = (Path(__file__),)
    companions: Sequence[Companion] = ()
    form: str = ""
    commit: str = "5a2c61b0d4e7f8a90b1c2d3e4f5061728394a5b6"
    clean: bool = True

    def revision(self) -> Revision:
        """A commit that is always the same."""
        return Revision(commit=self.commit, clean=self.clean, root=Path(__file__).parent)

    def create_roles(self, admin: Login, passwords: Mapping[str, str]) -> None:
        """The clerk."""
        with _superuser(admin) as connection:
            connection.execute(
                f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN CREATE ROLE {ROLE}; "
                "END IF; END $$"
            )
            connection.execute(f"ALTER ROLE {ROLE} LOGIN PASSWORD '{passwords['clerk']}'")
            connection.execute(f"GRANT USAGE ON SCHEMA till TO {ROLE}")
            connection.execute(f"GRANT SELECT, INSERT ON till.account, till.booking TO {ROLE}")
            connection.execute(f"GRANT UPDATE (balance) ON till.account TO {ROLE}")

    def make_production(self, admin: Login, workdir: Path) -> Mapping[str, object]:
        """Twenty accounts with a booking each. ``workdir`` is not needed."""
        assert workdir.is_dir()
        with _superuser(admin) as connection:
            connection.execute(SCHEMA)
        return {"accounts": 20}


@contextmanager
def _superuser(admin: Login) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(
        host=admin.host, port=admin.port, dbname=admin.dbname, user=admin.user, password=admin.password, autocommit=True
    ) as connection:
        yield connection


def _sleeps(clerk: Clerk, context: ScenarioContext) -> str:
    clerk.open_account(100, "newcomer")
    sys.stdout.write("asleep\n")
    sys.stdout.flush()
    clerk.connection.execute(b"SELECT pg_catalog.pg_sleep(60)")
    return "woke up"


def main(out: Path) -> int:
    """A rehearsal in a process of its own whose first step sleeps: something to interrupt and to kill."""
    first, *others = scenarios()
    till = Till(scenarios=(replace(first, run=step(Clerk, _sleeps)), *others))
    return rehearse(till, Plan(), EmbeddedLender(), out, key=SigningKey.generate()).exit_code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[-1])))
