"""The superuser's password: told to the server as a SCRAM verifier, never a word of argv, never in a log."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from pg_embedded.account import ServerAccount
from pg_embedded.programs import Programs
from pg_embedded.server import AdminLogin

_SCRAM_ITERATIONS = 4096


def new() -> str:
    """256 random bits, in letters that need no quoting anywhere."""
    return secrets.token_urlsafe(32)


def change(programs: Programs, account: ServerAccount, login: AdminLogin, password: str) -> None:
    """Give the role of ``login`` another password, over the socket with psql (15 ms). Raises ``CommandFailed``."""
    account.run(
        [programs.path("psql"), "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1"],
        stdin=f"ALTER ROLE {login['user']} PASSWORD '{scram_verifier(password)}';\n",
        environment={
            "PGHOST": login["host"],
            "PGPORT": str(login["port"]),
            "PGDATABASE": login["dbname"],
            "PGUSER": login["user"],
            "PGPASSWORD": login["password"],
            # A verifier is no password, but it has no business in a statement log either.
            "PGOPTIONS": "-c log_statement=none -c log_min_duration_statement=-1",
        },
    )


def scram_verifier(password: str, *, salt: bytes | None = None) -> str:
    """What PostgreSQL stores for ``password`` (RFC 5802, RFC 7677; the format of pg_authid.rolpassword)."""
    salt = secrets.token_bytes(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _SCRAM_ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    served = hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode("ascii") for part in (salt, stored, served)]
    return f"SCRAM-SHA-256${_SCRAM_ITERATIONS}:{parts[0]}${parts[1]}:{parts[2]}"
