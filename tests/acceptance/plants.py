"""All planted defects by whose they are, and ``docs/explanation/plants.md``: ``python -m tests.acceptance.plants``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.acceptance.plants_environment import IN_THE_ENVIRONMENT
from tests.acceptance.plants_plan import IN_THE_PLAN
from tests.acceptance.plants_product import HISTORIC
from tests.acceptance.plants_product_faults import WHEN_BROKEN
from tests.acceptance.plants_product_guards import IN_WHO_MAY_WHAT
from tests.acceptance.plants_product_writes import IN_WHAT_IT_WRITES
from tests.acceptance.plants_tool import IN_THE_TOOL
from tests.acceptance.plants_workers import IN_THE_WORKERS
from tests.plants_room import ROOT, WORDS, Edit, Plant

__all__ = ["PAGE", "PLANTS", "SHORT", "Edit", "Plant", "page_with", "table"]

PLANTS: tuple[Plant, ...] = (
    *HISTORIC,
    *IN_WHAT_IT_WRITES,
    *IN_WHO_MAY_WHAT,
    *WHEN_BROKEN,
    *IN_THE_WORKERS,
    *IN_THE_PLAN,
    *IN_THE_TOOL,
    *IN_THE_ENVIRONMENT,
)
SHORT: tuple[Plant, ...] = tuple(plant for plant in PLANTS if plant.short)
PAGE: Path = ROOT / "docs" / "explanation" / "plants.md"
_BEGIN = "<!-- made by `python -m tests.acceptance.plants`; do not edit below -->\n"


def table() -> str:
    """Every plant, whose defect it is, and where it has to be caught."""
    counts = ", ".join(f"{sum(plant.whose == whose for plant in PLANTS)} of the {whose}" for whose in WORDS)
    lines = [
        f"{len(PLANTS)} defects: {counts}. Those with a star are the short form ({len(SHORT)}).",
        "",
        "| plant | what is wrong | whose | caught at | verdict | exit code |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {plant.name}{' *' if plant.short else ''} | {plant.why} | {plant.whose} | {_where(plant)} "
        f"| {_verdict(plant)} | {plant.exit_code} |"
        for plant in PLANTS
    ]
    return "\n".join(lines) + "\n"


def page_with(text: str, made: str) -> str:
    """The page with its generated part replaced."""
    head, found, _ = text.partition(_BEGIN)
    if not found:
        raise ValueError(f"{PAGE} has lost the line before its table")
    return f"{head}{_BEGIN}\n{made}"


def _where(plant: Plant) -> str:
    if not plant.sealed:
        return "`pg-dryrun check`"
    return plant.failed_check or "before anything is begun"


def _verdict(plant: Plant) -> str:
    return plant.verdict if plant.sealed else f"says {plant.verdict}; the evidence does not hold"


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE.read_text("utf-8"), table()), "utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}: {len(PLANTS)} plants\n")
