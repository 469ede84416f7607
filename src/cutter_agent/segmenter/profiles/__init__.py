"""Profiles on disk: TOML grammars, shipped or the user's own (design 4.4)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cutter_agent.errors import InputRefused, Problem, UsageError
from cutter_agent.segmenter.grammar import Profile
from cutter_agent.segmenter.profiles.reading import examine, read

_SHIPPED = Path(__file__).parent


def available() -> tuple[str, ...]:
    """Ids of the shipped profiles, sorted."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.toml")))


def load(id_or_path: str | Path) -> Profile:
    """The profile of that id, or of that TOML file (anything that ends in ``.toml`` or names a folder).

    Raises ``UsageError`` for an unknown id, ``InputRefused`` for a file that cannot be read or is not a profile.
    """
    name = str(id_or_path)
    if is_id(name):
        return _shipped(name)
    return read(_bytes(Path(name)), path=name)


def check(id_or_path: str | Path) -> tuple[Profile, tuple[Problem, ...]]:
    """The profile and everything that is wrong with it, each with its byte in the file and a remedy.

    Raises as ``load`` does, but not for problems of a file that is TOML.
    """
    name = str(id_or_path)
    if is_id(name):
        return _shipped(name), ()
    profile, problems = examine(_bytes(Path(name)), path=name)
    return profile, tuple(problems)


def is_id(name: str) -> bool:
    """Whether ``name`` is meant as the id of a shipped profile and not as a path."""
    return not name.endswith(".toml") and "/" not in name and "\\" not in name


@cache
def _shipped(name: str) -> Profile:
    if name not in available():
        raise UsageError(
            f"there is no profile {name!r}",
            remedy=f"Take one of {', '.join(available())}, or a path to a .toml file.",
        )
    return read((_SHIPPED / f"{name}.toml").read_bytes(), path=f"{name}.toml")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputRefused(
            f"profile {path} cannot be read: {error.strerror}", remedy="Give a readable TOML file.", path=str(path)
        ) from error
