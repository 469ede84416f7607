"""Set up a data folder in a process of its own: ``python -m cutter_agent.home FOLDER``. Failures are JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cutter_agent.errors import CutterError
from cutter_agent.home.folder import DataFolder
from cutter_agent.home.server import set_up
from pg_embedded.errors import EmbeddedError
from sealing.errors import SealingError


def main(root: str) -> int:
    """Complete what is missing; 0 when all is there."""
    try:
        set_up(DataFolder(root=Path(root)))
    except (CutterError, EmbeddedError, SealingError) as error:
        message = str(getattr(error, "message", error))
        exit_code = error.exit_code if isinstance(error, CutterError) else 7
        said = {"code": error.code, "message": message, "remedy": error.remedy, "exit_code": exit_code}
        sys.stdout.write(json.dumps(said))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
