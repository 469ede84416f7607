"""Eighteen forms of a destructive or hidden statement: each is seen by an instrument and attributed to its session."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from tests.instruments_room import instrumented_cluster, new_database

from pg_dryrun.effects import Verb
from pg_dryrun.instruments import Instruments
from pg_dryrun.subject import Login
from pg_embedded.cluster import ThrowawayCluster

SCRIPT = """
CREATE ROLE {p}boss NOLOGIN;
CREATE TABLE public.t (id integer PRIMARY KEY, v text);
CREATE TABLE public.kin (id integer REFERENCES public.t ON DELETE CASCADE);
CREATE TABLE public.echo (id integer);
CREATE TABLE public.trap (id integer);
CREATE FUNCTION public.wipe() RETURNS integer LANGUAGE sql AS 'DELETE FROM public.t RETURNING id';
CREATE FUNCTION public.wipe_as_owner() RETURNS integer LANGUAGE sql SECURITY DEFINER
    AS 'DELETE FROM public.t RETURNING id';
CREATE PROCEDURE public.wipe_by_call() LANGUAGE sql AS 'DELETE FROM public.t';
CREATE FUNCTION public.sprung() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.t; RETURN new; END $$;
CREATE TRIGGER sprung AFTER INSERT ON public.trap FOR EACH ROW EXECUTE FUNCTION public.sprung();
CREATE RULE turned AS ON UPDATE TO public.echo DO INSTEAD DELETE FROM public.t;
GRANT ALL ON ALL TABLES IN SCHEMA public TO {p}boss;
INSERT INTO public.t VALUES (1, 'a');
INSERT INTO public.kin VALUES (1);
INSERT INTO public.echo VALUES (1);
"""
DELETED = (Verb.DELETE, "public.t")

FORMS: dict[str, tuple[list[str], tuple[Verb, str], tuple[str, ...]]] = {
    "plain": (["DELETE FROM t"], DELETED, ("DELETE",)),
    "CTE": (["WITH d AS (DELETE FROM t RETURNING id) SELECT * FROM d"], DELETED, ("DELETE",)),
    "explain analyze": (["EXPLAIN ANALYZE DELETE FROM t"], DELETED, ("DELETE",)),
    "function": (["SELECT wipe()"], DELETED, ()),
    "security definer": (["SELECT wipe_as_owner()"], DELETED, ()),
    "procedure": (["CALL wipe_by_call()"], DELETED, ("CALL",)),
    "do block": (["DO $$ BEGIN DELETE FROM public.t; END $$"], DELETED, ("DO",)),
    "leading comment": (["/* SELECT */ -- SELECT\n DELETE FROM t"], DELETED, ("DELETE",)),
    "cascade": (["DELETE FROM t"], (Verb.DELETE, "public.kin"), ("DELETE",)),
    "trigger": (["INSERT INTO trap VALUES (1)"], DELETED, ()),
    "rule": (["UPDATE echo SET id = 2"], DELETED, ()),
    "copy to": (["COPY (DELETE FROM t RETURNING id) TO STDOUT"], DELETED, ("DELETE",)),
    "prepared": (["PREPARE p AS DELETE FROM t", "EXECUTE p"], DELETED, ("DELETE",)),
    "several in one": (["SELECT 1; DELETE FROM t; SELECT 2"], DELETED, ("DELETE",)),
    "set role": (["SET ROLE {boss}", "DELETE FROM t", "RESET ROLE"], DELETED, ("DELETE", "SET ROLE")),
    "set_config": (["SELECT set_config('role', '{boss}', false)", "DELETE FROM t"], DELETED, ("DELETE", "SET ROLE")),
    "merge": (["MERGE INTO t USING echo ON t.id = echo.id WHEN MATCHED THEN DELETE"], DELETED, ("MERGE",)),
    "truncate": (["TRUNCATE t CASCADE"], (Verb.TRUNCATE, "public.t"), ("TRUNCATE",)),
}


@pytest.fixture(scope="module")
def server() -> Iterator[ThrowawayCluster]:
    with instrumented_cluster("forms") as made:
        yield made


@pytest.fixture
def login(server: ThrowawayCluster) -> Login:
    return new_database(server, SCRIPT)


@pytest.mark.parametrize("form", FORMS)
def test_it_is_seen_and_attributed(login: Login, form: str) -> None:
    statements, effect, forbidden = FORMS[form]
    sent = [text.replace("{boss}", f"{login.dbname}_boss") for text in statements]
    with (
        Instruments.attach(login, tracked=["public.t", "public.kin"]) as instruments,
        psycopg.connect(**login.keywords(), autocommit=True) as writer,  # type: ignore[arg-type]
    ):
        pid = writer.info.backend_pid
        for text in sent:
            if text.startswith("COPY"):
                with writer.cursor().copy(text) as copy:
                    assert list(copy)
            else:
                writer.execute(text)  # type: ignore[arg-type]
        seen = instruments.step(form)
    verb, table = effect
    assert seen.effects.totals(verb)[table] == 1
    assert seen.contradictions == ()
    mine = [item for item in seen.log.statements if item.pid == pid]
    assert [item.text for item in mine] == sent
    assert tuple(sorted({verb for item in mine for verb in item.print.forbidden()})) == forbidden


def test_all_eighteen_are_there() -> None:
    assert len(FORMS) == 18
