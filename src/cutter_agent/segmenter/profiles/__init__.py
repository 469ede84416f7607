"""Profiles on disk: TOML grammars, shipped or the user's own (design 4.4)."""

from __future__ import annotations

from pathlib import Path

from cutter_agent.errors import InputRefused, UsageError
from cutter_agent.segmenter.grammar import Profile
from cutter_agent.segmenter.profiles.reading import read

_SHIPPED = Path(__file__).parent


def available() -> tuple[str, ...]:
    """Ids of the shipped profiles, sorted."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.toml")))


def load(id_or_path: str | Path) -> Profile:
    """The profile of that id, or of that TOML file (anything that ends in ``.toml`` or names a folder).

    Raises ``UsageError`` for an unknown id, ``InputRefused`` for a file that cannot be read or is not a profile.
    """
    name = str(id_or_path)
    if not name.endswith(".toml") and "/" not in name and "\\" not in name:
        if name not in available():
            raise UsageError(
                f"there is no profile {name!r}",
                remedy=f"Take one of {', '.join(available())}, or a path to a .toml file.",
            )
        return read((_SHIPPED / f"{name}.toml").read_bytes(), path=f"{name}.toml")
    path = Path(name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputRefused(
            f"profile {name} cannot be read: {error.strerror}", remedy="Give a readable TOML file.", path=name
        ) from error
    return read(data, path=name)
