"""Clones inside one server: databases made from others as templates, as an existing server allows nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.observer import Observer, ServerAnswer, quote, quote_literal

_FILE_COPY_SINCE, _CLONE_SINCE = 150000, 180000
_ESSENTIAL = frozenset({"wal_level", "logging_collector", "log_connections"})
"""What the instruments cannot do without, and only the server's owner can set."""
_LONGEST_NAME = 63
_CHANGEABLE = frozenset({"user", "superuser"})


class TemplateClones:
    """The databases that stand for ``originals`` in the clone ``name``."""

    def __init__(self, name: str, originals: Sequence[str]) -> None:
        self._by_original = {original: f"{original[:20]}-{name}"[:_LONGEST_NAME] for original in originals}
        self.method = "template database"
        self.deviations: tuple[str, ...] = tuple(
            f"the clone of database {original} is called {made}" for original, made in self._by_original.items()
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of the databases to be made."""
        return tuple(self._by_original.values())

    def name_of(self, original: str) -> str:
        """The database that stands for ``original`` here; one that is not cloned is itself."""
        return self._by_original.get(original, original)

    def require(self, observer: Observer, settings: Mapping[str, str]) -> None:
        """Raises ``EnvironmentFault`` naming all that the instruments need and the server has not."""
        wrong = [
            f"{name} = {value} (here {found})"
            for name, value in settings.items()
            if name in _ESSENTIAL and (found := _reset_value(observer, name)) not in {value, "all"}
        ]
        if settings.get("log_destination") == "jsonlog" and "jsonlog" not in str(
            _reset_value(observer, "log_destination")
        ):
            wrong.append("log_destination = jsonlog")
        if wrong:
            raise EnvironmentFault(
                f"the existing server lacks what the instruments need: {', '.join(wrong)}",
                remedy="Its owner sets these by ALTER SYSTEM and restarts it; we change nobody's server.",
            )

    def make(self, observer: Observer, settings: Mapping[str, str]) -> None:
        """Make them, with those of ``settings`` that hold for a database. Raises ``ServerAnswer``."""
        strategy = " STRATEGY FILE_COPY" if observer.server_version_num >= _FILE_COPY_SINCE else ""
        if observer.server_version_num >= _CLONE_SINCE:
            observer.execute("SET file_copy_method = 'clone'")
        for original, made in self._by_original.items():
            words = f"CREATE DATABASE {quote(made)} TEMPLATE {quote(original)}{strategy}"
            try:
                observer.execute(words)
                self.method = "template database, file_copy_method clone"
                if observer.server_version_num < _CLONE_SINCE:
                    self.method = "template database"
            except ServerAnswer:
                if observer.server_version_num < _CLONE_SINCE:
                    raise
                observer.execute("SET file_copy_method = 'copy'")
                observer.execute(words)
                self.method = "template database, file_copy_method copy"
            self._apply(observer, made, settings)

    def _apply(self, observer: Observer, made: str, settings: Mapping[str, str]) -> None:
        contexts = {
            str(row["name"]): (str(row["context"]), str(row["reset_val"]))
            for row in observer.rows("SELECT name, context, reset_val FROM pg_catalog.pg_settings")
        }
        left = []
        for name, value in settings.items():
            context, found = contexts.get(name, ("unknown", ""))
            if context in _CHANGEABLE:
                observer.execute(f"ALTER DATABASE {quote(made)} SET {name} = {quote_literal(value)}")
            elif found != value:
                left.append(f"{name} is {found or 'not set'}, not {value}")
        self.deviations = (*self.deviations, *left)


def _reset_value(observer: Observer, name: str) -> object:
    return observer.value("SELECT reset_val FROM pg_catalog.pg_settings WHERE name = %s", [name])
