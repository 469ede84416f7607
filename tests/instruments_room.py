"""What the instruments' tests share: a server that logs and decodes, and a small database of every kind of thing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pg_dryrun.log_records import direct
from pg_dryrun.observer import connect
from pg_dryrun.statements import SERVER_SETTINGS
from pg_dryrun.subject import Login
from pg_embedded.cluster import ThrowawayCluster

_numbers = itertools.count(1)

EVERY_KIND = """
CREATE ROLE {p}owner NOLOGIN CREATEDB;
CREATE ROLE {p}crew NOLOGIN;
CREATE ROLE {p}app LOGIN PASSWORD 'app-password' IN ROLE {p}crew;
ALTER ROLE {p}app SET search_path = '$user', shop;
ALTER ROLE {p}app SET work_mem = '8MB';
CREATE SCHEMA shop AUTHORIZATION {p}owner;
GRANT USAGE ON SCHEMA shop TO {p}app;
CREATE EXTENSION hstore SCHEMA shop;
CREATE TYPE shop.mood AS ENUM ('calm', 'wild');
CREATE DOMAIN shop.positive AS integer CHECK (value > 0);
CREATE TABLE shop.thing (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code varchar(10) NOT NULL CHECK (code IN ('x', 'y', 'z')),
    label text DEFAULT 'none'::text, mood shop.mood, amount shop.positive, ratio double precision,
    made timestamptz DEFAULT now(), raw bytea, facts jsonb, tags text[],
    length integer GENERATED ALWAYS AS (length(label)) STORED);
ALTER TABLE shop.thing OWNER TO {p}owner;
CREATE TABLE shop.log (at integer, line text) PARTITION BY RANGE (at);
CREATE TABLE shop.log_early PARTITION OF shop.log FOR VALUES FROM (0) TO (10);
CREATE UNLOGGED TABLE shop.scratch (n integer);
CREATE SEQUENCE shop.ticket;
CREATE UNIQUE INDEX thing_label ON shop.thing (lower(label), id) WHERE code IN ('x', 'y');
CREATE VIEW shop.shown AS SELECT id, code FROM shop.thing WHERE code IN ('x', 'y');
CREATE FUNCTION shop.stamp() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN new; END $$;
CREATE TRIGGER stamped BEFORE INSERT ON shop.thing FOR EACH ROW EXECUTE FUNCTION shop.stamp();
CREATE POLICY mine ON shop.thing FOR SELECT TO {p}app USING (code = 'x');
GRANT SELECT, INSERT ON shop.thing TO {p}app;
GRANT UPDATE (label) ON shop.thing TO {p}app;
GRANT SELECT ON shop.shown TO {p}app;
ALTER DEFAULT PRIVILEGES FOR ROLE {p}owner IN SCHEMA shop GRANT SELECT ON TABLES TO {p}app;
COMMENT ON TABLE shop.thing IS 'a thing';
INSERT INTO shop.thing (code, mood, amount, ratio, raw, facts, tags)
    SELECT 'x', 'calm', g, g / 3.0, decode(md5(g::text), 'hex'), jsonb_build_object('k', g), ARRAY['a', 'b,"c']
    FROM generate_series(1, 500) g;
INSERT INTO shop.log VALUES (1, E'tab\\tand\\nline'), (2, NULL);
INSERT INTO shop.scratch VALUES (1);
SELECT nextval('shop.ticket'), nextval('shop.ticket');
"""


SPELLINGS = {"its own lines": direct(SERVER_SETTINGS), "the collector's JSON": SERVER_SETTINGS}
"""The two ways in which a server may write its log: one that we start, and one that somebody else runs."""


@contextmanager
def instrumented_cluster(
    name: str, *, spelling: Mapping[str, str] = SPELLINGS["its own lines"], **settings: str
) -> Iterator[ThrowawayCluster]:
    """A server with all settings that the instruments ask for."""
    with ThrowawayCluster.create(name=name, settings={**spelling, **settings}) as made:
        yield made


def new_database(cluster: ThrowawayCluster, script: str = "") -> Login:
    """The superuser's login to a new database on ``cluster``; gone with the cluster. ``{p}`` in ``script`` is a prefix
    for role names that no other database of the cluster uses."""
    name = f"db{next(_numbers)}"
    with connect(Login(**cluster.admin), purpose="test") as admin:
        admin.execute(f"CREATE DATABASE {name}")
    login = Login(**cluster.admin_of(name))
    if script:
        with connect(login, purpose="test") as observer:
            observer.execute(script.replace("{p}", f"{name}_"))
    return login
