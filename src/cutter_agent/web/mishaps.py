"""Every error as a page: what happened, what to do, and what the program itself says (design 4.5)."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.exceptions import HTTPException
from starlette.responses import Response

from cutter_agent import errors
from cutter_agent.web.visit import Refusal, Visit, back_of
from pg_embedded.errors import EmbeddedError

log = logging.getLogger("cutter_agent.web")

_WORDS: tuple[tuple[type[Exception], str, int], ...] = (
    (errors.ReviewerNotIndependent, "own_proposal", 403),
    (errors.StaleApproval, "stale", 409),
    (errors.IllegalTransition, "stale", 409),
    (errors.GovernanceRefused, "refused", 409),
    (errors.OutcomeUnknown, "outcome_unknown", 503),
    (errors.ConnectionFailed, "database_away", 503),
    (errors.DeadlinePassed, "database_away", 503),
    (errors.DatabaseError, "database", 500),
    (EmbeddedError, "database_away", 503),
    (errors.AttestationRequired, "setup", 500),
    (errors.VerificationFailed, "not_as_stored", 500),
    (errors.UsageError, "unknown", 404),
    (errors.InputRefused, "refused", 409),
    (errors.ConfigError, "setup", 500),
)
_SILENT = frozenset({"database_away", "database", "outcome_unknown", "setup", "defect"})
"""Of these the reader gets a number, and the operator's log the words: they name hosts, statements and paths."""

KEPT = ("rationale", "comment")


@dataclass(frozen=True, kw_only=True)
class Mishap:
    """What the page of an error shows. ``said``, ``remedy``: the program's own words, English."""

    kind: str
    status: int
    said: str = ""
    remedy: str = ""
    number: str = ""


def of(error: Exception) -> Mishap:
    """The page of an error. What only the operator may read goes to the log under a number."""
    if isinstance(error, HTTPException):
        return Mishap(kind="method" if error.status_code == 405 else "unknown", status=error.status_code)
    kind, status = next(((kind, status) for each, kind, status in _WORDS if isinstance(error, each)), ("defect", 500))
    if kind not in _SILENT:
        return Mishap(kind=kind, status=status, said=str(getattr(error, "message", error)))
    number = secrets.token_hex(4)
    log.error("%s %s: %s", number, type(error).__name__, error, exc_info=error if kind == "defect" else None)
    return Mishap(kind=kind, status=status, number=number)


def refusal(error: Exception, kinds: Sequence[tuple[type[Exception], str, int]], *, command: str) -> Refusal | None:
    """A page of its own for ``error``, None where ``kinds`` has none for it. ``command`` does the same elsewhere.

    What a rule says is shown, with its remedy; what names paths, hosts or statements goes to the log.
    """
    kind, status = next(((kind, status) for each, kind, status in kinds if isinstance(error, each)), ("", 0))
    if not kind:
        return None
    if isinstance(error, errors.GovernanceRefused):
        return Refusal(kind, status, said=error.message, remedy=error.remedy, command=command)
    log.error("%s: %s", type(error).__name__, error)
    return Refusal(kind, status, headers={"Retry-After": "10"} if status == 503 else None, command=command)


def page(visit: Visit, error: Exception) -> Response:
    """The answer to an error. What somebody was writing is shown on it, to be copied."""
    kept = {name: visit.form[name] for name in KEPT if visit.form.get(name, "").strip()}
    if isinstance(error, Refusal):
        mishap = Mishap(kind=error.kind, status=error.status, said=error.said, remedy=error.remedy)
        values = error.values
        headers = dict(error.headers or {})
    else:
        mishap, values = of(error), {}
        headers = {"Retry-After": "10"} if mishap.status == 503 else {}
        if isinstance(error, errors.ConfigError):
            visit = replace(visit, is_nobodys=True)
    answer = visit.page(
        "error", status=mishap.status, mishap=mishap, values=values, kept=kept, back=back_of(visit.path)
    )
    answer.headers.update(headers)
    return answer
