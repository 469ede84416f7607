"""``docs/reference/gates.md``, made from the gates: ``python -m pg_dryrun.gates.reference > docs/reference/gates.md``.

A test compares the two, so that the page cannot say what the program does not.
"""

from __future__ import annotations

import inspect
import sys

from pg_dryrun.gates import ALL, STEP_OF_KIND, Gate
from pg_dryrun.gates.program import PROGRAM_GATES
from pg_dryrun.outcome import EXIT_CODES, Blame, Verdict
from pg_dryrun.steps import STEPS

_HEAD = """# The gates of a rehearsal

Made from the code by `python -m pg_dryrun.gates.reference`; do not edit. What the answers mean and how the verdict
follows from them: [verdicts](../explanation/verdicts.md).

Each gate asks one question, on its own copy of the evidence, in this order. The first one that is broken, or could not
be asked, stops the run: what comes after is `NotReached`, and only the gates of C-13 are asked on every way out. A gate
that looked at nothing is broken, never kept. "Blames" are the words a broken gate may use.
"""
_WORD_OF_BLAME = {
    Blame.PRODUCT: Verdict.PRODUCT_FAIL,
    Blame.PLAN: Verdict.PLAN_FAIL,
    Blame.TOOL: Verdict.TOOL_FAIL,
    Blame.ENVIRONMENT: Verdict.INCOMPLETE,
}
_SCENARIO = "Did the writer do what the scenario promises, by its own word and by what the instruments saw?"

_PROGRAM = """## Of any program

`pg-dryrun run` asks what concerns any writer (G-01 to G-10, G-12, G-13, G-21 to G-25), and of the command itself what
follows. In C-11 every question is asked, whatever the one before says; the first broken one is the verdict. P-07 is
asked with `--expect` only.
"""


def render() -> str:
    """The whole page."""
    lines = [_HEAD, "| step | gate | title | question | blames |", "|---|---|---|---|---|"]
    for step, title in STEPS.items():
        if step in set(STEP_OF_KIND.values()):
            lines.append(f"| {step} {title} | the subject's scenarios | | {_SCENARIO} | product, tool |")
        lines += [_row(gate, title) for gate in ALL if gate.step == step]
    lines += ["", _PROGRAM, "| step | gate | title | question | blames |", "|---|---|---|---|---|"]
    lines += [_row(gate, STEPS[gate.step]) for gate in PROGRAM_GATES]
    lines += ["", "## Blame, verdict, exit code", "", "| blame | verdict | exit code |", "|---|---|---|"]
    lines += [f"| {blame.value} | {word.value} | {EXIT_CODES[word]} |" for blame, word in _WORD_OF_BLAME.items()]
    lines.append(f"| – | {Verdict.PASS.value} | {EXIT_CODES[Verdict.PASS]} |")
    return "\n".join(lines) + "\n"


def _row(gate: type[Gate], step_title: str) -> str:
    question = " ".join((inspect.getdoc(gate) or "").split("\n\n")[0].split())
    blames = ", ".join(blame.value for blame in gate.blames)
    return f"| {gate.step} {step_title} | {gate.id} | {gate.title} | {question} | {blames} |"


if __name__ == "__main__":
    sys.stdout.write(render())
