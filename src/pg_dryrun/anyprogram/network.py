"""Taking the network away from the command, where the machine allows it: then "elsewhere" cannot be reached by address.

The clone is reached through a socket in the file system, which stays. So does any other server's socket on this machine
that this user may open: this is no sandbox.
"""

from __future__ import annotations

import os
import shutil

from pg_dryrun import commands
from pg_dryrun.errors import EnvironmentFault

_PROBE_S = 10


def words_before() -> tuple[str, ...]:
    """What stands before a command to start it in a network namespace of its own, with no interface that is up.

    Raises ``EnvironmentFault`` where this user may not make one.
    """
    program = shutil.which("unshare")
    if program is None:
        raise EnvironmentFault("the network cannot be taken away: no unshare", remedy="Leave --no-network out.")
    own_user = () if os.geteuid() == 0 else ("--user", "--map-current-user")
    words = (program, *own_user, "--net", "--")
    tried = commands.run([*words, "true"], timeout_s=_PROBE_S)
    if not tried.ok:
        said = tried.stderr.decode("utf-8", "replace").strip()
        raise EnvironmentFault(f"the network cannot be taken away: {said}", remedy="Leave --no-network out.")
    return words
