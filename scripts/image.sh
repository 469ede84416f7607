#!/bin/sh
# Builds the image and looks at what was built: it runs as nobody of the host, its commands start, it holds no secret and no checkout.
# Needs docker or podman with a daemon that answers. Exit 3: there is none, or, with PULL=never, it does not have the base image.
set -eu
cd "$(dirname "$0")/.."
fail() { printf 'image: %s\n' "$1" >&2; exit 1; }

engine=
for candidate in ${ENGINE:-docker podman}; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" info >/dev/null 2>&1; then engine=$candidate; break; fi
done
[ -n "$engine" ] || { printf 'image: no container engine answers here\n' >&2; exit 3; }

base=${PYTHON_IMAGE:-python:3.13-slim}
if [ "${PULL:-}" = never ] && ! "$engine" image inspect "$base" >/dev/null 2>&1; then
    printf 'image: %s does not have %s\n' "$engine" "$base" >&2
    exit 3
fi
image=${CUTTER_IMAGE:-dot-iu-cutter:local}
"$engine" build --build-arg "PYTHON=$base" --tag "$image" .
inside() { "$engine" run --rm --network none --read-only --tmpfs /tmp "$image" "$@"; }
[ "$(inside id -u)" = 10001 ] || fail "it does not run as the user 10001"
inside iu-cutter --version
inside pg-dryrun --help >/dev/null
inside python -m pip check
inside sh -c '! find / -xdev \( -name "*.pem" -path "*/secrets/*" -o -name .git -o -path /source \) -print 2>/dev/null | grep .' ||
    fail "it holds a secret or a checkout"
printf 'image: %s built with %s and looked at\n' "$image" "$engine"
