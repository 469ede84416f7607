#!/bin/sh
# Makes .venv-bench: what the segmenter imports, and the tools that `make bench-segment` measures beside (group `bench` of pyproject.toml).
# A place of its own, because those tools bring versions of their own. A stamp makes the second run instant.
set -eu
cd "$(dirname "$0")/.."
fail() { printf 'bench: %s\n' "$1" >&2; exit 1; }

# Of this checkout only what the segmenter itself imports: docling and the command line ask for different typers.
tools=$(.venv/bin/python -c 'import re, tomllib
project = tomllib.load(open("pyproject.toml", "rb"))
ours = [d for d in project["project"]["dependencies"] if re.match("(msgspec|markdown-it-py)[<>=]", d)]
print("\n".join(ours + project["dependency-groups"]["bench"]))')
stamp="$(printf '%s' "$tools" | cksum | tr ' ' '-') $(pwd -P)"
if [ -x .venv-bench/bin/python ] && [ "$(cat .venv-bench/stamp 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi
printf 'bench: installing the tools to measure beside into .venv-bench\n' >&2
rm -rf .venv-bench
.venv/bin/python -m venv .venv-bench >/dev/null 2>&1 || fail "no virtual environment could be made"
python=.venv-bench/bin/python
printf '%s\n' "$tools" > .venv-bench/tools.txt
# One by one: where one is not to be had, the others are measured, and the benchmark names what is left out.
$python -m pip install --quiet --disable-pip-version-check -r .venv-bench/tools.txt || while read -r tool; do
    $python -m pip install --quiet --disable-pip-version-check "$tool" || printf 'bench: %s could not be installed\n' "$tool" >&2
done < .venv-bench/tools.txt
printf '%s\n' "$stamp" > .venv-bench/stamp
