"""One clone of the restored copy for each scenario (design 3.4): restore once, stop, copy as often as needed.

The way of copying is the environment's best (reflink, overlayfs, a template database, a plain copy); which one it was,
and how long it took, is kept for the evidence.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pg_dryrun.environments.interface import Environment, Returned
from pg_dryrun.errors import EnvironmentFault


@dataclass(frozen=True, kw_only=True)
class CloneFacts:
    """One clone. ``returned`` is None for one that is still out."""

    name: str
    method: str
    made_in_s: float
    """From the request to a server that accepts connections."""
    returned: Returned | None = None


class GoldenCopy:
    """The restored copy, stopped for good; from here on there are only clones of it."""

    def __init__(self, original: Environment) -> None:
        """Takes over ``original`` and stops it, where it can be stopped. Giving it back stays with its owner."""
        if original.running and original.restarts:
            original.stop()
        self._original = original
        self._facts: dict[str, CloneFacts] = {}

    @property
    def system_identifier(self) -> str:
        """The same for the golden copy and all its clones."""
        return self._original.system_identifier

    @contextmanager
    def lend(self, name: str, *, settings: Mapping[str, str] | None = None) -> Iterator[Environment]:
        """A running clone; given back, and looked for, when the block ends. ``name`` must be new.

        Raises ``EnvironmentFault``.
        """
        clone = self.take(name, settings=settings)
        try:
            yield clone
        finally:
            self.give_back(clone)

    def take(self, name: str, *, settings: Mapping[str, str] | None = None) -> Environment:
        """A running clone that the caller hands to ``give_back`` himself (a chain of steps shares one)."""
        if name in self._facts:
            raise EnvironmentFault(f"There was a clone {name!r} already.", remedy="Give every clone a name of its own.")
        begin = time.perf_counter()
        clone = self._original.clone(name, settings=settings)
        self._facts[name] = CloneFacts(
            name=name,
            method=clone.describe().clone_method or "unknown",
            made_in_s=time.perf_counter() - begin,
        )
        return clone

    def give_back(self, clone: Environment) -> Returned:
        """Remove a clone and keep what was seen of its removal."""
        taken = self._facts[clone.name]
        returned = clone.close()
        self._facts[clone.name] = CloneFacts(
            name=taken.name, method=taken.method, made_in_s=taken.made_in_s, returned=returned
        )
        return returned

    @property
    def clones(self) -> tuple[CloneFacts, ...]:
        """Every clone so far, in the order they were made."""
        return tuple(self._facts.values())

    @property
    def methods(self) -> tuple[str, ...]:
        """The ways of copying that were used, each once: one, unless the clones lay on different file systems."""
        return tuple(sorted({facts.method for facts in self._facts.values()}))
