"""A generated database of about the wanted size: laws, their units, their history; bounded, the same each time."""

from __future__ import annotations

from dataclasses import replace

from pg_dryrun.observer import connect
from pg_dryrun.subject import Login
from pg_embedded.cluster import ThrowawayCluster

LARGEST_MB = 8_000
_UNITS_PER_STEP = 50_000
_SCHEMA = """
CREATE SCHEMA law;
CREATE TABLE law.document (id bigint PRIMARY KEY, code text NOT NULL UNIQUE, title text NOT NULL, issued date);
CREATE TABLE law.unit (
    id uuid PRIMARY KEY, document_id bigint NOT NULL, parent_id uuid, address text NOT NULL,
    label text NOT NULL, body text NOT NULL, sha256 bytea NOT NULL, facts jsonb NOT NULL, made timestamptz NOT NULL);
CREATE TABLE law.event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, unit_id uuid NOT NULL, kind text NOT NULL,
    at timestamptz NOT NULL, amount numeric(12, 2), note text);
CREATE TABLE law.counter (name text PRIMARY KEY, n bigint NOT NULL);
INSERT INTO law.counter VALUES ('units', 0);
"""
_INDEXES = """
CREATE UNIQUE INDEX unit_address ON law.unit (document_id, address);
CREATE INDEX unit_parent ON law.unit (parent_id);
CREATE INDEX unit_sha256 ON law.unit (sha256);
CREATE INDEX unit_made ON law.unit (made);
CREATE INDEX unit_facts ON law.unit USING gin (facts);
CREATE INDEX event_unit ON law.event (unit_id, at);
CREATE INDEX event_at ON law.event (at);
ALTER TABLE law.unit ADD FOREIGN KEY (document_id) REFERENCES law.document;
ALTER TABLE law.unit ADD FOREIGN KEY (parent_id) REFERENCES law.unit;
ALTER TABLE law.event ADD FOREIGN KEY (unit_id) REFERENCES law.unit;
"""
_STEP = """
INSERT INTO law.document SELECT g, 'L-' || g, 'Law number ' || g, date '2000-01-01' + (g %% 9000)::int
FROM generate_series(%(first)s / 500 + 1, %(last)s / 500) g;
INSERT INTO law.unit
SELECT md5('unit' || g)::uuid, (g - 1) / 500 + 1,
       CASE WHEN g %% 10 = 1 THEN NULL ELSE md5('unit' || (g - (g - 1) %% 10))::uuid END,
       'art' || g %% 500 || '/pt' || g %% 7, 'Điều ' || g %% 500,
       repeat('Điều khoản ' || md5(g::text) || ' ', 3 + (g %% 17)::int), sha256(g::text::bytea),
       jsonb_build_object('kind', 'article', 'depth', g %% 5), timestamptz '2020-01-01Z' + g * interval '1 second'
FROM generate_series(%(first)s + 1, %(last)s) g;
INSERT INTO law.event (unit_id, kind, at, amount, note)
SELECT md5('unit' || g)::uuid, (ARRAY['cut', 'verified', 'superseded'])[1 + g %% 3],
       timestamptz '2021-01-01Z' + g * interval '1 second', g / 7.0, 'note ' || s
FROM generate_series(%(first)s + 1, %(last)s) g, generate_series(1, 2) s;
"""


def generate(cluster: ThrowawayCluster, name: str, size_mb: int) -> Login:
    """A new database ``name`` that grows until, with its indexes, it has about ``size_mb``; analysed."""
    wanted = min(size_mb, LARGEST_MB) * 1_000_000
    with connect(Login(**cluster.admin), purpose="bench") as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    login = replace(Login(**cluster.admin), dbname=name)
    with connect(login, purpose="bench", statement_timeout_s=1800) as observer:
        observer.execute("SET synchronous_commit = off")
        observer.execute("SET maintenance_work_mem = '256MB'")
        observer.execute(_SCHEMA)
        done, per_unit = 0, 1.27  # what the indexes will add to the tables
        while _size(observer) * per_unit < wanted:
            step = min(_UNITS_PER_STEP, 5_000 if wanted < 100_000_000 else _UNITS_PER_STEP)
            for statement in filter(str.strip, _STEP.split(";")):
                observer.execute(statement, {"first": done, "last": done + step})
            done += step
        for statement in filter(str.strip, _INDEXES.split(";")):
            observer.execute(statement)
        observer.execute("VACUUM ANALYZE")
    return login


def size_mb(login: Login) -> int:
    """What the database takes, in millions of bytes."""
    with connect(login, purpose="bench") as observer:
        return _size(observer) // 1_000_000


def _size(observer: object) -> int:
    return int(str(observer.value("SELECT pg_database_size(current_database())")))  # type: ignore[attr-defined]
