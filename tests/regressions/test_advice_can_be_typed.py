"""What a refusal tells a person to type is a command. It was `… --approve | --defer | --reject, with --rationale.`: a
shell made three commands of it and lost the decision."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cutter_agent.cli import reference
from cutter_agent.cli.registry import COMMANDS
from cutter_agent.model import EntryStatus
from cutter_agent.state_machine import NEXT_COMMAND, TERMINAL, TRANSACTION_ONLY

DOUBTFUL = "Luật số: 12/2020/QH14\nLUẬT THỬ\nĐiều 1. Phạm vi\nLuật này.\nĐiều 7. Hiệu lực\nNgay.\n"
COMMAND = re.compile(r"iu-cutter [^\n(,]*")


def _typed(embedded, text: str) -> list[str]:
    """Each command in ``text``, run by a shell as it stands; gives what was typed."""
    typed = [found.strip() for found in COMMAND.findall(text)]
    for line in typed:
        function = f'iu-cutter() {{ "{sys.executable}" -m cutter_agent "$@"; }}\n'
        done = subprocess.run(
            ["/bin/bash", "-c", function.replace("iu-cutter()", "iu-cutter ()") + line],
            env=embedded.environment(),
            cwd=embedded.cwd,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode in {0, 10}, (line, done.stderr.decode())
    return typed


@pytest.mark.parametrize("asked", ["cut", "review"])
def test_the_advice_of_a_waiting_document_is_typed_as_it_stands(embedded, tmp_path: Path, asked: str) -> None:
    law = tmp_path / "ngo.txt"
    law.write_text(DOUBTFUL, encoding="utf-8")
    answer = embedded("cut", str(law))
    assert answer.code == 10
    if asked == "review":
        answer = embedded("review", "L12-2020-QH14")
        assert answer.code == 10
    remedy = answer.err.partition("what to do: ")[2]
    typed = _typed(embedded, remedy)
    assert [line.split()[1] for line in typed] == ["review", "review", "cut-approved"]
    assert embedded("status", "--json").json["entries"][0]["status"] == "cut_applied"
    entry = embedded("status", "--json").json["entries"][0]["entry_id"]
    proven = embedded("verify", entry)
    assert proven.code == 0
    assert proven.out.decode().startswith(f"{entry}: pass")


def test_the_list_of_commands_says_what_each_does(iu_cutter) -> None:
    said = iu_cutter("--help").out.decode()
    assert "Rehearse this commit" in said
    assert "(from " not in said
    assert all(name in said for name in COMMANDS)


def test_no_usage_line_brackets_twice_and_only_the_root_may_offer_completion() -> None:
    page = reference.render()
    assert "[[" not in page
    assert "--install-completion" not in page


def test_an_illegal_move_says_what_to_type_instead(embedded, tmp_path: Path) -> None:
    law = tmp_path / "ngo.txt"
    law.write_text(DOUBTFUL, encoding="utf-8")
    entry = embedded("mark", str(law), "--json").json["entry_id"]
    walked = []
    for _ in range(2):
        refused = embedded("cut-approved", entry)
        assert refused.code == 5
        walked += _typed(embedded, refused.err.partition(" Type: ")[2])
    assert [line.split()[1] for line in walked] == ["sweep", "review"]
    assert set(NEXT_COMMAND) == set(EntryStatus) - TERMINAL - TRANSACTION_ONLY


def test_a_state_or_an_id_that_does_not_exist_is_a_usage_error(embedded) -> None:
    state = embedded("status", "--status", "marked_wrongly", "--json")
    assert (state.code, state.error["code"]) == (2, "USAGE")
    assert "review_pending" in state.error["message"]
    number = embedded("verify", "L12-2020-QH14", "--json")
    assert (number.code, number.error["code"]) == (2, "USAGE")
    streamed = embedded("verify", "--stream", stdin=b"L12-2020-QH14\n")
    assert json.loads(streamed.out.splitlines()[1])["error"]["code"] == "USAGE"


def test_an_unknown_entry_is_a_usage_error_whoever_asks(embedded) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    for command in (["verify"], ["cut-approved"], ["review"], ["status"], ["resolve", "--way", "abandon"]):
        more = ["--rationale", "so"] if command[0] == "resolve" else []
        answer = embedded(*command, unknown, *more, "--json")
        assert (answer.code, answer.error["code"]) == (2, "USAGE"), command
        assert unknown in answer.error["message"]
