"""A page of the manual typed into a shell, block after block; what is printed compared with what the page shows."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.manual_pages import ROOT, Block

_END = "\x1e"
_ENDED = re.compile(f"{_END}(\\d+) (\\d+){_END}\n")

_BESIDE = Path(__file__).with_name("manual_beside.sh").read_text("utf-8")


@dataclass(frozen=True, kw_only=True)
class Typed:
    """One thing that is typed. ``expected`` is None where the page shows no output."""

    block: Block
    text: str
    expected: tuple[str, ...] | None
    may_fail: bool = False


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the shell answered."""

    typed: Typed
    printed: str
    code: int


def typed(blocks: Sequence[Block]) -> list[Typed]:
    """What a reader types who follows these blocks."""
    found: list[Typed] = []
    running: Block | None = None
    for block in blocks:
        if block.is_output and found:
            found[-1] = replace(found[-1], expected=tuple(block.text.splitlines()))
        if not block.is_typed:
            continue
        if block.file_name is not None:
            found.append(Typed(block=block, text=_written(block.file_name, block.text), expected=None))
        elif block.language == "console":
            found.extend(_commands(block))
        elif block.language == "python":
            found.append(Typed(block=block, text=f"python -c {shlex.quote(block.text)}", expected=None))
        else:
            found.append(Typed(block=block, text=_script(block), expected=None))
        if block.runs is not None:
            running = block
    if running is not None:
        found.append(Typed(block=running, text="__stop", expected=None))
    return found


def _script(block: Block) -> str:
    """A ``sh`` block as it is typed: the first line that fails fails it."""
    text = block.text
    if block.in_a_checkout:
        text = re.sub(r"(?m)^make (?!help\b)(\S+)(.*)$", f"make -C {shlex.quote(str(ROOT))} -n \\1 >/dev/null", text)
        text = re.sub(r"(?m)^make help\b", f"make -C {shlex.quote(str(ROOT))} help", text)
    if block.runs is not None:
        signal, ready = block.runs
        beside = f"__beside {'INT' if signal == 'Ctrl-C' else 'TERM'} {shlex.quote(ready)} "
        text = "__stop\n" + re.sub(r"(?m)^(?=iu-cutter (?:serve|worker)(?: --|$))", beside, text)
    if block.installs and "-m venv" not in text:
        place = f'"$HOME"/environment-{block.line}'
        text = f'python3 -m venv {place}\n(PATH={place}/bin:"$PATH"\n{text}pip check\n)\n'
    return f"set -e\n{text}set +e"


def _written(name: str, text: str) -> str:
    return f"cat > {shlex.quote(name)} <<'END-OF-THE-FILE'\n{text}END-OF-THE-FILE"


def _commands(block: Block) -> Iterator[Typed]:
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not parts[0].strip(), f"{block.where}: a console block begins with '$ '"
    for number, part in enumerate(parts[1:], start=1):
        lines = part.splitlines()
        more = next((n for n, line in enumerate(lines[1:], start=1) if not line.startswith("> ")), len(lines))
        command = "\n".join([lines[0], *(line[2:] for line in lines[1:more])])
        followed = number + 1 < len(parts) and parts[number + 1].startswith("echo $?")
        yield Typed(block=block, text=command, expected=tuple(lines[more:]), may_fail=followed)


def _feels_ctrl_c() -> None:
    """Who starts the tests in the background of a script has them ignore SIGINT, and all that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def type_in(sequence: Sequence[Typed], folder: Path, environment: Mapping[str, str], *, timeout_s: float) -> list[Said]:
    """All of it in one shell; stops at the first line of a ``sh`` block that fails."""
    script = "".join(
        f"{each.text}\n__code=$?; printf '{_END}%s %s{_END}\\n' {number} $__code; (exit $__code)\n"
        for number, each in enumerate(sequence)
    )
    done = subprocess.run(
        ["/bin/bash", "-c", f"exec 2>&1\n{_BESIDE}\n{script}"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=timeout_s,
        check=False,
        preexec_fn=_feels_ctrl_c,
    )
    parts = _ENDED.split(done.stdout.decode("utf-8", errors="replace"))
    answered = [
        Said(typed=sequence[int(number)], printed=printed, code=int(code))
        for printed, number, code in zip(parts[0::3], parts[1::3], parts[2::3], strict=False)
    ]
    if len(answered) < len(sequence):
        answered.append(Said(typed=sequence[len(answered)], printed=parts[-1], code=done.returncode or 1))
    return answered


def complaints(answered: Sequence[Said]) -> list[str]:
    """What is not as the page says."""
    found = []
    for said in answered:
        place = f"{said.typed.block.where}: {said.typed.text.strip()}"
        if said.code != 0 and not said.typed.may_fail:
            found.append(f"{place}\n  ended with {said.code}:\n{_indented(said.printed)}")
        elif said.typed.expected is not None and not matches(said.typed.expected, said.printed):
            shown = "\n".join(said.typed.expected)
            found.append(f"{place}\n  the page shows:\n{_indented(shown)}\n  printed was:\n{_indented(said.printed)}")
    return found


def matches(expected: Sequence[str], printed: str) -> bool:
    """Whether the printed lines are those that a page shows; no shown line at all shows nothing of the output."""
    lines = [line.rstrip() for line in expected if line.strip()]
    if not lines:
        return True
    pattern = "".join(
        r"(?:[^\n]*\n)*?"
        if line.strip() == "…"
        else ".*?".join(re.escape(part) for part in line.split("…")) + r"[^\S\n]*\n"
        for line in lines
    )
    text = "".join(f"{line}\n" for line in printed.splitlines() if line.strip())
    return re.fullmatch(pattern, text) is not None


def environment(folder: Path, **extra: str) -> dict[str, str]:
    """A reader's environment: the programs of this installation, a home of its own, nothing configured."""
    kept = {name: os.environ[name] for name in ("LANG", "PYTHONPATH", "TMPDIR", "TZ") if name in os.environ}
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {
        **kept,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "HOME": str(home),
        "DOT_CUTTER_HOME": str(home / "dot-iu-cutter"),
        "NO_COLOR": "1",
        "COLUMNS": "120",
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        **extra,
    }


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
