"""Runs as others see them: a log of JSON lines on standard error, spans and metrics at a real receiver of OTLP.

Docs: reference/logs.md, reference/telemetry.md.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.collector_room import Collector, Span, closed_port, collecting, silent
from tests.command_room import Answer, CommandLine
from tests.pipeline_room import law
from tests.worker_room import opened

from cutter_agent.cli.logs import FIELDS
from cutter_agent.telemetry.asked import EXIT_BOUND_S

ALWAYS = {"at", "level", "logger", "run", "pid", "message"}
STEPS = ["mark", "sweep", "review", "cut", "verify"]
BODY = "điều khoản bí mật số"
"""Stands in every law of these tests, and nowhere else."""


def _law(number: int) -> bytes:
    text = law(4, code=f"O{number}").decode().replace("Điều 2.", f"Điều 2. {BODY} {number},")
    return f"Luật số: {number}/2023/QH15\n{text}".encode()


def _folder(place: Path, first: int, count: int) -> Path:
    folder = place / f"laws-{first}"
    folder.mkdir()
    for number in range(first, first + count):
        (folder / f"{number}.txt").write_bytes(_law(number))
    return folder


def _lines(said: str) -> list[dict[str, Any]]:
    """Every line is a record of the documented shape, and of this shape only."""
    records = [json.loads(line) for line in said.splitlines()]
    for record in records:
        assert record.keys() >= ALWAYS, record
        assert record.keys() - ALWAYS <= set(FIELDS), record
    return records


def _ended(records: list[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    return [record for record in records if record["message"] == f"{what} ended"]


def _require_no_secret(command: CommandLine, *said: bytes) -> None:
    secrets = [path.read_bytes().strip() for path in (command.home / "keys").rglob("password")]
    assert len(secrets) >= 2
    for text in said:
        for secret in (*secrets, BODY.encode(), b"PRIVATE KEY"):
            assert secret not in text, secret


def test_a_folder_by_two_processes_is_one_run_one_log_and_one_trace(embedded: CommandLine, tmp_path: Path) -> None:
    folder = _folder(tmp_path, 1, 4)
    (folder / "bad.txt").write_bytes(b"\xd0\xff " + BODY.encode())
    (folder / "bad.docx").write_bytes(b"PK\x03\x04 broken")
    with collecting() as received:
        watched = replace(embedded, extra=received.environment())
        answer = watched("--log-format", "json", "cut", str(folder), "--jobs", "2", "--json")
        assert answer.code == 3, answer.err
        audited = watched("--log-format", "json", "--log-level", "debug", "audit", "--all", "--json")
        assert audited.code == 0, audited.err
    records = _lines(answer.err)
    assert len({record["run"] for record in records}) == 1
    assert len({record["pid"] for record in records}) >= 5, "the call, two members and their two verifiers"
    documents = {Path(record["file"]).name: record for record in _ended(records, "document")}
    assert {name: record["outcome"] for name, record in documents.items()} == {
        **{f"{number}.txt": "ok" for number in range(1, 5)},
        "bad.txt": "INPUT_REFUSED",
        "bad.docx": "FORMAT_REFUSED",
    }
    assert documents["bad.txt"]["start_byte"] == 0
    phases = _ended(records, "phase")
    for number in range(1, 5):
        own = [record for record in phases if record.get("document") == f"L{number}-2023-QH15"]
        assert [record["phase"] for record in own] == STEPS, own
        assert {Path(record["file"]).name for record in own} == {f"{number}.txt"}
        assert len({record["entry_id"] for record in own if record["phase"] != "sweep"}) == 1
        assert own[3]["units_written"] == documents[f"{number}.txt"]["units"] == 6
    (run,) = _ended(records, "run")
    assert (run["command"], run["exit_code"], run["level"]) == ("cut", 3, "warning")
    transactions = {record["transaction"] for record in _ended(_lines(audited.err), "attempt")}
    assert not transactions, "an audit writes nothing"
    assert len(_ended(_lines(audited.err), "document")) == 4
    _require_one_trace(received, records)
    _require_metrics(received, retried=sum(record["message"] == "tried again" for record in records))
    _require_no_secret(embedded, answer.err.encode(), audited.err.encode(), *received.raw)


def _require_one_trace(received: Collector, records: list[dict[str, Any]]) -> None:
    by_id = {span.span_id: span for span in received.spans}
    (run,) = received.named("iu-cutter cut")
    assert run.parent == ""
    assert run.attributes["process.exit.code"] == 3
    assert (run.resource["service.name"], run.failed) == ("iu-cutter", True)
    documents = [span for span in received.named("document") if span.trace_id == run.trace_id]
    assert len(documents) == 6
    assert {span.parent for span in documents} == {run.span_id}
    for document in documents:
        below = [span for span in received.spans if span.parent == document.span_id]
        if not document.failed:
            assert sorted(span.name for span in below) == sorted(STEPS)
    for name in STEPS:
        for span in received.named(name):
            assert span.attributes["iu_cutter.phase"] == name
            assert by_id[span.parent].name == "document"
    for span in received.spans:
        if not span.name.endswith(" transaction"):
            continue
        assert (span.kind, span.attributes["db.system.name"]) == (3, "postgresql")
        assert by_id[span.parent].attributes["iu_cutter.phase"]
    ids = {(record["trace_id"], record["span_id"]) for record in records if "trace_id" in record}
    assert ids <= {(span.trace_id, span.span_id) for span in received.spans}
    assert {record["trace_id"] for record in _ended(records, "phase")} == {run.trace_id}


def _require_metrics(received: Collector, *, retried: int) -> None:
    documents: dict[str, float] = {}
    for point in received.of("iu_cutter.documents"):
        outcome = point.attributes["iu_cutter.outcome"]
        documents[outcome] = documents.get(outcome, 0) + point.value
    assert documents == {"ok": 8, "INPUT_REFUSED": 1, "FORMAT_REFUSED": 1}, "four cut, the same four audited"
    assert sum(point.value for point in received.of("iu_cutter.units.written")) == 24
    durations = received.of("iu_cutter.phase.duration")
    counted = {name: sum(p.value for p in durations if p.attributes["iu_cutter.phase"] == name) for name in STEPS}
    assert counted == {"mark": 5, "sweep": 4, "review": 4, "cut": 4, "verify": 4}
    assert all(point.seconds > 0 for point in durations)
    retries = received.of("iu_cutter.retries")
    assert sum(point.value for point in retries) == retried
    assert {point.attributes["iu_cutter.disposition"] for point in retries} <= {"retry", "resolve"}


def test_a_job_belongs_to_the_trace_of_whoever_queued_it(embedded: CommandLine) -> None:
    with collecting() as received, opened(replace(embedded, extra=received.environment())) as shop:
        for number in (11, 12):
            (shop.folder / f"{number}.txt").write_bytes(_law(number))
        added = shop.command("--log-format", "json", "queue", "add", str(shop.folder), "--json")
        assert added.code == 0, added.err
        assert shop.add()["waiting_already"] == 2, "where it was asked for is no part of what a job is"
        workers = [shop.start(lane, "--every", "1") for lane in ("exec", "verify")]
        until_s = time.monotonic() + 120
        while shop.statuses() != {"verified_complete": 2} or shop.jobs().keys() != {"succeeded"}:
            assert time.monotonic() < until_s, shop.logs()
            assert all(worker.poll() is None for worker in workers), shop.logs()
            time.sleep(0.2)
        assert shop.end() == [0, 0], shop.logs()
        logs = [path.read_text("utf-8") for path in sorted(shop.command.cwd.glob("worker-*.log"))]
    by_id = {span.span_id: span for span in received.spans}
    (asked,) = [span for span in received.named("iu-cutter queue") if _children(received, span)]
    jobs = [span for span in received.named("process cut_file") + received.named("process verify")
            if span.trace_id == asked.trace_id]  # fmt: skip
    assert sorted(job.name for job in jobs) == ["process cut_file"] * 2 + ["process verify"] * 2
    for job in jobs:
        assert job.kind == 5
        assert job.attributes["messaging.system"] == "procrastinate"
        assert job.attributes["messaging.destination.name"] == ("cut" if "cut" in job.name else "verify")
        assert by_id[job.parent] is asked or by_id[job.parent].name == "process cut_file", "who queued it"
    assert sum(by_id[span.parent] in jobs for span in received.named("verify")) == 2
    depths = {(p.attributes["messaging.destination.name"], p.attributes["iu_cutter.job.status"])
              for p in received.of("iu_cutter.queue.depth")}  # fmt: skip
    assert depths == {(queue, status) for queue in ("cut", "verify") for status in ("todo", "doing")}
    for log in logs:
        records = _lines(log)
        done = [record for record in _ended(records, "job") if record["task"] in {"cut_file", "verify"}]
        assert {record["document"] for record in done} == {"L11-2023-QH15", "L12-2023-QH15"}
        assert all({"job", "queue", "entry_id", "trace_id", "duration_s"} <= record.keys() for record in done)
    _require_no_secret(embedded, *(log.encode() for log in logs), added.err.encode(), *received.raw)


def _children(received: Collector, above: Span) -> list[Span]:
    return [span for span in received.spans if span.parent == above.span_id]


def test_nobody_listens_at_the_endpoint_and_the_cut_goes_on(embedded: CommandLine, tmp_path: Path) -> None:
    folder = _folder(tmp_path, 21, 1)
    away = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://user:hidden@127.0.0.1:{closed_port()}"}
    answer = replace(embedded, extra=away)("cut", str(folder), "--json")
    assert answer.code == 0, answer.err
    assert answer.json["summary"]["advanced"] == 1
    assert len(re.findall("telemetry is not delivered", answer.err)) == 1, answer.err
    assert "hidden" not in answer.err
    with silent() as port:
        keys = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_EXPORTER_OTLP_TIMEOUT": "300"}
        again = replace(embedded, extra=keys)("status", "--json", timeout_s=EXIT_BOUND_S + 120)
        assert again.code == 0, again.err
        assert again.err.count("telemetry is not delivered") == 1, again.err
        assert f"no answer within {EXIT_BOUND_S:g} s" in again.err
    _serve_says_records_too(embedded)


def _serve_says_records_too(embedded: CommandLine) -> None:
    process = embedded.start("--log-format", "json", "serve", "--port", "0", stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line.decode())
        if b"the review page is at" in line:
            break
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read().decode()
    process.wait(60)
    assert {record["run"] for record in _lines("".join(said) + rest)} == {json.loads(said[0])["run"]}


def test_without_an_endpoint_nothing_of_it_is_imported_and_doctor_says_so(iu_cutter: CommandLine) -> None:
    ask = "import sys; from cutter_agent.cli.program import run; run(['status'])\n"
    ask += "print(*(name for name in sys.modules if name.startswith('opentelemetry')))"
    none = {"DOT_CUTTER_DB_HOST": "", "DOT_CUTTER_DB_PORT": "1"}  # ends before any server is started
    told = _python(iu_cutter, ask, none)
    assert told.out.decode().strip() == ""
    off = {**none, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}
    assert _python(iu_cutter, ask, off).out.decode().strip() == ""
    assert "telemetry: off" in _doctor(iu_cutter, {})
    on = _doctor(iu_cutter, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://me:hidden@otel.example/v1/traces"})
    assert "telemetry: traces to https://otel.example/v1/traces" in on
    assert "hidden" not in on
    gone = "import sys; sys.modules['opentelemetry.sdk'] = None\n" + ask
    lacking = _python(iu_cutter, gone, {**none, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})
    assert "the extra is missing: pip install 'dot-iu-cutter[otel]'" in lacking.err


def _python(command: CommandLine, text: str, keys: dict[str, str]) -> Answer:
    environment = {**command.environment(), **keys}
    words = [sys.executable, "-c", text]
    done = subprocess.run(words, env=environment, capture_output=True, timeout=120, check=True)
    return Answer(code=done.returncode, out=done.stdout, err=done.stderr.decode())


def _doctor(command: CommandLine, keys: dict[str, str]) -> str:
    return command("doctor", env={**keys, "COLUMNS": "200"}).out.decode()


def test_a_log_that_nobody_reads_stops_nothing(iu_cutter: CommandLine, tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    path = tmp_path / "law.txt"
    path.write_bytes(_law(31))
    process = subprocess.Popen(
        iu_cutter.argv("--log-format", "json", "segment", str(path), "--json"),
        env=iu_cutter.environment(), stdout=subprocess.PIPE, stderr=write,
    )  # fmt: skip
    os.close(write)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert json.loads(out)
    wrong = iu_cutter("--log-format", "xml", "status")
    assert wrong.code == 2
    key = iu_cutter("status", "--json", env={"DOT_CUTTER_LOG_LEVEL": "loud"})
    assert (key.code, key.error["code"]) == (4, "CONFIG")
