"""G-19: literal addresses, DSNs, passwords, container and collection names in a writer's source files.

Python is read by its own grammar (string constants; docstrings and comments speak to people and are left alone), any
other file line by line. A finding never repeats a password: it names file, line and kind.
"""

from __future__ import annotations

import ast
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pg_dryrun.errors import EnvironmentFault

_DSN = re.compile(r"\bpostgres(?:ql)?://\S+|\bhost=\S+\s+.*\bdbname=\S+", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?![\w.])")
_PASSWORD_NAME = re.compile(r"(?:^|_)(?:password|passwd|pwd)$", re.IGNORECASE)
_NAMED = re.compile(r"(?:^|_)(container|collection)(?:_name)?$", re.IGNORECASE)
_HOST_NAME = re.compile(r"(?:^|_)(?:host|hostname|hostaddr)$", re.IGNORECASE)
_LINE_PASSWORD = re.compile(r"\b\w*(?:password|passwd|pwd)\b\s*[:=]\s*[\"']([^\"'\s$%{]{3,})[\"']", re.IGNORECASE)
_SQL_PASSWORD = re.compile(r"\bPASSWORD\s+'([^']+)'", re.IGNORECASE)
_ENVIRONMENT_KEY = re.compile(r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")


@dataclass(frozen=True, kw_only=True)
class Literal:
    """One literal in the code. ``shown`` is the literal itself, or its kind where it is a secret."""

    path: str
    line: int
    kind: str
    shown: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.kind} {self.shown}".rstrip()


@dataclass(frozen=True, kw_only=True)
class HardcodeReport:
    """What was read and found. ``allowed`` are findings with the plan's reason."""

    files: int
    findings: tuple[Literal, ...]
    allowed: tuple[tuple[Literal, str], ...] = ()


def scan(paths: Iterable[Path], *, allowed: Mapping[str, str], root: Path | None = None) -> HardcodeReport:
    """Read every file. ``allowed`` maps a literal to the reason why it may stand.

    Raises:
        EnvironmentFault: a file cannot be read.
    """
    findings: list[Literal] = []
    excused: list[tuple[Literal, str]] = []
    files = 0
    for path in sorted(paths):
        files += 1
        name = str(path.relative_to(root)) if root is not None and path.is_relative_to(root) else str(path)
        for literal in _in_file(path, name):
            reason = allowed.get(literal.shown)
            if reason is None:
                findings.append(literal)
            else:
                excused.append((literal, reason))
    return HardcodeReport(files=files, findings=tuple(findings), allowed=tuple(excused))


def _in_file(path: Path, name: str) -> Iterator[Literal]:
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            yield from _in_python(ast.parse(text), name)
        else:
            yield from _in_lines(text, name)
    except (OSError, UnicodeDecodeError, SyntaxError) as error:
        raise EnvironmentFault(
            f"{path}: {error}", remedy="The hardcode control must read every source file."
        ) from error


def _in_lines(text: str, name: str) -> Iterator[Literal]:
    for number, line in enumerate(text.splitlines(), start=1):
        for kind, shown in _in_text(line):
            yield Literal(path=name, line=number, kind=kind, shown=shown)
        if _LINE_PASSWORD.search(line) or _SQL_PASSWORD.search(line):
            yield Literal(path=name, line=number, kind="password", shown="")


def _in_python(tree: ast.AST, name: str) -> Iterator[Literal]:
    docstrings = {id(node) for node in _docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            for kind, shown in _in_text(node.value):
                yield Literal(path=name, line=node.lineno, kind=kind, shown=shown)
        for name_bound, value in _bindings(node):
            text = str(value.value)
            kind_of_name = _kind_of_name(name_bound, text)
            if kind_of_name is not None:
                shown = "" if kind_of_name == "password" else text
                yield Literal(path=name, line=value.lineno, kind=kind_of_name, shown=shown)


def _in_text(text: str) -> Iterator[tuple[str, str]]:
    if _DSN.search(text):
        yield "DSN", ""
    for match in _IPV4.finditer(text):
        if _is_address(match.group(1)):
            yield "address", match.group(1)
    stripped = text.strip("[]")
    if ":" in stripped and len(stripped) >= 3 and _is_address(stripped):
        yield "address", text


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _kind_of_name(name: str, value: str) -> str | None:
    if not value.strip() or "%(" in value or "{" in value or _names_a_key(name, value):
        return None
    if _PASSWORD_NAME.search(name):
        return "password"
    if _HOST_NAME.search(name) and not value.startswith("/"):
        return None if _is_address(value) else "host"  # an address is already found by its own shape
    match = _NAMED.search(name)
    return f"{match.group(1).lower()} name" if match else None


def _names_a_key(name: str, value: str) -> bool:
    """Whether the literal is the name of a setting, not its value: ``DB_PASSWORD``, or ``{"host": "HOST"}``."""
    return bool(_ENVIRONMENT_KEY.match(value)) or value.casefold() == name.casefold()


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.Constant]]:
    """(name, literal string) wherever a name is bound to one: assignment, keyword, default, dict item."""
    for name, value in _pairs(node):
        if name is not None and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield name, value


def _pairs(node: ast.AST) -> list[tuple[str | None, ast.AST | None]]:
    match node:
        case ast.Assign(targets=targets):
            return [(_name_of(target), node.value) for target in targets]
        case ast.AnnAssign(target=target):
            return [(_name_of(target), node.value)]
        case ast.keyword():
            return [(node.arg, node.value)]
        case ast.Dict(keys=keys, values=values):
            return [(_text_of(key), value) for key, value in zip(keys, values, strict=True)]
        case ast.arguments():
            return _defaults(node)
        case _:
            return []


def _text_of(key: ast.AST | None) -> str | None:
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None


def _defaults(node: ast.arguments) -> list[tuple[str | None, ast.AST | None]]:
    positional = [*node.posonlyargs, *node.args]
    with_default = positional[len(positional) - len(node.defaults) :]
    return [
        *((argument.arg, value) for argument, value in zip(with_default, node.defaults, strict=True)),
        *((argument.arg, value) for argument, value in zip(node.kwonlyargs, node.kw_defaults, strict=True)),
    ]


def _name_of(target: ast.AST) -> str | None:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return None


def _docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    """Strings that stand alone as a statement: docstrings, also those under a field."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value
