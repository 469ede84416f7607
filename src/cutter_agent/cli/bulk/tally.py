"""What became of all documents of a call: counts, reasons, one exit code; and one line for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cutter_agent.cli import failures, output
from cutter_agent.cli.bulk.survey import Record

GRAVEST_FIRST = (70, 8, 7, 6, 5, 4, 3, 2, 10)


def summary(records: Sequence[Record]) -> dict[str, int]:
    """How many documents were brought on, were done before, wait for a person, were refused."""
    errors = [record["error"] for record in records if "error" in record]
    waiting = sum(error["exit_code"] == failures.AWAITING_EXIT for error in errors)
    unchanged = sum("error" not in record and not record["steps"] for record in records)
    return {
        "documents": len(records),
        "advanced": len(records) - len(errors) - unchanged,
        "unchanged": unchanged,
        "awaiting_review": waiting,
        "failed": len(errors) - waiting,
    }


def reasons(records: Sequence[Record]) -> dict[str, int]:
    """Codes of errors, the most frequent first, with how many documents each stopped."""
    return dict(Counter(record["error"]["code"] for record in records if "error" in record).most_common())


def in_words(records: Sequence[Record]) -> str:
    """One line: the counts, and why documents were stopped."""
    counted = summary(records)
    parts = [f"{count} {name.replace('_', ' ')}" for name, count in counted.items() if name != "documents" and count]
    text = f"{counted['documents']} document{'s' if counted['documents'] > 1 else ''}: {', '.join(parts)}"
    why = reasons(records)
    return f"{text} ({', '.join(f'{count} {code}' for code, count in why.items())})" if why else text


def exit_code(records: Sequence[Record]) -> int:
    """The gravest one among the documents."""
    codes = {record["error"]["exit_code"] for record in records if "error" in record}
    return next((code for code in GRAVEST_FIRST if code in codes), 0)


def print_record(record: Record) -> None:
    """One document for a person: a line on standard output, or its error on standard error."""
    error = record.get("error")
    if error is not None:
        named = error if "path" in error else {**error, "path": record["file"]}
        output.note(failures.in_words(named))
        return
    what = f"{record['units']} units, {record['status']}"
    done = f"({', '.join(record['steps'])})" if record["steps"] else "(nothing to do: nothing was written)"
    if "same_as" in record:
        done = f"(the same bytes as {record['same_as']}: nothing was written)"
    if record.get("original", {}).get("another"):
        done += "; its text is known, the file is kept as another original of it"
    output.print_line(f"{record['file']}: {record['document_code']}: {what} {done}")
