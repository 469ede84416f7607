"""Errors of the ground that runs PostgreSQL.

EmbeddedError
├── ProgramsMissing      no usable PostgreSQL programs were found
├── AccountMissing       no account the server could run as
├── UnsafePlace          a folder that should be ours is not: owner, mode or kind
├── CommandFailed        one of PostgreSQL's own programs ended with an error
├── ServerStartFailed    the server did not become ready in time, or ended
├── ServerStateError     the call does not fit the server's state (clone of a running one, start after close)
├── TeardownIncomplete   something of a throw-away cluster is still there
├── NotABackup           a folder is in use, or is no base backup (``adoption``)
└── ResidentUnavailable  the persistent database could not be reached within the deadline
"""


class EmbeddedError(Exception):
    """Root. ``code`` is stable, ``message`` says what and where, ``remedy`` what to do."""

    code = "EMBEDDED"

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(f"{message}\n{remedy}")
        self.message = message
        self.remedy = remedy


class ProgramsMissing(EmbeddedError):
    code = "PROGRAMS_MISSING"


class AccountMissing(EmbeddedError):
    code = "ACCOUNT_MISSING"


class UnsafePlace(EmbeddedError):
    code = "UNSAFE_PLACE"


class CommandFailed(EmbeddedError):
    code = "COMMAND_FAILED"


class ServerStartFailed(EmbeddedError):
    code = "SERVER_START_FAILED"


class ServerStateError(EmbeddedError):
    code = "SERVER_STATE"


class TeardownIncomplete(EmbeddedError):
    code = "TEARDOWN_INCOMPLETE"


class ResidentUnavailable(EmbeddedError):
    code = "RESIDENT_UNAVAILABLE"
