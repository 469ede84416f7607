"""What looking costs: the effects of a step at two sizes. Writers with and without: ``tracing``; ours: ``adapter``."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import psycopg

from pg_dryrun.instruments import Instruments
from pg_dryrun.observer import connect
from pg_dryrun.subject import Login

_TABLE = "CREATE TABLE public.tracked (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text)"
_INSERT = "INSERT INTO public.tracked (v) VALUES (%(v)s)"


def once_ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def effects_ms(login: Login, steps: int) -> tuple[float, float]:
    """Median milliseconds of the effects' fence, and of a whole step of all instruments, after one written row."""
    with connect(login, purpose="bench") as observer:
        observer.execute(_TABLE)
    fences: list[float] = []
    whole: list[float] = []
    with (
        Instruments.attach(login, tracked=["public.tracked"]) as instruments,
        psycopg.connect(**login.keywords(), autocommit=True) as connection,  # type: ignore[arg-type]
    ):
        for _ in range(steps):
            connection.execute(_INSERT, {"v": "row"})
            fences.append(once_ms(lambda: instruments._slot.fence("bench")))  # noqa: SLF001 - what is measured
        whole += [once_ms(lambda: instruments.step("bench")) for _ in range(steps)]
    return statistics.median(fences), statistics.median(whole)
