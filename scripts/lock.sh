#!/bin/sh
# Remakes requirements/*.txt: every package pinned with hashes, no index address in them. Needs uv on PATH (or UV=/path/to/uv).
set -eu
cd "$(dirname "$0")/.."
compile() {
    "${UV:-uv}" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links "$@"
}
compile pyproject.toml -o requirements/run.txt
compile pyproject.toml --extra samples --group dev -o requirements/dev.txt
compile pyproject.toml --extra formats --extra web --extra worker -o requirements/server.txt
compile --group docs -o requirements/docs.txt
printf 'hatchling>=1.27\neditables>=0.5\n' | compile - -o requirements/build.txt
