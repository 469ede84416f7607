"""What a dump needs of a server, and what of it a server lacks: all of it listed before the restore begins (G-08)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pg_dryrun.observer import Observer, ServerAnswer, connect, quote, quote_literal
from pg_dryrun.observer.identity import ServerIdentity
from pg_dryrun.observer.roles import RoleFacts, database_privileges, database_settings, referenced_roles
from pg_dryrun.subject import Login

_PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}
_PROVIDERS_SINCE = 150000
# Objects are pinned below 12000: only a collation that initdb found on the machine leaves a trace in pg_depend.
_COLLATIONS = """
SELECT DISTINCT n.nspname || '.' || c.collname AS name, c.collprovider::text AS provider,
       n.nspname = 'pg_catalog' AS own,
       coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', c.collcollate::text, '') AS locale,
       coalesce(c.collversion, '') AS version
FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
WHERE c.oid >= 16384 AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_depend x
          WHERE x.classid = 'pg_catalog.pg_collation'::regclass AND x.objid = c.oid AND x.deptype = 'e')
   OR EXISTS (SELECT FROM pg_catalog.pg_depend d
              WHERE d.refclassid = 'pg_catalog.pg_collation'::regclass AND d.refobjid = c.oid)
ORDER BY 1
"""
_TABLESPACES = """
SELECT DISTINCT t.spcname::text AS name
FROM pg_catalog.pg_tablespace t JOIN pg_catalog.pg_class c ON c.reltablespace = t.oid
WHERE t.spcname !~ '^pg_' ORDER BY 1
"""
_IN_PLACE = "allow_in_place_tablespaces"


@dataclass(frozen=True, kw_only=True)
class Collation:
    """A collation that something of the database uses. ``own``: the server has it by itself; else the dump makes it."""

    name: str
    provider: str = "c"
    locale: str = ""
    version: str = ""
    own: bool = True


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a server must have before this dump can be restored on it. ``extensions``: name to version ("" unknown).

    Empty ``encoding``, ``collate``, ``ctype``, ``locale_provider``, ``locale``: the dump does not say, the server's
    own do.
    """

    server_major: int
    encoding: str
    collate: str
    ctype: str
    locale_provider: str
    locale: str
    extensions: Mapping[str, str]
    roles: tuple[RoleFacts, ...]
    database_settings: tuple[str, ...] = ()
    database_privileges: tuple[str, ...] | None = None
    """``CONNECT TO role`` and so on, which a dump does not hold; None: not known, the server's defaults stay."""
    collations: tuple[Collation, ...] = ()
    tablespaces: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Missing:
    """One thing the environment lacks. ``kind``: version, extension, locale, collation, role, tablespace."""

    kind: str
    name: str
    remedy: str


def gather(observer: Observer, who: ServerIdentity) -> Needs:
    """What the connected database needs, as of the observer's snapshot. Raises ``ServerAnswer``."""
    row = observer.rows(
        "SELECT pg_catalog.pg_encoding_to_char(encoding) AS encoding, datcollate, datctype,"
        " datlocprovider::text AS provider,"
        " coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', '') AS locale"
        " FROM pg_catalog.pg_database d WHERE datname = current_database()"
    )[0]
    extensions = observer.rows(
        "SELECT extname::text AS name, extversion AS version FROM pg_catalog.pg_extension ORDER BY 1"
    )
    return Needs(
        server_major=who.server_version_num // 10000,
        encoding=str(row["encoding"]),
        collate=str(row["datcollate"]),
        ctype=str(row["datctype"]),
        locale_provider=str(row["provider"]),
        locale=str(row["locale"]),
        extensions={str(item["name"]): str(item["version"]) for item in extensions},
        roles=referenced_roles(observer),
        database_settings=database_settings(observer),
        database_privileges=database_privileges(observer),
        collations=collations(observer),
        tablespaces=tuple(str(item["name"]) for item in observer.rows(_TABLESPACES)),
    )


def collations(observer: Observer) -> tuple[Collation, ...]:
    """Every collation that the database made, or found on its machine and uses."""
    return tuple(
        Collation(
            name=str(row["name"]),
            provider=str(row["provider"]),
            locale=str(row["locale"]),
            version=str(row["version"]),
            own=bool(row["own"]),
        )
        for row in observer.rows(_COLLATIONS)
    )


def missing(needs: Needs, admin: Login) -> tuple[Missing, ...]:
    """Everything the server of ``admin`` lacks for a restore, all at once; empty means that it can be tried."""
    with connect(admin, purpose="needs") as observer:
        return (
            *_missing_extensions(needs, observer),
            *_other_version(needs, observer),
            *_missing_locale(needs, observer),
            *_missing_collations(needs, observer),
            *_missing_roles(needs, observer),
            *_missing_tablespaces(needs, observer),
        )


def create_database(name: str, needs: Needs, observer: Observer) -> None:
    """A new database with the source's encoding and locale. Raises ``ServerAnswer``."""
    options = ["TEMPLATE template0"]
    if observer.server_version_num >= _PROVIDERS_SINCE:
        options.append("STRATEGY FILE_COPY")
    if needs.encoding:
        options.append(f"ENCODING {quote_literal(needs.encoding)}")
    if needs.locale_provider:
        if observer.server_version_num >= _PROVIDERS_SINCE:
            options.append(f"LOCALE_PROVIDER {_provider(needs.locale_provider)}")
        options.append(f"LC_COLLATE {quote_literal(needs.collate)} LC_CTYPE {quote_literal(needs.ctype)}")
        if needs.locale:
            word = "ICU_LOCALE" if needs.locale_provider == "i" else "BUILTIN_LOCALE"
            options.append(f"{word} {quote_literal(needs.locale)}")
    observer.execute(f"CREATE DATABASE {quote(name)} {' '.join(options)}")


def create_tablespaces(needs: Needs, observer: Observer) -> tuple[str, ...]:
    """The tablespaces that are not there, inside the data directory: a copy of it takes them along."""
    created = []
    for name in sorted(set(needs.tablespaces) - _tablespaces(observer)):
        observer.execute(f"SET {_IN_PLACE} = on")
        observer.execute(f"CREATE TABLESPACE {quote(name)} LOCATION ''")
        created.append(name)
    return tuple(created)


def _missing_extensions(needs: Needs, observer: Observer) -> Iterator[Missing]:
    rows = observer.rows("SELECT name::text AS name, version FROM pg_catalog.pg_available_extension_versions")
    available: dict[str, set[str]] = {}
    for row in rows:
        available.setdefault(str(row["name"]), set()).add(str(row["version"]))
    for name, version in needs.extensions.items():
        if name not in available:
            yield Missing(kind="extension", name=name, remedy=f"Take a lender whose PostgreSQL has {name}.")
        elif version and version not in available[name]:
            yield Missing(
                kind="extension",
                name=f"{name} {version}",
                remedy=f"This server has {', '.join(sorted(available[name]))}; update the one that differs.",
            )


def _other_version(needs: Needs, observer: Observer) -> Iterator[Missing]:
    major = observer.server_version_num // 10000
    if needs.server_major and major != needs.server_major:
        yield Missing(
            kind="version",
            name=f"PostgreSQL {needs.server_major}",
            remedy=f"This server is PostgreSQL {major}: take a lender of major version {needs.server_major}"
            " (--lender local, docker).",
        )


def _missing_locale(needs: Needs, observer: Observer) -> Iterator[Missing]:
    """The server's own check, by making an empty database of this locale."""
    if not needs.locale_provider:
        return
    name = f"locale_probe_{secrets.token_hex(6)}"
    try:
        create_database(name, needs, observer)
    except ServerAnswer:
        yield Missing(
            kind="locale",
            name=f"{needs.collate} / {needs.ctype} {needs.locale} ({_provider(needs.locale_provider)},"
            f" {needs.encoding})",
            remedy="Install this locale on the machine, or take a lender that has it.",
        )
        return
    observer.execute(f"DROP DATABASE {quote(name)}")


def _missing_collations(needs: Needs, observer: Observer) -> Iterator[Missing]:
    """One that the server should have is looked for; one that the dump makes is made, and undone."""
    rows = observer.rows(
        "SELECT n.nspname || '.' || c.collname AS name FROM pg_catalog.pg_collation c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace"
    )
    present = {str(row["name"]) for row in rows}
    for wanted in needs.collations:
        if wanted.own and wanted.name in present:
            continue
        if wanted.own or not _collation_works(wanted, observer):
            yield Missing(
                kind="collation",
                name=f"{wanted.name} ({_provider(wanted.provider)} {wanted.locale})".replace(" )", ")"),
                remedy="Install its locale on the machine, or take a lender that has it (ICU is a build option).",
            )


def _collation_works(wanted: Collation, observer: Observer) -> bool:
    try:
        with observer.block("BEGIN", end="ROLLBACK"):
            observer.execute(
                f"CREATE COLLATION pg_temp.probe (provider = {_provider(wanted.provider)},"
                f" locale = {quote_literal(wanted.locale)})"
            )
    except ServerAnswer:
        return False
    return True


def _missing_roles(needs: Needs, observer: Observer) -> Iterator[Missing]:
    """Ordinary roles are made by the restore; PostgreSQL's own (``pg_…``) the server has or has not."""
    present = {str(row["name"]) for row in observer.rows("SELECT rolname::text AS name FROM pg_catalog.pg_roles")}
    named = {role.name for role in needs.roles} | {group for role in needs.roles for group in role.member_of}
    for name in sorted(named - present):
        if name.startswith("pg_"):
            yield Missing(
                kind="role", name=name, remedy="PostgreSQL's own role: take a lender whose version or build has it."
            )


def _missing_tablespaces(needs: Needs, observer: Observer) -> Iterator[Missing]:
    absent = sorted(set(needs.tablespaces) - _tablespaces(observer))
    if absent and observer.value("SELECT current_setting(%s, true)", [_IN_PLACE]) is None:
        for name in absent:
            yield Missing(
                kind="tablespace",
                name=name,
                remedy="This server makes none inside its data directory: take a later minor version of it.",
            )


def _tablespaces(observer: Observer) -> set[str]:
    return {str(row["name"]) for row in observer.rows("SELECT spcname::text AS name FROM pg_catalog.pg_tablespace")}


def _provider(word: str) -> str:
    return _PROVIDERS.get(word, word)
