#!/bin/sh
# Makes .venv from the locked requirements and installs this checkout into it. Run by make; safe to repeat; needs Python >= 3.11.
# A stamp that holds the digest of the lock makes the second run instant.
set -eu
cd "$(dirname "$0")/.."

fail() { printf 'setup: %s\n' "$1" >&2; exit 1; }

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python; do
        [ -n "$candidate" ] || continue
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

make_venv() {
    "$1" -m venv .venv >/dev/null 2>&1 && return 0
    # Debian splits ensurepip off; every way below gives the same environment.
    rm -rf .venv
    "$1" -m virtualenv -q .venv >/dev/null 2>&1 && return 0
    rm -rf .venv
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq >/dev/null 2>&1 || true
        apt-get install -y -qq python3-venv >/dev/null 2>&1 || true
        "$1" -m venv .venv >/dev/null 2>&1 && return 0
    fi
    return 1
}

python=$(find_python) || fail "no Python >= 3.11 found on PATH; install one or set PYTHON=/path/to/python3"
stamp=$(cat requirements/dev.txt requirements/build.txt pyproject.toml | cksum | tr ' ' '-')
if [ -x .venv/bin/python ] && [ "$(cat .venv/setup-stamp 2>/dev/null)" = "$stamp $(pwd -P)" ]; then
    exit 0
fi

if [ ! -x .venv/bin/pip ] || ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    rm -rf .venv
    printf 'setup: making .venv with %s\n' "$python" >&2
    make_venv "$python" || fail "$python cannot make a virtual environment; install its venv module (python3-venv)"
fi
printf 'setup: installing locked requirements\n' >&2
# The lock names everything, so nothing is to be resolved; and what is imported is compiled when it is imported.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes \
    -r requirements/build.txt -r requirements/dev.txt || fail "the locked requirements could not be installed (see above)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e . ||
    fail "this checkout could not be installed into .venv (see above)"
printf '%s %s\n' "$stamp" "$(pwd -P)" > .venv/setup-stamp
