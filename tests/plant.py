"""A copy of this checkout with one planted defect, as a commit: ``python -m tests.plant seed-find FOLDER``.

It prints what was planted as a diff. The defects: docs/explanation/plants.md.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.acceptance.plants import PLANTS
from tests.plants_room import SMALL_LAW, scratch_copy


def main(words: list[str]) -> int:
    """0: made. 2: no such plant, one that is not in the code, or a folder that is there."""
    known = {plant.name: plant for plant in PLANTS if plant.edits and not plant.uncommitted}
    if len(words) != 2 or words[0] not in {*known, "nothing"} or Path(words[1]).exists():
        print(f"python -m tests.plant NAME NEW-FOLDER; NAME is nothing, or one of {', '.join(sorted(known))}")  # noqa: T201
        return 2
    plant, folder = known.get(words[0]), Path(words[1])
    folder.mkdir(parents=True)
    scratch_copy(folder, None)
    if plant is not None:
        for edit in plant.edits:
            path = folder / edit.path
            path.write_text(path.read_text("utf-8").replace(edit.old, edit.new), "utf-8")
        git = ["git", "-c", "user.name=scratch", "-c", "user.email=scratch@invalid"]
        subprocess.run([*git, "commit", "-q", "-a", "-m", plant.why], cwd=folder, check=True, timeout=60)
        subprocess.run(["git", "--no-pager", "show", "--format=%s", "-U0"], cwd=folder, check=True, timeout=60)
    (folder.parent / "law.txt").write_text(SMALL_LAW, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
