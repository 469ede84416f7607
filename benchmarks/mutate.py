"""The verifier against seeded corruptions: how many of each kind, how many were found, any alarm on clean data.

Run: ``make bench-mutate`` or ``python -m benchmarks.mutate [--verify N] [--audit N] [--clean N] [--seed S]``. Ends
with 1 when a corruption was missed, called by a wrong name or crashed the judge, or when clean data raised an alarm. A
seed that is printed repeats its corruption exactly.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.corruption_campaign import GOOD, Judge, Outcome, Tally, judged, plan, tried
from tests.corruption_stage import CUT_AGAIN, DOCUMENTS, Site, prepared
from tests.corruption_topology import ORDERED, planned

from pg_embedded.cluster import ThrowawayCluster

CLEAN_TRIALS, SEED = 12, 20250106
ORDER_ROUNDS = 1


def main() -> int:
    """Both campaigns; the exit code."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--verify", type=int, help="trials on each group; default: every kind once")
    words.add_argument("--audit", type=int, help="the same for the audit")
    words.add_argument("--orders", type=int, default=ORDER_ROUNDS, help="rounds over changes without a new source")
    words.add_argument("--clean", type=int, default=CLEAN_TRIALS)
    words.add_argument("--seed", type=int, default=SEED)
    given = words.parse_args()
    good = True
    with ThrowawayCluster.create(name="bench-mutate", settings={"max_connections": "50"}) as cluster:
        for judge, trials in ((Judge.VERIFY, given.verify), (Judge.AUDIT, given.audit)):
            for documents in (DOCUMENTS, CUT_AGAIN):
                with prepared(cluster, tuple(documents), verified=judge is Judge.AUDIT, making=documents) as sites:
                    good = campaign(sites, judge, trials, given.clean, given.seed) and good
            with prepared(cluster, tuple(ORDERED), verified=judge is Judge.AUDIT, making=ORDERED) as sites:
                good = orders(sites, judge, given.orders, given.clean, given.seed) and good
    return 0 if good else 1


def campaign(sites: list[Site], judge: Judge, trials: int | None, clean: int, seed: int) -> bool:
    """One judge's trials, printed; whether all ended well."""
    began = time.monotonic()
    tally = Tally()
    for number, (site, name, kind, own_seed) in enumerate(plan(sites, trials, seed, judge)):
        tally.note(tried(site, name, kind, own_seed, judge, number=number))
    return printed(sites, judge, tally, clean, seed, began)


def orders(sites: list[Site], judge: Judge, rounds: int, clean: int, seed: int) -> bool:
    """The same for split, merge, retire, renumber and redirect: every kind on every document, ``rounds`` times."""
    began = time.monotonic()
    tally = Tally()
    for turn in range(rounds):
        for number, (site, name, kind) in enumerate(planned(sites)):
            tally.note(tried(site, name, kind, seed + 1000 * turn + number, judge, number=1000 * turn + number))
    return printed(sites, judge, tally, clean, seed, began)


def printed(sites: list[Site], judge: Judge, tally: Tally, clean: int, seed: int, began: float) -> bool:
    """The table, after a look at clean data; whether all ended well."""
    trials = tally.trials
    alarms = [said for said in (alarm(sites[n % len(sites)], judge, trials + n) for n in range(clean)) if said]
    print(f"\n{judge} (seed {seed}): {len(sites)} documents, {tally.trials} corruptions of {len(tally.counts)} kinds")
    print(f"{'kind':58} {'tried':>6} {'found':>6} {'refused':>8} {'missed':>7}")
    for name, counts in sorted(tally.counts.items()):
        missed = sum(count for outcome, count in counts.items() if outcome not in GOOD)
        found, refused = counts[Outcome.FOUND], counts[Outcome.REFUSED]
        print(f"{name:58} {counts.total():6} {found:6} {refused:8} {missed:7}")
    for trial in tally.bad:
        print(f"NOT FOUND: {trial.kind} on {trial.site}, seed {trial.seed}: {trial.outcome}: {trial.said[:300]}")
    for said in alarms:
        print(f"FALSE ALARM: {said[:300]}")
    print(
        f"{judge}: {tally.trials} corruptions, {tally.trials - len(tally.bad)} found or refused, "
        f"{len(tally.bad)} missed; "
        f"{clean} clean documents, {len(alarms)} alarms; {time.monotonic() - began:.0f} s"
    )
    return not tally.bad and not alarms


def alarm(site: Site, judge: Judge, number: int) -> str | None:
    """What the judge says about a document that nobody touched; None where it says nothing."""
    with site.copy(number, tampered=number % 2 == 0) as ledger:
        if number % 3 == 0:
            ledger.tamper("UPDATE iu.unit_version SET body = body")
            ledger.admin("VACUUM")
        outcome, said = judged(ledger, site, judge, None)
    return None if outcome is Outcome.MISSED else f"{site.name}: {outcome}: {said}"


if __name__ == "__main__":
    sys.exit(main())
