"""G-13, C-09: every instrument must report what was planted for it. A zero without a canary is worth nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pg_dryrun.subject import Login


@dataclass(frozen=True, kw_only=True)
class Canary:
    """One planted thing. ``seen`` False means the instrument is blind: the tool's failure, not the product's."""

    instrument: str
    planted: str
    seen: bool
    detail: str


def fly(admin: Login, *, workdir: Path) -> tuple[Canary, ...]:
    """Plant every canary on the clone of ``admin`` in a scratch schema under a scratch role, look, and clean up.

    The last canary (``cleanup``) says whether the clone is again as it was. Use a clone of its own all the same.
    """
    raise NotImplementedError
